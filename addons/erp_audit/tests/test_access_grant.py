from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common_access import AccessCase


@tagged("post_install", "-at_install")
class TestAccessGrant(AccessCase):
    """Groups come with a grant, and go with it; nothing else is touched."""

    def test_what_was_given_is_told_in_the_readers_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.role.with_context(lang="zh_CN").name = "文员"
        grant = self._give(self.anna, self.role)
        self.assertEqual(grant.with_context(lang="zh_CN").what, "文员")
        self.assertEqual(grant.with_context(lang="zh_CN").display_name, "文员")
        self.assertEqual(grant.with_context(lang="en_US").what, "Clerk")
        single = self._give(self.bert, self.export_group)
        self.assertEqual(single.what, self.export_group.full_name)

    def test_a_role_tells_what_it_allows(self):
        self.assertIn("May now", self.role.with_user(self.maria).allows)
        self.assertIn("contacts", self.role.with_user(self.maria).allows)

    def test_role_gives_groups_and_tier_and_takes_them_away(self):
        grant = self._give(self.anna, self.role)
        self.assertEqual(grant.state, "active")
        self.assertHas(self.anna, self.partner_group)
        self.assertHas(self.anna, self.tier_group)
        grant.with_user(self.maria)._withdraw("Not needed any more")
        self.assertHasNot(self.anna, self.partner_group)
        self.assertHasNot(self.anna, self.tier_group)
        self.assertEqual(grant.state, "ended")
        self.assertEqual(grant.ended_by_id, self.maria)
        self.assertEqual(grant.end_reason, "Not needed any more")

    def test_group_held_before_stays(self):
        self.anna.group_ids += self.partner_group
        grant = self._give(self.anna, self.role)
        self.assertNotIn(self.partner_group, grant.added_group_ids)
        grant._end("Over")
        self.assertHas(self.anna, self.partner_group)
        self.assertHasNot(self.anna, self.tier_group)

    def test_group_of_another_grant_stays_until_that_ends(self):
        first = self._give(self.anna, self.role)
        second = self._give(self.anna, self.partner_group)
        first._end("Over")
        self.assertHas(self.anna, self.partner_group, "the second grant gives it")
        second._end("Over")
        self.assertHasNot(self.anna, self.partner_group)

    def test_grants_ending_together(self):
        grants = self._give(self.anna, self.role)
        grants |= self._give(self.anna, self.partner_group)
        grants |= self._give(self.bert, self.role)
        grants._end("Over")
        for user in self.anna | self.bert:
            self.assertHasNot(user, self.partner_group)

    def test_change_of_role_reaches_people(self):
        self._give(self.anna, self.role)
        self._give(self.bert, self.role)
        self.role.with_user(self.maria).write(
            {"group_ids": [Command.set(self.export_group.ids)], "tier": "management"}
        )
        for user in self.anna | self.bert:
            self.assertHas(user, self.export_group)
            self.assertHasNot(user, self.partner_group)
            self.assertHasNot(user, self.tier_group)
            self.assertHas(user, self.env.ref("erp_audit.group_tier_management"))
        gained = self._events(self.anna, "access_granted")[-1]["gained"]
        self.assertIn(self.export_group.id, gained)

    def test_deleted_group_does_no_harm(self):
        group = self.env["res.groups"].create({"name": "Short-lived"})
        self.role.group_ids += group
        grant = self._give(self.anna, self.role)
        group.unlink()
        grant._end("Over")
        self.assertHasNot(self.anna, self.partner_group)

    def test_events_tell_that_it_was_granted(self):
        grant = self._give(self.anna, self.role)
        [event] = self._events(self.anna, "access_granted")
        self.assertEqual(event["grant"], grant.id)
        self.assertEqual(event["origin"], "direct")
        self.assertEqual(
            set(event["gained"]), set((self.partner_group | self.tier_group).ids)
        )
        grant._end("Over")
        [event] = self._events(self.anna, "access_withdrawn")
        self.assertEqual(
            set(event["lost"]), set((self.partner_group | self.tier_group).ids)
        )
        self.assertEqual(event["reason"], "Over")

    # -- time --------------------------------------------------------------------------

    def test_planned_begins_and_ends_by_schedule(self):
        grant = self._give(
            self.anna,
            self.role,
            date_from=self._later(hours=1),
            date_to=self._later(hours=2),
        )
        self.assertEqual(grant.state, "planned")
        self.assertHasNot(self.anna, self.partner_group)
        self.grants._run_due()
        self.assertEqual(grant.state, "planned", "it is not time yet")
        grant._engine().write({"date_from": self._later(seconds=-1)})
        self.grants._run_due()
        self.assertEqual(grant.state, "active")
        self.assertHas(self.anna, self.partner_group)
        self._past(grant)
        self.grants._run_due()
        self.assertEqual(grant.state, "ended")
        self.assertHasNot(self.anna, self.partner_group)

    def test_late_scheduler_gives_nothing(self):
        grant = self._give(self.anna, self.role, date_to=self._later(hours=2))
        self._past(grant)
        self.assertTrue(self.anna.has_group("base.group_partner_manager"))
        self.grants.with_user(self.anna)._catch_up()
        self.assertFalse(self.anna.has_group("base.group_partner_manager"))
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models"):
            self.env["res.partner"].with_user(self.anna).create({"name": "No"})

    def test_one_that_cannot_end_locks_nobody_out(self):
        broken = self._give(self.anna, self.role, date_to=self._later(hours=2))
        other = self._give(self.bert, self.role, date_to=self._later(hours=2))
        self._past(broken)
        self._past(other)
        end = type(self.grants)._end

        def failing(grants, *args, **options):
            if grants == broken:
                raise ZeroDivisionError
            return end(grants, *args, **options)

        log = "odoo.addons.erp_audit.models.erp_access_grant_sync"
        with (
            patch.object(type(self.grants), "_end", failing),
            self.assertLogs(log, "ERROR"),
        ):
            self.grants._catch_up()
        self.assertEqual(broken.state, "active")
        self.assertEqual(other.state, "ended")
        self.grants._catch_up()
        self.assertEqual(broken.state, "ended")

    def test_nothing_due_costs_no_query(self):
        self._give(self.anna, self.role, date_to=self._later(hours=2))
        self.grants._is_due()
        self.env.flush_all()
        with self.assertQueryCount(0):
            self.grants.with_user(self.anna)._catch_up()

    def test_planned_grant_that_was_over_before_it_began(self):
        grant = self._give(
            self.anna,
            self.role,
            date_from=self._later(hours=1),
            date_to=self._later(hours=2),
        )
        self._past(grant)
        self.grants._run_due()
        self.assertEqual(grant.state, "ended")
        self.assertHasNot(self.anna, self.partner_group)

    def test_role_that_gives_more_than_was_approved_does_not_begin(self):
        grant = self._give(self.anna, self.role, date_from=self._later(hours=1))
        self.role.group_ids += self.export_group
        grant._engine().write({"date_from": self._later(seconds=-1)})
        self.grants._run_due()
        self.assertEqual(grant.state, "ended")
        self.assertHasNot(self.anna, self.export_group)
        self.assertIn("requested again", grant.end_reason)

    # -- people who leave --------------------------------------------------------------

    def test_archived_person_has_no_grants(self):
        active = self._give(self.anna, self.role)
        planned = self._give(
            self.anna, self.export_group, date_from=self._later(days=1)
        )
        self.anna.active = False
        self.assertEqual(set((active | planned).mapped("state")), {"ended"})
        self.assertHasNot(self.anna, self.partner_group)

    def test_portal_user_gets_nothing(self):
        portal = new_test_user(self.env, "acc_portal", "base.group_portal")
        with self.assertRaises(UserError):
            self._give(portal, self.role)
        self.assertTrue(portal.share)

    def test_portal_group_in_role_is_refused(self):
        with self.assertRaises(ValidationError):
            self.role.group_ids += self.env.ref("base.group_portal")

    def test_last_administrator_stays_one(self):
        system = self.env.ref("base.group_system")
        grant = self.grants._grant(self.anna, system, "direct")
        others = system.user_ids - self.anna
        self.env.cr.execute(
            "DELETE FROM res_groups_users_rel WHERE gid = %s AND uid = ANY(%s)",
            [system.id, others.ids],
        )
        self.env.invalidate_all()
        with self.assertLogs("odoo.addons.erp_audit", "WARNING"):
            grant._end("Over")
        self.assertEqual(grant.state, "ended")
        self.assertHas(self.anna, system)

    # -- who may -----------------------------------------------------------------------

    def test_nobody_gives_himself(self):
        with self.assertRaises(AccessError):
            self._give(self.maria, self.role)
        with self.assertRaises(AccessError):
            self._give(self.maria | self.anna, self.role)
        self.assertHasNot(self.maria, self.partner_group)

    def test_only_access_managers_give(self):
        for user in self.anna | self.boss | self.auditor:
            with self.assertRaises(AccessError):
                self._give(self.bert, self.role, by=user)

    def test_administrators_rights_need_an_administrator(self):
        with self.assertRaises(AccessError):
            self._give(self.anna, self.env.ref("base.group_system"))
        roles = self.env["erp.role"].with_user(self.maria)
        groups = [Command.set(self.env.ref("base.group_system").ids)]
        with self.assertRaises(AccessError):
            roles.create({"name": "Power", "group_ids": groups})
        with self.assertRaises(AccessError):
            self.role.with_user(self.maria).group_ids = groups

    def test_own_role_is_changed_by_others(self):
        self._give(self.maria, self.role, by=self.nina)
        for vals in (
            {"group_ids": [Command.link(self.export_group.id)]},
            {"requires_second_factor": True},
            {"tier": False},
        ):
            with self.assertRaises(AccessError):
                self.role.with_user(self.maria).write(vals)
            with self.assertRaises(AccessError):
                self.role.with_user(self.maria).sudo().write(vals)
        self.assertHasNot(self.maria, self.export_group)

    def test_grants_are_not_made_by_hand(self):
        values = {
            "name": "Forged",
            "user_id": self.anna.id,
            "group_ids": self.export_group.ids,
            "date_from": self.now,
            "origin": "request",
            "state": "active",
            "granted_by_id": self.maria.id,
        }
        grant = self._give(self.anna, self.role)
        for user in (self.anna, self.maria, self.env.ref("base.user_admin")):
            grants = self.grants.with_user(user)
            for model in (grants, grants.with_context(approval_engine=True)):
                with self.assertRaises(AccessError):
                    model.create(values)
                with self.assertRaises(AccessError):
                    model.sudo().create(values)
            with self.assertRaises(AccessError):
                grant.with_user(user).write({"date_to": self._later(days=9)})
            with self.assertRaises(AccessError):
                grant.with_user(user).sudo().unlink()

    def test_who_sees_what(self):
        grant = self._give(self.anna, self.role)
        for user in (self.anna, self.boss, self.maria, self.auditor):
            self.assertIn(grant, self.grants.with_user(user).search([]))
        self.assertNotIn(grant, self.grants.with_user(self.bert).search([]))
        with self.assertRaises(AccessError):
            grant.with_user(self.bert)._withdraw("Envy")

    def test_manager_and_person_withdraw(self):
        for user in (self.boss, self.anna):
            grant = self._give(self.anna, self.role)
            wizard = self.env["erp.access.grant.withdraw"].with_user(user)
            wizard.create(
                {"grant_ids": grant.ids, "reason": "Not needed"}
            ).action_withdraw()
            self.assertEqual(grant.state, "ended")
            self.assertEqual(grant.ended_by_id, user)

    def test_the_form_gives_to_many_and_names_conflicts(self):
        other = self.env["res.groups"].create({"name": "Other duty"})
        self.env["erp.duty.conflict"].create(
            {
                "name": "Both at once",
                "left_name": "One",
                "left_group_ids": other.ids,
                "right_name": "Two",
                "right_group_ids": self.partner_group.ids,
            }
        )
        self.anna.group_ids += other
        form = (
            self.env["erp.access.grant.give"]
            .with_user(self.maria)
            .create(
                {
                    "role_id": self.role.id,
                    "user_ids": (self.anna | self.bert).ids,
                    "reason": "New team",
                    "date_to": self._later(days=1),
                }
            )
        )
        self.assertIn("Both at once", form.conflict_text)
        self.assertIn(self.anna.name, form.conflict_text)
        self.assertNotIn(self.bert.name, form.conflict_text)
        form.action_give()
        self.assertEqual(self.role.user_count, 2)
        self.assertHas(self.bert, self.partner_group)
        self.assertEqual(self.anna.erp_role_ids, self.role)
