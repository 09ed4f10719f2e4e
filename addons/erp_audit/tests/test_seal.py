import contextlib
import json
from unittest.mock import patch

import psycopg2

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .. import keys, merkle, seal, sealer, store, verify
from .common_seal import SealCase


@tagged("post_install", "-at_install")
class TestMerkle(SealCase):
    def test_root_and_path_of_any_number(self):
        leaves = [merkle.leaf(str(number)) for number in range(70)]
        for number in range(1, 70):
            joined = b"".join(leaves[:number])
            root = merkle.root(joined)
            for place in range(number):
                node = leaves[place]
                for side, other in merkle.path(joined, place):
                    pair = other + node if side == "left" else node + other
                    node = merkle.sha256(merkle.NODE + pair).digest()
                self.assertEqual(node, root, (number, place))

    def test_order_and_number_matter(self):
        a, b, c = (merkle.leaf(name) for name in "abc")
        roots = [merkle.root(b"".join(item)) for item in ([a, b, c], [b, a, c], [a, b])]
        self.assertEqual(len(set(roots)), 3)
        self.assertNotEqual(merkle.root(a + b), merkle.root(a + b + b))


@tagged("post_install", "-at_install")
class TestSeal(SealCase):
    def test_all_columns_are_sealed(self):
        """A column that somebody adds to the trail must be proven as well."""
        self.cr.execute(
            "SELECT attname FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped"
            " AND attrelid = 'erp_audit_log'::regclass"
        )
        self.assertEqual({name for (name,) in self.cr.fetchall()}, set(seal.COLUMNS))

    def test_canonical_text_depends_on_no_setting(self):
        row = self._record(100, diff=json.dumps({"n": [1.50, "é\u200b"], "a": None}))
        texts = set()
        for settings in (
            {"TimeZone": "UTC", "DateStyle": "ISO, MDY", "extra_float_digits": "1"},
            {
                "TimeZone": "Asia/Shanghai",
                "DateStyle": "SQL, DMY",
                "bytea_output": "escape",
            },
            {"IntervalStyle": "iso_8601", "extra_float_digits": "-5"},
        ):
            for name, value in settings.items():
                self.cr.execute("SELECT set_config(%s, %s, true)", [name, value])
            self.cr.execute(
                f"SELECT {seal.CANONICAL}, {seal.LEAF} FROM erp_audit_log"
                " WHERE id = %s",
                [row],
            )
            text, leaf = self.cr.fetchone()
            self.assertEqual(bytes(leaf) if leaf else b"", merkle.leaf(text))
            texts.add(text)
        self.assertEqual(len(texts), 1)
        self.assertEqual(len(json.loads(text)), len(seal.COLUMNS))

    def test_blocks_follow_each_other(self):
        rows = self._records(10)
        seals = self._seal(limit=4)
        sealed = [
            entry.id
            for item in seal.Seal.select(self.cr, "true ORDER BY seq")
            for entry in seal.unpack(item.raw)
        ]
        self.assertEqual([row for row in sealed if row in rows], rows)
        self.assertEqual(len(sealed), len(set(sealed)))
        for before, after in zip(seals, seals[1:], strict=False):
            self.assertEqual(after.facts["prev"], before.digest)
            self.assertEqual(after.seq, before.seq + 1)
        report = self.assertIntact()
        self.assertEqual(report.rows, len(sealed))
        self.assertEqual(report.unsealed, 0)

    def test_nothing_to_seal(self):
        self._records(2)
        self._seal()
        self.assertEqual(self._seal(), [])

    def test_running_transactions_are_waited_for(self):
        self._seal()
        early, late = self._record(100), self._record(300)
        self._seal(watermark=200)
        report = self.assertIntact()
        self.assertEqual(report.unsealed, 1)
        # with a lower number than what is sealed, but a higher transaction
        self._record(250, id=early - 10**6)
        self._seal()
        report = self.assertIntact()
        self.assertEqual(report.unsealed, 0)
        self.assertGreater(late, early)

    def test_own_transaction_is_not_sealed(self):
        """What is not committed yet may be rolled back: the watermark leaves it."""
        self._seal()
        self.cr.execute(
            "INSERT INTO erp_audit_log (op, source) VALUES ('w', %s)", [self.source]
        )
        self.assertIsNone(self._sealer().close())
        self.assertEqual(self._sealer().watermark() <= self._current(), True)

    def _current(self):
        self.cr.execute("SELECT pg_current_xact_id()::text::bigint")
        return self.cr.fetchone()[0]

    def test_lag_is_visible(self):
        self.enterContext(self.enter_registry_test_mode())
        self._seal()
        self.assertEqual(sealer.lag(self.cr), (0, 0))
        self._record(100)
        seconds, number = sealer.lag(self.cr)
        self.assertEqual(number, 1)
        self.assertGreater(seconds, 300)
        status = self.env["erp.audit.seal"]._status()
        self.assertTrue(status["late"])
        self._seal()
        self.assertFalse(self.env["erp.audit.seal"]._status()["late"])

    def test_key_is_a_private_file(self):
        self.assertEqual(keys.key_file().stat().st_mode & 0o777, 0o600)
        self.assertTrue(keys.is_private())
        self._records(2)
        self._seal()
        keys.key_file().chmod(0o644)
        self.addCleanup(keys.key_file().chmod, 0o600)
        self.assertEqual(self._found(), [("key_readable", None)])

    def test_key_is_not_in_the_database(self):
        self._records(2)
        (last,) = self._seal()[-1:]
        self.assertEqual(last.facts["key"], self.key.public)
        secret = "".join(self.key.pem().decode().splitlines()[1:-1])
        self.assertNotIn(secret, last.header)

    def test_entries_are_packed_small(self):
        rows = [self._record(100 + n // 5, res_id=n) for n in range(500)]
        self._seal(limit=1000)
        (item,) = seal.Seal.select(self.cr, "number >= 500")
        self.assertLess(len(item.entries) / len(rows), 12)

    def test_names_of_models_are_sealed_once(self):
        self._records(2)
        seals = self._seal()
        self._records(2, tx=200)
        more = self._seal()
        self.assertEqual(seals[0].facts["names"][str(self.source)], "res.partner")
        self.assertEqual(more[0].facts["names"], {})


@tagged("post_install", "-at_install")
class TestEpoch(SealCase):
    """After a restore the chain goes on when somebody says so, and signs it."""

    def _restored(self):
        """Act as if the server's transaction numbers had begun anew."""
        self.cr.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        future = self.cr.fetchone()[0] + 1000
        self._records(6, tx=future)
        return future

    def test_numbers_that_began_anew(self):
        future = self._restored()
        self._seal(watermark=future + 2)
        # two of the old ones have no seal yet, and new ones come with low numbers
        new = self._records(4, tx=50)
        chain = self._sealer()
        with self.assertRaisesRegex(sealer.Discontinuity, "began anew"):
            chain.check()
        epoch = chain.begin_epoch("Restored on the new server", "anna")
        sealer.publish(epoch)
        self._seal(watermark=100)
        report = self._verify()
        self.assertEqual(report.findings, [])
        self.assertEqual([note.kind for note in report.notes], ["epoch"])
        self.assertIn("Restored on the new server", report.notes[0].detail)
        self.assertEqual(report.unsealed, 0)
        sealed = [
            entry.id
            for item in seal.Seal.select(self.cr, "true ORDER BY seq")
            for entry in seal.unpack(item.raw)
        ]
        self.assertEqual(sealed[-4:], new)
        self.assertEqual(len(sealed), len(set(sealed)))
        # both eras are guarded
        forged = self._record(60, ts="2020-01-02 00:00:00")
        self.assertEqual(self._found(), [("added", forged)])

    def test_forged_in_the_old_era(self):
        future = self._restored()
        hole = self._record(future + 1)
        self._record(future + 1)
        self._tamper("DELETE FROM erp_audit_log WHERE id = %s", hole)
        self._seal()
        self._sealer().begin_epoch("Restored", "anna")
        self._records(2, tx=50)
        self._seal(watermark=100)
        self.assertIntact()
        self._record(future + 1, id=hole)
        self.assertIn(("added", hole), self._found())

    def test_missing_seals_are_signed_off(self):
        self._records(8)
        self._seal(limit=4)
        lines = [item.line() for item in seal.Seal.select(self.cr, "true ORDER BY seq")]
        self._tamper(
            "DELETE FROM erp_audit_chain WHERE seq ="
            " (SELECT max(seq) FROM erp_audit_chain)"
        )
        self.assertIn("cut", [kind for kind, _seal in self._found()])
        chain = self._sealer()
        with self.assertRaisesRegex(sealer.Discontinuity, "was written already"):
            chain.check()
        sealer.publish(chain.begin_epoch("Backup of yesterday", "anna"))
        self._seal()
        self.assertIntact()
        self.assertIntact(anchors=lines)

    def test_copied_database(self):
        self._records(2)
        self._seal()
        self.env["ir.config_parameter"].set_param("database.uuid", "another")
        self.env.flush_all()
        with self.assertRaisesRegex(sealer.Discontinuity, "copy"):
            self._sealer().check()

    def test_what_is_sealed_meanwhile_is_no_gap(self):
        """Heads are read before the database is: it has at least what they tell of."""
        order = []
        read_state = keys.read_state

        def cursor(*args, **kwargs):
            order.append("database")
            return contextlib.nullcontext(self.cr)

        def head(*args):
            order.append("head")
            return read_state(*args)

        self._seal()
        with (
            patch.object(keys, "read_state", head),
            patch.object(type(self.env.registry), "cursor", cursor),
        ):
            self.assertFalse(self.env["erp.audit.seal"]._status()["problem"])
            self.assertEqual(order, ["head", "database"])
            del order[:]
            self.assertFalse(verify.Verifier(cursor).run().findings)
            self.assertEqual(order[-2:], ["head", "database"])

    def test_sealing_stops_and_says_why(self):
        self.enterContext(self.enter_registry_test_mode())
        self._restored()
        self._seal()
        status = self.env["erp.audit.seal"]._status()
        self.assertIn("began anew", status["problem"])


@tagged("post_install", "-at_install")
class TestAppendOnly(SealCase):
    """Nobody changes the trail: not an administrator, not through raw SQL."""

    def _assert_refused(self, query, *params):
        with (
            self.assertRaises(psycopg2.errors.InsufficientPrivilege),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self.cr.execute(query, params)

    def test_raw_sql(self):
        row = self._record(100)
        self._seal()
        month = "erp_audit_log_y2020m02"
        for table in ("erp_audit_log", month):
            self._assert_refused(f"UPDATE {table} SET login = 'x' WHERE id = %s", row)
            self._assert_refused(f"DELETE FROM {table} WHERE id = %s", row)
            self._assert_refused(f"TRUNCATE {table}")
        self._assert_refused("UPDATE erp_audit_log SET ts = ts + interval '1 month'")
        self._assert_refused(
            f"INSERT INTO {month} (id, ts, op) SELECT id, ts, op FROM {month}"
            " ON CONFLICT (id, ts) DO UPDATE SET op = 'd'"
        )
        for query in (
            "UPDATE erp_audit_chain SET number = 0",
            "DELETE FROM erp_audit_chain",
            "TRUNCATE erp_audit_chain",
        ):
            self._assert_refused(query)

    def test_through_the_views(self):
        row = self._record(100)
        self._seal()
        self._assert_refused(
            "UPDATE erp_audit_record SET login = 'x' WHERE id = %s", row
        )
        self._assert_refused("DELETE FROM erp_audit_record WHERE id = %s", row)
        self._assert_refused("INSERT INTO erp_audit_record (op) VALUES ('w')")
        self._assert_refused("UPDATE erp_audit_seal SET number = 1")
        self._assert_refused("DELETE FROM erp_audit_seal")

    def test_new_months_are_guarded(self):
        self._make_month("2020-05-01")
        self._record(100, ts="2020-05-05 00:00:00")
        self._assert_refused("DELETE FROM erp_audit_log_y2020m05")
        self._assert_refused("TRUNCATE erp_audit_log_y2020m05")

    def test_orm(self):
        row = self._record(100)
        self._seal()
        admin = self.env.ref("base.user_admin")
        auditor = new_test_user(
            self.env, "auditor", "base.group_system,erp_audit.group_audit_auditor"
        )
        for env in (
            self.env,
            self.env(user=admin),
            self.env(user=auditor),
            self.env(user=auditor, su=True),
        ):
            for model in ("erp.audit.record", "erp.audit.seal"):
                records = env[model].browse(row)
                for call in (
                    lambda r=records: r.write({"hash": "x"}),
                    lambda r=records: r.create({}),
                    lambda r=records: r.unlink(),
                    lambda r=records: r.with_context(approval_engine=1).unlink(),
                ):
                    with self.assertRaises(AccessError):
                        call()

    def test_message_is_clear(self):
        with self.assertRaisesRegex(AccessError, "append-only"):
            self.env["erp.audit.record"].browse(self._record(100)).unlink()

    def test_guards_fire_for_replicas_too(self):
        self.cr.execute(
            "SELECT DISTINCT tgenabled FROM pg_trigger"
            " WHERE tgname IN ('erp_audit_keep', 'erp_audit_keep_all')"
            " AND tgrelid IN ('erp_audit_log'::regclass, 'erp_audit_chain'::regclass)"
        )
        self.assertEqual(self.cr.fetchall(), [("A",)])
        self.assertEqual(store.guard_findings(self.cr), [])
