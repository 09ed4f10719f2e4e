from lxml import etree

from odoo import Command
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.erp_audit.tests.common_history import HistoryCase


class TradeHistoryCase(HistoryCase):
    """An order of a salesperson, with its lines."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sam = new_test_user(
            cls.env, "sam", "sales_team.group_sale_salesman", name="Sam"
        )
        cls.lee = new_test_user(
            cls.env, "lee", "sales_team.group_sale_manager", name="Lee"
        )
        cls.chair, cls.desk = cls.env["product.product"].create(
            [
                {"name": "Chair", "list_price": 100, "is_storable": True},
                {"name": "Desk", "list_price": 350, "is_storable": True},
            ]
        )
        cls.customer = cls.env["res.partner"].create({"name": "Azure"})
        cls.order = (
            cls.env["sale.order"]
            .with_user(cls.sam)
            .create(
                {
                    "partner_id": cls.customer.id,
                    "order_line": [
                        Command.create({"product_id": product.id, "product_uom_qty": 2})
                        for product in (cls.chair, cls.desk)
                    ],
                }
            )
        )
        cls.env.flush_all()

    def _groups(self, entry, model):
        return [group for group in entry["groups"] if group["model"] == model]


@tagged("post_install", "-at_install")
class TestTradeHistory(TradeHistoryCase):
    """Orders, transfers and products, as those who work with them read them."""

    def test_what_odoo_keeps_to_itself(self):
        """Nobody knows a "technical price"; the price is told."""
        model = self.env["sale.order.line"]
        history = self.env["erp.audit.history"].with_user(self.sam)
        self.assertTrue(history._is_visible(model, "price_unit"))
        self.assertFalse(history._is_visible(model, "technical_price_unit"))

    def test_a_line_that_was_deleted(self):
        """The order says which line went, what it held, and who took it away."""
        line = self.order.order_line[0]
        number = line.id
        values = {"order_id": self.order.id, "name": "Chair", "product_uom_qty": 2.0}
        line.unlink()
        self.env.flush_all()
        # as another operation would have deleted it
        line = line.browse(number)
        self._operate(line, values, op="d", user=self.sam, action="sale.order.web_save")
        for user in (self.auditor, self.sam):
            entry = self._entries(self.order, user)[0]
            (group,) = self._groups(entry, "sale.order.line")
            self.assertEqual((group["kind"], group["res_id"]), ("d", number))
            self.assertEqual(group["name"], "Chair")
            told = {value["label"]: value["old"] for value in group["values"]}
            self.assertEqual(told["Quantity"], "2.00")
            self.assertEqual(entry["person"], "Sam")
        # the other salespeople's customers are theirs alone
        self.assertFalse(
            [
                entry
                for entry in self._entries(self.order, self.lee)
                if self._groups(entry, "sale.order.line")
            ]
        )

    def test_a_deleted_order_keeps_its_lines(self):
        """An auditor reads on when order and lines are gone."""
        order = self.order.browse(self.order.ids)
        line = self.order.order_line[0]
        values = {"order_id": order.id, "name": "Chair"}
        self.order.with_user(self.env.user).unlink()
        self.env.flush_all()
        self._operate(line, values, op="d")
        entry = self._entries(order)[0]
        (group,) = self._groups(entry, "sale.order.line")
        self.assertEqual((group["kind"], group["name"]), ("d", "Chair"))

    def test_two_languages(self):
        """Each reader in his own words: labels, options, verbs and numbers."""
        self._operate(
            self.order,
            {"state": ["draft", "sale"], "amount_total": [0.0, 1234.5]},
            user=self.sam,
            action="sale.order.action_confirm",
        )
        currency = self.order.currency_id
        for lang, label, old, new in (
            ("en_US", "Status", "Quotation", "Sales Order"),
            ("zh_CN", "状态", "报价单", "销售订单"),
        ):
            entry = self._entries(self.order, self.sam, lang=lang)[0]
            lines = self._lines(entry)
            with self.subTest(lang=lang):
                self.env["ir.model.fields"].flush_model()
                field = self.order.with_context(lang=lang).fields_get(
                    ["state"], ["string", "selection"]
                )["state"]
                self.assertIn(label if lang == "en_US" else field["string"], lines)
                options = dict(field["selection"])
                self.assertEqual(
                    lines[field["string"]], (options["draft"], options["sale"])
                )
                if lang == "en_US":
                    self.assertEqual(lines[label], (old, new))
            amount = next(pair for pair in lines.values() if "1,234.5" in pair[1])
            self.assertIn(currency.symbol, amount[1])
            self.assertRegex(amount[1], r"1,234\.50\b")
        entry = self._entries(self.order, self.sam)[0]
        self.assertEqual((entry["person"], entry["text"]), ("Sam", "confirmed it"))

    def test_a_cost_that_the_reader_may_not_see(self):
        """A salesperson without access to the cost finds no trace of it."""
        field = self.env["product.product"]._fields["standard_price"]
        self.patch(field, "groups", "stock.group_stock_manager")
        company = str(self.env.company.id)
        self._operate(
            self.chair,
            {
                "standard_price": [{company: 60.25}, {company: 61.75}],
                "default_code": ["A", "B"],
            },
            user=self.sam,
        )
        for method, args in (
            ("load_page", []),
            ("load_choices", []),
            ("load_operation", [str(self.next_operation)]),
            ("compare", ["2026-01-01", "2027-01-01"]),
        ):
            told = str(self._history(self.chair, self.sam, method, args))
            self.assertNotIn("standard_price", told)
            self.assertNotIn("61.75", told)
            self.assertIn("default_code", told)
        entry = self._entries(self.chair)[0]
        self.assertIn(
            "Cost",
            {v["label"] for v in entry["groups"][0]["values"]}
            | {v["label"].partition(" (")[0] for v in entry["groups"][0]["values"]},
        )

    def test_variants_and_their_product(self):
        """A product's history has its variants, and a variant's has the product."""
        template = self.chair.product_tmpl_id
        tx = self._operate(template, {"list_price": [100.0, 120.0]})
        for record in (template, self.chair):
            entry = self._entries(record)[0]
            self.assertEqual(entry["operation"], str(tx))
            self.assertIn("120.00", str(entry["groups"][0]["values"]))
        tx = self._operate(self.chair, {"default_code": ["A", "B"]})
        self.assertEqual(self._entries(template)[0]["operation"], str(tx))

    def test_moves_of_a_transfer(self):
        """What left a transfer for another is told in both."""
        self.order.with_user(self.env.user).action_confirm()
        transfer = self.order.with_user(self.env.user).picking_ids
        self.assertTrue(transfer)
        move = transfer.move_ids[0]
        other = transfer.copy({"move_ids": []})
        self.env.flush_all()
        self._mark()
        move.picking_id = other
        self.env.flush_all()
        moved = self._records("stock.move", move.ids)[-1]["tx"]
        for record in (transfer, other):
            entry = next(
                entry
                for entry in self._entries(record)
                if entry["operation"] == str(moved)
            )
            self.assertIn(
                move.id, [g["res_id"] for g in self._groups(entry, "stock.move")]
            )
        names = [group["name"] for group in self._groups(entry, "stock.move")]
        self.assertEqual(names, [move.product_id.display_name])
        later = self._operate(move, {"priority": ["0", "1"]})
        self.assertEqual(self._entries(other)[0]["operation"], str(later))
        self.assertNotEqual(self._entries(transfer)[0]["operation"], str(later))

    def test_forms_with_the_button(self):
        """Every document of trade has the button on each of its forms, once."""
        action = self.env.ref("erp_audit.erp_audit_history_action").id
        for name in self.env["erp.audit.rule"]._recorded_names():
            views = self.env["ir.ui.view"].search(
                [("type", "=", "form"), ("mode", "=", "primary"), ("model", "=", name)]
            )
            for view in views:
                arch = self.env[name].get_view(view.id, "form")["arch"]
                found = etree.fromstring(arch).xpath(f"//button[@name='{action}']")
                self.assertEqual(len(found), 1, view.xml_id)

    def test_queries(self):
        """An order of a hundred lines asks as often as one of a few."""
        large = self.order.with_user(self.env.user).copy(
            {
                "order_line": [
                    Command.create({"product_id": self.chair.id, "sequence": number})
                    for number in range(100)
                ]
            }
        )
        large.user_id = self.sam
        counts = []
        for order in (self.order.with_user(self.env.user), large):
            for line in order.order_line:
                self._operate(line, {"discount": [0.0, 5.0]}, user=self.sam)
            self._history(order, self.sam)
            self.env.invalidate_all()
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self._history(order, self.sam)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 5, counts)


class OrderTourCase(HttpCase, TradeHistoryCase):
    def setUp(self):
        super().setUp()
        line = self.order.order_line[0]
        self._operate(line, {"discount": [0.0, 12.5]}, user=self.sam)
        self._operate(
            line.browse(10**8),
            {"order_id": self.order.id, "name": "Lamp", "product_uom_qty": 3.0},
            op="d",
            user=self.sam,
        )
        action = self.env.ref("sale.action_quotations")
        self.url = f"/odoo/action-{action.id}/{self.order.id}"


@tagged("post_install", "-at_install")
class TestOrderHistoryTour(OrderTourCase):
    """A salesperson at a desk."""

    def test_desk(self):
        self.start_tour(self.url, "erp_audit_trade_history", login="sam")


@tagged("post_install", "-at_install")
class TestOrderHistoryPhoneTour(OrderTourCase):
    """A salesperson on the way."""

    browser_size = "390x844"
    touch_enabled = True

    def test_phone(self):
        self.start_tour(self.url, "erp_audit_trade_history_phone", login="sam")
