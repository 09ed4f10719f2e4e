import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

// Starts on the list of operations.
tours.add("erp_audit_reading_desk", {
    steps: () => [
        {
            content: "the list tells in words what was done",
            trigger: ".o_data_row:contains(Anna):contains(Rome → Oslo)",
        },
        { trigger: ".o_searchview_input", run: "edit Anna" },
        {
            content: "by person",
            trigger: ".o_searchview_autocomplete .o-dropdown-item:contains(Person), .o_searchview_autocomplete li:contains(Person)",
            run: "click",
        },
        {
            content: "only hers are left",
            trigger: ".o_list_view:not(:has(.o_data_row:contains(Bob)))",
        },
        {
            trigger: ".o_data_row:contains(Rome → Oslo) .o_data_cell[name=summary]",
            run: "click",
        },
        {
            content: "before and after",
            trigger: ".o_erp_audit_changes tr:contains(City):contains(Rome):contains(Oslo)",
        },
        { trigger: "button[name=action_person]", run: "click" },
        {
            content: "the page of the person",
            trigger: ".o_erp_audit_person h2:contains(Anna)",
        },
        { trigger: ".o_erp_audit_operation:contains(Rome → Oslo)" },
        {
            content: "a card leads to what it counts",
            trigger: ".o_erp_audit_card[data-key=w]:contains(1)",
            run: "click",
        },
        { trigger: ".o_list_view .o_data_row:contains(Rome → Oslo)" },
        {
            content: "the page is on the way back, as it was",
            trigger: ".o_breadcrumb .breadcrumb-item a:contains(What a Person Did)",
            run: "click",
        },
        { trigger: ".o_erp_audit_person h2:contains(Anna)" },
        { trigger: ".o_erp_audit_head:first", run: "click" },
        { trigger: ".o_breadcrumb .active:contains(One operation)" },
    ],
});

// Starts on the page of a person, by its address.
tours.add("erp_audit_reading_phone", {
    steps: () => [
        { trigger: ".o_erp_audit_person h2:contains(Anna)" },
        {
            content: "nothing is wider than the screen",
            trigger: ".o_erp_audit_operation:contains(Rome → Oslo)",
            run() {
                if (document.documentElement.scrollWidth > window.innerWidth) {
                    throw new Error("The page is wider than the screen.");
                }
            },
        },
        { trigger: ".btn-group button:contains(30 days)", run: "click" },
        { trigger: ".o_erp_audit_card[data-key=w]", run: "click" },
        { trigger: ".o_data_row:contains(Oslo), .o_kanban_record:contains(Oslo)" },
    ],
});
