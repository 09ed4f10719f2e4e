from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged
from odoo.tests.common import JsonRpcException
from odoo.tools import mute_logger


class ReviewCase(TransactionCase):
    """Mary leads the reviews, Bob is the manager of Anna."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bob = new_test_user(cls.env, "bob", "base.group_user", name="Bob")
        cls.anna = new_test_user(cls.env, "anna", "base.group_user", name="Anna")
        cls.anna.approval_manager_id = cls.bob
        cls.mary, cls.mark = (
            new_test_user(cls.env, login, "erp_audit.group_access_manager")
            for login in ("mary", "mark")
        )
        privilege = cls.env["res.groups.privilege"].create({"name": "Money"})
        groups = cls.env["res.groups"].create(
            [
                {"name": "Travel", "privilege_id": privilege.id},
                {"name": "Below", "privilege_id": cls._privilege("Safe").id},
                {"name": "Treasury", "privilege_id": privilege.id},
            ]
        )
        cls.travel, cls.below, cls.treasury = groups
        cls.treasury.implied_ids = cls.below
        cls.env["ir.model.access"].create(
            {
                "name": "treasury",
                "model_id": cls.env["ir.model"]._get_id("res.currency"),
                "group_id": cls.treasury.id,
                "perm_read": True,
                "perm_write": True,
            }
        )
        cls.anna.group_ids += cls.travel + cls.treasury

    @classmethod
    def _privilege(cls, name):
        return cls.env["res.groups.privilege"].create({"name": name})

    def _review(self, **values):
        review = (
            self.env["erp.access.review"]
            .with_user(self.mary)
            .create(
                {
                    "name": "Half-year",
                    "scope": "people",
                    "user_ids": self.anna.ids,
                    **values,
                }
            )
        )
        review.action_start()
        return review

    def _line(self, review, group, user=None):
        user = user or self.anna
        line = review.sudo().line_ids.filtered(
            lambda line: line.group_id == group and line.user_id == user
        )
        line.ensure_one()
        return line.with_user(self.bob)


@tagged("post_install", "-at_install")
class TestReview(ReviewCase):
    """A campaign from its start to its signature."""

    def test_preferences_are_not_reviewed(self):
        inbox = self.env.ref("mail.group_mail_notification_type_inbox")
        self.anna.group_ids += inbox
        review = self._review()
        self.assertNotIn(inbox, review.sudo().line_ids.group_id)

    def test_who_is_asked_what(self):
        review = self._review()
        line = self._line(review, self.treasury)
        self.assertEqual(line.reviewer_id, self.bob)
        self.assertEqual((line.kind, line.decision), ("direct", "open"))
        along = self._line(review, self.below)
        self.assertEqual((along.kind, along.decision), ("implied", "along"))
        self.assertEqual(along.via, self.treasury.full_name)
        self.assertEqual(review.line_count, 2)
        self.assertFalse(
            review.sudo().line_ids.filtered(
                lambda line: line.group_id == self.env.ref("base.group_user")
            )
        )
        todo = review.sudo().activity_ids
        self.assertEqual(todo.user_id, self.bob)
        self.assertEqual(todo.date_deadline, review.deadline)

    def test_without_a_manager(self):
        """The one who leads the review decides, and somebody else about himself."""
        review = self._review(user_ids=(self.bob + self.mary).ids)
        reviewers = {line.user_id: line.reviewer_id for line in review.sudo().line_ids}
        self.assertNotEqual(reviewers[self.mary], self.mary)
        self.assertTrue(
            reviewers[self.mary].has_group("erp_audit.group_access_manager")
        )

    def test_nobody_could_review(self):
        self.mark.active = False
        managers = self.env.ref("erp_audit.group_access_manager").all_user_ids
        (managers - self.mary).active = False
        with self.assertRaises(UserError):
            self._review(user_ids=self.mary.ids)

    def test_since_and_last_use(self):
        """The trail tells since when, and when the right was used."""
        self.env.flush_all()
        rule = self.env["erp.audit.rule"]
        if not rule.search([("model_name", "=", "res.currency")]):
            rule.create(
                {"model_id": self.env["ir.model"]._get_id("res.currency")}
            ).action_confirm()
        review = self._review()
        line = self._line(review, self.treasury)
        self.assertTrue(line.since)
        self.assertTrue(line.can_tell)
        self.assertFalse(line.last_used)
        self.assertIn("no use recorded", line.hint)
        self.assertFalse(self._line(review, self.travel).can_tell)
        currency = self.env["res.currency"].create({"name": "XAB", "symbol": "x"})
        currency.with_user(self.anna).symbol = "y"
        self.env.flush_all()
        second = self._line(self._review(), self.treasury)
        self.assertTrue(second.last_used)

    def test_confirming(self):
        review = self._review()
        line = self._line(review, self.travel)
        line.action_confirm()
        self.assertEqual(line.decision, "confirmed")
        self.assertEqual(line.decided_by_id, self.bob)
        self.assertEqual(review.progress, 50)
        line.action_reopen()
        self.assertEqual(line.decision, "open")

    def test_withdrawing_takes_the_right_away(self):
        review = self._review()
        line = self._line(review, self.treasury)
        action = line.action_withdraw()
        wizard = (
            self.env[action["res_model"]]
            .with_user(self.bob)
            .with_context(**action["context"])
            .create({"reason": "Works elsewhere"})
        )
        self.assertIn("May no longer", wizard.effect)
        wizard.action_withdraw()
        self.assertNotIn(self.treasury, self.anna.group_ids)
        self.assertNotIn(self.below, self.anna.all_group_ids)
        self.assertEqual(line.decision, "withdrawn")
        self.assertEqual(line.comment, "Works elsewhere")
        self.assertIn("May no longer", line.effect)
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT diff->>'reason' FROM erp_audit_log WHERE event = 'access_withdrawn'"
            " AND res_id = %s",
            [self.anna.id],
        )
        self.assertEqual(self.env.cr.fetchall(), [("Works elsewhere",)])

    def test_who_loses_a_right_stays_an_employee(self):
        """A right that alone makes somebody an employee goes without that."""
        employee = self.env.ref("base.group_user")
        self.travel.implied_ids = employee
        self.anna.group_ids -= employee
        self._line(self._review(), self.travel)._withdraw("Elsewhere")
        self.assertNotIn(self.travel, self.anna.group_ids)
        self.assertTrue(self.anna._is_internal())

    def test_all_or_none_at_once(self):
        """A mass decision with one that is not possible decides nothing."""
        review = self._review()
        lines = self._line(review, self.travel) + self._line(review, self.below)
        with self.assertRaises(UserError):
            lines.action_confirm()
        lines = self._line(review, self.travel) + self._line(review, self.treasury)
        lines._withdraw("Left")
        self.assertFalse(review.open_count)
        self.assertFalse(review.sudo().activity_ids)

    def test_what_comes_along_names_what_brings_it(self):
        review = self._review()
        with self.assertRaisesRegex(UserError, "Treasury"):
            self._line(review, self.below)._withdraw("Not needed")

    def test_nobody_but_the_reviewer(self):
        review = self._review()
        line = self._line(review, self.travel)
        for user in (self.mary, self.anna):
            with self.assertRaises(AccessError):
                line.with_user(user).action_confirm()
        with self.assertRaises(AccessError):
            line.sudo().action_confirm()

    def test_nobody_reviews_himself(self):
        review = self._review(user_ids=(self.anna + self.mary).ids)
        line = review.sudo().line_ids.filtered(lambda line: line.user_id == self.mary)
        with self.assertRaises(AccessError):
            line.with_user(self.mary).action_take_over()
        line.reviewer_id = self.mary
        with self.assertRaises(AccessError):
            line.with_user(self.mary).action_confirm()

    def test_taking_over(self):
        review = self._review()
        line = self._line(review, self.travel)
        with self.assertRaises(AccessError):
            line.action_take_over()
        line.with_user(self.mary).action_take_over()
        line.with_user(self.mary).action_confirm()
        self.assertEqual(line.decided_by_id, self.mary)

    def test_the_last_administrator_stays(self):
        system = self.env.ref("base.group_system")
        others = system.all_user_ids.filtered(lambda user: user.active)
        self.anna.group_ids += system
        (others - self.anna).write({"group_ids": [Command.unlink(system.id)]})
        review = self._review()
        with self.assertRaisesRegex(UserError, "last one"):
            self._line(review, system)._withdraw("Too much")
        self.assertIn(system, self.anna.group_ids)

    def test_closing_signs_off(self):
        review = self._review()
        with self.assertRaises(UserError):
            review.action_close()
        self._line(review, self.travel).action_confirm()
        self._line(review, self.treasury)._withdraw("Elsewhere")
        with self.assertRaises(AccessError):
            review.with_user(self.bob).action_close()
        review.action_close("All is well")
        self.assertEqual(review.state, "closed")
        self.assertEqual(review.closed_by_id, self.mary)
        self.assertTrue(review.is_intact)
        self.assertIn("1 withdrawn", review.message_ids[0].body)

    def test_results_stay(self):
        review = self._review()
        lines = self._line(review, self.travel) + self._line(review, self.treasury)
        lines.action_confirm()
        review.action_close()
        line = lines[0].sudo()
        for act in (
            lambda: line.write({"decision": "withdrawn"}),
            lambda: review.sudo().write({"name": "Other"}),
            lambda: review.sudo().unlink(),
            lambda: line.unlink(),
            lambda: line.copy({"review_id": review.id}),
        ):
            with self.assertRaises(UserError):
                act()
        self.env.flush_all()
        # past the ORM, it is seen
        self.env.cr.execute(
            "UPDATE erp_access_review_line SET decision = 'withdrawn' WHERE id = %s",
            [line.id],
        )
        self.env.invalidate_all()
        self.assertFalse(review.is_intact)

    def test_after_the_deadline(self):
        review = self._review()
        with self.assertRaisesRegex(UserError, "wait for a decision"):
            review.action_closing()
        number = review.open_count
        review.deadline = fields.Date.add(fields.Date.today(), days=-1)
        self.assertEqual(
            review.action_closing()["res_model"], "erp.access.review.close"
        )
        review.action_close()
        self.assertEqual(
            set(review.sudo().line_ids.mapped("decision")), {"missed", "along"}
        )
        # closed is not decided
        self.assertEqual((review.missed_count, review.open_count), (number, 0))
        self.assertEqual(review.progress, 0)

    def test_nothing_by_writing(self):
        """What methods decide is not written, by anybody."""
        review = self._review()
        line = self._line(review, self.travel)
        with self.assertRaises(AccessError):
            line.decision = "confirmed"
        with self.assertRaises(AccessError):
            line.with_user(self.mary).reviewer_id = self.mary
        with self.assertRaises(AccessError):
            review.with_user(self.bob).deadline = fields.Date.today()
        for values in (
            {"state": "closed"},
            {"line_ids": [Command.update(line.id, {"decision": "confirmed"})]},
            {"user_ids": [Command.clear()]},
        ):
            with self.assertRaises(UserError):
                review.write(values)
        review = self.env["erp.access.review"].with_user(self.mary)
        review = review.create(
            {"name": "x", "state": "closed", "closed_by_id": self.mark.id}
        )
        self.assertEqual((review.state, review.closed_by_id.id), ("draft", False))

    def test_who_sees_what(self):
        review = self._review()
        lines = self.env["erp.access.review.line"]
        reviews = self.env["erp.access.review"]
        auditor = new_test_user(self.env, "aud", "erp_audit.group_audit_auditor")
        self.assertEqual(len(lines.with_user(self.bob).search([])), 3)
        self.assertFalse(lines.with_user(self.anna).search([]))
        self.assertFalse(reviews.with_user(self.anna).search([]))
        self.assertIn(review, reviews.with_user(self.bob).search([]))
        self.assertIn(review, reviews.with_user(auditor).search([]))
        with self.assertRaises(AccessError):
            reviews.with_user(auditor).create({"name": "x"})
        with self.assertRaises(AccessError):
            review.with_user(auditor).action_start()

    def test_scopes(self):
        carl = new_test_user(self.env, "carl", "base.group_user")
        carl.approval_manager_id = self.anna
        reviews = self.env["erp.access.review"]
        system = self.env.ref("base.group_system")
        for values, wanted, not_wanted in (
            ({"scope": "department", "manager_id": self.bob.id}, carl, self.bob),
            ({"scope": "group", "group_id": self.below.id}, self.anna, carl),
            ({"scope": "all"}, carl + self.bob, self.env.ref("base.public_user")),
            ({"scope": "administrators"}, self.mary, carl),
        ):
            people = reviews.create({"name": "x", **values})._people()
            self.assertLessEqual(set(wanted), set(people), values)
            self.assertNotIn(not_wanted, people, values)
        self.assertTrue(system)

    def test_people_of_somebody_who_has_left(self):
        """They are of the department still, he is not."""
        left, carl = (
            new_test_user(self.env, login, "base.group_user")
            for login in ("left", "carl_below")
        )
        left.approval_manager_id, carl.approval_manager_id = self.bob, left
        left.active = False
        review = self.env["erp.access.review"].create(
            {"name": "x", "scope": "department", "manager_id": self.bob.id}
        )
        self.assertIn(carl, review._people())
        self.assertNotIn(left, review._people())

    def test_reminding(self):
        review = self._review(deadline=fields.Date.add(fields.Date.today(), days=2))
        self.env["erp.access.review"]._cron_remind()
        notices = self.env["mail.message"].search(
            [("model", "=", review._name), ("res_id", "=", review.id)]
        )
        asked = notices.filtered(lambda m: "wait for you until" in m.body)
        self.assertEqual(asked.partner_ids, self.bob.partner_id)
        self.assertEqual(len(asked), 1)
        self.env["erp.access.review"]._cron_remind()
        self.assertEqual(review.reminded_on, fields.Date.today())
        again = self.env["mail.message"].search_count([("id", ">", asked.id)])
        self.assertFalse(again)

    def test_conflicts_are_shown(self):
        conflict = self.env["erp.duty.conflict"].create(
            {
                "name": "Travel and money",
                "severity": "critical",
                "left_name": "a",
                "left_group_ids": [Command.set(self.travel.ids)],
                "right_name": "b",
                "right_group_ids": [Command.set(self.below.ids)],
            }
        )
        line = self._line(self._review(), self.treasury)
        self.assertEqual(line.conflict_ids, conflict)
        self.assertEqual(line.risk, "2")
        self.assertIn("Travel and money", line.hint)

    def test_the_report_is_printed(self):
        review = self._review()
        (
            self._line(review, self.travel) + self._line(review, self.treasury)
        ).action_confirm()
        review.action_close("All is well")
        html, _kind = (
            self.env["ir.actions.report"]
            .with_user(self.mary)
            ._render_qweb_html("erp_audit.erp_access_review_document", review.ids)
        )
        text = html.decode()
        for words in ("Treasury", "Bob", "All is well", review.digest):
            self.assertIn(words, text)

    def test_queries_do_not_grow(self):
        """Gathering the rights of one person or of a hundred."""
        users = self.env["res.users"].create(
            [{"name": f"u{n}", "login": f"u{n}"} for n in range(100)]
        )
        users.group_ids += self.travel + self.treasury
        users.approval_manager_id = self.bob
        lines = self.env["erp.access.review.line"].sudo()
        review = self.env["erp.access.review"].create({"name": "x"})

        def count(people):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(lines._gather(review, people)), 3 * len(people))
            return self.env.cr.sql_log_count - before

        count(users[:1])
        self.assertLessEqual(count(users), count(users[:1]) + 2)


@tagged("post_install", "-at_install")
class TestReviewScreen(HttpCase, ReviewCase):
    """The list on the screen, and attacks from outside."""

    def test_a_manager_decides_all(self):
        review = self._review()
        self.start_tour(
            "/odoo/rights-to-review", "erp_audit_access_review", login="bob"
        )
        self.env.invalidate_all()
        self.assertEqual(self._line(review, self.travel).decision, "confirmed")
        self.assertEqual(self._line(review, self.treasury).decision, "withdrawn")
        self.assertNotIn(self.treasury, self.anna.group_ids)

    @mute_logger("odoo.http")
    def test_attacks(self):
        """Nothing is decided from outside by whoever should not."""
        review = self._review()
        line = self._line(review, self.travel)
        calls = (
            ("erp.access.review.line", "write", [line.ids, {"decision": "confirmed"}]),
            ("erp.access.review.line", "action_confirm", [line.ids]),
            ("erp.access.review.line", "action_take_over", [line.ids]),
            ("erp.access.review", "action_close", [review.ids]),
            ("erp.access.review", "write", [review.ids, {"state": "closed"}]),
            ("erp.access.review", "unlink", [review.ids]),
            ("erp.access.rights", "_withdraw", [self.anna.id, self.travel.id, "x"]),
            ("erp.access.review.line", "_withdraw", [line.ids, "x"]),
            (
                "erp.access.review.withdraw",
                "web_save",
                [[], {"line_ids": [[6, 0, line.ids]], "reason": "x"}, {"effect": {}}],
            ),
        )
        for login in ("anna", "mary"):
            self.authenticate(login, login)
            for model, method, args in calls:
                if login == "mary" and method in ("action_take_over", "web_save"):
                    continue
                with self.assertRaises(JsonRpcException, msg=(login, model, method)):
                    self.make_jsonrpc_request(
                        "/web/dataset/call_kw",
                        {
                            "model": model,
                            "method": method,
                            "args": args,
                            "kwargs": {"context": {"uid": 1, "su": True}},
                        },
                    )
        self.env.invalidate_all()
        self.assertEqual((line.decision, review.state), ("open", "running"))
        self.assertIn(self.travel, self.anna.group_ids)
