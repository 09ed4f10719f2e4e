from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged, warmup

from .change_common import ChangeCommon


class ScreenCase(ChangeCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.storekeeper = cls._person("wes", "stock.group_stock_user")

    def _form(self, order, kind="change", user=None):
        """Return the form that the button on the order opens, not saved yet."""
        order = order.with_user(user or self.seller)
        action = (
            order.action_request_change()
            if kind == "change"
            else order.action_request_cancel()
        )
        model = order.env[action["res_model"]].with_context(**action["context"])
        return Form(model, view="sale_approval.sale_order_change_view_form")

    def _shown(self, user, record, view):
        """Return what a user sees of a record in a view."""
        view = self.env.ref(view)
        arch = view._get_combined_arch()
        names = {
            node.get("name")
            for node in arch.iter("field")
            if not any(parent.tag == "field" for parent in node.iterancestors())
        }
        spec = {
            name: {"fields": {"display_name": {}}}
            if record._fields[name].relational
            else {}
            for name in names
        }
        self.env.flush_all()
        self.env.invalidate_all()
        return record.with_user(user).web_read(spec)[0]


@tagged("post_install", "-at_install")
class TestChangeForm(ScreenCase):
    """A new request shows the order before it is saved, and saves what it showed."""

    def test_lines_are_shown_before_saving_and_saved_as_shown(self):
        order = self._confirmed((self.goods, 10), (self.other, 3, 30.0))
        self._deliver(order, 4)
        with self._form(order) as form:
            self.assertFalse(form.id)
            shown = [
                (
                    values["product_id"],
                    values["old_qty"],
                    values["new_qty"],
                    values["new_price"],
                    values["qty_done"],
                )
                for values in form.line_ids._records
            ]
            self.assertEqual(
                shown,
                [
                    (self.goods.id, 10.0, 10.0, 20.0, 4.0),
                    (self.other.id, 3.0, 3.0, 30.0, 0.0),
                ],
            )
            form.reason_id = self.reason
        request = form.record
        self.assertEqual(request.order_id, order.with_env(request.env))
        self.assertEqual(
            [
                (
                    line.product_id.id,
                    line.old_qty,
                    line.new_qty,
                    line.new_price,
                    line.qty_done,
                )
                for line in request.line_ids
            ],
            shown,
        )
        self.assertEqual(set(request.line_ids.mapped("action")), {"keep"})

    def test_salesperson_fills_in_and_submits(self):
        self._approved_by(self.sales_manager)
        order = self._confirmed((self.goods, 10), (self.other, 3, 30.0))
        with self._form(order) as form:
            form.reason_id = self.reason
            with form.line_ids.edit(0) as line:
                line.new_qty = 4
            with form.line_ids.edit(1) as line:
                line.is_removed = True
            with form.line_ids.new() as line:
                line.product_id = self.service
                self.assertEqual(line.new_price, 50.0)
                line.new_qty = 2
        request = form.record
        self.assertEqual(
            sorted(request.line_ids.mapped("action")), ["add", "change", "remove"]
        )
        request.action_preview()
        self.assertEqual(request.state, "draft")
        self.assertEqual(request.amount_new, 4 * 20 + 2 * 50)
        self.assertIn(
            "Warehouse", [item["department"] for item in request.view_effects]
        )
        request.action_submit()
        self.assertEqual(request.state, "submitted")
        self.assertFalse(request.is_editable)

    def test_cancellation_says_what_is_left_to_cancel(self):
        order = self._confirmed()
        self.assertEqual(self._form(order, "cancel").cancel_kind, "full")
        self._deliver(order, 4)
        form = self._form(order, "cancel")
        self.assertEqual(form.cancel_kind, "remaining")
        self.assertEqual(len(form.line_ids), 1)

    def test_order_of_somebody_else_shows_nothing(self):
        order = self._confirmed()
        spec = {"line_ids": {"fields": {"new_qty": {}}}, "order_id": {}}
        requests = self.env["sale.order.change"].with_user(self.seller2)
        with self.assertRaises(AccessError):
            requests.onchange({"order_id": order.id}, ["order_id"], spec)

    def test_open_request_is_opened_instead_of_a_second_one(self):
        order = self._confirmed()
        request = self._request(order)
        action = order.with_user(self.seller).action_request_change()
        self.assertEqual(action["res_id"], request.id)

    def _count_opening(self, lines):
        order = self._confirmed(*[(self.goods, 1 + n) for n in range(lines)])
        context = {"default_order_id": order.id, "default_kind": "change"}
        model = self.env["sale.order.change"].with_user(self.seller)
        model = model.with_context(**context)
        names = ("new_qty", "old_qty", "qty_done", "qty_reserved", "qty_picked")
        spec = {
            "order_id": {},
            "line_ids": {"fields": {name: {} for name in names}},
        }
        model.onchange({}, [], spec)  # as in a server at work
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        values = model.onchange({}, [], spec)["value"]
        self.assertEqual(len(values["line_ids"]), lines)
        return self.env.cr.sql_log_count - before

    @warmup
    def test_opening_asks_the_database_for_no_line_by_itself(self):
        one = self._count_opening(1)
        # kits and production add a few looks at what the lines consist of
        self.assertLess(self._count_opening(100), one + 50)


@tagged("post_install", "-at_install")
class TestOrderForm(ScreenCase):
    """On the order nobody types into what would be refused."""

    def test_held_fields_cannot_be_typed_into(self):
        order = self._confirmed().with_user(self.seller)
        form = Form(order)
        for name in ("payment_term_id", "commitment_date"):
            with self.assertRaisesRegex(AssertionError, "readonly"):
                setattr(form, name, False)
        with form.order_line.edit(0) as line:
            for name, value in (("product_uom_qty", 3), ("price_unit", 1)):
                with self.assertRaisesRegex(AssertionError, "readonly"):
                    setattr(line, name, value)
        form.client_order_ref = "PO 17"
        form.save()
        self.assertEqual(order.client_order_ref, "PO 17")

    def test_quotation_stays_free(self):
        form = Form(self._order().with_user(self.seller))
        with form.order_line.edit(0) as line:
            line.product_uom_qty = 3
        form.commitment_date = "2999-01-01 12:00:00"
        self.assertEqual(form.save().order_line.product_uom_qty, 3)

    def test_what_the_administrator_frees_can_be_typed(self):
        fields = self.env["ir.model.fields"]
        self.env["approval.change.control"].create(
            {
                "model_id": self.env["ir.model"]._get_id("sale.order"),
                "material_field_ids": [
                    fields._get("sale.order", "partner_id").id,
                    fields._get("sale.order.line", "product_uom_qty").id,
                ],
            }
        )
        order = self._confirmed().with_user(self.seller)
        form = Form(order)
        form.commitment_date = "2999-01-01 12:00:00"
        with form.order_line.edit(0) as line:
            with self.assertRaisesRegex(AssertionError, "readonly"):
                line.product_uom_qty = 3
        form.save()
        self.assertTrue(order.commitment_date)

    def test_strip_tells_who_is_asked(self):
        self._approved_by(self.sales_manager)
        order = self._confirmed().with_user(self.seller)
        self.assertFalse(order.change_status)
        request = self._request(order, {"new_qty": 4})
        request.action_submit()
        order.invalidate_recordset()
        status = order.change_status
        self.assertEqual(status["state"], "submitted")
        self.assertEqual(status["people"], ["Max"])
        self.assertIn("10 Units → 4 Units", status["words"])
        self.assertTrue(status["can_open"])

    def test_strip_tells_how_the_order_moved_on(self):
        self._approved_by(self.sales_manager)
        order = self._confirmed()
        request = self._request(order, {"new_qty": 4})
        request.action_submit()
        self._deliver(order, 6)
        request.with_user(self.sales_manager).action_approve()
        status = order.with_user(self.seller).change_status
        self.assertEqual(status["state"], "conflict")
        self.assertIn("0 → 6", status["conflict"][0])

    def test_tab_tells_what_was_changed(self):
        order = self._confirmed()
        request = self._changed(order, {"new_qty": 4}, note="One hall less")
        [item] = order.with_user(self.seller).change_history
        self.assertEqual(item["revision"], 1)
        self.assertEqual(item["number"], request.name)
        self.assertEqual(item["note"], "One hall less")
        [row] = item["rows"]
        self.assertEqual((row["old"], row["new"]), ("10 Units", "4 Units"))

    def test_lists_of_orders_find_requests(self):
        waiting, changed, plain = (self._confirmed() for _number in range(3))
        self._request(waiting)
        self._changed(changed, {"new_qty": 4})
        orders = self.env["sale.order"].with_user(self.seller)
        ids = (waiting | changed | plain).ids
        self.assertEqual(
            orders.search([("id", "in", ids), ("change_state", "!=", False)]).ids,
            waiting.ids,
        )
        self.assertEqual(
            orders.search([("id", "in", ids), ("change_revision", ">", 0)]).ids,
            changed.ids,
        )


@tagged("post_install", "-at_install")
class TestReaders(ScreenCase):
    """Who is asked sees the request, with whatever rights on sales orders."""

    def _asked(self, person):
        self._approved_by(person)
        order = self._confirmed()
        request = self._request(order, {"new_qty": 4})
        request.action_submit()
        return request

    def _assert_reads_and_decides(self, person):
        request = self._asked(person)
        instance = request.approval_instance_id.with_user(person)
        reader = "sale_approval.sale_order_change_view_form_approver"
        self.assertEqual(
            instance.action_open_document()["views"],
            [(self.env.ref(reader).id, "form")],
        )
        shown = self._shown(person, request, reader)
        self.assertEqual(shown["order_name"], request.order_id.name)
        self.assertEqual(shown["view_rows"][0]["new"], "4 Units")
        self.assertTrue(shown["view_effects"])
        request.with_user(person).action_approve()
        self.assertEqual(request.state, "applied")
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            request.with_user(person).read(["name"])

    def test_approver_without_any_right_reads_what_he_decides(self):
        self._assert_reads_and_decides(self.finance)

    def test_storekeeper_reads_what_he_decides(self):
        self._assert_reads_and_decides(self.storekeeper)

    def test_salesperson_and_manager_read_the_whole_form(self):
        request = self._asked(self.sales_manager)
        for person in (self.seller, self.sales_manager):
            with self.subTest(person=person.name):
                shown = self._shown(
                    person, request, "sale_approval.sale_order_change_view_form"
                )
                self.assertEqual(shown["view_effects"][0]["code"], "warehouse")
                self.assertFalse(shown["is_editable"])

    def test_approver_screen_and_inbox_tell_changes_and_effects(self):
        request = self._asked(self.storekeeper)
        instance = request.approval_instance_id.with_user(self.storekeeper)
        [row] = instance.view_differences
        self.assertEqual((row["old"], row["new"]), ("10 Units", "4 Units"))
        self.assertEqual(instance.view_effects[0]["code"], "warehouse")
        task = (
            self.env["approval.task"]
            .with_user(self.storekeeper)
            .search([("is_mine", "=", True)])
        )
        self.assertIn(request.order_id.name, task.headline)
        self.assertIn("10 Units → 4 Units", task.headline)
        self.assertIn("10", task.effects)

    def _inbox(self):
        tasks = self.env["approval.task"].with_user(self.storekeeper)
        return tasks.search_fetch([("is_mine", "=", True), ("state", "=", "pending")])

    @warmup
    def test_inbox_with_many_requests_costs_what_one_costs(self):
        self._approved_by(self.storekeeper)
        self._submit_requests(1)
        self._inbox().mapped("effects")  # as in a server at work
        one = self._count(lambda: self._inbox().read(["headline", "effects"]))
        self._submit_requests(12)
        many = self._count(lambda: self._inbox().read(["headline", "effects"]))
        self.assertLessEqual(many, one + 3)

    def _submit_requests(self, count):
        for _number in range(count):
            self._request(self._confirmed(), {"new_qty": 4}).action_submit()

    def _count(self, read):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        read()
        return self.env.cr.sql_log_count - before

    @warmup
    def test_list_of_a_hundred_requests(self):
        arch = self.env.ref(
            "sale_approval.sale_order_change_view_list"
        )._get_combined_arch()
        names = {node.get("name") for node in arch.iter("field")}
        requests = self.env["sale.order.change"].with_user(self.sales_manager)

        def show():
            return requests.web_search_read([], {name: {} for name in names}, limit=100)

        self._draft_requests(1)
        show()  # as in a server at work
        one = self._count(show)
        self._draft_requests(99)
        self.assertEqual(show()["length"], 100)
        self.assertLessEqual(self._count(show), one + 3)

    def _draft_requests(self, count):
        products = [self._goods(f"Part {number}", stock=0) for number in range(count)]
        orders = self.env["sale.order"].create(
            [
                {
                    "partner_id": self.partner.id,
                    "user_id": self.seller.id,
                    "order_line": [Command.create(self._line_values(product))],
                }
                for product in products
            ]
        )
        orders.action_confirm()
        requests = self.env["sale.order.change"].create(
            [{"order_id": order.id, "reason_id": self.reason.id} for order in orders]
        )
        requests.line_ids.new_qty = 4


@tagged("post_install", "-at_install")
class TestChangeFigures(ScreenCase):
    """Shares and times are right in every group."""

    def test_share_of_orders_changed(self):
        other = self.env["res.partner"].create({"name": "Other customer"})
        mine = [self._confirmed() for _number in range(4)]
        theirs = self._confirmed(partner_id=other.id)
        self._changed(mine[0], {"new_qty": 4})
        self._changed(mine[0], {"new_qty": 5})  # twice changed counts once
        self._cancelled(mine[1], "full")
        report = self.env["sale.order.change.report"].with_user(self.sales_manager)
        ids = [order.id for order in mine] + theirs.ids
        groups = report._read_group(
            [("order_id", "in", ids)],
            ["partner_id"],
            ["orders:sum", "changed_share:avg", "cancelled_orders:sum", "delta:sum"],
        )
        figures = {partner: values for partner, *values in groups}
        self.assertEqual(figures[self.partner], [4, 0.5, 1, -100.0 - 200.0])
        self.assertEqual(figures[other], [1, 0.0, 0, 0.0])
        [[share]] = report._read_group(
            [("order_id", "in", ids)], [], ["changed_share:avg"]
        )
        self.assertAlmostEqual(share, 2 / 5)

    def test_share_is_for_managers_of_the_company(self):
        order = self._confirmed()
        report = self.env["sale.order.change.report"]
        with self.assertRaises(AccessError):
            report.with_user(self.seller).search([])
        found = report.with_user(self.sales_manager).search(
            [("order_id", "=", order.id)]
        )
        self.assertEqual(len(found), 1)
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.sales_manager.write(
            {"company_ids": [(6, 0, company.ids)], "company_id": company.id}
        )
        self.assertFalse(
            report.with_user(self.sales_manager).search([("order_id", "=", order.id)])
        )

    def test_time_to_apply_is_that_of_applied_requests(self):
        request = self._changed(self._confirmed(), {"new_qty": 4})
        self.env.cr.execute(
            "UPDATE sale_order_change "
            "SET create_date = applied_date - interval '6 hours' WHERE id = %s",
            [request.id],
        )
        self.env.invalidate_all()
        self.env.add_to_compute(request._fields["apply_hours"], request)
        open_one = self._request(self._confirmed())
        [[hours]] = self.env["sale.order.change"]._read_group(
            [("id", "in", (request | open_one).ids)], [], ["apply_hours:avg"]
        )
        self.assertAlmostEqual(hours, 6.0, places=1)

    def test_pivot_adds_up_in_company_currency(self):
        request = self._changed(self._confirmed(), {"new_qty": 4})
        self.assertAlmostEqual(
            request.delta_company,
            request.amount_delta / request.order_id.currency_rate,
        )
