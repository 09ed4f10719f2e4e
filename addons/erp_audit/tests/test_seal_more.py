"""Attacks on seals, on what checks them, and on what seals: none stops the checking."""

import contextlib
import json
import subprocess
import sys
from unittest.mock import patch

import psycopg2

from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .. import keys, seal, sealer, store, verify
from .common import rule_of
from .common_seal import SealCase
from .test_seal_proof import SCRIPT

# what may be said of the altered seal itself
WHOSE = ("seal_altered", "seal_link", "unprovable", "rebuilt")
GARBAGE = ("nonsense", "[]", "{}", '{"names": 5, "seq": 1}', "[" * 100_000)


@tagged("post_install", "-at_install")
class TestSealMore(SealCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = cls._record_rows()

    def setUp(self):
        super().setUp()
        self.seals = self._seal(limit=5)
        self.assertIntact()

    @contextlib.contextmanager
    def _one_transaction(self):
        """Several transactions in life, one in tests."""
        with patch.object(
            type(self.env.registry),
            "cursor",
            lambda *args, **kw: contextlib.nullcontext(self.cr),
        ):
            yield

    # -- records -----------------------------------------------------------------------

    def test_duplicated_record(self):
        """The very same row twice, where somebody took the unique index away."""
        columns = ", ".join(seal.COLUMNS)
        for number in (1, 2):
            with self.cr.savepoint() as point:
                self.cr.execute(
                    "ALTER TABLE erp_audit_log DROP CONSTRAINT erp_audit_log_pkey"
                )
                for _copy in range(number):
                    self.cr.execute(
                        f"INSERT INTO erp_audit_log ({columns}) SELECT {columns}"
                        " FROM erp_audit_log WHERE id = %s LIMIT 1",
                        [self.rows[5]],
                    )
                self.assertEqual(self._found(), [("added", self.rows[5])] * number)
                point.rollback()

    def test_duplicated_and_changed(self):
        """Both are named: what became of the record, and its double."""
        self.cr.execute("ALTER TABLE erp_audit_log DROP CONSTRAINT erp_audit_log_pkey")
        columns = ", ".join(seal.COLUMNS)
        self.cr.execute(
            f"INSERT INTO erp_audit_log ({columns})"
            f" SELECT {columns.replace('login', chr(39) + 'eve' + chr(39))}"
            " FROM erp_audit_log WHERE id = %s",
            [self.rows[5]],
        )
        self.assertEqual(self._found(), [("added", self.rows[5])])
        self._tamper(
            "UPDATE erp_audit_log SET login = 'bob' WHERE id = %s AND login = 'anna'",
            self.rows[5],
        )
        self.assertEqual(self._found(), [("changed", self.rows[5])])

    # -- seals that cannot even be read ------------------------------------------------

    def test_seals_full_of_garbage(self):
        """They are named; the check goes on, and so does that of their records."""
        row = self.rows[-1]
        for item in self.seals[:-1]:
            for column in ("header", "names"):
                # no names are no names
                for text in set(GARBAGE) - ({"{}"} if column == "names" else set()):
                    with self.cr.savepoint() as point:
                        self._tamper(
                            f"UPDATE erp_audit_chain SET {column} = %s WHERE seq = %s",
                            text,
                            item.seq,
                        )
                        self._tamper(
                            "UPDATE erp_audit_log SET login = 'x' WHERE id = %s", row
                        )
                        found = self._found()
                        self.assertIn(("seal_altered", item.seq), found)
                        self.assertIn(("changed", row), found)
                        point.rollback()

    def test_seals_of_another_key_full_of_garbage(self):
        """Well signed, with a key that is not ours, and saying nothing."""
        other = keys.Key.generate()
        header = seal.canonical({"seq": 2, "key": other.public, "names": {"x": 1}})
        self._tamper(
            "UPDATE erp_audit_chain SET header = %s, signature = %s WHERE seq = 2",
            header,
            other.sign(header.encode()),
        )
        self.assertIn(("seal_key", 2), self._found())

    def test_newest_seal_altered(self):
        """Sealing stops rather than going on from a forged place, and can go on."""
        last = self.seals[-1].seq
        for column, value in (
            ("header", "nonsense"),
            ("names", "nonsense"),
            ("last_tx", 104),
            ("last_id", 2**40),
            ("signature", b"0" * 64),
        ):
            with self.cr.savepoint() as point:
                self._tamper(
                    f"UPDATE erp_audit_chain SET {column} = %s WHERE seq = %s",
                    value,
                    last,
                )
                sealer.publish(self.seals[-1])
                chain = self._sealer()
                with self.assertRaisesRegex(sealer.Discontinuity, "altered"):
                    chain.check()
                self._records(2, tx=300)
                begun = chain.begin_epoch("attacked", "anna")
                sealer.publish(begun)
                self._seal()
                found = self._found()
                self.assertIn(("seal_altered", last), found)
                self.assertFalse([f for f in found if f[0] not in WHOSE], found)
                point.rollback()

    def test_times_of_a_seal_are_emptied(self):
        """Also where months were taken away, whose records are told by their times."""
        self.env["erp.audit.rule"].search([]).retention_months = 12
        with self._one_transaction():
            retention = self.env["erp.audit.retention"]
            self.assertTrue(retention._take_away("erp_audit_log_y2020m01"))
        self.assertIntact()
        self._tamper("UPDATE erp_audit_chain SET min_ts = NULL WHERE seq = 1")
        self.assertEqual(self._found(), [("seal_altered", 1)])
        self._found(start=verify.datetime(2020, 2, 1))

    # -- what is attached to the trail -------------------------------------------------

    def test_what_would_keep_records_out(self):
        """Triggers, rules and policies of somebody else are named with their table."""
        month = "erp_audit_log_y2020m02"
        drop = (
            "CREATE FUNCTION pg_temp.swallow() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RETURN NULL; END';"
            "CREATE TRIGGER harmless BEFORE INSERT ON {} FOR EACH ROW"
            " EXECUTE FUNCTION pg_temp.swallow()"
        )
        for table, query in (
            ("erp_audit_log", drop),
            (month, drop),
            ("erp_audit_chain", drop),
            (month, "CREATE RULE harmless AS ON INSERT TO {} DO INSTEAD NOTHING"),
            ("erp_audit_chain", "ALTER TABLE {} ENABLE ROW LEVEL SECURITY"),
            ("erp_audit_log", "ALTER TABLE {} ALTER ts SET DEFAULT '2020-01-01'"),
            ("erp_audit_log", "ALTER TABLE {} ALTER tx DROP DEFAULT"),
            ("erp_audit_log", "ALTER TABLE {} ALTER login SET DEFAULT 'admin'"),
        ):
            with self.subTest(query=query), self.cr.savepoint() as point:
                self.cr.execute(query.format(table))
                found = [(f.kind, f.detail) for f in self._verify().findings]
                self.assertIn(("guard_foreign", table), found)
                point.rollback()

    def test_view_that_hides_somebody(self):
        """The trail is whole, but people are shown less of it."""
        self.cr.execute(
            f"CREATE OR REPLACE VIEW {store.VIEW} AS {store.VIEW_QUERY}"
            " WHERE real_uid <> 2"
        )
        found = [(f.kind, f.detail) for f in self._verify().findings]
        self.assertEqual(found, [("guard_view", "erp_audit_record")])

    # -- files -------------------------------------------------------------------------

    def test_altered_export(self):
        """The file of a month that was taken away, while it is on this machine."""
        with self._one_transaction():
            retention = self.env["erp.audit.retention"]
            self.assertTrue(retention._take_away("erp_audit_log_y2020m01"))
        self.assertIntact()
        path = keys.exports(self.database) / "erp_audit_log_y2020m01.jsonl.gz"
        path.write_bytes(path.read_bytes() + b"x")
        self.assertEqual(
            [(f.kind, f.detail) for f in self._verify().findings],
            [("export_altered", path.name)],
        )
        # kept elsewhere
        path.unlink()
        self.assertIntact()

    def test_unusable_key(self):
        """It is said; what was signed before is checked all the same."""
        path = self.folder / "k.pem"
        text = path.read_bytes()
        self.addCleanup(path.write_bytes, text)
        path.write_bytes(b"broken")
        (finding,) = self._verify().findings
        self.assertEqual(finding.kind, "key_unusable")
        with self.assertRaises(keys.KeyProblem):
            keys.load()

    def test_rotated_key(self):
        """A new key signs on; the old seals are still those of the old one."""
        path = self.folder / "k.pem"
        text = path.read_bytes()
        self.addCleanup(path.write_bytes, text)
        path.unlink()
        new = keys.load()
        self.assertNotEqual(new.public, self.key.public)
        self._records(3, tx=400)
        self.assertTrue(self._seal(key=new))
        self.assertIntact()

    def test_folder_that_cannot_be_written(self):
        """The number of the newest seal is not kept; sealing goes on."""
        self._records(3, tx=400)
        with (
            patch.object(keys, "write_state", side_effect=OSError("full")),
            self.assertLogs("odoo.addons.erp_audit.sealer", "WARNING"),
        ):
            self.assertTrue(self._seal())
        self._records(3, tx=500)
        self.assertTrue(self._seal())
        self.assertIntact()

    # -- proofs ------------------------------------------------------------------------

    def test_proof_of_two_trails(self):
        """Names of models that another database gave them prove nothing here."""
        (row,) = self._records(1, tx=400)
        self._seal()
        proof = self.env["erp.audit.record"].browse(row)._proof()
        foreign = json.loads(proof["names"][0]["header"])
        foreign |= {"chain": "other", "names": {str(self.source): "res.users"}}
        header = seal.canonical(foreign)
        signature = self.key.sign(header.encode()).hex()
        forged = {"header": header, "signature": signature}
        for names, code in (([], 0), ([forged], 1)):
            path = self.folder / "proof.json"
            path.write_text(json.dumps({**proof, "names": proof["names"] + names}))
            command = [sys.executable, "-I", SCRIPT, path, "--key", self.key.public]
            done = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)

    # -- jobs --------------------------------------------------------------------------

    def test_interrupted_check(self):
        """A check whose process was killed does not stop those of the next days."""
        checks = self.env["erp.audit.verification"]
        checks.search([("state", "in", ("waiting", "running"))]).state = "failed"
        killed = checks.create({})
        killed.state = "running"
        checks._cron_verify()
        self.assertEqual(killed.state, "failed")
        number = checks.search_count([])
        checks._cron_daily()
        self.assertEqual(checks.search_count([]), number + 1)

    def test_a_check_begins_when_it_is_asked_for(self):
        """Leaving its form saves it, and begins nothing."""
        checks = self.env["erp.audit.verification"]
        auditor = new_test_user(
            self.env, "check_auditor", "erp_audit.group_audit_auditor"
        )
        number = checks.search_count([])
        with Form(self.env["erp.audit.verification.ask"].with_user(auditor)) as form:
            form.date_from = "2026-01-31"
        self.assertEqual(checks.search_count([]), number)
        action = form.record.action_start()
        check = checks.browse(action["res_id"])
        self.assertEqual(check.create_uid, auditor)
        self.assertEqual(str(check.date_from), "2026-01-31")
        form.record.date_to = "2026-01-01"
        with self.assertRaises(UserError):
            form.record.action_start()

    def test_month_that_is_being_read(self):
        """It is taken away another day; the job goes on."""
        with (
            self._one_transaction(),
            patch.object(
                store, "drop_partition", side_effect=psycopg2.errors.LockNotAvailable
            ),
            self.assertLogs(
                "odoo.addons.erp_audit.models.erp_audit_retention", "WARNING"
            ),
        ):
            retention = self.env["erp.audit.retention"]
            self.assertFalse(retention._take_away("erp_audit_log_y2020m01"))

    @mute_logger("odoo.sql_db")
    def test_less_than_no_time(self):
        """Nobody takes months away that are not over."""
        with self.assertRaises(psycopg2.errors.CheckViolation), self.cr.savepoint():
            rule_of(self.env, "res.partner", retention_months=-1)
            self.env.flush_all()
