import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

const read = [
    {
        content: "a line that was deleted is told with the order",
        trigger: ".o_audit_entry:first:contains(Removed):contains(Lamp)",
    },
    {
        content: "and a line that was changed",
        trigger: ".o_audit_line:contains(Chair) .o_audit_value:contains(12.50)",
    },
    {
        content: "nothing is wider than the screen",
        trigger: ".o_audit_history",
        run() {
            const { scrollWidth, clientWidth } = document.querySelector(".o_content");
            if (scrollWidth > clientWidth) {
                throw new Error("The history is wider than the screen");
            }
        },
    },
];

tours.add("erp_audit_trade_history", {
    steps: () => [
        { trigger: ".o-form-buttonbox button:contains(History)", run: "click" },
        ...read,
    ],
});

tours.add("erp_audit_trade_history_phone", {
    steps: () => [
        { trigger: ".o-form-buttonbox .o_button_more", run: "click" },
        { trigger: ".o-dropdown-item button:contains(History)", run: "click" },
        ...read,
    ],
});
