from odoo import Command
from odoo.tests import new_test_user, tagged
from odoo.tests.common import TransactionCase


@tagged("post_install", "-at_install")
class TestRights(TransactionCase):
    """What groups mean for a person, in words."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rights = cls.env["erp.access.rights"]
        cls.anna = new_test_user(cls.env, "anna", "base.group_user")
        cls.model = cls.env["ir.model"]._get("res.partner.bank")
        cls.group = cls.env["res.groups"].create({"name": "Treasury"})
        cls.env["ir.model.access"].create(
            {
                "name": "treasury",
                "model_id": cls.model.id,
                "group_id": cls.group.id,
                "perm_read": True,
                "perm_write": True,
                "perm_create": True,
                "perm_unlink": True,
            }
        )

    def _texts(self, lines):
        return [line["text"] for line in lines]

    def _rule(self, group, domain):
        return self.env["ir.rule"].create(
            {
                "name": "rule of a test",
                "model_id": self.model.id,
                "groups": [Command.link(group.id)],
                "domain_force": domain,
            }
        )

    def test_operations_are_told(self):
        lines = self.rights._difference(self.anna, self.group)
        line = next(line for line in lines if line["model"] == "res.partner.bank")
        self.assertIn("delete", line["text"])
        self.assertIn("bank accounts of contacts", line["text"])
        self.assertTrue(line["text"].startswith("May now"))
        self.assertEqual(line["level"], "high")
        self.assertIn("unlink", line["operations"])

    def test_fields_of_new_documents_are_not_worth_a_word(self):
        kinds = {("res.partner", "bank_ids"), ("res.currency", "name")}
        kinds |= {("res.partner", "activity_ids")}
        seen = {"res.partner": {"read"}}
        lines = list(self.rights._lines_of_fields(kinds, seen, "gained"))
        self.assertEqual([line["model"] for line in lines], ["res.partner"])
        self.assertNotIn("Activit", lines[0]["text"])

    def test_nothing_new(self):
        self.anna.group_ids += self.group
        self.assertFalse(self.rights._difference(self.anna, self.group))

    def test_taking_away_is_the_reverse(self):
        self.anna.group_ids += self.group
        lines = self.rights._removed(self.anna, self.group)
        line = next(line for line in lines if line["model"] == "res.partner.bank")
        self.assertTrue(line["text"].startswith("May no longer"))

    def test_what_another_group_brings_stays(self):
        other = self.env["res.groups"].create(
            {"name": "All", "implied_ids": [Command.link(self.group.id)]}
        )
        self.anna.group_ids += self.group + other
        self.assertFalse(self.rights._removed(self.anna, self.group))

    def test_wider_record_rules(self):
        """Own records first, all of them with another group."""
        wide = self.env["res.groups"].create({"name": "Treasury of all"})
        self.anna.group_ids += self.group
        self._rule(self.group, "[('create_uid', '=', user.id)]")
        self._rule(wide, "[(1, '=', 1)]")
        texts = self._texts(self.rights._difference(self.anna, wide))
        self.assertTrue(
            any("all bank accounts of contacts, not only the own" in t for t in texts),
            texts,
        )
        self.anna.group_ids += wide
        texts = self._texts(self.rights._removed(self.anna, wide))
        self.assertTrue(any("only own bank accounts" in text for text in texts), texts)

    def test_only_own_records(self):
        self._rule(self.group, "[('create_uid', '=', user.id)]")
        # whoever had no access at all before gets that to his own
        nobody = self.env["res.users"]
        texts = self._texts(self.rights._difference(nobody, self.group))
        self.assertTrue(any("only the own ones" in text for text in texts), texts)

    def test_closure(self):
        """What a group brings along counts like the group itself."""
        top = self.env["res.groups"].create(
            {"name": "Top", "implied_ids": [Command.link(self.group.id)]}
        )
        lines = self.rights._difference(self.anna, top)
        self.assertIn("res.partner.bank", [line["model"] for line in lines])

    def test_the_most_important_first_and_capped(self):
        system = self.env.ref("base.group_system")
        lines = self.rights._difference(self.anna, system, limit=5)
        self.assertEqual(len(lines), 6)
        self.assertEqual(lines[-1]["kind"], "more")
        self.assertIn("more", lines[-1]["text"])
        weights = [line["weight"] for line in lines[:-1]]
        self.assertEqual(weights, sorted(weights, reverse=True))
        self.assertIn("change every setting", " ".join(self._texts(lines)))

    def test_menus_and_fields(self):
        action = self.env.ref("base.action_partner_form")
        menu = self.env["ir.ui.menu"].create(
            {
                "name": "Safe",
                "group_ids": [Command.set(self.group.ids)],
                "action": f"ir.actions.act_window,{action.id}",
            }
        )
        texts = self._texts(self.rights._difference(self.anna, self.group))
        self.assertTrue(any(menu.name in text for text in texts), texts)
        erp = self.env.ref("base.group_erp_manager")
        kinds = {line["kind"] for line in self.rights._difference(self.anna, erp)}
        self.assertIn("field", kinds)

    def test_gives_nothing(self):
        """Looking at rights changes none."""
        before = self.anna.all_group_ids
        self.rights._difference(self.anna, self.env.ref("base.group_system"))
        self.anna.invalidate_recordset()
        self.assertEqual(self.anna.all_group_ids, before)
        self.assertFalse(self.anna.has_group("base.group_system"))

    def test_queries_do_not_grow(self):
        system = self.env.ref("base.group_system")
        self.rights._difference(self.anna, system)
        users = self.env["res.users"].create(
            [{"name": f"u{n}", "login": f"u{n}"} for n in range(100)]
        )
        self.env.flush_all()
        with self.assertQueryCount(1):
            self.rights._closures(users[:1])
        with self.assertQueryCount(1):
            self.rights._closures(users)
