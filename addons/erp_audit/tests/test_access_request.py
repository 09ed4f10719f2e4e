from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common_access import AccessCase


@tagged("post_install", "-at_install")
class TestAccessRequest(AccessCase):
    """Access is asked for, decided by others, given in time and taken away."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy.active = True

    def _send(self, request):
        request.action_submit_approval()
        return request.sudo().approval_instance_id

    def _approve(self, request, *people):
        for user in people:
            request.with_user(user).action_approve()

    def _without_policy(self):
        self.env["approval.policy"].search(
            [("res_model", "=", "erp.access.request")]
        ).active = False

    # -- the usual way -----------------------------------------------------------------

    def test_manager_then_access_manager(self):
        request = self._ask(self.anna, date_to=self._later(days=3))
        instance = self._send(request)
        self.assertEqual(instance.open_task_ids.user_id, self.boss)
        self.assertHasNot(self.anna, self.partner_group)
        self._approve(request, self.boss)
        self.assertEqual(request.state, "draft")
        self.assertHasNot(self.anna, self.partner_group)
        self._approve(request, self.maria)
        self.assertEqual(request.state, "active")
        self.assertHas(self.anna, self.partner_group)
        grant = request.sudo().grant_ids
        self.assertEqual(grant.origin, "request")
        self.assertEqual(
            self._events(self.anna, "access_granted")[0]["grant"], grant.id
        )
        self._past(grant)
        self.grants._run_due()
        self.assertEqual(request.state, "ended")
        self.assertHasNot(self.anna, self.partner_group)
        self.assertEqual(len(self._events(self.anna, "access_withdrawn")), 1)

    def test_begins_later(self):
        request = self._ask(self.anna, date_from=self._later(days=1))
        self._send(request)
        self._approve(request, self.boss, self.maria)
        self.assertEqual(request.state, "approved")
        self.assertHasNot(self.anna, self.partner_group)
        grant = request.sudo().grant_ids
        grant._engine().write({"date_from": self._later(seconds=-1)})
        self.grants._run_due()
        self.assertEqual(request.state, "active")
        self.assertHas(self.anna, self.partner_group)

    def test_rejected(self):
        request = self._ask(self.anna)
        self._send(request)
        request.with_user(self.boss).action_reject("No need")
        self.assertEqual(request.approval_state, "rejected")
        self.assertFalse(request.sudo().grant_ids)

    def test_manager_asks_for_his_people(self):
        request = self._ask(self.boss, user_id=self.anna.id)
        instance = self._send(request)
        self.assertNotIn(self.boss, instance.task_ids.user_id, "he is the requester")
        self._approve(request, self.maria)
        self.assertHas(self.anna, self.partner_group)

    def test_withdrawn_before_its_end(self):
        request = self._ask(self.anna, date_to=self._later(days=3))
        self._send(request)
        self._approve(request, self.boss, self.maria)
        action = request.with_user(self.boss).action_withdraw()
        wizard = self.env["erp.access.grant.withdraw"].with_user(self.boss)
        wizard = wizard.with_context(**action["context"])
        wizard.create({"reason": "Done already"}).action_withdraw()
        self.assertEqual(request.state, "ended")
        self.assertHasNot(self.anna, self.partner_group)

    def test_single_groups(self):
        request = self._ask(self.anna, role_id=False, group_ids=self.partner_group.ids)
        self._send(request)
        self._approve(request, self.boss, self.maria)
        self.assertHas(self.anna, self.partner_group)
        self.assertHasNot(self.anna, self.tier_group)

    # -- words -------------------------------------------------------------------------

    def test_the_difference_is_told_before_deciding(self):
        self.env["erp.duty.conflict"].create(
            {
                "name": "Both at once",
                "left_name": "One",
                "left_group_ids": self.env.ref("base.group_user").ids,
                "right_name": "Two",
                "right_group_ids": self.partner_group.ids,
            }
        )
        request = self._ask(self.anna)
        self._send(request)
        seen = request.with_user(self.boss)
        self.assertIn("May now", seen.difference)
        self.assertIn("contacts", seen.difference)
        self.assertIn("Both at once", seen.conflict_text)
        texts = [item["text"] for item in seen._approval_effects()]
        self.assertTrue(any("contacts" in text for text in texts), texts)
        icons = {item["icon"] for item in seen._approval_effects()}
        self.assertFalse([icon for icon in icons if icon.startswith("fa-")], icons)
        facts = [value for _label, value, tone in seen._approval_facts() if tone]
        self.assertTrue(any("Both at once" in value for value in facts), facts)

    def test_minor_changes_are_folded(self):
        request = self._ask(self.anna)
        rights = self.env["erp.access.rights"]
        line = rights._line
        grave = line("model", 100, "May now delete bank accounts")
        minor = [line("menu", 1, f"New menus: {number}") for number in range(9)]
        shown = str(rights._html([grave, *minor]))
        self.assertLess(shown.index("delete bank"), shown.index("<details>"))
        self.assertLess(shown.index("<details>"), shown.index("New menus: 0"))
        self.assertIn("(9)", shown)
        short = rights._in_short([grave, *minor])
        self.assertEqual(len(short), 2)
        self.assertIn("(9)", short[-1]["text"])
        self.assertEqual(len(rights._in_short([grave, *minor[:2]])), 3)
        self.assertNotIn("<details>", rights._html([grave, *minor[:2]]))
        self.assertNotIn("<details>", rights._html(minor))
        self.assertIn("<ul", request.difference)

    def test_who_approved_has_given_it(self):
        request = self._ask(self.anna)
        self._send(request)
        while task := request.sudo().approval_instance_id.task_ids.filtered(
            lambda task: task.state == "pending"
        )[:1]:
            task.with_user(task.user_id).action_approve()
        tasks = request.sudo().approval_instance_id.task_ids
        last = tasks.filtered("decided_by_id").sorted("decided_date")[-1]
        self.assertNotEqual(last.decided_by_id, self.anna)
        self.assertEqual(request.decided_by_id, last.decided_by_id)
        self.assertEqual(request.sudo().grant_ids.granted_by_id, last.decided_by_id)

    # -- without a policy --------------------------------------------------------------

    def test_without_policy_an_access_manager_decides(self):
        self._without_policy()
        request = self._ask(self.anna)
        request.action_submit_approval()
        self.assertEqual(request.state, "asked")
        self.assertHasNot(self.anna, self.partner_group)
        for user in (self.anna, self.boss, self.bert, self.auditor):
            with self.assertRaises(AccessError):
                request.with_user(user).action_grant()
        with self.assertRaises(AccessError):
            request.sudo().action_grant()
        request.with_user(self.maria).action_grant()
        self.assertEqual(request.state, "active")
        self.assertEqual(request.decided_by_id, self.maria)
        self.assertHas(self.anna, self.partner_group)

    def test_without_policy_nobody_decides_for_himself(self):
        self._without_policy()
        request = self._ask(self.maria)
        request.action_submit_approval()
        with self.assertRaises(AccessError):
            request.action_grant()
        other = self._ask(self.maria, user_id=self.anna.id)
        other.action_submit_approval()
        with self.assertRaises(AccessError):
            other.action_grant()
        other.with_user(self.nina).action_refuse()
        self.assertEqual(other.state, "refused")
        self.assertHasNot(self.anna, self.partner_group)

    def test_nobody_to_decide(self):
        self._without_policy()
        group = self.env.ref("erp_audit.group_access_manager")
        group.user_ids = self.maria
        request = self._ask(self.maria)
        with self.assertRaises(UserError):
            request.action_submit_approval()
        self.assertEqual(request.state, "draft")

    # -- attacks -----------------------------------------------------------------------

    def test_forged_state(self):
        for user in (self.anna, self.maria):
            requests = self.requests.with_user(user)
            base = {"role_id": self.role.id, "reason": "Now"}
            for vals in (
                {"state": "approved"},
                {"state": "active"},
                {"kind": "emergency", "state": "emergency"},
                {"requester_id": self.boss.id},
                {"decided_by_id": self.nina.id},
                {"grant_ids": [Command.create({"name": "x"})]},
            ):
                with self.assertRaises(AccessError):
                    requests.create({**base, **vals})
                with self.assertRaises(AccessError):
                    requests.sudo().create({**base, **vals})
                request = requests.create(base)
                with self.assertRaises(AccessError):
                    request.write(vals)
                with self.assertRaises(AccessError):
                    request.sudo().write(vals)
            defaults = {f"default_{name}": value for name, value in vals.items()}
            defaults.update(
                default_state="active",
                default_kind="emergency",
                default_requester_id=self.boss.id,
                approval_engine=True,
            )
            request = requests.with_context(**defaults).create(base)
            self.assertEqual(request.state, "draft")
            self.assertEqual(request.kind, "request")
            self.assertEqual(request.requester_id, user)
            self.assertFalse(request.sudo().grant_ids)

    def test_import_of_a_granted_request(self):
        result = self.requests.with_user(self.anna).load(
            ["user_id/.id", "role_id/.id", "reason", "state"],
            [[str(self.anna.id), str(self.role.id), "Now", "In force"]],
        )
        self.assertFalse(result["ids"])
        self.assertHasNot(self.anna, self.partner_group)

    def test_content_changed_while_it_waits(self):
        request = self._ask(self.anna)
        self._send(request)
        self._approve(request, self.boss)
        bigger = self.env["erp.role"].create(
            {"name": "More", "group_ids": self.export_group.ids}
        )
        request.role_id = bigger
        self.assertEqual(request.approval_state, "stale")
        with self.assertRaises(UserError):
            request.with_user(self.maria).action_approve()
        self.assertFalse(request.sudo().grant_ids)
        self.assertHasNot(self.anna, self.export_group)

    def test_content_changed_after_the_decision(self):
        request = self._ask(self.anna, date_from=self._later(days=1))
        self._send(request)
        self._approve(request, self.boss, self.maria)
        for vals in (
            {"date_to": self._later(days=99)},
            {"date_from": self._later(hours=-1)},
            {"user_id": self.anna.id},
            {"group_ids": [Command.link(self.export_group.id)]},
            {"role_id": False},
        ):
            with self.assertRaises(UserError):
                request.write(vals)
            with self.assertRaises(UserError):
                request.sudo().write(vals)

    def test_role_changed_while_it_waits(self):
        request = self._ask(self.anna)
        self._send(request)
        self._approve(request, self.boss)
        self.role.with_user(self.nina).group_ids += self.export_group
        self.assertEqual(request.approval_state, "stale")
        self.assertHasNot(self.anna, self.export_group)

    def test_role_changed_after_approval_before_the_beginning(self):
        request = self._ask(self.anna, date_from=self._later(days=1))
        self._send(request)
        self._approve(request, self.boss, self.maria)
        self.role.with_user(self.nina).group_ids += self.export_group
        grant = request.sudo().grant_ids
        grant._engine().write({"date_from": self._later(seconds=-1)})
        self.grants._run_due()
        self.assertEqual(request.state, "ended")
        self.assertHasNot(self.anna, self.export_group)
        self.assertHasNot(self.anna, self.partner_group)

    def test_requester_does_not_decide_by_delegation(self):
        for user in self.boss | self.maria | self.nina:
            self.env["approval.delegation"].create(
                {
                    "user_id": user.id,
                    "delegate_id": self.anna.id,
                    "date_from": self._later(days=-1),
                    "date_to": self._later(days=1),
                }
            )
        request = self._ask(self.anna)
        instance = self._send(request)
        self.assertNotIn(self.anna, instance.task_ids.user_id)
        with self.assertRaises(UserError):
            request.action_approve()
        self._approve(request, self.boss)
        self.assertNotIn(self.anna, instance.task_ids.user_id)

    def test_who_profits_does_not_decide(self):
        self.anna.group_ids += self.env.ref("erp_audit.group_access_manager")
        request = self._ask(self.boss, user_id=self.anna.id)
        instance = self._send(request)
        self.assertNotIn(self.anna, instance.task_ids.user_id)

    def test_for_strangers(self):
        with self.assertRaises(AccessError):
            self._ask(self.bert, user_id=self.anna.id)
        with self.assertRaises(AccessError):
            self._ask(self.anna, user_id=self.boss.id)
        request = self._ask(self.anna)
        with self.assertRaises(AccessError):
            request.user_id = self.bert
        with self.assertRaises(AccessError):
            request.with_user(self.bert).reason = "Mine"
        with self.assertRaises(AccessError):
            request.with_user(self.bert).read(["reason"])

    def test_what_nobody_may_request(self):
        hidden = self.env["res.groups"].create({"name": "Hidden"})
        for group in (
            hidden,
            self.env.ref("base.group_portal"),
            self.env.ref("base.group_no_one"),
            self.env.ref("erp_audit.group_tier_decision"),
        ):
            with self.assertRaises(ValidationError):
                self._ask(self.anna, role_id=False, group_ids=group.ids)
        self.role.is_requestable = False
        with self.assertRaises(ValidationError):
            self._ask(self.anna)

    def test_another_company(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        with self.assertRaises(ValidationError):
            self._ask(self.anna, company_id=other.id)
        self.anna.company_ids += other
        request = self._ask(self.anna, company_id=other.id)
        with self.assertRaises(UserError):
            # neither of the people who decide works there
            request.action_submit_approval()
        self.assertHasNot(self.anna, self.partner_group)
        with self.assertRaises(AccessError):
            request.with_user(self.maria).read(["reason"])

    def test_portal_user_asks_nothing(self):
        portal = new_test_user(self.env, "acc_portal", "base.group_portal")
        with self.assertRaises(AccessError):
            self._ask(portal)

    def test_sent_requests_are_kept(self):
        request = self._ask(self.anna)
        draft = self._ask(self.anna)
        self._send(request)
        with self.assertRaises(UserError):
            request.unlink()
        draft.unlink()
        request.action_recall()
        self.assertEqual(request.approval_state, "required")
        request.action_cancel()
        self.assertEqual(request.state, "cancel")

    def test_list_costs_the_same_for_many(self):
        for _number in range(3):
            self._send(self._ask(self.anna))
        names = ["name", "user_id", "role_id", "state", "approval_state"]
        requests = self.requests.with_user(self.anna)
        requests.search([]).read(names)
        counts = []
        for limit in (1, 3):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            requests.search([], limit=limit).read(names)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])
