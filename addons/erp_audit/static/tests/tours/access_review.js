import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("erp_audit_access_review", {
    steps: () => [
        {
            content: "the one right is named with what brings danger",
            trigger: ".o_data_row:contains('Treasury')",
        },
        {
            trigger: ".o_data_row:contains('Travel') button[name='action_confirm']",
            run: "click",
        },
        {
            content: "what is decided leaves the list",
            trigger: ".o_list_renderer:not(:has(.o_data_row:contains('Travel')))",
        },
        {
            trigger: ".o_data_row:contains('Treasury') button[name='action_withdraw']",
            run: "click",
        },
        {
            content: "the effect is told before",
            trigger: ".modal:contains('May no longer')",
        },
        {
            trigger: ".modal .o_field_widget[name='reason'] input",
            run: "edit Works elsewhere now",
        },
        {
            trigger: ".modal footer button[name='action_withdraw']",
            run: "click",
        },
        {
            content: "nothing is left",
            trigger: ".o_nocontent_help:contains('Nothing waits for you')",
        },
    ],
});
