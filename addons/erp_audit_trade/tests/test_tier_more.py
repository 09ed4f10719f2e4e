from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common_tier import TierCase


@tagged("post_install", "-at_install")
class TestTierMore(TierCase):
    """Side doors to documents: figures, change requests, messages, links, filters."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.far.action_confirm()
        cls.invoice = cls.far._create_invoices()
        cls.invoice.action_post()
        cls.purchase = cls.env["purchase.order"].create(
            {
                "partner_id": cls.partner.id,
                "user_id": cls.buyer.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": cls.product.id,
                            "product_qty": 3,
                            "price_unit": 1,
                        }
                    )
                ],
            }
        )
        cls.env.flush_all()

    def _refused(self, call, *args, **kwargs):
        self.env.invalidate_all()
        with (
            self.assertRaises(AccessError),
            mute_logger("odoo.addons.base.models.ir_rule", "odoo.orm.models"),
        ):
            call(*args, **kwargs)

    def _people_of(self, user, model, name):
        """Return whose documents are in the figures that somebody sees."""
        groups = (
            self.env[model]
            .with_user(user)
            ._read_group([("partner_id", "=", self.partner.id)], [name])
        )
        rows = (
            self.env[model]
            .with_user(user)
            .search([("partner_id", "=", self.partner.id)])
        )
        self.assertEqual({group for (group,) in groups}, set(rows[name]))
        return rows[name]

    # -- figures -----------------------------------------------------------------------

    def test_figures_of_the_own_department(self):
        """Reports show no more than the documents that they are made of."""
        sales = "sale.report", "user_id"
        self.assertEqual(self._people_of(self.seller, *sales), self.seller)
        self.assertEqual(self._people_of(self.stranger, *sales), self.stranger)
        self.assertEqual(self._people_of(self.manager, *sales), self.seller)
        self.stranger.approval_manager_id = self.manager
        self.assertEqual(
            self._people_of(self.manager, *sales), self.seller | self.stranger
        )
        free = new_test_user(
            self.env, "side_free", "sales_team.group_sale_salesman_all_leads"
        )
        self.assertEqual(self._people_of(free, *sales), self.seller | self.stranger)
        purchases = "purchase.report", "user_id"
        self.assertEqual(self._people_of(self.buyer, *purchases), self.buyer)
        self.assertFalse(self._people_of(self.buyer2, *purchases))
        invoices = "account.invoice.report", "invoice_user_id"
        self.assertEqual(self._people_of(self.finance, *invoices), self.stranger)

    def test_one_row_of_figures(self):
        """A row can be read if it can be found."""
        reports = self.env["sale.report"]
        row = reports.search([("order_reference", "=", f"sale.order,{self.far.id}")])
        self.assertTrue(row.with_user(self.stranger).has_access("read"))
        self.assertFalse(row.with_user(self.seller).has_access("read"))

    def test_decision_sees_no_row(self):
        """Not even with the right to export."""
        self.boss.group_ids += self.env.ref("base.group_allow_export")
        for name in ("sale.report", "purchase.report", "account.invoice.report"):
            report = self.env[name].with_user(self.boss)
            domain = [("partner_id", "=", self.partner.id)]
            [group] = report.formatted_read_group(domain, ["partner_id"], ["__count"])
            self.assertTrue(group["__count"], name)
            self.assertTrue(
                report.formatted_read_grouping_sets(
                    domain, [["partner_id"], ["company_id"]], ["__count"]
                )
            )
            row = report.sudo().search(domain, limit=1).with_user(self.boss)
            self._refused(report.search_read, domain, ["partner_id"])
            self._refused(report.web_search_read, domain, {"partner_id": {}})
            self._refused(row.read, ["partner_id"])
            self._refused(row.export_data, ["partner_id"])
            self._refused(report.search, [("id", "=", row.id)])
            self._refused(
                report.formatted_read_group, domain, [], ["partner_id:array_agg"]
            )
            self._refused(report._read_group, domain, ["id"], ["__count"])
            self._refused(report._read_group, domain, [], ["id:recordset"])

    def test_decision_names_no_document(self):
        """Neither groups nor filters nor sums by what names a document."""
        for name, field, value in (
            ("sale.report", "name", self.far.name),
            ("sale.report", "order_reference", f"sale.order,{self.far.id}"),
            ("purchase.report", "order_id", self.purchase.id),
            ("purchase.report", "order_id.partner_ref", "A"),
            ("account.invoice.report", "move_id", self.invoice.id),
            ("account.invoice.report", "move_id.name", self.invoice.name),
        ):
            report = self.env[name].with_user(self.boss)
            self._refused(report.search_count, [(field, "=", value)])
            self._refused(
                report.formatted_read_group, [(field, "=", value)], [], ["__count"]
            )
            self._refused(
                report._read_group,
                ["|", ("partner_id", "=", False), (field, "=", value)],
                [],
                ["__count"],
            )
            top = field.partition(".")[0]
            self._refused(report.formatted_read_group, [], [top], ["__count"])
            self._refused(report._read_group, [], [], [f"{top}:count_distinct"])
            offered = report.fields_get([top], ["groupable", "searchable"])[top]
            self.assertFalse(offered["groupable"] or offered["searchable"])

    def test_screen_of_figures_opens(self):
        for name in ("sale_report", "purchase_report", "account_invoice_report"):
            self._opens(f"erp_audit_trade.{name}_action_tier")
        self._opens("erp_audit_trade.report_stock_quantity_action_tier")

    def _opens(self, action):
        action = self.env["ir.actions.act_window"]._for_xml_id(action)
        model = self.env[action["res_model"]].with_user(self.boss)
        views = [*action["views"], (action["search_view_id"] or [False])[0]]
        views[-1] = (views[-1], "search")
        found = model.get_views(views)["views"]
        self.assertEqual(set(found), {"graph", "pivot", "search"})
        for kind in ("graph", "pivot"):
            for groups, measures in self._shown(model, found[kind]["arch"]):
                self.assertIsInstance(
                    model.formatted_read_group([], groups, measures), list
                )

    def _shown(self, model, arch):
        """Give what the screen asks for: each sum of money with its currencies."""
        fields = etree.fromstring(arch).findall("field")
        groups, measures = [], ["__count"]
        for node in fields:
            name = node.get("name")
            field = model._fields[name]
            if node.get("type") == "measure":
                measures.append(f"{name}:{field.aggregator}")
                if field.type == "monetary":
                    currency = field.get_currency_field(model)
                    measures.append(f"{currency}:array_agg_distinct")
            else:
                groups.append(
                    f"{name}:{node.get('interval', 'month')}"
                    if field.type in ("date", "datetime")
                    else name
                )
        return [(groups[:count], measures) for count in range(len(groups) + 1)]

    def test_currencies_tell_of_no_document(self):
        report = self.env["sale.report"].with_user(self.boss)
        report._read_group([], [], ["currency_id:array_agg_distinct"])
        for column in ("partner_id:array_agg", "partner_id.currency_id:array_agg"):
            with self.assertRaises(AccessError):
                report._read_group([], [], [column])

    def test_a_document_that_the_tier_keeps_away(self):
        self.boss.group_ids += self.env.ref("sales_team.group_sale_manager")
        for user, words in (
            (self.boss, "You see sums"),
            (self.seller, "belongs to another department"),
        ):
            with (
                self.assertRaisesRegex(AccessError, words),
                mute_logger("odoo.addons.base.models.ir_rule"),
            ):
                self.far.with_user(user).check_access("read")
        # what another rule refuses keeps its own words
        self.env["ir.rule"].create(
            {
                "name": "Nothing",
                "model_id": self.env["ir.model"]._get_id("sale.order"),
                "domain_force": "[(0, '=', 1)]",
            }
        )
        with (
            self.assertRaisesRegex(AccessError, "'read' access"),
            mute_logger("odoo.addons.base.models.ir_rule"),
        ):
            self.own.with_user(self.seller).check_access("read")

    def test_figures_cost_no_more_queries(self):
        free = new_test_user(
            self.env, "side_free", "sales_team.group_sale_salesman_all_leads"
        )
        counts = {}
        for user in (free, self.seller):
            report = self.env["sale.report"].with_user(user)
            for _again in range(2):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                report.formatted_read_group([], ["team_id"], ["price_subtotal:sum"])
                counts[user] = self.env.cr.sql_log_count - before
        self.assertLessEqual(counts[self.seller], counts[free])

    # -- what hangs on documents -------------------------------------------------------

    def test_what_hangs_on_an_order(self):
        """Messages, activities, files and links of documents of others."""
        self.far.message_post(body="Confidential", attachments=[("a.txt", b"Secret")])
        self.far.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.stranger.id, summary="Call"
        )
        for user in (self.seller, self.boss):
            find = {
                name: self.env[name].with_user(user)
                for name in ("mail.message", "mail.activity", "ir.attachment")
            }
            messages = find["mail.message"]
            self.assertFalse(messages.search([("body", "ilike", "Confidential")]))
            self.assertFalse(
                messages.search(
                    [("model", "=", "sale.order"), ("res_id", "=", self.far.id)]
                )
            )
            self.assertFalse(find["mail.activity"].search([("summary", "=", "Call")]))
            self.assertFalse(find["ir.attachment"].search([("name", "=", "a.txt")]))
            file = self.env["ir.attachment"].search([("name", "=", "a.txt")])
            self.assertEqual(file.res_id, self.far.id)
            self._refused(file.with_user(user).read, ["datas"])
            self._refused(self.far.message_ids[0].with_user(user).read, ["body"])
            self._refused(
                self.far.with_user(user).message_post,
                body="Mine",
                message_type="comment",
            )

    def test_forged_filters(self):
        """Filters over related documents tell nothing about those of others."""
        self.far.client_order_ref = "Confidential"
        partners = self.env["res.partner"].with_user(self.seller)
        path = [("sale_order_ids.client_order_ref", "=", "Confidential")]
        self.assertFalse(partners.search(path))
        lines = self.env["sale.order.line"].with_user(self.seller)
        self.assertFalse(lines.search([("order_id.client_order_ref", "!=", False)]))
        orders = self.env["sale.order"].with_user(self.seller)
        self.assertFalse(orders.search([("order_line.price_unit", ">", 0)]) & self.far)
        self.assertFalse(orders.name_search(self.far.name))
        self.assertFalse(orders.search([("display_name", "ilike", self.far.name)]))
        self._refused(orders.browse(self.far.id).web_read, {"display_name": {}})
        self._refused(orders.browse(self.far.id).copy)
        self._refused(orders.browse(self.far.id).get_portal_url)
        boss = self.env["res.partner"].with_user(self.boss)
        self._refused(boss.search, path)
        self._refused(boss.search, [("invoice_ids.amount_total", ">", 0)])

    def test_lines_through_the_order(self):
        """Nobody reaches a line of others by writing his own order."""
        line = self.far.order_line
        mine = self.own.with_user(self.seller)
        for command in (
            Command.link(line.id),
            Command.update(line.id, {"price_unit": 1}),
            Command.delete(line.id),
        ):
            self.env.invalidate_all()
            with self.env.cr.savepoint(), self.assertRaises(AccessError):
                mine.write({"order_line": [command]})
                self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(line.order_id, self.far)
        self.assertEqual(line.price_unit, 10)

    def test_change_requests_of_others(self):
        """Who does not see an order sees no request to change it."""
        if "sale.order.change" not in self.env:
            self.assertNotIn("sale.order.change.line", self.env)
            return
        changes = self.env["sale.order.change"]
        change = changes.with_user(self.stranger).create(
            {
                "order_id": self.far.id,
                "line_ids": [
                    Command.create(
                        {"order_line_id": self.far.order_line.id, "new_qty": 5}
                    )
                ],
            }
        )
        self.env.flush_all()
        self.env.invalidate_all()
        for record in (change, change.line_ids):
            for user, seen in (
                (self.stranger, True),
                (self.seller, False),
                (self.manager, False),
            ):
                mine = record.sudo(False).with_user(user)
                found = mine.search([("id", "in", record.ids)])
                self.assertEqual(bool(found), seen, user.name)
                self.assertEqual(mine.has_access("read"), seen, user.name)

    def test_payments_are_not_for_the_decision_tier(self):
        """Also if somebody adds rights of accounting."""
        payments = self.env["account.payment"]
        payment = payments.create(
            {"partner_id": self.partner.id, "amount": 5, "payment_type": "inbound"}
        )
        rights = self.env.ref("account.group_account_invoice")
        self.assertTrue(payment.with_user(self.finance).has_access("read"))
        self.boss.group_ids += rights
        mine = payments.with_user(self.boss)
        self.assertFalse(mine.search([("id", "=", payment.id)]))
        self.assertFalse(payment.with_user(self.boss).has_access("read"))
        self.assertFalse(self.env["stock.reference"].with_user(self.boss).search([]))
