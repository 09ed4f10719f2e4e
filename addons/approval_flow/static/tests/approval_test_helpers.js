import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { defineModels, fields, models } from "@web/../tests/web_test_helpers";

export class ApprovalTask extends models.Model {
    _name = "approval.task";

    document_name = fields.Char();
    instance_id = fields.Many2one({ relation: "approval.instance" });
    state = fields.Selection({
        selection: [
            ["pending", "To decide"],
            ["approved", "Approved"],
        ],
    });
    is_mine = fields.Boolean();
    can_transfer = fields.Boolean();
    can_add = fields.Boolean();
    shown_digest = fields.Char();
    risk = fields.Char();
    reasons = fields.Char();
    due = fields.Datetime();
    decided_by_id = fields.Integer();
    decided_date = fields.Datetime();

    _records = [
        {
            id: 1,
            document_name: "S00001",
            instance_id: 11,
            state: "pending",
            is_mine: true,
            can_transfer: true,
            shown_digest: "one",
            risk: "high",
            reasons: "Discount 18 % > 15 %; Credit C",
            due: "2026-03-02 09:00:00",
        },
        {
            id: 2,
            document_name: "S00002",
            instance_id: 12,
            state: "pending",
            is_mine: true,
            shown_digest: "two",
            due: "2026-03-02 15:00:00",
        },
        {
            id: 3,
            document_name: "S00003",
            instance_id: 13,
            state: "pending",
            is_mine: true,
            shown_digest: "three",
        },
    ];

    _views = {
        kanban: /* xml */ `
            <kanban js_class="approval_inbox_kanban">
                <templates>
                    <t t-name="card">
                        <field name="document_name"/>
                        <field name="due" widget="approval_time" options="{'deadline': true}"/>
                        <widget name="approval_decide"/>
                    </t>
                </templates>
            </kanban>`,
        list: /* xml */ `
            <list js_class="approval_inbox_list">
                <field name="document_name"/>
                <field name="reasons" widget="approval_reasons"/>
                <field name="state" widget="approval_badge"/>
                <widget name="approval_decide"/>
            </list>`,
    };
}

export class ApprovalInstance extends models.Model {
    _name = "approval.instance";

    name = fields.Char();

    _records = [11, 12, 13].map((id) => ({ id, name: `Approval ${id}` }));
}

export class Order extends models.Model {
    _name = "order";

    name = fields.Char();
    status = fields.Json();
    facts = fields.Json();

    _records = [{ id: 1, name: "S00001", status: false, facts: false }];
}

export function defineApprovalModels() {
    defineMailModels();
    defineModels([ApprovalTask, ApprovalInstance, Order]);
}
