import { describe, expect, test } from "@odoo/hoot";
import { queryAllTexts } from "@odoo/hoot-dom";
import {
    contains,
    defineModels,
    fields,
    models,
    mountView,
    onRpc,
} from "@web/../tests/web_test_helpers";

import { defineApprovalModels, Order } from "./approval_test_helpers";

class Line extends models.Model {
    _name = "line";

    change_id = fields.Many2one({ relation: "change" });
    order_line_id = fields.Integer();
    product_id = fields.Many2one({ relation: "product" });
    old_product_id = fields.Many2one({ relation: "product" });
    old_qty = fields.Float();
    new_qty = fields.Float();
    old_price = fields.Float();
    new_price = fields.Float();
    qty_done = fields.Float();
    is_removed = fields.Boolean();

    _records = [1, 2].map((id) => ({
        id,
        change_id: 1,
        order_line_id: id,
        product_id: id,
        old_product_id: id,
        old_qty: 10,
        new_qty: 10,
        old_price: 20,
        new_price: 20,
        qty_done: 3,
    }));
}

class Product extends models.Model {
    _name = "product";

    name = fields.Char();

    _records = [
        { id: 1, name: "Pump" },
        { id: 2, name: "Valve" },
    ];
}

class Change extends models.Model {
    _name = "change";

    kind = fields.Char();
    currency_id = fields.Many2one({ relation: "product" });
    is_editable = fields.Boolean();
    line_ids = fields.One2many({ relation: "line", relation_field: "change_id" });

    _records = [{ id: 1, kind: "change", is_editable: true, line_ids: [1, 2] }];
}

describe.current.tags("desktop");
defineApprovalModels();
defineModels([Change, Line, Product]);

async function mountSection(widget, value) {
    Order._records[0].facts = value;
    await mountView({
        type: "form",
        resModel: "order",
        resId: 1,
        arch: `<form><field name="facts" widget="${widget}" readonly="1"/></form>`,
    });
}

const mountChange = () =>
    mountView({
        type: "form",
        resModel: "change",
        resId: 1,
        arch: `
            <form>
                <field name="kind" invisible="1"/>
                <field name="is_editable" invisible="1"/>
                <widget name="change_totals"/>
                <field name="line_ids" widget="change_lines">
                    <list editable="bottom">
                        <field name="order_line_id" column_invisible="1"/>
                        <field name="old_product_id" column_invisible="1"/>
                        <field name="old_qty" column_invisible="1"/>
                        <field name="old_price" column_invisible="1"/>
                        <field name="new_price" column_invisible="1"/>
                        <field name="qty_done" column_invisible="1"/>
                        <field name="is_removed" column_invisible="1"/>
                        <field name="product_id" widget="change_many2one" options="{'old': 'old_product_id'}"/>
                        <field name="new_qty" widget="change_float" options="{'old': 'old_qty'}"/>
                    </list>
                </field>
            </form>`,
    });

test("effects: by department, with a word beside the colour", async () => {
    await mountSection("approval_effects", [
        {
            department: "Warehouse",
            code: "warehouse",
            icon: "cubes",
            rows: [
                { text: "Transfer OUT/1 drops to 4.", icon: "truck", tone: "danger" },
                { text: "A new transfer is prepared.", icon: "truck", tone: "" },
            ],
        },
        {
            department: "Finance",
            code: "finance",
            icon: "money",
            rows: [{ text: "Draft credit note over $ 12.", icon: "money", tone: "warning" }],
        },
    ]);
    expect(queryAllTexts("h3")).toEqual(["Warehouse", "Finance"]);
    expect("li.text-danger .visually-hidden").toHaveText("Attention:");
    expect(".o_approval_effect_group:eq(0) li").toHaveCount(2);
});

test("what changes is shown old and new, all else once", async () => {
    onRpc("change", "onchange", () => expect.step("onchange"));
    await mountChange();
    expect(".o_change_changed").toHaveCount(0);
    expect(".o_change_totals").toHaveText(/400\.00$/);
    await contains(".o_data_row:eq(0) td[name=new_qty]").click();
    await contains(".o_data_row:eq(0) td[name=new_qty] input").edit("4", { confirm: "tab" });
    await contains(".o_form_view").click();
    expect(".o_data_row:eq(0) td[name=new_qty] .o_change_changed").toHaveCount(1);
    expect(".o_data_row:eq(0) td[name=new_qty] s").toHaveText("10.00");
    expect(".o_change_totals .badge").toHaveText(/-120\.00/);
    // typing asks the server nothing
    expect.verifySteps([]);
});

test("a line of the document is marked and taken back, not thrown away", async () => {
    await mountChange();
    await contains(".o_data_row:eq(1) .o_list_record_remove button").click();
    expect(".o_data_row").toHaveCount(2);
    expect(".o_data_row:eq(1)").toHaveClass("o_change_line_remove");
    // what is delivered stays
    expect(".o_change_totals .badge").toHaveText(/-140\.00/);
    await contains(".o_change_only").click();
    expect(".o_data_row:not(.d-none)").toHaveCount(1);
    await contains(".o_data_row:eq(1) .o_list_record_remove button").click();
    expect(".o_data_row:eq(1)").not.toHaveClass("o_change_line_remove");
});
