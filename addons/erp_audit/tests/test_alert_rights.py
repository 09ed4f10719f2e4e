from unittest.mock import patch

from odoo import Command
from odoo.tests import new_test_user, tagged

from .common import AuditCase
from .common_alert import AlertMixin


@tagged("post_install", "-at_install")
class TestAlertRights(AlertMixin, AuditCase):
    """Rights given, taken and weakened, by real writes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss = new_test_user(cls.env, "boss", "base.group_system")
        cls.system = cls.env.ref("base.group_system")

    def _give(self, user, group, by=None):
        users = user.with_user(by) if by else user
        users.write({"group_ids": [Command.link(group.id)]})

    def test_rights_without_a_request(self):
        """Who, what, by whom; taking rights away is none."""
        with self._doing("rights_outside_request") as found:
            self._give(self.anna, self.system, by=self.boss)
        self.assertEqual(found.alerts.person_id, self.anna)
        self.assertEqual(found.alerts.actor_id, self.boss)
        self.assertIn(self.system.id, found.alerts.facts["groups"])
        self.assertIn("boss", found.alerts.name)
        with self._doing("rights_outside_request") as found:
            self.anna.write({"group_ids": [Command.unlink(self.system.id)]})
        self.assertFalse(found.alerts)

    def test_rights_by_somebody_else(self):
        """What a second person gives is no more of the first one's doing."""
        second = new_test_user(self.env, "deputy", "base.group_system")
        other = self.env["res.groups"].create({"name": "Other"})
        third = self.env["res.groups"].create({"name": "Third"})
        with self._doing("rights_outside_request") as found:
            self._give(self.anna, self.system, by=self.boss)
        first = found.alerts
        with self._doing("rights_outside_request") as found:
            self._give(self.anna, other, by=second)
        self.assertEqual(found.alerts.actor_id, second)
        self.assertIn("deputy", found.alerts.name)
        self.assertIn("Other", found.alerts.name)
        self.assertFalse(found.alerts.with_user(second).can_handle)
        with self._doing("rights_outside_request") as found:
            self._give(self.anna, third, by=self.boss)
        self.assertFalse(found.alerts, "counted in the first")
        self.assertEqual(first.hits, 2)
        self.assertIn("boss", first.name)
        self.assertIn("Third", first.name)

    def _granted(self, user, groups, origin="request"):
        self._record_event(
            "access_granted",
            user,
            diff={"origin": origin, "gained": groups.ids, "reason": "Fire"},
        )

    def test_rights_by_a_request(self):
        """A grant that is recorded with the rights makes them legitimate."""
        with self._doing("rights_outside_request") as found:
            self._give(self.anna, self.system, by=self.boss)
            self._granted(self.anna, self.system)
        self.assertFalse(found.alerts)

    def test_what_a_request_does_not_explain(self):
        """The grant of somebody else, of other groups, or without a request."""
        other = self.env["res.groups"].create({"name": "Other"})
        with self._doing("rights_outside_request") as found:
            self._give(self.anna, self.system, by=self.boss)
            self._granted(self.boss, self.system)
            self._granted(self.anna, other)
            self._granted(self.anna, self.system, "direct")
        self.assertEqual(found.alerts.person_id, self.anna)

    def test_more_than_was_granted(self):
        """What is given beside the grant in the same operation is named alone."""
        other = self.env["res.groups"].create({"name": "Other"})
        with self._doing("rights_outside_request") as found:
            self.anna.write(
                {"group_ids": [Command.link(self.system.id), Command.link(other.id)]}
            )
            self._granted(self.anna, self.system)
        self.assertEqual(found.alerts.facts["groups"], other.ids)

    def test_emergency_rights(self):
        """Taken at once, told at once; those of a request are not."""
        with self._doing("emergency_access") as found:
            self._granted(self.boss, self.system)
            self._granted(self.anna, self.system, "emergency")
        self.assertEqual(found.alerts.person_id, self.anna)
        self.assertIn("Fire", found.alerts.name)

    def test_new_users_have_what_all_have(self):
        """A new internal user is none; a new administrator is one."""
        with self._doing("rights_outside_request") as found:
            new_test_user(self.env, "carl", "base.group_user")
        self.assertFalse(found.alerts)
        with self._doing("rights_outside_request") as found:
            dora = new_test_user(self.env, "dora", "base.group_system")
        self.assertEqual(found.alerts.person_id, dora)

    def test_rights_past_the_application(self):
        """A link made by SQL is seen as such."""
        with self._doing("rights_outside_request") as found:
            self.env.cr.execute(
                "INSERT INTO res_groups_users_rel (gid, uid) VALUES (%s, %s)",
                [self.system.id, self.anna.id],
            )
        self.assertEqual(found.alerts.person_id, self.anna)
        self.assertTrue(found.alerts.facts["past"])

    def test_rights_by_a_new_group(self):
        """Made with somebody in it, or between the groups that people have."""
        groups = self.env["res.groups"].with_user(self.boss)
        mine = self.env["res.groups"].create({"name": "Mine"})
        self.anna.group_ids |= mine
        for name, values in (
            ("with people", {"user_ids": self.anna.ids}),
            ("between", {"implied_by_ids": mine.ids}),
        ):
            with self.subTest(name), self._doing("rights_outside_request") as found:
                made = groups.create({"name": name, **values})
                self.env.flush_all()
            self.assertEqual(found.alerts.person_id, self.anna)
            self.assertEqual(found.alerts.facts.get("groups"), made.ids)
            self.assertNotIn("past", found.alerts.facts)
            found.alerts.state = "confirmed"

    def test_a_group_that_comes_along_tells_only_what_is_new(self):
        """Put in from the other side, people do not gain what they had."""
        mine, other = self.env["res.groups"].create([{"name": "A"}, {"name": "B"}])
        self.anna.group_ids |= mine
        with self._doing("rights_outside_request") as found:
            other.with_user(self.boss).write(
                {"implied_by_ids": [Command.link(mine.id)]}
            )
        self.assertEqual(found.alerts.person_id, self.anna)
        self.assertEqual(found.alerts.facts["groups"], other.ids)
        told = self._records("res.groups", mine.ids, "rights")
        self.assertEqual([item["id"] for item in told[-1]["diff"]["gained"]], other.ids)

    def test_who_comes_into_a_large_group_is_told(self):
        """However many are in it already."""
        group = self.env["res.groups"].create({"name": "Large"})
        group.user_ids = self.boss | self.auditor
        with (
            patch("odoo.addons.erp_audit.models.res_groups.MANY", 2),
            self._doing("rights_outside_request") as found,
        ):
            group.with_user(self.boss).write({"user_ids": [Command.link(self.anna.id)]})
        self.assertEqual(found.alerts.person_id, self.anna)
        self.assertNotIn("past", found.alerts.facts)

    def test_rights_given_to_oneself(self):
        """By himself raises, by another does not."""
        group = self.env["res.groups"].create({"name": "Vault"})
        with self._doing("self_grant") as found:
            self._give(self.boss, group, by=self.boss)
            self._give(self.anna, group, by=self.boss)
        self.assertEqual(found.alerts.person_id, self.boss)
        self.assertIn("Vault", found.alerts.name)

    def test_rights_for_a_short_time(self):
        """Given and taken within a day; other rights taken are none."""
        group = self.env["res.groups"].create({"name": "Vault"})
        entry = [{"id": group.id, "name": "Vault"}]
        with self._doing("granted_and_revoked") as found:
            for moment, gained, lost in (
                ("2026-03-02 10:00:00", entry, []),
                ("2026-03-04 10:00:00", [], entry),
            ):
                self._record_event(
                    "rights",
                    self.anna,
                    moment,
                    diff={"gained": gained, "lost": lost},
                )
        self.assertFalse(found.alerts)
        self._give(self.anna, group)
        with self._doing("granted_and_revoked") as found:
            self.anna.write({"group_ids": [Command.unlink(group.id)]})
        self.assertEqual(found.alerts.person_id, self.anna)
        self.assertEqual(found.alerts.facts["groups"], [group.id])
        self.assertEqual(found.alerts.record_count, 2)

    def test_a_group_that_one_had_anyway(self):
        """A link that brings no right along is none."""
        self._give(self.anna, self.system)
        with self._doing("rights_outside_request") as found:
            self._give(self.anna, self.env.ref("base.group_erp_manager"))
        self.assertFalse(found.alerts)

    def test_record_rules(self):
        """Another domain, another group, switched off; a new one narrows."""
        rules = self.env["ir.rule"]
        with self._doing("access_weakened") as found:
            rule = rules.create(
                {
                    "name": "Own customers",
                    "model_id": self.env["ir.model"]._get_id("res.partner"),
                    "domain_force": "[('user_id', '=', user.id)]",
                }
            )
        self.assertFalse(found.alerts)
        with self._doing("access_weakened") as found:
            rule.domain_force = "[(1, '=', 1)]"
        self.assertIn("Own customers", found.alerts.name)
        found.alerts.sudo().write({"state": "confirmed"})
        with self._doing("access_weakened") as found:
            rule.active = False
        self.assertEqual(len(found.alerts), 1)
        found.alerts.sudo().write({"state": "confirmed"})
        with self._doing("access_weakened") as found:
            rule.name = "Other name"
        self.assertFalse(found.alerts)

    def test_access_lists(self):
        """One right more raises, one less does not."""
        access = self.env["ir.model.access"].create(
            {
                "name": "Tags",
                "model_id": self.env["ir.model"]._get_id("res.partner.category"),
                "group_id": self.env.ref("base.group_user").id,
                "perm_read": True,
                "perm_unlink": True,
            }
        )
        with self._doing("access_weakened") as found:
            access.perm_unlink = False
        self.assertFalse(found.alerts)
        with self._doing("access_weakened") as found:
            access.perm_unlink = True
        self.assertIn("Tags", found.alerts.name)
