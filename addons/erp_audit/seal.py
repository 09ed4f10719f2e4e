"""Seals: blocks of records, closed one after the other, signed, linked.

A block holds the records of transactions that are over, by the snapshot watermark: no
transaction that still runs has a number below ``pg_snapshot_xmin``, so no record can
come later that belongs before the end of a block. Rolled back numbers leave gaps,
which mean nothing; a long transaction delays the seal and loses nothing.

Position
    ``(tx, id)`` of a record. A block takes all records after the last position of the
    block before, in this order.

Canonical text
    What is proven of a record: the JSON array of all its columns, in the order of
    :data:`COLUMNS`, as PostgreSQL writes it. It depends on no setting of the server.

Leaf
    SHA-256 of a zero byte and the canonical text; see :mod:`.merkle` for the root.

Entry
    ``id, tx, source, res_id, ts`` in 32 bytes. A seal keeps leaves and entries of its
    records, so that it can be said which one was changed or removed, and what it was.

Header
    JSON with sorted keys: the text that is signed. Its SHA-256 is the seal's hash,
    which the next header names.

Epoch
    After a restore the server's transaction numbers begin anew, or seals are missing.
    Sealing stops, and goes on with a signed seal that says since when and why.
"""

# Names of tables and columns are constants of ours, values are parameters.
# pylint: disable=sql-injection

import json
import struct
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256

from . import keys, merkle

FORMAT = 1
TABLE = "erp_audit_chain"
COLUMNS = (
    "id",
    "ts",
    "tx",
    "op",
    "source",
    "res_id",
    "other",
    "other_id",
    "uid",
    "real_uid",
    "login",
    "company",
    "ip",
    "session",
    "route",
    "action",
    "event",
    "diff",
)
# SQL of the canonical text, the leaf and the entry of a record; names are qualified,
# lest somebody puts functions of his own before PostgreSQL's
CANONICAL = f"pg_catalog.json_build_array({', '.join(COLUMNS)})::text"
LEAF = (
    f"pg_catalog.sha256('\\x00'::bytea || pg_catalog.convert_to({CANONICAL}, 'UTF8'))"
)
ENTRY = (
    "(pg_catalog.int8send(id) || pg_catalog.int8send(tx)"
    " || pg_catalog.int4send(source) || pg_catalog.int4send(coalesce(res_id, 0))"
    " || pg_catalog.timestamp_send(ts))"
)
_ENTRY = struct.Struct(">qqiiq")
ENTRY_SIZE = _ENTRY.size
EPOCH = datetime(2000, 1, 1)  # PostgreSQL counts from here
# before all positions
START = (-(2**63), -(2**63))

BLOCK = "block"
RESTART = "epoch"
DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a seal keeps of a record besides its leaf."""

    id: int
    tx: int
    source: int
    res_id: int
    ts: datetime

    @property
    def position(self):
        return (self.tx, self.id)


def unpack(entries):
    """Return the :class:`Entry` objects of joined entries."""
    return [
        Entry(row, tx, source, res_id, EPOCH + timedelta(microseconds=ts))
        for row, tx, source, res_id, ts in _ENTRY.iter_unpack(entries)
    ]


def squeeze(entries):
    """Return joined entries in a few bytes each: like bytes side by side, packed."""
    columns = (entries[place::ENTRY_SIZE] for place in range(ENTRY_SIZE))
    return zlib.compress(b"".join(columns), 1)


def unsqueeze(packed):
    """Return joined entries again.

    :raise ValueError: if that is not what they are
    """
    try:
        columns = zlib.decompress(packed)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    number, rest = divmod(len(columns), ENTRY_SIZE)
    if rest:
        raise ValueError("incomplete")
    entries = bytearray(len(columns))
    for place in range(ENTRY_SIZE):
        entries[place::ENTRY_SIZE] = columns[place * number : (place + 1) * number]
    return bytes(entries)


def canonical(values):
    """Return plain data as the text that is signed."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(header):
    """Return the hash of a seal, given by the text of its header."""
    return sha256(header.encode()).hexdigest()


def isoformat(moment):
    """Return a moment (UTC) as text, or None."""
    return moment.isoformat(timespec="microseconds") if moment else None


@dataclass
class Seal:
    """A seal as the table keeps it. Nothing of it is true before it is checked."""

    seq: int
    header: str
    signature: bytes
    hash: bytes
    kind: str = BLOCK
    number: int = 0
    epoch: int = 0
    min_ts: datetime | None = None
    max_ts: datetime | None = None
    last_tx: int = 0
    last_id: int = 0
    names: str | None = None
    leaves: bytes = field(default=b"", repr=False)
    entries: bytes = field(default=b"", repr=False)

    fields = (
        "seq, header, signature, hash, kind, number, epoch, min_ts, max_ts,"
        " last_tx, last_id, names, leaves, entries"
    )

    @classmethod
    def select(cls, cr, where, params=(), light=False):
        """Return the seals that a condition selects, in their order.

        :param bool light: without leaves and entries
        """
        names = cls.fields
        if light:
            names = names.removesuffix(", leaves, entries")
        # the condition is a constant of ours, values are parameters
        cr.execute(f"SELECT {names} FROM {TABLE} WHERE {where}", params)
        return [cls._from_row(row) for row in cr.fetchall()]

    @classmethod
    def _from_row(cls, row):
        binary = (2, 3, 12, 13)
        return cls(*(bytes(v) if i in binary and v else v for i, v in enumerate(row)))

    @cached_property
    def facts(self):
        """What the header says, as a dict; empty if it is no header at all."""
        try:
            facts = json.loads(self.header)
        except (ValueError, RecursionError):
            return {}
        return facts if isinstance(facts, dict) else {}

    @cached_property
    def raw(self):
        """The joined entries, or None if they cannot be read."""
        try:
            return unsqueeze(self.entries) if self.entries else b""
        except ValueError:
            return None

    @property
    def last(self):
        """Position of the last record that is sealed, by this seal or before."""
        return (self.last_tx, self.last_id)

    @property
    def digest(self):
        """The hash that the header has now, in hexadecimal."""
        return digest(self.header)

    def line(self):
        """Return the seal as one line of text for places outside the database."""
        return canonical({"header": self.header, "signature": self.signature.hex()})

    def wrong(self, trusted):
        """Return what is wrong with the seal by itself.

        :param trusted: public keys (hexadecimal) that may sign
        :return: ``None`` or one of ``altered``, ``key`` (signed with one that is not
            known), ``leaves`` (the header is right, what it covers is not)
        """
        facts = self.facts
        key = str(facts.get("key", ""))
        signed = keys.is_signed(key, self.signature, self.header.encode())
        if not signed or facts.get("seq") != self.seq:
            return "altered"
        if key not in trusted:
            return "key"
        if not self._columns_fit():
            return "altered"
        return None if self._content_fits() else "leaves"

    @property
    def is_altered(self):
        """Whether it is not what was signed, by whatever key."""
        return self.wrong({str(self.facts.get("key"))}) == "altered"

    def _columns_fit(self):
        """Return whether the columns beside the header say the same."""
        facts = self.facts
        return (
            self.hash.hex() == self.digest
            and self.kind == facts.get("kind")
            and self.number == facts.get("number")
            and self.epoch == facts.get("epoch")
            and list(self.last) == facts.get("last")
            and isoformat(self.min_ts) == facts.get("min_ts")
            and isoformat(self.max_ts) == facts.get("max_ts")
            and self._names() == facts.get("names")
        )

    def _names(self):
        try:
            return json.loads(self.names) if self.names else {}
        except (ValueError, RecursionError):
            return None

    def _content_fits(self):
        """Return whether leaves and entries are those of the header."""
        facts = self.facts
        return (
            self.raw is not None
            and len(self.raw) == self.number * ENTRY_SIZE
            and len(self.leaves) == self.number * merkle.SIZE
            and sha256(self.raw).hexdigest() == facts.get("entries")
            and merkle.root(self.leaves).hex() == facts.get("root")
        )
