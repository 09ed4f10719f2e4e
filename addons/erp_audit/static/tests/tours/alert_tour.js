import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("erp_audit_alert", {
    steps: () => [
        {
            content: "Open the alert",
            trigger: ".o_data_row .o_data_cell:contains(superuser)",
            run: "click",
        },
        {
            content: "The evidence is there",
            trigger: ".o_form_view [name='record_ids'] .o_data_row:contains(10.1.1.1)",
        },
        {
            content: "Take it",
            trigger: ".o_statusbar_buttons button[name='action_review']",
            run: "click",
        },
        {
            content: "It is in review; nothing was wrong",
            trigger: ".o_statusbar_buttons button[name='action_ask']:contains(Nothing)",
            run: "click",
        },
        {
            content: "Say why",
            trigger: ".modal [name='reason'] textarea",
            run: "edit A drill, announced before",
        },
        {
            content: "Decide",
            trigger: ".modal button[name='action_apply']",
            run: "click",
        },
        {
            content: "It is decided",
            trigger: ".o_form_view [name='decided_by_id']:contains(Auditor)",
        },
    ],
});
