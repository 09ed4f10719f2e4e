"""Closes blocks and writes their seals; one at a time, see ``erp.audit.seal``."""

# Names of tables and columns are constants of ours, values are parameters.
# pylint: disable=sql-injection

import json
import logging
import uuid
from hashlib import sha256

from . import keys, merkle
from .seal import (
    BLOCK,
    DROPPED,
    ENTRY,
    ENTRY_SIZE,
    FORMAT,
    LEAF,
    RESTART,
    START,
    TABLE,
    Seal,
    canonical,
    digest,
    isoformat,
    squeeze,
    unpack,
)

_logger = logging.getLogger(__name__)
LOG = "erp_audit_log"
# records of one block at most
LIMIT = 10000
LAST_ID = 2**63 - 1
# first key of the advisory locks: "audt"; the second says what for
LOCK = 0x61756474
LOCK_SEAL = 1
LOCK_RETENTION = 2


class Discontinuity(Exception):
    """The chain cannot simply go on; the text says why and what to do."""


REMEDY = (
    "Check what happened. If the database was restored or copied on purpose, say so"
    " with ./ctl audit epoch --reason TEXT, and sealing goes on."
)


class Sealer:
    """Writes seals in the transaction of a cursor.

    :param cr: cursor; its snapshot must be younger than the lock of the sealer
    :param key: see :func:`.keys.load`
    :param dict head: what is known outside the database of its newest seal
    """

    def __init__(self, cr, key, head=None):
        self.cr = cr
        self.key = key
        self.head = head or {}
        self.database = self._value(
            "SELECT value FROM ir_config_parameter WHERE key = 'database.uuid'"
        )
        last = Seal.select(cr, "true ORDER BY seq DESC LIMIT 1", light=True)
        self.last = last[0] if last else None

    def _value(self, query, params=()):
        self.cr.execute(query, params)
        row = self.cr.fetchone()
        return row[0] if row else None

    # -- position ----------------------------------------------------------------------

    @property
    def position(self):
        """Position after which the next block begins."""
        return self.last.last if self.last else START

    @property
    def _facts(self):
        """What the newest seal says."""
        return self.last.facts if self.last else {}

    @property
    def base(self):
        """Number of the last record before this epoch."""
        return self._facts.get("base", -1)

    def _horizon(self):
        """Return the lowest number of a transaction that has not begun yet."""
        return self._value(
            "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        )

    def watermark(self):
        """Return the lowest number of a transaction that may still write here.

        The lowest that runs, unless it is known to run in another database of the
        server: those cannot write here, and may run for hours.
        """
        return self._value(
            """SELECT coalesce(
                   (SELECT min(running::text::bigint)
                      FROM pg_snapshot_xip(pg_current_snapshot()) AS running
                     WHERE NOT EXISTS (
                         SELECT 1 FROM pg_stat_activity a
                          WHERE a.datname <> current_database()
                            AND a.backend_xid::text::bigint
                                = running::text::bigint & 4294967295)),
                   pg_snapshot_xmax(pg_current_snapshot())::text::bigint)"""
        )

    def check(self):
        """Check that the chain can go on where it ends.

        :raise Discontinuity: if it cannot
        """
        if not self.last:
            if self.head:
                raise Discontinuity(f"All seals of this database are gone. {REMEDY}")
            return
        if self.last.is_altered:
            raise Discontinuity(
                f"The newest seal, number {self.last.seq}, was altered. {REMEDY}"
            )
        if self._facts.get("database") != self.database:
            raise Discontinuity(
                f"This database is a copy of another one whose seals it has. {REMEDY}"
            )
        if self._went_back():
            raise Discontinuity(
                "The transaction numbers of the database server began anew, as after"
                f" a restore. {REMEDY}"
            )
        if self._lost():
            raise Discontinuity(
                f"The newest seal is number {self.last.seq}, but number"
                f" {self.head['seq']} was written already. {REMEDY}"
            )

    def sound(self):
        """Return whether sealing can go on, see :meth:`check`."""
        try:
            self.check()
        except Discontinuity:
            return False
        return True

    def _went_back(self):
        return self.last.last_tx >= self._horizon()

    def _lost(self):
        """Return whether seals that were written are not here."""
        if not self.head:
            return False
        if not self.last or self.head["seq"] > self.last.seq:
            return True
        known = Seal.select(self.cr, "seq = %s", [self.head["seq"]], light=True)
        return not known or known[0].digest != self.head["hash"]

    # -- seals -------------------------------------------------------------------------

    def close(self, limit=LIMIT, watermark=None):
        """Close the next block.

        :param int watermark: only records of transactions below it; the snapshot's
            own if not given
        :return: the :class:`.seal.Seal`, or None if there is nothing to seal
        """
        watermark = watermark or self.watermark()
        # one more than fits, to know whether there are more
        leaves, entries = self._rows(limit + 1, watermark)
        if not leaves:
            return None
        full = len(leaves) > limit * merkle.SIZE
        leaves, entries = leaves[: limit * merkle.SIZE], entries[: limit * ENTRY_SIZE]
        rows = unpack(entries)
        times = [row.ts for row in rows]
        last = rows[-1].position
        if not full:
            # that is all below the watermark, and nothing can come there any more
            last = max(last, (min(watermark, self._horizon()) - 1, LAST_ID))
        return self._write(
            BLOCK,
            leaves,
            entries,
            last=last,
            min_ts=min(times),
            max_ts=max(times),
        )

    def _rows(self, limit, watermark):
        """Return joined leaves and entries of the records to seal next."""
        self.cr.execute(
            # constants of ours, values are parameters
            f"""SELECT string_agg(leaf, ''::bytea), string_agg(entry, ''::bytea)
                  FROM (SELECT {LEAF} AS leaf, {ENTRY} AS entry
                          FROM {LOG}
                         WHERE (tx, id) > (%s, %s) AND tx < %s AND id > %s
                         ORDER BY tx, id LIMIT %s) AS rows""",
            [*self.position, watermark, self.base, limit],
        )
        return tuple(bytes(part or b"") for part in self.cr.fetchone())

    def begin_epoch(self, reason, who):
        """Go on after a discontinuity, with a signed seal that says so.

        :param str reason: what happened, in words
        :param str who: login of the person who says so
        :return: the seal
        """
        back = bool(self.last) and self._went_back()
        if back:
            # Nothing can come before these any more: their transactions ran on
            # another server.
            while self.close(watermark=2**63 - 1):
                pass
        lost = None
        if self._lost():
            number = self.last.seq if self.last else 0
            lost = [min(number + 1, self.head["seq"]), self.head["seq"]]
        base, after = self.base, self.position
        if back:
            base = self._last_before_restore()
            after = self._first_after_restore(base)
        return self._write(
            RESTART,
            after=after,
            base=base,
            epoch=self.last.epoch + 1 if self.last else 0,
            back=back,
            reason=reason,
            who=who,
            lost=lost,
            lost_hash=self.head.get("hash") if lost else None,
        )

    def _last_before_restore(self):
        """Return the highest number of a sealed record."""
        self.cr.execute(f"SELECT max((header::json->>'max_id')::bigint) FROM {TABLE}")
        return max(self.cr.fetchone()[0] or -1, self.base)

    def _first_after_restore(self, base):
        """Return the position before the first record of the new epoch."""
        tx = self._value(f"SELECT min(tx) FROM {LOG} WHERE id > %s", [base])
        if tx is None:
            tx = self.watermark()
        return (tx - 1, LAST_ID)

    def dropped(self, leaves, **facts):
        """Write that records were taken away on purpose, with the root over them.

        :param bytes leaves: their leaves, joined, in the order of the positions
        :param facts: what further is to be signed
        """
        root = merkle.root(leaves).hex()
        number = len(leaves) // merkle.SIZE
        return self._write(DROPPED, gone=number, gone_root=root, **facts)

    def _write(self, kind, leaves=b"", entries=b"", **more):
        """Sign and store a seal; ``more`` goes into its header."""
        last = self.last
        facts = {
            "format": FORMAT,
            "kind": kind,
            "seq": last.seq + 1 if last else 1,
            "chain": self._facts.get("chain") or uuid.uuid4().hex,
            "database": self.database,
            "prev": last.digest if last else "",
            "sealed": isoformat(
                self._value("SELECT clock_timestamp() AT TIME ZONE 'UTC'")
            ),
            "epoch": last.epoch if last else 0,
            "base": self.base,
            "number": len(leaves) // merkle.SIZE,
            "root": merkle.root(leaves).hex(),
            "entries": sha256(entries).hexdigest(),
            "after": self.position,
            "last": self.position,
            "names": self._new_names(),
            "key": self.key.public,
            **more,
        }
        if entries:
            facts["max_id"] = max(row.id for row in unpack(entries))
        if kind == RESTART:
            facts["last"] = facts["after"]
        for name in ("min_ts", "max_ts"):
            facts[name] = isoformat(facts.get(name))
        self.last = self._insert(facts, leaves, entries)
        return self.last

    def _insert(self, facts, leaves, entries):
        header = canonical(facts)
        self.cr.execute(
            f"""INSERT INTO {TABLE} ({Seal.fields})
                VALUES ({", ".join(["%s"] * 14)})""",
            [
                facts["seq"],
                header,
                self.key.sign(header.encode()),
                bytes.fromhex(digest(header)),
                facts["kind"],
                facts["number"],
                facts["epoch"],
                facts["min_ts"],
                facts["max_ts"],
                *facts["last"],
                json.dumps(facts["names"]) if facts["names"] else None,
                leaves,
                squeeze(entries),
            ],
        )
        return Seal.select(self.cr, "seq = %s", [facts["seq"]], light=True)[0]

    def _new_names(self):
        """Return the numbers of models that no seal names yet, with their names."""
        known = set()
        for seal in Seal.select(self.cr, "names IS NOT NULL", light=True):
            if not seal.is_altered:
                known.update(seal.facts["names"])
        self.cr.execute("SELECT id::text, name FROM erp_audit_source ORDER BY id")
        return {
            number: name for number, name in self.cr.fetchall() if number not in known
        }


def lag(cr):
    """Return how long the oldest record that could be sealed has been waiting.

    :return: ``(seconds, number)`` of the records that are not sealed yet; the number
        ends at 100,000
    """
    last = Seal.select(cr, "true ORDER BY seq DESC LIMIT 1", light=True)
    position, base = START, -1
    if last:
        facts = last[0].facts
        position, base = last[0].last, facts.get("base", -1)
    cr.execute(
        f"""SELECT extract(epoch FROM clock_timestamp() AT TIME ZONE 'UTC' - min(ts)),
                   count(*)
              FROM (SELECT ts FROM {LOG}
                     WHERE (tx, id) > (%s, %s) AND id > %s
                     ORDER BY tx, id LIMIT 100000) AS rows""",
        [*position, base],
    )
    seconds, number = cr.fetchone()
    return max(float(seconds or 0), 0.0), number


def lock(cr, what):
    """Return whether this transaction is now the only one that does something."""
    cr.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, what])
    return cr.fetchone()[0]


def publish(seal):
    """Keep outside the database which seal is the newest; after the commit."""
    try:
        keys.write_state(seal.facts["database"], seq=seal.seq, hash=seal.digest)
    except OSError as error:
        # sealing goes on; the next seal is kept when there is room again
        _logger.warning("The newest seal could not be kept outside: %s", error)
