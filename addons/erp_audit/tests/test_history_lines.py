from odoo.tests import new_test_user
from odoo.tools import SQL

from .. import history_index
from .common_history import HistoryCase


class TestHistoryLines(HistoryCase):
    """Lines are told with their document: there, deleted, or moved to another."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._rule("res.partner")
        cls._rule("res.partner.bank")
        cls.banks = cls.env["res.partner.bank"]
        cls.ada, cls.bob = cls.env["res.partner"].create([{"name": "A"}, {"name": "B"}])
        cls.bank = cls._bank(cls.ada, "111")

    @classmethod
    def _bank(cls, partner, number):
        return cls.banks.create(
            {
                "acc_number": number,
                "partner_id": partner.id,
                "acc_holder_name": f"H{number}",
            }
        )

    def _told(self, record, user=None):
        """Return ``[(kind, name of the line, values)]`` of the lines of a document."""
        return [
            (group["kind"], group["res_id"], [v["name"] for v in group["values"]])
            for entry in self._entries(record, user)
            for group in entry["groups"]
            if not group["root"]
        ]

    def test_which_rows_are_lines(self):
        """What is deleted or copied with a document; not what only points at it."""
        lines = self.env["erp.audit.history"]._lines_of(self.env["res.partner"])
        self.assertIn(("res.partner.bank", "partner_id"), lines)
        self.assertNotIn(("res.partner", "parent_id"), lines)
        self.assertNotIn(("res.users", "partner_id"), lines)
        lines = self.env["erp.audit.history"]._lines_of(self.env["approval.policy"])
        self.assertIn(("approval.step", "policy_id"), lines)

    def test_changed_lines(self):
        """A change of a line is an operation on its document."""
        self._operate(self.bank, {"acc_holder_name": ["X", "Y"]})
        entry = self._entries(self.ada)[0]
        (group,) = entry["groups"]
        self.assertFalse(group["root"])
        self.assertEqual(group["values"][0]["old"], "X")
        self.assertNotIn(str(self.next_operation), str(self._entries(self.bob)))

    def test_deleted_lines(self):
        """By any way, also with their document, and by whoever reads the document."""
        self._operate(
            self.banks.browse(10**8),
            {"partner_id": self.ada.id, "acc_holder_name": "Gone"},
            op="d",
        )
        for user in (self.auditor, self.anna):
            kind, number, names = self._told(self.ada, user)[0]
            self.assertEqual((kind, number), ("d", 10**8))
            self.assertIn("acc_holder_name", names)
        self.assertNotIn(10**8, [line[1] for line in self._told(self.bob)])
        # the document is gone as well
        gone = self.ada.browse(self.ada.ids)
        self.ada.bank_ids.unlink()
        self.ada.unlink()
        self.assertIn(10**8, [line[1] for line in self._told(gone)])

    def test_lines_of_people_without_rights_on_them(self):
        """Who may not read lines of this kind does not see the deleted ones either."""
        self.env["ir.model.access"].search(
            [("model_id.model", "=", "res.partner.bank")]
        ).write({"group_id": self.env.ref("base.group_system").id})
        self._operate(self.banks.browse(10**8), {"partner_id": self.ada.id}, op="d")
        self._operate(self.bank, {"acc_holder_name": ["X", "Y"]})
        self.assertFalse(self._told(self.ada, self.anna))
        self.assertTrue(self._told(self.ada))

    def test_moved_lines(self):
        """What happened to a line while it belonged to a document stays there."""
        before = self._operate(self.bank, {"acc_holder_name": ["X", "Y"]})
        self.env.cr.execute(
            "UPDATE res_partner_bank SET partner_id = %s WHERE id = %s",
            [self.bob.id, self.bank.id],
        )
        self.env.invalidate_all()
        moved = self._records("res.partner.bank", self.bank.ids)[-1]["tx"]
        after = self._operate(self.bank, {"acc_holder_name": ["Y", "Z"]})
        found = [int(entry["operation"]) for entry in self._entries(self.ada)]
        self.assertEqual(found[:2], [moved, before])
        found = [int(entry["operation"]) for entry in self._entries(self.bob)]
        self.assertEqual(found[:2], [after, moved])

    def test_real_triggers(self):
        """What the database records of a line that goes is enough to find it."""
        self.env.flush_all()
        source = self.env["erp.audit.source"]._number("res.partner.bank")
        second = self._bank(self.ada, "222")
        number = second.id
        self.bank.partner_id = self.bob
        self.env.flush_all()
        # Odoo archives those that were used
        self.env.cr.execute("DELETE FROM res_partner_bank WHERE id = %s", [number])
        left = history_index.left(self.env, source, "partner_id", self.ada.id)
        self.assertIsNone(left.pop(number))
        self.assertEqual(list(left), self.bank.ids)
        self.assertFalse(
            history_index.left(self.env, source, "partner_id", self.bob.id)
        )

    def test_the_index_is_used(self):
        """Lines that have left are found without a look at the whole trail."""
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        for condition in (SQL("op = 'd'"), history_index.MOVED):
            self.env.cr.execute(
                SQL(
                    "EXPLAIN SELECT res_id FROM erp_audit_log WHERE %s"
                    " AND source = 5 AND diff @> %s",
                    condition,
                    '{"partner_id": [7]}',
                )
            )
            plan = "\n".join(line for (line,) in self.env.cr.fetchall())
            self.assertIn("diff", plan)
            self.assertNotIn("Seq Scan", plan)

    def test_columns_of_other_names(self):
        """Lines that point at their document by a column without the usual ending."""
        cr, name = self.env.cr, "x_studio_owner"
        history_index.create(cr, [name, "partner_id"])
        history_index.create(cr, [name, "partner_id"])
        cr.execute(
            "SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'erp_audit_log_left%'"
        )
        self.assertEqual(cr.fetchone()[0], 2)
        source = self.env["erp.audit.source"]._number("res.partner.bank")
        self._operate(self.bank, {name: [self.ada.id, self.bob.id]})
        left = history_index.left(self.env, source, name, self.ada.id)
        self.assertEqual(list(left), self.bank.ids)
        self.assertFalse(history_index.left(self.env, source, name, self.bob.id))

    def test_what_a_document_is_built_on(self):
        """A user's history tells what changed of his contact."""
        self._rule("res.users")
        user = new_test_user(self.env, "dora", "base.group_user")
        tx = self._operate(user.partner_id, {"city": ["Rome", "Oslo"]})
        entry = self._entries(user)[0]
        self.assertEqual(entry["operation"], str(tx))
        self.assertEqual(entry["groups"][0]["values"][0]["old"], "Rome")


class TestHistoryVolume(HistoryCase):
    """What a history costs does not depend on how much there is."""

    def setUp(self):
        super().setUp()
        self._rule("res.partner")
        self._rule("res.partner.bank")
        self.env.flush_all()

    def _document(self, number):
        """Return a document with this many lines, and operations on all of them."""
        partner = self.env["res.partner"].create({"name": f"Large {number}"})
        banks = self.env["res.partner.bank"].create(
            [
                {"acc_number": f"{number}-{place}", "partner_id": partner.id}
                for place in range(number)
            ]
        )
        for bank in banks:
            self._operate(bank, {"acc_holder_name": ["X", "Y"]})
            self._operate(
                self.env["res.partner.bank"].browse(10**8 + bank.id),
                {"partner_id": partner.id, "acc_holder_name": "Z"},
                op="d",
            )
            self._operate(partner, {"parent_id": [None, partner.id]})
        return partner

    def _queries(self, partner, user, method, args=()):
        self._history(partner, user, method, args)
        self.env.invalidate_all()
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        self._history(partner, user, method, args)
        return self.env.cr.sql_log_count - before

    def test_queries(self):
        """As many queries for one operation as for a hundred."""
        few, many = self._document(1), self._document(100)
        for user in (self.auditor, self.anna):
            for method, args, most in (
                ("load_page", (), 45),
                ("load_choices", (), 30),
                ("compare", ("2026-01-01", "2027-01-01"), 45),
            ):
                counts = [
                    self._queries(partner, user, method, args)
                    for partner in (few, many)
                ]
                with self.subTest(user=user.login, method=method, counts=counts):
                    # a second look completes operations that began before a page
                    self.assertLessEqual(counts[1], counts[0] + 3)
                    self.assertLessEqual(counts[1], most)
