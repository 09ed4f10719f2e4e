import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

tours.add("purchase_approval_request_change", {
    steps: () => [
        {
            content: "a confirmed order is not cancelled by a button",
            trigger: "body:not(:has(button[name=button_cancel]:visible))",
        },
        {
            content: "nor is it typed into",
            trigger: ".o_data_row:contains(Bolt) td[name=price_unit].o_readonly_modifier",
        },
        {
            trigger: "button[name=action_request_change]:visible",
            run: "click",
        },
        {
            content: "the lines are there before anything is saved",
            trigger: ".o_change_form .o_data_row:contains(Bolt):contains(10.00)",
        },
        {
            trigger: ".o_data_row:contains(Bolt) td[name=new_qty]",
            run: "click",
        },
        {
            trigger: ".o_data_row td[name=new_qty] input",
            run: "edit 4",
        },
        {
            trigger: "div[name=reason_id] input",
            run: "edit Demand has changed",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(Demand has changed)",
            run: "click",
        },
        {
            trigger: "button[name=action_preview]",
            run: "click",
        },
        {
            content: "what it sets off is told before anybody is asked",
            trigger: ".o_approval_effects:contains(Warehouse)",
        },
        {
            trigger: "button[name=action_submit]",
            run: "click",
        },
        {
            content: "the strip says who decides next",
            trigger: ".o_approval_strip.o_approval_is_pending:contains(Fay)",
        },
        {
            trigger: "button[name=action_open_order]",
            run: "click",
        },
        {
            content: "and so does that on the order",
            trigger: ".o_change_strip.o_change_is_submitted:contains(Fay)",
        },
    ],
});

tours.add("purchase_approval_approve_change", {
    steps: () => [
        {
            content: "old, new and what will happen",
            trigger: ".o_approval_form .o_change_rows:contains(10 Units):contains(4 Units)",
        },
        { trigger: ".o_approval_effects:contains(Warehouse)" },
        {
            content: "an approver without rights opens the request",
            trigger: ".o_approval_open_document",
            run: "click",
        },
        { trigger: ".o_change_form .o_change_rows:contains(Bolt)" },
    ],
});

tours.add("purchase_approval_changed_order", {
    steps: () => [
        {
            content: "the order has its revision",
            trigger: "button[name=action_open_changes]:contains(revision 1)",
        },
        { trigger: ".o_data_row:contains(Bolt) td[name=product_qty]:contains(4.00)" },
        {
            trigger: "a[name=changes]",
            run: "click",
        },
        {
            content: "and says what was changed",
            trigger:
                ".o_change_history .o_change_entry:contains(Revision 1) tr:contains(10 Units):contains(4 Units)",
        },
    ],
});
