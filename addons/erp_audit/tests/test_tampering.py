import json
import re
import shutil

from odoo.tests import tagged

from .. import keys, seal, sealer, verify
from .common_seal import SealCase

KINDS = re.compile(
    r'(?:_found|_note|Finding|_values)\(\s*"(\w+)"|"kind": "(\w+)"', re.MULTILINE
)


@tagged("post_install", "-at_install")
class TestTampering(SealCase):
    """Whoever gets at the database with all rights is found out, and what he did."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = cls._record_rows(
            other=cls.source,
            uid=2,
            company=1,
            ip="10.0.0.1",
            session="abc",
            route="/web",
            action="res.partner.write",
            event="x",
        )

    def setUp(self):
        super().setUp()
        self.seals = self._seal(limit=5)
        self.assertIntact()

    def _tail(self):
        return self.seals[-1].seq

    # -- records -----------------------------------------------------------------------

    def test_any_column_of_any_record(self):
        values = {
            "id": "id + 1000000",
            "ts": "ts + interval '1 microsecond'",
            "tx": "tx + 1",
            "diff": """'{"name": ["A", "C"]}'::jsonb""",
        }
        for row in self.rows:
            for column in seal.COLUMNS:
                value = values.get(column)
                if not value:
                    self.cr.execute(
                        f"SELECT {column} FROM erp_audit_log WHERE id = %s", [row]
                    )
                    kind = type(self.cr.fetchone()[0])
                    value = f"{column} + 1" if kind is int else f"{column} || 'x'"
                with self.subTest(row=row, column=column), self.cr.savepoint() as point:
                    self._tamper(
                        f"UPDATE erp_audit_log SET {column} = {value} WHERE id = %s",
                        row,
                    )
                    found = self._found()
                    wanted = [("changed", row)]
                    if column == "id":
                        wanted = [("added", row + 1000000), ("removed", row)]
                    self.assertEqual(found, wanted)
                    point.rollback()
            self.assertIntact()

    def test_emptied_column(self):
        for column in ("login", "ip", "res_id", "event"):
            with self.cr.savepoint() as point:
                self._tamper(
                    f"UPDATE erp_audit_log SET {column} = NULL WHERE id = %s",
                    self.rows[3],
                )
                self.assertEqual(self._found(), [("changed", self.rows[3])])
                point.rollback()

    def test_named_with_document_and_time(self):
        self._tamper(
            "UPDATE erp_audit_log SET res_id = 77, login = 'x' WHERE id = %s",
            self.rows[4],
        )
        (finding,) = self._verify().findings
        self.assertEqual(
            (finding.kind, finding.row, finding.source, finding.res_id),
            ("changed", self.rows[4], self.source, 5),
        )
        self.assertEqual(str(finding.moment), "2020-02-10 10:00:04.500000")
        self.assertEqual(finding.detail, "res_id")

    def test_moved_to_another_month(self):
        self._tamper(
            "UPDATE erp_audit_log SET ts = ts + interval '1 month' WHERE id = %s",
            self.rows[0],
        )
        self.assertEqual(self._found(), [("changed", self.rows[0])])

    def test_moved_to_another_block(self):
        """The record is named once, not as added elsewhere as well."""
        self._tamper("UPDATE erp_audit_log SET tx = 105 WHERE id = %s", self.rows[0])
        self.assertEqual(self._found(), [("changed", self.rows[0])])

    def test_deleted_first_middle_last(self):
        for row in (self.rows[0], self.rows[6], self.rows[-1]):
            with self.cr.savepoint() as point:
                self._tamper("DELETE FROM erp_audit_log WHERE id = %s", row)
                self.assertEqual(self._found(), [("removed", row)])
                point.rollback()

    def test_deleted_record_is_still_named(self):
        self._tamper("DELETE FROM erp_audit_log WHERE id = %s", self.rows[6])
        (finding,) = self._verify().findings
        self.assertEqual((finding.source, finding.res_id), (self.source, 7))
        self.assertEqual(str(finding.moment), "2020-02-10 10:00:06.500000")

    def test_many_deleted(self):
        self._tamper("DELETE FROM erp_audit_log WHERE id = ANY(%s)", self.rows[::2])
        self.assertEqual(self._found(), [("removed", row) for row in self.rows[::2]])

    def _swap(self, first, second, columns):
        names = ", ".join(columns)
        self._tamper(
            f"UPDATE erp_audit_log a SET ({names}) = (SELECT {names} FROM erp_audit_log"
            " b WHERE b.id = CASE a.id WHEN %s THEN %s ELSE %s END)"
            " WHERE a.id IN (%s, %s)",
            first,
            second,
            first,
            first,
            second,
        )

    def test_swapped(self):
        first, second = self.rows[1], self.rows[2]
        for kept in (("id",), ("id", "ts"), ("id", "tx"), ("id", "ts", "tx")):
            with self.subTest(kept=kept), self.cr.savepoint() as point:
                columns = [name for name in seal.COLUMNS if name not in kept]
                self._swap(first, second, columns)
                report = self._verify()
                self.assertEqual(
                    [(f.kind, f.row, f.number) for f in report.findings],
                    [("swapped", first, second), ("swapped", second, first)],
                )
                point.rollback()

    def test_inserted_into_a_sealed_block(self):
        forged = self._record(102)
        self.assertEqual(self._found(), [("added", forged)])

    def test_inserted_before_everything(self):
        forged = self._record(-5)
        self.assertEqual(self._found(), [("added", forged)])

    def test_inserted_twice(self):
        """A number may come twice, if the time differs."""
        self._record(100, id=self.rows[0], ts="2020-01-20 00:00:00")
        self.assertEqual(self._found(), [("added", self.rows[0])])

    def test_inserted_with_a_number_to_come(self):
        forged = self._record(2**61)
        self.assertEqual(self._found(), [("future", forged)])

    def test_not_sealed_yet_is_not_accused(self):
        self._records(3, tx=900)
        report = self.assertIntact()
        self.assertEqual(report.unsealed, 3)

    # -- months ------------------------------------------------------------------------

    def test_dropped_month(self):
        self.cr.execute("DROP TABLE erp_audit_log_y2020m02")
        report = self._verify()
        self.assertEqual(
            [(f.kind, f.detail, f.number) for f in report.findings],
            [("partition_dropped", "erp_audit_log_y2020m02", 4)],
        )

    def test_detached_month(self):
        self.cr.execute(
            "ALTER TABLE erp_audit_log DETACH PARTITION erp_audit_log_y2020m02"
        )
        report = self._verify()
        self.assertEqual(
            [(f.kind, f.detail, f.number) for f in report.findings],
            [("partition_detached", "erp_audit_log_y2020m02", 4)],
        )

    def test_dropped_month_with_a_forged_seal(self):
        """Only the key can say that a month was taken away on purpose."""
        other = keys.Key.generate()
        chain = self._sealer(other)
        chain.dropped(
            b"",
            partition="erp_audit_log_y2020m02",
            start="2020-02-01T00:00:00",
            end="2020-03-01T00:00:00",
        )
        self.cr.execute("DROP TABLE erp_audit_log_y2020m02")
        kinds = [kind for kind, _seal in self._found()]
        self.assertIn("partition_dropped", kinds)
        self.assertIn("seal_key", kinds)

    # -- seals -------------------------------------------------------------------------

    def test_any_column_of_any_seal(self):
        values = {
            "seq": "seq + 1000",
            "header": "replace(header, '\"format\":1', '\"format\":2')",
            "kind": "'epoch'",
            "last_id": "last_id - 1",
            "min_ts": "min_ts - interval '1 day'",
            "max_ts": "max_ts + interval '1 day'",
            "names": """'{"99": "res.users"}'""",
            "leaves": "set_byte(leaves, 40, (get_byte(leaves, 40) + 1) %% 256)",
            "entries": "set_byte(entries, 9, (get_byte(entries, 9) + 1) %% 256)",
            "hash": "set_byte(hash, 0, (get_byte(hash, 0) + 1) %% 256)",
            "signature": "set_byte(signature, 0, (get_byte(signature, 0) + 1) %% 256)",
        }
        names = seal.Seal.fields.replace(" ", "").split(",")
        for item in self.seals:
            for name in names:
                value = values.get(name, f"{name} + 1")
                with self.subTest(seal=item.seq, name=name), self.cr.savepoint() as p:
                    self._tamper(
                        f"UPDATE erp_audit_chain SET {name} = {value} WHERE seq = %s",
                        item.seq,
                    )
                    found = self._found()
                    self.assertTrue(found, name)
                    named = item.seq
                    self.assertIn(named, [number for _kind, number in found])
                    # what it sealed is still there, and nobody is accused of it
                    kinds = {kind for kind, _number in found}
                    self.assertFalse(kinds & {"changed", "removed", "swapped"}, found)
                    p.rollback()
        self.assertIntact()

    def test_removed_seal(self):
        first, *_rest = self.seals
        for item in self.seals[:-1]:
            with self.cr.savepoint() as point:
                self._tamper("DELETE FROM erp_audit_chain WHERE seq = %s", item.seq)
                self.assertEqual(self._found(), [("missing", item.seq)])
                point.rollback()
        self.assertEqual(first.seq, 1)

    def test_changed_record_under_an_altered_seal(self):
        """The record's new leaf is put into the seal as well."""
        row = self.rows[0]
        with self._tampering() as cr:
            cr.execute("UPDATE erp_audit_log SET login = 'x' WHERE id = %s", [row])
            cr.execute(f"SELECT {seal.LEAF} FROM erp_audit_log WHERE id = %s", [row])
            leaf = bytes(cr.fetchone()[0])
            (item,) = [
                item
                for item in seal.Seal.select(cr, "true")
                if row in [entry.id for entry in seal.unpack(item.raw)]
            ]
            place = [entry.id for entry in seal.unpack(item.raw)].index(row)
            leaves = item.leaves[: 32 * place] + leaf + item.leaves[32 * place + 32 :]
            cr.execute(
                "UPDATE erp_audit_chain SET leaves = %s WHERE seq = %s",
                [leaves, item.seq],
            )
        self.assertEqual(
            self._found(), [("seal_leaves", item.seq), ("unprovable", item.seq)]
        )

    def test_cut_tail(self):
        """The newest records and seals are gone: the machine knows better."""
        with self._tampering() as cr:
            cr.execute("DELETE FROM erp_audit_chain WHERE seq = %s", [self._tail()])
            cr.execute("DELETE FROM erp_audit_log WHERE id = %s", [self.rows[-1]])
        self.assertEqual(self._found(), [("cut", self._tail())])

    def test_cut_tail_by_anchors_alone(self):
        lines = [item.line() for item in self.seals]
        shutil.rmtree(self.folder / "heads")
        with self._tampering() as cr:
            cr.execute("DELETE FROM erp_audit_chain WHERE seq = %s", [self._tail()])
            cr.execute("DELETE FROM erp_audit_log WHERE id = %s", [self.rows[-1]])
        self.assertIntact()
        self.assertEqual(self._found(anchors=lines), [("cut", self._tail())])
        self.assertEqual(self._found(anchors=lines[-1:]), [("cut", self._tail())])

    def test_all_seals_gone(self):
        self._tamper("DELETE FROM erp_audit_chain")
        self.assertEqual(self._found(), [("cut", 1)])

    def _rebuild(self, key):
        """Write the whole chain anew after a change."""
        with self._tampering() as cr:
            cr.execute(
                "UPDATE erp_audit_log SET login = 'x' WHERE id = %s", [self.rows[0]]
            )
            cr.execute("DELETE FROM erp_audit_chain")
        chain = sealer.Sealer(self.cr, key)
        while chain.close(5, 1000):
            pass

    def test_rebuilt_without_the_key(self):
        self._rebuild(keys.Key.generate())
        kinds = [kind for kind, _seal in self._found()]
        self.assertEqual(kinds.count("seal_key"), len(self.seals))
        self.assertIn("rebuilt", kinds)

    def test_rebuilt_with_forged_signatures(self):
        """The right public key in the header, but no key to sign with."""

        class Forger(keys.Key):
            public = self.key.public

            def __init__(self):
                self._private = keys.Ed25519PrivateKey.generate()

        self._rebuild(Forger())
        kinds = [kind for kind, _seal in self._found()]
        self.assertEqual(kinds.count("seal_altered"), len(self.seals))

    def test_rebuilt_with_the_key(self):
        """Even the key does not help where seals left the machine."""
        lines = [item.line() for item in self.seals]
        shutil.rmtree(self.folder / "heads")
        self._rebuild(self.key)
        self.assertIntact()
        self.assertEqual(self._found(anchors=lines), [("rebuilt", 1)])

    def test_forged_anchors(self):
        line = json.loads(self.seals[0].line())
        line["header"] = line["header"].replace('"number":5', '"number":4')
        self.assertEqual(
            self._found(anchors=[json.dumps(line), "nonsense", ""]),
            [("anchor", None), ("anchor", None)],
        )

    def test_anchors_with_a_prefix(self):
        """Lines as syslog keeps them."""
        lines = [f"Jan 1 host erp_audit_seal {item.line()}\n" for item in self.seals]
        self.assertIntact(anchors=lines)

    # -- guards ------------------------------------------------------------------------

    def test_guards(self):
        month = "erp_audit_log_y2020m02"
        for table, what, query in (
            (
                "erp_audit_log",
                "disabled",
                "ALTER TABLE erp_audit_log DISABLE TRIGGER erp_audit_keep_all",
            ),
            (month, "disabled", f"ALTER TABLE {month} DISABLE TRIGGER erp_audit_keep"),
            (month, "missing", f"DROP TRIGGER erp_audit_keep_all ON {month}"),
            (
                "erp_audit_chain",
                "missing",
                "DROP TRIGGER erp_audit_keep ON erp_audit_chain",
            ),
            (
                "erp_audit_chain",
                "changed",
                "CREATE OR REPLACE FUNCTION erp_audit_refuse() RETURNS trigger"
                " LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            ),
            (
                "erp_audit_chain",
                "changed",
                "DROP TRIGGER erp_audit_keep ON erp_audit_chain; CREATE TRIGGER"
                " erp_audit_keep BEFORE DELETE ON erp_audit_chain FOR EACH ROW"
                " EXECUTE FUNCTION erp_audit_refuse()",
            ),
        ):
            with self.subTest(query=query), self.cr.savepoint() as point:
                self.cr.execute(query)
                found = [(f.kind, f.detail) for f in self._verify().findings]
                self.assertIn((f"guard_{what}", table), found)
                point.rollback()

    def test_capture_switched_off(self):
        rule = self.env["erp.audit.rule"].create(
            {"model_id": self.env["ir.model"]._get_id("res.partner.category")}
        )
        rule.action_confirm()
        self.cr.execute("ALTER TABLE res_partner_category DISABLE TRIGGER USER")
        found = [
            (item.kind, item.detail)
            for item in self.env["erp.audit.verification"]._capture_findings()
        ]
        self.assertIn(("capture_disabled", "res_partner_category"), found)

    def test_renamed_model(self):
        """The numbers of models cannot be given another meaning."""
        self.cr.execute(
            "UPDATE erp_audit_source SET name = 'x.y' WHERE id = %s", [self.source]
        )
        (finding,) = self._verify().findings
        self.assertEqual((finding.kind, finding.detail), ("name", "res.partner → x.y"))

    # -- reports -----------------------------------------------------------------------

    def test_every_kind_has_words(self):
        texts = self.env["erp.audit.finding"]._texts()
        values = {"seal": 1, "row": "2", "number": 3, "last": 4, "detail": "x"}
        for text in texts.values():
            self.assertTrue(text % values)
        kinds = set()
        for file in keys.Path(verify.__file__).parent.glob("verify*.py"):
            for pair in KINDS.findall(file.read_text()):
                kinds.update(filter(None, pair))
        self.assertGreater(len(kinds), 12)
        self.assertFalse(kinds - texts.keys())

    def test_period(self):
        self._tamper("DELETE FROM erp_audit_log WHERE id = %s", self.rows[0])
        day = verify.datetime
        self.assertIntact(start=day(2020, 3, 5))
        self.assertEqual(
            self._found(start=day(2020, 1, 5), end=day(2020, 1, 15)),
            [("removed", self.rows[0])],
        )

    def test_several_tasks(self):
        """What is found does not depend on how the work is divided."""
        row = self.rows[7]
        self._tamper("UPDATE erp_audit_log SET login = 'x' WHERE id = %s", row)
        self.patch(verify, "TASK_SEALS", 1)
        self.assertEqual(self._found(), [("changed", row)])
