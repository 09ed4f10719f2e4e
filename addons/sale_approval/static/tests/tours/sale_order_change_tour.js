import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

tours.add("sale_approval_request_change", {
    steps: () => [
        {
            content: "a confirmed order is not cancelled by a button",
            trigger: "body:not(:has(button[name=action_cancel]:visible))",
        },
        {
            trigger: "button[name=action_request_change]:visible",
            run: "click",
        },
        {
            content: "the lines are there before anything is saved",
            trigger: ".o_change_form .o_data_row:contains(Pump):contains(10.00)",
        },
        {
            trigger: ".o_data_row:contains(Pump) td[name=new_qty]",
            run: "click",
        },
        {
            trigger: ".o_data_row td[name=new_qty] input",
            run: "edit 4",
        },
        {
            content: "a line is removed, and can be taken back",
            trigger: ".o_data_row:contains(Valve) .o_list_record_remove button",
            run: "click",
        },
        {
            trigger: ".o_data_row.o_change_line_remove .fa-undo",
            run: "click",
        },
        {
            content: "old and new side by side, only what changes is marked",
            trigger:
                ".o_data_row:contains(Pump) td[name=new_qty] .o_change_changed:contains(10.00):contains(4.00)",
        },
        { trigger: "body:not(:has(.o_change_line_remove))" },
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
            trigger: ".o_approval_strip.o_approval_is_pending:contains(Lee)",
        },
        {
            trigger: "button[name=action_open_order]",
            run: "click",
        },
        {
            content: "and so does that on the order",
            trigger: ".o_change_strip.o_change_is_submitted:contains(Lee)",
        },
    ],
});

// each of the three comes from the list of approvals, and is back there afterwards
const approve = (after) => ({
    steps: () => [
        {
            content: "old, new and what will happen",
            trigger: ".o_approval_form .o_change_rows:contains(10 Units):contains(4 Units)",
        },
        { trigger: ".o_approval_effects:contains(Warehouse)" },
        {
            trigger: "button[name=action_task_approve]:visible",
            run: "click",
        },
        {
            content: "it is sent after the time to undo",
            trigger: after,
            timeout: 20000,
        },
    ],
});
tours.add("sale_approval_approve_change_lee", approve(".o_data_row:contains(Wes)"));
tours.add("sale_approval_approve_change_wes", approve(".o_data_row:contains(Fay)"));
// open approvals only: what is carried out is no longer listed
tours.add(
    "sale_approval_approve_change_fay",
    approve(".o_list_view .o_view_nocontent")
);

tours.add("sale_approval_changed_order", {
    steps: () => [
        {
            content: "the order has its revision",
            trigger: "button[name=action_open_changes]:contains(revision 1)",
        },
        { trigger: ".o_data_row:contains(Pump) td[name=product_uom_qty]:contains(4.00)" },
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

tours.add("sale_approval_decide_change_phone", {
    steps: () => [
        {
            content: "the card says what changes and what it sets off",
            trigger: ".o_kanban_record .o_approval_headline:contains(4 Units)",
        },
        { trigger: ".o_kanban_record .o_approval_effects_line:contains(Warehouse)" },
        {
            trigger: ".o_kanban_record .o_approval_partner",
            run: "click",
        },
        {
            content: "opened, the effects are grouped by department",
            trigger: ".o_approval_effects:contains(Warehouse)",
        },
        {
            content: "nothing scrolls sideways",
            trigger: ".o_change_rows",
            run({ anchor }) {
                if (document.documentElement.scrollWidth > window.innerWidth) {
                    throw new Error("wider than the phone");
                }
            },
        },
        {
            content: "the decision is under the thumb",
            trigger: ".o_approval_bar button[name=approve]",
            run: "click",
        },
        {
            content: "it is decided when there is nothing to decide any more",
            trigger: "body:not(:has(button[name=approve]))",
            timeout: 20000,
        },
    ],
});
