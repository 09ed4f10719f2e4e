import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

// Each tour starts where the person would be: on the document, or in the inbox.

tours.add("stock_approval_validate", {
    steps: () => [
        {
            content: "the strip says that the transfer needs approval",
            trigger: ".o_approval_strip.o_approval_is_required",
        },
        {
            content: "Validate is the only verb",
            trigger: "button[name=button_validate]:visible",
            run: "click",
        },
        {
            content: "what Odoo asks is answered first",
            trigger: ".modal button[name=process]",
            run: "click",
        },
        {
            content: "the strip says who decides next",
            trigger: ".o_approval_strip.o_approval_is_pending:contains(Mia)",
        },
        {
            content: "the question is closed, and there is no second Validate",
            trigger: "body:not(:has(.modal)):not(:has(button[name=button_validate]:visible))",
        },
    ],
});

tours.add("stock_approval_scrap", {
    steps: () => [
        { trigger: ".o_approval_strip.o_approval_is_required" },
        { trigger: "button[name=action_validate]:visible", run: "click" },
        { trigger: ".o_approval_strip.o_approval_is_pending:contains(Mia)" },
    ],
});

tours.add("stock_approval_count", {
    steps: () => [
        {
            content: "apply the count",
            trigger: ".o_data_row:contains(Sensor) button[name=action_apply_inventory]",
            run: "click",
        },
        {
            content: "a message says who decides",
            trigger: ".o_notification:contains(Mia)",
        },
        {
            content: "the count stays, and is marked",
            trigger: ".o_data_row:contains(Sensor) .o_field_approval_badge:contains(Waiting)",
        },
        {
            content: "it leads to the adjustment",
            trigger:
                ".o_data_row:contains(Sensor) button[name=action_open_approval_adjustment]",
            run: "click",
        },
        { trigger: ".o_approval_strip.o_approval_is_pending:contains(Mia)" },
        { trigger: ".o_form_view .tab-pane.active:contains(Sensor)" },
    ],
});

tours.add("stock_approval_decide", {
    steps: () => [
        {
            content: "three documents wait",
            trigger: ".o_kanban_record:contains(WH/OUT) button[name=approve]",
            run: "click",
        },
        {
            content: "it is sent after the time to undo",
            trigger: "body:not(:has(.o_kanban_record:contains(WH/OUT)))",
            timeout: 20000,
        },
        {
            trigger: ".o_kanban_record:contains(Scrap) button[name=approve]",
            run: "click",
        },
        {
            trigger: "body:not(:has(.o_kanban_record:contains(Scrap)))",
            timeout: 20000,
        },
        {
            trigger: ".o_kanban_record:contains(ADJ) button[name=approve]",
            run: "click",
        },
        {
            trigger: "body:not(:has(.o_kanban_record:contains(ADJ)))",
            timeout: 20000,
        },
    ],
});
