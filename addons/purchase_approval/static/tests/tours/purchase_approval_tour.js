import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

// Each tour starts where the person would be: on the order, or in the inbox.

tours.add("purchase_approval_submit", {
    steps: () => [
        {
            content: "the strip says that the order needs approval",
            trigger: ".o_approval_strip.o_approval_is_required",
        },
        {
            content: "Confirm is the only verb",
            trigger:
                "body:not(:has(button[name=button_approve]:visible)) button[name=button_confirm]:visible",
            run: "click",
        },
        {
            content: "the strip says who decides next",
            trigger: ".o_approval_strip.o_approval_is_pending:contains(Pam)",
        },
        {
            content: "there is no second Confirm button",
            trigger: "body:not(:has(button[name=button_confirm]:visible))",
        },
        {
            content: "the history is on the order",
            trigger: "a[name=approvals]",
            run: "click",
        },
        { trigger: ".o_notebook .tab-pane.active:contains(Pam)" },
    ],
});

tours.add("purchase_approval_open_document", {
    steps: () => [
        {
            content: "the approver sees the facts, the checks and the lines",
            trigger: ".o_approval_form .o_approval_lines:contains(Bolt)",
        },
        {
            content: "and opens the order, though he has no right on orders",
            trigger: ".o_approval_open_document",
            run: "click",
        },
        { trigger: ".o_form_view .o_approval_strip.o_approval_is_pending" },
        {
            content: "its lines as well",
            trigger: ".o_field_widget[name=order_line]:contains(Bolt)",
        },
    ],
});

tours.add("purchase_approval_decide_phone", {
    steps: () => [
        {
            content: "one tap approves",
            trigger: ".o_kanban_record:contains(PO-PHONE) button[name=approve]",
            run: "click",
        },
        {
            content: "it is sent after the time to undo",
            trigger: ".o_approval_empty",
            timeout: 20000,
        },
    ],
});
