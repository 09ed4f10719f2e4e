from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestDuty(TransactionCase):
    """Who may do two things that one person should not both do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = cls.env["res.groups"]
        cls.buys = groups.create({"name": "Buys"})
        cls.pays = groups.create({"name": "Pays"})
        cls.leads = groups.create(
            {"name": "Leads", "implied_ids": [Command.link(cls.pays.id)]}
        )
        cls.conflict = cls.env["erp.duty.conflict"].create(
            {
                "name": "Buying and paying",
                "left_name": "Buys",
                "left_group_ids": [Command.set(cls.buys.ids)],
                "right_name": "Pays",
                "right_group_ids": [Command.set(cls.pays.ids)],
            }
        )
        cls.anna = new_test_user(cls.env, "anna", "base.group_user")
        cls.maria, cls.mark = (
            new_test_user(cls.env, login, "erp_audit.group_access_manager")
            for login in ("maria", "mark")
        )
        cls.until = fields.Date.add(fields.Date.today(), months=1)

    def _accept(self, manager, user, reason="No one else", until=None):
        return (
            self.env["erp.duty.conflict.exception"]
            .with_user(manager)
            ._accept(
                self.conflict.with_user(manager), user, reason, until or self.until
            )
        )

    def test_new_and_present(self):
        """A group that brings the other duty along makes the conflict."""
        rights = self.env["erp.access.rights"]
        new, present = rights._conflicts(self.anna, self.leads)
        self.assertNotIn(self.conflict, new | present)
        self.anna.group_ids += self.buys
        new, present = rights._conflicts(self.anna, self.leads)
        self.assertIn(self.conflict, new)
        self.anna.group_ids += self.leads
        new, present = rights._conflicts(self.anna, self.leads)
        self.assertNotIn(self.conflict, new)
        self.assertIn(self.conflict, present)
        self.assertEqual(self.conflict.user_ids, self.anna)

    def test_both_at_once(self):
        new, _present = self.env["erp.access.rights"]._conflicts(
            self.anna, self.buys + self.leads
        )
        self.assertIn(self.conflict, new)

    def test_archived_conflicts_are_none(self):
        self.conflict.active = False
        new, _present = self.env["erp.access.rights"]._conflicts(
            self.anna, self.buys + self.leads
        )
        self.assertNotIn(self.conflict, new)

    def test_one_group_is_not_both_duties(self):
        with self.assertRaises(ValidationError):
            self.conflict.right_group_ids += self.buys

    def test_accepting(self):
        self.anna.group_ids += self.buys + self.pays
        self.assertEqual(self.conflict.open_count, 1)
        item = self._accept(self.maria, self.anna)
        self.assertEqual(item.accepted_by_id, self.maria)
        self.conflict.invalidate_recordset()
        self.assertEqual(self.conflict.user_count, 1)
        self.assertEqual(self.conflict.open_count, 0)
        self.assertEqual(self.conflict._accepted(self.anna), self.conflict)
        with self.assertRaises(UserError):
            self._accept(self.maria, self.anna)
        item.with_user(self.maria).action_withdraw()
        self.assertEqual(item.state, "withdrawn")
        self.assertFalse(self.conflict._accepted(self.anna))

    def test_exceptions_end(self):
        item = self._accept(self.maria, self.anna)
        item.sudo().until = fields.Date.add(fields.Date.today(), days=-1)
        self.assertEqual(item.state, "ended")
        self.assertFalse(self.conflict._accepted(self.anna))

    def test_reason_and_day(self):
        far = fields.Date.add(fields.Date.today(), years=2)
        past = fields.Date.add(fields.Date.today(), days=-1)
        for values in ({"reason": " "}, {"until": far}, {"until": past}):
            with self.assertRaises(UserError):
                self._accept(self.maria, self.anna, **values)

    def test_nobody_accepts_his_own(self):
        with self.assertRaises(AccessError):
            self._accept(self.maria, self.maria)
        wizard = (
            self.env["erp.duty.conflict.accept"]
            .with_user(self.maria)
            .create(
                {
                    "conflict_id": self.conflict.id,
                    "user_id": self.maria.id,
                    "reason": "I need it",
                }
            )
        )
        with self.assertRaises(AccessError):
            wizard.action_accept()
        item = self._accept(self.mark, self.maria)
        with self.assertRaises(AccessError):
            item.with_user(self.maria).action_withdraw()

    def test_nobody_switches_his_own_off(self):
        """Who has both duties does not weaken the conflict either."""
        self.maria.group_ids += self.buys + self.pays
        conflict = self.conflict.with_user(self.maria)
        for act in (
            conflict.action_archive,
            lambda: conflict.write({"left_group_ids": [Command.clear()]}),
            conflict.unlink,
        ):
            with self.assertRaises(AccessError):
                act()
        conflict.with_user(self.mark).action_archive()
        self.assertFalse(self.conflict.active)

    def test_only_access_managers_decide(self):
        admin = new_test_user(self.env, "boss", "base.group_system")
        for user in (self.anna, admin):
            with self.assertRaises(AccessError):
                self._accept(user, self.mark)
        with self.assertRaises(AccessError):
            self.env["erp.duty.conflict.exception"]._accept(
                self.conflict, self.anna, "As superuser", self.until
            )

    def test_exceptions_cannot_be_written(self):
        """Neither made, nor changed, nor deleted but by the methods."""
        item = self._accept(self.maria, self.anna)
        exceptions = self.env["erp.duty.conflict.exception"].with_user(self.maria)
        with self.assertRaises(AccessError):
            item.with_user(self.maria).until = self.until
        with self.assertRaises(AccessError):
            item.with_user(self.maria).unlink()
        with self.assertRaises(AccessError):
            exceptions.create(
                {
                    "conflict_id": self.conflict.id,
                    "user_id": self.maria.id,
                    "reason": "x",
                    "until": self.until,
                    "accepted_by_id": self.mark.id,
                }
            )
        with self.assertRaises(AccessError):
            self.conflict.with_user(self.maria).write(
                {"exception_ids": [Command.update(item.id, {"reason": "y"})]}
            )

    def test_who_sees_what(self):
        """Everybody reads which duties do not go together, not who was let off."""
        self._accept(self.maria, self.anna)
        conflict = self.conflict.with_user(self.anna)
        self.assertEqual(conflict.name, "Buying and paying")
        with self.assertRaises(AccessError):
            conflict.name = "Nothing"
        with self.assertRaises(AccessError):
            conflict.read(["user_ids"])
        with self.assertRaises(AccessError):
            self.env["erp.duty.conflict.exception"].with_user(self.anna).search([])

    def test_queries_do_not_grow(self):
        """One person or a hundred: who has both is read at once."""
        users = self.env["res.users"].create(
            [{"name": f"u{n}", "login": f"u{n}"} for n in range(100)]
        )
        users.group_ids += self.buys + self.pays
        conflicts = self.env["erp.duty.conflict"].search([])
        conflicts._people(users[:1])
        self.env.flush_all()
        for people in (users[:1], users):
            with self.assertQueryCount(1):
                found = conflicts._people(people)
            self.assertEqual(found[self.conflict], people)
