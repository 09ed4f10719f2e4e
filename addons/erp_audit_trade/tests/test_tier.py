from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common_tier import TierCase


@tagged("post_install", "-at_install")
class TestTier(TierCase):
    """What people of each tier see, as real users with the rights of their role."""

    def _sees(self, user, record):
        """Return whether somebody finds a record, and may read it: it must agree."""
        self.env.flush_all()
        self.env.invalidate_all()
        mine = record.with_user(user)
        found = bool(mine.search([("id", "in", record.ids)]))
        self.assertEqual(mine.has_access("read"), found)
        return found

    # -- operations --------------------------------------------------------------------

    def test_salesperson_sees_his_department(self):
        self.assertTrue(self._sees(self.seller, self.own))
        self.assertTrue(self._sees(self.mate, self.own), "of the same manager")
        self.assertFalse(self._sees(self.seller, self.far))
        self.assertFalse(self._sees(self.stranger, self.own))
        self.assertFalse(self._sees(self.stranger, self.own.order_line))
        self.assertTrue(self._sees(self.seller, self.own.order_line))

    def test_who_joins_the_team_sees_it_at_once(self):
        self.north.member_ids += self.stranger
        self.assertTrue(self._sees(self.stranger, self.own))
        self.north.member_ids -= self.stranger
        self.assertFalse(self._sees(self.stranger, self.own))

    def test_nothing_of_others_by_any_way(self):
        far = self.far.with_user(self.seller)
        lines = self.env["sale.order.line"].with_user(self.seller)
        total = self.env["sale.order"].with_user(self.seller)
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models"):
            far.read(["amount_total"])
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models"):
            far.write({"note": "Mine"})
        self.assertFalse(lines.search([("order_id", "=", self.far.id)]))
        [(count,)] = total._read_group([("id", "=", self.far.id)], [], ["__count"])
        self.assertFalse(count)

    def test_salesperson_does_his_work(self):
        orders = self.env["sale.order"].with_user(self.seller)
        order = orders.create(
            {
                "partner_id": self.partner.id,
                "order_line": [
                    Command.create(
                        {"product_id": self.product.id, "product_uom_qty": 3}
                    )
                ],
            }
        )
        order.action_confirm()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(order.state, "sale")
        self.assertTrue(order.picking_ids.read(["name", "state"]))
        self.assertTrue(order.picking_ids.move_ids.read(["product_uom_qty"]))
        self.assertFalse(self._sees(self.stranger, order.picking_ids))

    def test_buyer_does_his_work_and_sees_his_own(self):
        orders = self.env["purchase.order"].with_user(self.buyer)
        order = orders.create(
            {
                "partner_id": self.partner.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "product_qty": 3,
                            "price_unit": 1,
                        }
                    )
                ],
            }
        )
        order.button_confirm()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(order.state, "purchase")
        self.assertTrue(order.picking_ids.read(["name", "state"]))
        self.assertFalse(self._sees(self.buyer2, order))
        self.assertFalse(self._sees(self.buyer2, order.order_line))
        self.assertFalse(self._sees(self.buyer2, order.picking_ids))

    def test_warehouse_works_on_what_has_reached_it(self):
        self.assertFalse(self._sees(self.clerk, self.far), "a quotation")
        self.far.action_confirm()
        self.assertTrue(self._sees(self.clerk, self.far))
        self.assertTrue(self._sees(self.clerk, self.far.picking_ids))
        picking = self.far.picking_ids.with_user(self.clerk)
        picking.move_ids.quantity = 2
        picking.move_ids.picked = True
        picking.button_validate()
        self.assertEqual(picking.state, "done")
        self.assertEqual(self.far.order_line.qty_delivered, 2)

    def test_finance_invoices_what_is_confirmed(self):
        self.product.invoice_policy = "order"
        self.far.action_confirm()
        self.env.flush_all()
        self.env.invalidate_all()
        invoice = self.far.with_user(self.finance)._create_invoices()
        invoice.action_post()
        self.assertEqual(invoice.state, "posted")
        self.assertTrue(self._sees(self.finance, invoice))
        self.assertFalse(self._sees(self.seller, invoice))
        self.assertTrue(self._sees(self.stranger, invoice))

    # -- management --------------------------------------------------------------------

    def test_manager_sees_whom_he_leads(self):
        self.assertTrue(self._sees(self.manager, self.own))
        self.assertFalse(self._sees(self.manager, self.far))
        self.south.user_id = self.manager
        self.assertTrue(self._sees(self.manager, self.far), "he leads the team now")
        self.south.user_id = False
        middle = self._person("tier_middle", "role_sales_manager")
        middle.approval_manager_id = self.manager
        self.stranger.approval_manager_id = middle
        self.assertTrue(self._sees(self.manager, self.far), "two levels below")

    # -- decision ----------------------------------------------------------------------

    def test_decision_sees_sums_without_documents(self):
        self.far.action_confirm()
        self.env.flush_all()
        self.env.invalidate_all()
        report = self.env["sale.report"].with_user(self.boss)
        rows = report.formatted_read_group(
            [("partner_id", "=", self.partner.id)],
            ["team_id", "partner_id", "product_id"],
            ["price_subtotal:sum"],
        )
        self.assertTrue(rows)
        for name in ("purchase.report", "account.invoice.report"):
            self.env[name].with_user(self.boss).formatted_read_group(
                [], ["partner_id"], ["__count"]
            )
        for record in (self.own, self.far, self.far.picking_ids, self.far.order_line):
            self.assertFalse(record.with_user(self.boss).has_access("read"))

    def test_decision_with_sales_rights_sees_no_documents_either(self):
        self.far.action_confirm()
        self.boss.group_ids += self.env.ref("sales_team.group_sale_manager")
        self.boss.group_ids += self.env.ref("stock.group_stock_manager")
        moves = self.far.picking_ids.move_ids
        for record in (
            self.own,
            self.far,
            self.far.order_line,
            self.far.picking_ids,
            moves,
            moves.move_line_ids,
        ):
            if record:
                self.assertFalse(self._sees(self.boss, record), record)

    def test_decision_sees_what_it_decides_and_has_decided(self):
        self.boss.group_ids += self.env.ref("sales_team.group_sale_manager")
        instance = self.env["approval.instance"]._engine()
        instance = instance.create(
            {
                "res_model": "sale.order",
                "res_id": self.own.id,
                "document_name": self.own.name,
                "operation": "grant",
                "company_id": self.own.company_id.id,
                "requester_id": self.seller.id,
                "request_date": "2026-03-02 08:00:00",
            }
        )
        tasks = self.env["approval.task"]._engine()
        task = tasks.create(
            {"instance_id": instance.id, "user_id": self.boss.id, "step_key": "1"}
        )
        self.assertTrue(self._sees(self.boss, self.own))
        self.assertTrue(self._sees(self.boss, self.own.order_line))
        self.assertFalse(self._sees(self.boss, self.far))
        task.write({"state": "approved"})
        self.assertTrue(self._sees(self.boss, self.own), "he has decided it")
        task.unlink()
        self.assertFalse(self._sees(self.boss, self.own))

    # -- nobody else -------------------------------------------------------------------

    def test_without_tier_nothing_changes(self):
        user = new_test_user(
            self.env, "tier_none", "sales_team.group_sale_salesman_all_leads"
        )
        self.assertTrue(self._sees(user, self.own))
        self.assertTrue(self._sees(user, self.far))

    def test_a_page_of_orders_costs_no_more_queries(self):
        free = new_test_user(
            self.env, "tier_none", "sales_team.group_sale_salesman_all_leads"
        )
        for _number in range(20):
            self._order(self.seller, self.north)
        spec = {"name": {}, "amount_total": {}, "state": {}}
        counts = {}
        for user in (free, self.seller):
            orders = self.env["sale.order"].with_user(user)
            orders.web_search_read([], spec, limit=80)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            orders.web_search_read([], spec, limit=80)
            counts[user] = self.env.cr.sql_log_count - before
        self.assertLessEqual(counts[self.seller], counts[free])

    def test_a_transfer_is_read_without_all_orders(self):
        """Whose transfer it is says its own order: the others are not read for it."""
        self.own.action_confirm()
        transfers = self.env["stock.picking"].with_user(self.seller)
        self.assertTrue(self._sees(self.seller, self.own.picking_ids))
        text = transfers._search([("id", "in", self.own.picking_ids.ids)]).select().code
        # what does not name the transfer would be gathered from all orders first
        self.assertIn('tier_sale.id = "stock_picking"."sale_id"', text)
        self.assertIn('m.picking_id = "stock_picking"."id"', text)
