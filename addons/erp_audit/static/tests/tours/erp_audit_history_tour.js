import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

// Each tour starts on the form of the document.

tours.add("erp_audit_history_desk", {
    steps: () => [
        {
            content: "the button is in the box of the form",
            trigger: ".o-form-buttonbox button:contains(History)",
            run: "click",
        },
        {
            content: "the newest operation comes first, with the reader's words",
            trigger: ".o_audit_entry:first .o_audit_value:contains(City):contains(Oslo)",
        },
        {
            content: "the document is on the way back",
            trigger: ".o_breadcrumb .breadcrumb-item a:contains(Ada)",
        },
        {
            content: "by field",
            trigger: ".o_audit_field:has(option:contains(City))",
            run: "selectByLabel City",
        },
        {
            content: "only that field is left",
            trigger: ".o_audit_history:not(:has(.o_audit_value:contains(Zip)))",
        },
        { trigger: ".o_audit_clear", run: "click" },
        { trigger: ".o_audit_value:contains(Zip)" },
        {
            content: "the records themselves are folded away",
            trigger: ".o_audit_entry:first .o_audit_details_toggle",
            run: "click",
        },
        { trigger: ".o_audit_details pre:contains(city)" },
        {
            content: "what changed since an entry",
            trigger: ".o_audit_entry:last .o_audit_since",
            run: "click",
        },
        { trigger: ".o_audit_compared .o_audit_value:contains(City):contains(Oslo)" },
        { trigger: ".o_audit_compare_toggle", run: "click" },
        {
            content: "earlier ones are loaded when asked for",
            trigger: ".o_audit_load_more",
            run: "click",
        },
        { trigger: ".o_audit_value:contains(Street):contains(First)" },
        {
            content: "back to the document",
            trigger: ".o_breadcrumb .breadcrumb-item a:contains(Ada)",
            run: "click",
        },
        { trigger: ".o_form_view .o-form-buttonbox button:contains(History)" },
    ],
});

tours.add("erp_audit_history_address", {
    steps: () => [
        {
            content: "the address alone brings the history back",
            trigger: ".o_audit_entry:first .o_audit_value:contains(City):contains(Oslo)",
        },
    ],
});

tours.add("erp_audit_history_phone", {
    steps: () => [
        {
            content: "buttons are behind one sign",
            trigger: ".o-form-buttonbox .o_button_more",
            run: "click",
        },
        { trigger: ".o-dropdown-item button:contains(History)", run: "click" },
        {
            content: "nothing is wider than the screen",
            trigger: ".o_audit_entry:first .o_audit_value:contains(City)",
            run() {
                const { scrollWidth, clientWidth } = document.querySelector(".o_content");
                if (scrollWidth > clientWidth) {
                    throw new Error("The history is wider than the phone");
                }
            },
        },
    ],
});

tours.add("erp_audit_history_new", {
    steps: () => [
        {
            content: "what is not saved has no history",
            trigger: ".o_form_view:has(.o_field_widget[name=name])",
        },
        { trigger: "body:not(:has(.oe_stat_button:contains(History)))" },
    ],
});
