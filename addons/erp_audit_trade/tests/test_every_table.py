"""A day of trade with everything recorded: the trail tells how all tables changed."""

from odoo import Command, fields
from odoo.tests import new_test_user, tagged

from odoo.addons.erp_audit import capture
from odoo.addons.erp_audit.tests.common import AuditCase

# the books of the audit itself, and what the machine writes in passing
LEFT_OUT = ("erp.audit.", "bus.", "ir.logging", "mail.presence")
NOT_RECORDED = {"id", "create_uid", "create_date", "write_uid", "write_date"}
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
    "AABJRU5ErkJggg=="
)


@tagged("post_install", "-at_install")
class TestEveryTable(AuditCase):
    """Rules for all models that there are: records replayed give tables and links."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rules = cls.env["erp.audit.rule"]
        known = rules.search([])
        known.write({"excluded_field_ids": [Command.clear()]})
        names = {
            name
            for name, model in cls.env.registry.items()
            if not model._abstract
            and not model._transient
            and not name.startswith(LEFT_OUT)
            and rules._has_table(cls.env[name])
        }
        rules.create(
            [
                {"model_id": cls.env["ir.model"]._get_id(name), "state": "confirmed"}
                for name in sorted(names - set(known.mapped("model_name")))
            ]
        )
        known.action_confirm()
        captures = rules._captures()
        cls.tables = {
            item.source: item
            for item in captures
            if isinstance(item, capture.TableCapture)
        }
        cls.links = {
            (item.first[1], item.first[2]): item
            for item in captures
            if isinstance(item, capture.RelationCapture)
        }

    def _shown(self, item):
        """Return the columns whose values the trail holds as they are."""
        return {
            name
            for name, kind in item.columns.items()
            if name not in item.left_out | item.masked | NOT_RECORDED
            and kind != "bytea"
        }

    def _state(self):
        """Return ``(rows, links)`` of all tables."""
        self.env.flush_all()
        cr, rows, links = self.env.cr, {}, {}
        for source, item in self.tables.items():
            cr.execute(
                f'SELECT id, jsonb_strip_nulls(to_jsonb(t)) FROM "{item.table}" t'
            )
            shown = self._shown(item)
            rows[source] = {
                number: {name: row[name] for name in shown & row.keys()}
                for number, row in cr.fetchall()
            }
        for key, item in self.links.items():
            cr.execute(
                f'SELECT "{item.first[0]}", "{item.second[0]}" FROM "{item.table}"'
            )
            links[key] = set(cr.fetchall())
        return rows, links

    def _replay(self, rows, links):
        """Change rows and links as the records since the mark say."""
        found = self._records(None)
        for item in found:
            op, diff, number = item["op"], item["diff"], item["res_id"]
            if op in "lu":
                key, pair = (item["source"], *diff), (number, item["other_id"])
                self.assertEqual(pair in links[key], op == "u", item)
                links[key].symmetric_difference_update({pair})
                continue
            table = rows[item["source"]]
            shown = self._shown(self.tables[item["source"]])
            self.assertTrue(diff or op != "w", item)
            values = {name: diff[name] for name in shown & diff.keys()}
            if op == "c":
                self.assertNotIn(number, table, item)
                table[number] = values
            elif op == "d":
                self.assertEqual(self._bare(table.pop(number)), self._bare(values))
            for name, (old, new) in values.items() if op == "w" else ():
                self.assertEqual(table[number].get(name), old, item)
                self.assertNotEqual(old, new, item)
                table[number][name] = new
        return len(found)

    @classmethod
    def _bare(cls, value):
        """Return a row, or what is within it, without what is empty."""
        if isinstance(value, dict):
            return {k: cls._bare(v) for k, v in value.items() if v is not None}
        return value

    def test_a_day_of_trade(self):
        rows, links = self._state()
        self._mark()
        self._master_data()
        self._sell()
        self._buy()
        self._tidy_up()
        self.env.invalidate_all()
        number = self._replay(rows, links)
        self.assertGreater(number, 300)
        found_rows, found_links = self._state()
        for source, item in self.tables.items():
            wanted = {n: self._bare(row) for n, row in found_rows[source].items()}
            told = {n: self._bare(row) for n, row in rows[source].items()}
            self.assertEqual(told, wanted, item.table)
        self.assertEqual(links, found_links)

    # -- what is done ------------------------------------------------------------------

    def _master_data(self):
        env = self.env
        env["res.lang"]._activate_lang("zh_CN")
        self.customer = env["res.partner"].create(
            {
                "name": "Customer",
                "child_ids": [
                    Command.create({"name": "Buyer"}),
                    Command.create({"name": "Dock", "type": "delivery"}),
                ],
                "category_id": [Command.create({"name": name}) for name in "ab"],
            }
        )
        self.product = env["product.product"].create(
            {"name": "Sensor", "is_storable": True, "image_1920": PIXEL}
        )
        self.product.with_context(lang="zh_CN").name = "传感器"
        other = env["res.company"].create({"name": "Other"})
        self.product.with_company(other).standard_price = 99
        self.product.standard_price = 7
        category = self.product.categ_id or env["product.category"].create(
            {"name": "Things"}
        )
        self.product.categ_id = category
        category.product_properties_definition = [
            {"name": "aa11", "type": "char", "string": "Size"},
            {"name": "bb22", "type": "many2one", "comodel": "res.partner"},
        ]
        template = self.product.product_tmpl_id
        template.product_properties = {"aa11": "L", "bb22": self.customer.id}
        template.product_properties = {"aa11": "XL", "bb22": False}
        values = [Command.create({"name": name}) for name in "rgb"]
        attribute = env["product.attribute"].create(
            {"name": "Colour", "value_ids": values}
        )
        line = {
            "attribute_id": attribute.id,
            "value_ids": [Command.set(attribute.value_ids.ids)],
        }
        template = env["product.template"].create(
            {"name": "Cable", "attribute_line_ids": [Command.create(line)]}
        )
        template.attribute_line_ids.value_ids = [
            Command.unlink(attribute.value_ids[0].id)
        ]
        template.copy().attribute_line_ids.unlink()

    def _sell(self):
        env = self.env
        quants = env["stock.quant"].with_context(inventory_mode=True)
        warehouse = env["stock.warehouse"].search([], limit=1)
        quants.create(
            {
                "product_id": self.product.id,
                "location_id": warehouse.lot_stock_id.id,
                "inventory_quantity": 50,
            }
        ).action_apply_inventory()
        line = {"product_id": self.product.id, "product_uom_qty": 3}
        order = env["sale.order"].create(
            {"partner_id": self.customer.id, "order_line": [Command.create(line)]}
        )
        order.copy().unlink()
        order.action_confirm()
        self._move(order.picking_ids)
        self.order = order

    def _move(self, pickings):
        for picking in pickings:
            picking.action_assign()
            picking.move_ids.write({"quantity": 2, "picked": True})
            picking.with_context(skip_backorder=True).button_validate()
            self.assertEqual(picking.state, "done")

    def _buy(self):
        vendor = self.env["res.partner"].create({"name": "Vendor"})
        line = {"product_id": self.product.id, "product_qty": 5, "price_unit": 4}
        order = self.env["purchase.order"].create(
            {"partner_id": vendor.id, "order_line": [Command.create(line)]}
        )
        order.order_line.product_qty = 7
        order.button_confirm()
        self._move(order.picking_ids)

    def _tidy_up(self):
        env = self.env
        twins = env["res.partner"].create([{"name": "Twin"}, {"name": "Twin"}])
        env["sale.order"].create({"partner_id": twins[0].id})
        merge = env["base.partner.merge.automatic.wizard"].create({})
        merge._merge((twins | self.customer).ids, self.customer)
        user = new_test_user(env, "day_user", "base.group_user")
        user.group_ids = [Command.link(env.ref("base.group_partner_manager").id)]
        user.active = False
        file = env["ir.attachment"].create(
            {"name": "f", "raw": b"x", "res_model": "res.partner"}
        )
        file.raw = b"y" * 5000
        file.unlink()
        self.customer.message_post(body="Hello", attachments=[("f.txt", b"abc")])
        activity = self.customer.activity_schedule("mail.mail_activity_data_todo")
        activity.action_feedback("Done")
        env["res.partner"].load(
            ["id", "name", "child_ids/name"],
            [["x.day", "Imported", "Child"], ["", "", "Second child"]],
        )
        env["res.partner"].load(["id", "name"], [["x.day", "Imported again"]])
        env["ir.default"].set("res.partner", "city", "Rome")
        self.order.date_order = fields.Datetime.from_string("2026-03-02 08:00:00")
        env.flush_all()
        env.cr.execute(
            "INSERT INTO res_partner_category (name, active, color) SELECT"
            " jsonb_build_object('en_US', 'q' || i), true, 77"
            " FROM generate_series(1, 500) i"
        )
        env.cr.execute("UPDATE res_partner_category SET color = 78 WHERE color = 77")
        env.cr.execute("DELETE FROM res_partner_category WHERE color = 78")
