import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

// Each tour starts where the person would be: on the order, or in the inbox.

tours.add("sale_approval_submit", {
    steps: () => [
        {
            content: "the strip says that the order needs approval",
            trigger: ".o_approval_strip.o_approval_is_required",
        },
        {
            content: "Confirm is the only verb",
            trigger: "button[name=action_confirm]:visible",
            run: "click",
        },
        {
            content: "the strip says who decides next",
            trigger: ".o_approval_strip.o_approval_is_pending:contains(Lee)",
        },
        {
            content: "there is no second Confirm button",
            trigger: "body:not(:has(button[name=action_confirm]:visible))",
        },
        {
            content: "the history is on the order",
            trigger: "a[name=approvals]",
            run: "click",
        },
        { trigger: ".o_notebook .tab-pane.active:contains(Lee)" },
    ],
});

tours.add("sale_approval_decide_phone", {
    steps: () => [
        {
            content: "one tap approves",
            trigger: ".o_kanban_record:contains(PHONE-1) button[name=approve]",
            run: "click",
        },
        {
            content: "it is sent after the time to undo",
            trigger: "body:not(:has(.o_kanban_record:contains(PHONE-1)))",
            timeout: 20000,
        },
        {
            content: "everything else is behind one menu",
            trigger: ".o_kanban_record:contains(PHONE-2) button[name=more]",
            run: "click",
        },
        { trigger: ".o_approval_reject", run: "click" },
        {
            content: "rejecting asks for the reason",
            trigger: ".modal div[name=comment] textarea",
            run: "edit The discount is too high",
        },
        { trigger: ".modal button[name=action_confirm]", run: "click" },
        {
            content: "the inbox is empty, and says so",
            trigger: ".o_approval_empty",
            timeout: 20000,
        },
    ],
});

tours.add("sale_approval_decide_desk", {
    steps: () => [
        {
            content: "choose all",
            trigger: ".o_list_view thead .o_list_record_selector input",
            run: "click",
        },
        {
            content: "approve what is chosen",
            trigger: ".o_control_panel button[name=action_decide_many]",
            run: "click",
        },
        {
            content: "count and total are shown before anything is done",
            trigger: ".modal:contains(3)",
        },
        { trigger: ".modal button[name=action_confirm]", run: "click" },
        { trigger: ".o_approval_empty", timeout: 20000 },
    ],
});

tours.add("sale_approval_open_document", {
    steps: () => [
        {
            content: "the approver sees the facts, the checks and the lines",
            trigger: ".o_approval_form .o_approval_lines:contains(Sensor)",
        },
        {
            content: "and opens the order, though he has no right on orders",
            trigger: ".o_approval_open_document",
            run: "click",
        },
        { trigger: ".o_form_view .o_approval_strip.o_approval_is_pending" },
        {
            content: "its lines as well",
            trigger: ".o_field_widget[name=order_line]:contains(Sensor)",
        },
    ],
});
