from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common_access import AccessCase
from .common_alert import AlertMixin


@tagged("post_install", "-at_install")
class TestRightsMore(AlertMixin, AccessCase):
    """Ways around requests, roles, emergencies and reviews that people try."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["approval.policy"].search(
            [("res_model", "=", "erp.access.request")]
        ).active = False

    def _emergency(self, user, hours, **context):
        form = self.env["erp.access.emergency"].with_user(user)
        values = {"role_id": self.role.id, "hours": hours, "reason": "Truck waits"}
        return form.with_context(**context).create(values).action_start()

    def _wizard(self, who, **values):
        values = {"role_id": self.role.id, "reason": "Needed", **values}
        return self.env["erp.access.grant.give"].with_user(who).create(values)

    # -- requests that access managers decide ------------------------------------------

    def test_role_changed_while_access_managers_look(self):
        """What is decided is what was asked for."""
        request = self._ask(self.anna)
        request.action_submit_approval()
        self.role.with_user(self.nina).group_ids += self.export_group
        self.assertEqual(request.state, "draft")
        with self.assertRaises(UserError):
            request.with_user(self.maria).action_grant()
        self.assertHasNot(self.anna, self.export_group)
        self.assertIn("changed", request.sudo().message_ids[0].body)

    def test_role_gone_while_it_waits(self):
        for vals in ({"active": False}, {"is_requestable": False}):
            request = self._ask(self.anna)
            later = self._ask(self.anna)
            request.action_submit_approval()
            self.role.with_user(self.nina).write(vals)
            with self.assertRaises(UserError):
                request.with_user(self.maria).action_grant()
            with self.assertRaises(UserError):
                later.action_submit_approval()
            self.role.with_user(self.nina).write({name: True for name in vals})
        self.assertHasNot(self.anna, self.partner_group)

    def test_role_archived_before_the_beginning(self):
        grant = self._give(self.anna, self.role, date_from=self._later(days=1))
        self.role.with_user(self.nina).active = False
        grant._engine().write({"date_from": self._later(seconds=-1)})
        self.grants._run_due()
        self.assertEqual(grant.state, "ended")
        self.assertHasNot(self.anna, self.partner_group)

    def test_asked_requests_are_not_edited(self):
        request = self._ask(self.anna)
        request.action_submit_approval()
        for vals in (
            {"date_to": self._later(days=400)},
            {"role_id": False, "group_ids": [Command.set(self.export_group.ids)]},
            {"group_ids": [Command.link(self.export_group.id)]},
            {"user_id": self.anna.id},
        ):
            for env in (request, request.sudo()):
                with self.assertRaises(UserError):
                    env.web_save(vals, {"state": {}})

    def test_state_by_context_and_parents(self):
        """Neither defaults of a context nor commands from the other side."""
        asked = self.requests.with_user(self.anna).with_context(
            default_state="active",
            default_kind="emergency",
            default_requester_id=self.boss.id,
            default_decided_by_id=self.boss.id,
            default_approval_state="approved",
            approval_engine=True,
        )
        request = asked.create({"role_id": self.role.id, "reason": "Now"})
        self.assertEqual(request.state, "draft")
        self.assertEqual(request.kind, "request")
        self.assertEqual(request.requester_id, self.anna)
        self.assertFalse(request.decided_by_id)
        grant = {"name": "Mine", "user_id": self.anna.id, "origin": "request"}
        with self.assertRaises(AccessError):
            request.write({"grant_ids": [Command.create(grant)]})
        with self.assertRaises(AccessError):
            self.role.with_user(self.maria).write(
                {"grant_ids": [Command.create(grant)]}
            )
        copied = request.copy({"role_id": self.role.id})
        self.assertEqual((copied.state, copied.requester_id), ("draft", self.anna))

    def test_asker_made_access_manager_meanwhile(self):
        request = self._ask(self.anna)
        request.action_submit_approval()
        self.anna.group_ids += self.env.ref("erp_audit.group_access_manager")
        with self.assertRaises(AccessError):
            request.with_user(self.anna).action_grant()
        manager = self._ask(self.maria, user_id=self.bert.id)
        manager.action_submit_approval()
        with self.assertRaises(AccessError):
            manager.with_user(self.bert).action_grant()
        with self.assertRaises(AccessError):
            manager.with_user(self.maria).action_grant()

    def test_person_left_while_it_waits(self):
        request = self._ask(self.boss, user_id=self.anna.id)
        request.action_submit_approval()
        self.anna.active = False
        with self.assertRaises(UserError):
            request.with_user(self.maria).action_grant()
        self.anna.active = True
        self.assertHasNot(self.anna, self.partner_group)

    # -- what is given -----------------------------------------------------------------

    def test_giving_for_a_time_that_is_over(self):
        with self.assertRaises(UserError):
            self._wizard(
                self.maria,
                user_ids=self.anna.ids,
                date_from=self._later(days=-9),
                date_to=self._later(days=-2),
            ).action_give()
        self.assertHasNot(self.anna, self.partner_group)
        with self.assertRaises(UserError):
            self._wizard(self.maria).action_give()

    def test_giving_is_not_backdated(self):
        self._wizard(
            self.maria, user_ids=self.anna.ids, date_from=self._later(days=-9)
        ).action_give()
        grant = self.grants.search([("user_id", "=", self.anna.id)])
        self.assertGreaterEqual(grant.date_from, self.now)

    def test_giving_what_is_archived(self):
        self.role.active = False
        with self.assertRaises(UserError):
            self._wizard(self.maria, user_ids=self.anna.ids).action_give()

    def test_overlapping_grants(self):
        """A right stays as long as one of those that give it is in force."""
        other = self.env["erp.role"].create(
            {
                "name": "Other",
                "group_ids": [
                    Command.set((self.partner_group | self.export_group).ids)
                ],
            }
        )
        first = self._give(self.anna, self.role)
        second = self._give(self.anna, other)
        first.with_user(self.maria)._withdraw("Over")
        self.assertHas(self.anna, self.partner_group)
        self.assertHasNot(self.anna, self.tier_group)
        second.with_user(self.maria)._withdraw("Over")
        self.assertHasNot(self.anna, self.partner_group)
        self.assertHasNot(self.anna, self.export_group)

    def test_own_right_beside_a_role_that_implies_it(self):
        """What somebody has himself stays, however the role brings it along."""
        above = self.env["res.groups"].create(
            {"name": "Above", "implied_ids": [Command.link(self.partner_group.id)]}
        )
        role = self.env["erp.role"].create({"name": "R", "group_ids": above.ids})
        self.anna.group_ids += self.partner_group
        grant = self._give(self.anna, role)
        self.assertHas(self.anna, above)
        grant.with_user(self.maria)._withdraw("Over")
        self.assertHasNot(self.anna, above)
        self.assertHas(self.anna, self.partner_group)

    def test_the_same_twice_at_once(self):
        """The job and a request of somebody do not begin a grant twice."""
        grant = self._give(self.anna, self.role, date_from=self._later(days=1))
        grant._engine().write({"date_from": self._later(seconds=-1)})
        self.grants._run_due()
        self.grants._cron_due()
        self.assertEqual(len(self._events(self.anna, "access_granted")), 1)

    def test_role_that_grows_is_no_request(self):
        """Rights that come by a change of the role are not explained by its request."""
        request = self._ask(self.anna)
        request.action_submit_approval()
        request.with_user(self.maria).action_grant()
        with self._doing("rights_outside_request") as found:
            self.role.with_user(self.nina).group_ids += self.export_group
        self.assertHas(self.anna, self.export_group)
        self.assertEqual(found.alerts.person_id, self.anna)
        self.assertEqual(found.alerts.facts["groups"], self.export_group.ids)

    def test_last_auditor_and_access_manager_by_hand(self):
        for name in ("group_audit_auditor", "group_access_manager"):
            group = self.env.ref(f"erp_audit.{name}")
            role = self.env["erp.role"].create(
                {"name": name, "group_ids": [Command.set(group.ids)]}
            )
            grant = self._give(self.anna, role)
            others = group.all_user_ids - self.anna
            # switched off by the database: nothing else is to be tried here
            self.env.cr.execute(
                "UPDATE res_users SET active = false WHERE id IN %s",
                [tuple(others.ids)],
            )
            self.env.invalidate_all()
            with self.assertRaises(UserError):
                grant.with_user(self.anna)._withdraw("Enough")
            self.env.cr.execute(
                "UPDATE res_users SET active = true WHERE id IN %s", [tuple(others.ids)]
            )
            self.env.invalidate_all()
            grant.with_user(self.anna)._withdraw("Enough")
            self.assertHasNot(self.anna, group)

    # -- emergencies -------------------------------------------------------------------

    def _over(self, hours):
        """Let the emergency be over, after so many hours."""
        grant = self.grants.search(
            [("user_id", "=", self.anna.id), ("state", "=", "active")]
        )
        grant._engine().write({"started_on": self._later(hours=-hours)})
        grant._end("The time is over.")
        return grant.request_id

    def test_emergencies_one_after_the_other(self):
        """Hours add up, until somebody has looked at what was done."""
        self.role.write({"is_emergency": True, "emergency_user_ids": self.anna.ids})
        self._emergency(self.anna, 4)
        first = self._over(3)
        with self.assertRaises(UserError):
            self._emergency(self.anna, 4)
        self._emergency(self.anna, 1)
        second = self._over(1)
        with self.assertRaises(UserError):
            self._emergency(self.anna, 1)
        for request in (first, second):
            request.with_user(self.boss)._review("fine", "Seen")
        self.assertTrue(self._emergency(self.anna, 4))

    def test_emergency_from_another_company(self):
        """Whoever switches companies has no second one at the same time."""
        self.role.write({"is_emergency": True, "emergency_user_ids": self.anna.ids})
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.anna.company_ids += other
        self._emergency(self.anna, 1)
        with self.assertRaises(UserError):
            self._emergency(self.anna, 1, allowed_company_ids=other.ids)

    def test_emergency_with_administrators_rights(self):
        """Access managers do not open to others what they could not give them."""
        admins = self.env.ref("base.group_system")
        role = self.env["erp.role"].create(
            {"name": "Admin", "group_ids": [Command.set(admins.ids)]}
        )
        mine = role.with_user(self.maria)
        mine.description = "Rarely"
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            mine.write(
                {
                    "is_emergency": True,
                    "emergency_user_ids": [Command.link(self.bert.id)],
                }
            )
        role.is_emergency = True
        for name, record in (
            ("emergency_user_ids", self.bert),
            ("emergency_group_ids", self.partner_group),
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                mine.write({name: [Command.link(record.id)]})
        self.nina.group_ids += self.env.ref("base.group_erp_manager")
        role.with_user(self.nina).emergency_user_ids = self.bert
        self.assertTrue(role._may_use_in_emergency(self.bert))
        mine.emergency_user_ids -= self.bert
        self.assertFalse(role._may_use_in_emergency(self.bert))

    def test_strange_hours(self):
        self.role.write({"is_emergency": True, "emergency_user_ids": self.anna.ids})
        for limit in ("inf", "nan", "1e400", "-3", "many"):
            self.env["ir.config_parameter"].set_param(
                "erp_audit.emergency_hours", limit
            )
            for hours in (float("inf"), float("nan"), 1e9, -1, 0):
                with self.assertRaises(UserError):
                    self._emergency(self.anna, hours)

    def test_reviewed_emergency_stays_as_it_is(self):
        self.role.write({"is_emergency": True, "emergency_user_ids": self.anna.ids})
        self._emergency(self.anna, 1)
        request = self._over(1)
        with self.assertRaises(AccessError):
            request.with_user(self.anna)._review("fine", "All well")
        request.with_user(self.boss)._review("objection", "Too much")
        for user in (self.anna, self.boss, self.maria):
            with self.assertRaises(UserError):
                request.with_user(user).write({"review_note": "Fine after all"})
            with self.assertRaises(UserError):
                request.with_user(user)._review("fine", "Again")
            with self.assertRaises(UserError):
                request.with_user(user).unlink()
        self.assertEqual(request.review_result, "objection")

    # -- reviews -----------------------------------------------------------------------

    def _review_of(self, user):
        review = self.env["erp.access.review"].with_user(self.maria)
        review = review.create(
            {"name": "Spring", "scope": "people", "user_ids": [Command.set(user.ids)]}
        )
        review.action_start()
        return review

    def test_former_manager_does_not_decide(self):
        self.anna.group_ids += self.export_group
        review = self._review_of(self.anna)
        line = review.line_ids.filtered(lambda line: line.group_id == self.export_group)
        self.assertEqual(line.reviewer_id, self.boss)
        self.anna.approval_manager_id = self.bert
        mine = line.with_user(self.boss)
        self.assertFalse(mine.can_decide)
        for decide in (mine.action_confirm, lambda: mine._withdraw("Bye")):
            with self.assertRaises(AccessError):
                decide()
        self.assertHas(self.anna, self.export_group)
        line.with_user(self.maria).action_take_over()
        line.with_user(self.maria)._withdraw("Unused")
        self.assertHasNot(self.anna, self.export_group)

    def test_effect_of_withdrawing_one_of_two_roles(self):
        """What another role gives as well is not said to go."""
        other = self.env["erp.role"].create(
            {"name": "Other", "group_ids": [Command.set(self.partner_group.ids)]}
        )
        grant = self._give(self.anna, self.role)
        self._give(self.anna, other)
        review = self._review_of(self.anna)
        line = review.line_ids.filtered(lambda line: line.grant_id == grant)
        self.assertNotIn(self.partner_group, line.with_user(self.boss)._taken())
        line.with_user(self.boss)._withdraw("One is enough")
        self.assertNotIn("contacts", line.effect or "")
        self.assertHas(self.anna, self.partner_group)

    # -- who learns what ---------------------------------------------------------------

    def test_roles_of_others_are_not_searched(self):
        self._give(self.anna, self.role)
        users = self.env["res.users"].with_user(self.bert)
        for domain in (
            [("erp_role_ids", "in", self.role.ids)],
            [("erp_role_ids.name", "=", "Clerk")],
            [("access_grant_ids.role_id", "in", self.role.ids)],
        ):
            with self.assertRaises(AccessError):
                users.search(domain)
        partners = self.env["res.partner"].with_user(self.bert)
        with self.assertRaises(AccessError):
            partners.search([("user_ids.erp_role_ids", "in", self.role.ids)])
        roles = self.env["erp.role"].with_user(self.bert)
        self.assertFalse(roles.search([("grant_ids.user_id", "=", self.anna.id)]))
        self.assertFalse(roles.browse(self.role.id).grant_ids)
        found = self.env["res.users"].with_user(self.maria)
        self.assertIn(self.anna, found.search([("erp_role_ids", "in", self.role.ids)]))

    def test_reports_are_not_for_everybody(self):
        reports = self.env["erp.access.report"].with_user(self.anna)
        with self.assertRaises(AccessError):
            reports.action_show("unused")
        with self.assertRaises(AccessError):
            reports.browse(1).action_archive_user()
        with self.assertRaises(AccessError):
            reports.with_user(self.auditor).browse(1).action_withdraw()

    def test_nobody_helps_himself_as_a_user(self):
        """By one's own preferences neither a manager nor a group is chosen."""
        for vals in (
            {"approval_manager_id": self.bert.id},
            {"group_ids": [Command.link(self.export_group.id)]},
            {"access_grant_ids": [Command.create({"name": "Mine"})]},
            {"erp_role_ids": [Command.link(self.role.id)]},
        ):
            with self.assertRaises(AccessError):
                self.anna.with_user(self.anna).write(vals)
        with self.assertRaises(AccessError):
            self.partner_group.with_user(self.anna).write(
                {"user_ids": [Command.link(self.anna.id)]}
            )
        with self.assertRaises(AccessError):
            self.partner_group.with_user(self.maria).write(
                {"user_ids": [Command.link(self.maria.id)]}
            )
