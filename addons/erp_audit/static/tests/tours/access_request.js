import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("erp_audit_access_request", {
    steps: () => [
        {
            trigger: ".o_field_widget[name='role_id'] input",
            run: "edit Clerk",
        },
        {
            trigger: ".o-autocomplete--dropdown-item a:contains('Clerk')",
            run: "click",
        },
        {
            content: "what it would change is told before it is sent",
            trigger: ".o_field_widget[name='difference']:contains('May now')",
        },
        {
            trigger: ".o_field_widget[name='reason'] textarea",
            run: "edit Month end",
        },
        {
            content: "one click saves and sends",
            trigger: "button[name='action_submit_approval']",
            run: "click",
        },
        {
            content: "the strip says who decides, and has the way back",
            trigger: ".o_approval_strip:contains('Waiting for'):contains('acc_boss')",
        },
        {
            content: "nothing is offered twice",
            trigger:
                ".o_statusbar_buttons:not(:has(button[name='action_submit_approval'])):not(:has(button[name='action_recall']))",
        },
    ],
});
