"""Proofs: one record, or one exported month, that can be checked without Odoo.

``static/verify_proof.py`` checks them; what it needs to know is in this file and in
:mod:`.seal`.
"""

# Names of tables and columns are constants of ours, values are parameters.
# pylint: disable=sql-injection

import gzip
import json
from hashlib import sha256

from . import merkle, store
from .seal import CANONICAL, COLUMNS, Seal, unpack
from .sealer import LOG

FORMAT = "order-control audit proof 1"
EXPORT_FORMAT = "order-control audit export 1"


class NotSealed(Exception):
    """The record has no seal yet."""


class NotFound(Exception):
    """There is no such record."""


class Mismatch(Exception):
    """A record is not what was sealed."""


def of_record(cr, row):
    """Return the proof of a record as plain data.

    :raise NotFound: if there is no such record
    :raise NotSealed: if it waits for its seal
    :raise Mismatch: if it is not what was sealed
    """
    cr.execute(f"SELECT tx, {CANONICAL} FROM {LOG} WHERE id = %s", [row])
    found = cr.fetchall()
    if not found:
        raise NotFound(str(row))
    tx, text = found[0]
    seal, position = _sealed(cr, row, tx)
    leaf = merkle.leaf(text)
    if seal.leaves[position * merkle.SIZE : (position + 1) * merkle.SIZE] != leaf:
        raise Mismatch(str(row))
    values = dict(zip(COLUMNS, json.loads(text), strict=True))
    return {
        "format": FORMAT,
        "canonical": text,
        "record": values,
        "position": position,
        "path": [
            [side, node.hex()] for side, node in merkle.path(seal.leaves, position)
        ],
        "seal": _plain(seal),
        "names": [_plain(item) for item in _naming(cr, values)],
    }


def _plain(seal):
    """Return of a seal what is needed to check it."""
    return {
        "header": seal.header,
        "signature": seal.signature.hex(),
        "public_key": seal.facts.get("key"),
    }


def _sealed(cr, row, tx):
    """Return the seal of a record, and its place under it."""
    cr.execute("SELECT max(epoch) FROM erp_audit_chain")
    for epoch in range(cr.fetchone()[0] or 0, -1, -1):
        seals = Seal.select(
            cr,
            "epoch = %s AND (last_tx, last_id) >= (%s, %s) AND kind = 'block'"
            " ORDER BY last_tx, last_id LIMIT 1",
            [epoch, tx, row],
        )
        for seal in seals:
            for position, entry in enumerate(unpack(seal.raw or b"")):
                if entry.id == row:
                    return seal, position
    raise NotSealed(str(row))


def _naming(cr, values):
    """Return the seals that say which models the numbers of a record stand for."""
    wanted = {str(values[name]) for name in ("source", "other") if values[name]}
    found = []
    for seal in Seal.select(cr, "names IS NOT NULL ORDER BY seq", light=True):
        if wanted & set(seal.facts.get("names") or {}):
            found.append(seal)
    return found


# -- a month ---------------------------------------------------------------------------


class Export:
    """A month of the trail, written to a file in the order of its seals.

    Every record is checked against its seal on the way.

    :param cr: cursor
    :param str partition: name of the partition
    :param trusted: public keys that may have signed
    """

    def __init__(self, cr, partition, trusted):
        self.cr = cr
        self.trusted = trusted
        self.partition = partition
        self.number = 0
        self.leaves = b""
        # how the records stand under their seals, see blocks in of_export()
        self.blocks = []

    def dump(self, path):
        """Write the records, compressed, one canonical text a line.

        :return: SHA-256 of the file, hexadecimal
        :raise Mismatch: if a record is not what was sealed
        :raise NotSealed: if a record has no seal
        """
        start = store.month_of(self.partition)
        seals = Seal.select(
            self.cr,
            "kind = 'block' AND min_ts < %s AND max_ts >= %s ORDER BY seq",
            [store.month_after(start), start],
            light=True,
        )
        leaves = []
        with open(path, "wb") as raw, gzip.GzipFile("", "wb", 6, raw, 0) as file:
            for seal in seals:
                for text, leaf in self._block(seal.seq):
                    file.write(text.encode() + b"\n")
                    leaves.append(leaf)
        self.leaves = b"".join(leaves)
        self.number = len(leaves)
        # the partition's name is one of store.partitions()
        self.cr.execute(f"SELECT count(*) FROM {self.partition}")
        if self.cr.fetchone()[0] != self.number:
            raise NotSealed(self.partition)
        return file_digest(path)

    def _block(self, seq):
        """Return ``(text, leaf)`` of the month's records under a seal."""
        (seal,) = Seal.select(self.cr, "seq = %s", [seq])
        if seal.wrong(self.trusted):
            raise Mismatch(f"seal {seq}")
        entries = unpack(seal.raw)
        size = merkle.SIZE
        wanted, rows = [], []
        for place, entry in enumerate(entries):
            leaf = seal.leaves[place * size : (place + 1) * size]
            if store.partition_name(entry.ts) != self.partition:
                rows.append(leaf.hex())
                continue
            wanted.append((entry.id, leaf))
            if rows and isinstance(rows[-1], int):
                rows[-1] += 1
            else:
                rows.append(1)
        self.cr.execute(
            f"SELECT id, {CANONICAL} FROM {self.partition} WHERE id = ANY(%s)",
            [[row for row, _leaf in wanted]],
        )
        texts = dict(self.cr.fetchall())
        for row, leaf in wanted:
            if row not in texts or merkle.leaf(texts[row]) != leaf:
                raise Mismatch(str(row))
        self.blocks.append({**_plain(seal), "rows": rows})
        return [(texts[row], leaf) for row, leaf in wanted]


def of_export(export, seal, file):
    """Return the proof of an exported month as plain data.

    ``blocks`` are the seals of its records. ``rows`` of each says, in their order,
    how many records come from the file, or the leaf of one of another month.

    :param seal: the seal that says that the month was taken away
    :param str file: name of the file beside the proof
    """
    return {
        "format": EXPORT_FORMAT,
        "file": file,
        "partition": export.partition,
        "number": export.number,
        "dropped": _plain(seal),
        "blocks": export.blocks,
    }


def file_digest(path):
    """Return the SHA-256 of a file, hexadecimal."""
    value = sha256()
    with open(path, "rb") as file:
        while part := file.read(1 << 20):
            value.update(part)
    return value.hexdigest()
