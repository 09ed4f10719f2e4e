"""Compares the records of the trail with what their seals keep, and names differences.

First the database hashes all records between two positions, and the two hashes are
compared with those of what the seals keep. Only if they differ is each record looked
at.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from . import merkle, store
from .seal import CANONICAL, ENTRY, ENTRY_SIZE, LEAF, START, unpack
from .sealer import LOG

# records among which a swap is looked for
SWAPS = 200
# id, ts, tx and the rest of a canonical text
PARTS = re.compile(r"\[(-?\d+), (\"[^\"]*\"), (-?\d+), (.*)\]", re.DOTALL)


def _pieces(joined, size):
    return [joined[start : start + size] for start in range(0, len(joined), size)]


@dataclass(frozen=True)
class Bounds:
    """Where the records of a seal are: after a position, up to another one.

    ``sound`` says whether its leaves and entries are to be believed.
    """

    after: tuple
    last: tuple
    sound: bool


class Rows:
    """The records under the seals of a task.

    :param cr: cursor
    :param task: see :class:`.verify.Task`
    :param gone: months that were taken away, see :class:`.verify.Gone`
    """

    def __init__(self, cr, task, gone):
        self.cr = cr
        self.task = task
        self.gone = gone

    def check(self, seals, bounds, gone_leaves):
        """Compare all records.

        :param seals: the seals of the task, in their order
        :param bounds: dict: number of a seal, its :class:`Bounds`
        :param gone_leaves: list that gets ``(number of the month, {seal: leaves})``
        :return: list of values of :class:`.verify.Finding`
        """
        found, segment = [], []
        after = last = None
        for seal in seals:
            if not seal.number and not seal.raw:
                continue  # has no records
            bound = bounds[seal.seq]
            if segment and (not bound.sound or bound.after != last):
                found += self._segment(segment, after, last, gone_leaves)
                segment = []
            if not bound.sound:
                found += self._unsound(seal, bound)
                continue
            if not segment:
                after = bound.after
            segment.append(seal)
            last = bound.last
        if segment:
            found += self._segment(segment, after, last, gone_leaves)
        return found

    def _query(self, select, after, last):
        """Run a query on the records between two positions."""
        lower = "" if after == START else "(tx, id) > (%s, %s) AND"
        self.cr.execute(
            # constants of ours, values are parameters
            f"""SELECT {select}
                  FROM (SELECT id, {ENTRY} AS entry, {LEAF} AS leaf
                          FROM {LOG}
                         WHERE {lower} (tx, id) <= (%s, %s)
                           AND id > %s AND id <= %s
                         ORDER BY tx, id) AS rows""",
            [
                *(() if after == START else after),
                *last,
                self.task.lower,
                self.task.upper,
            ],
        )
        return self.cr.fetchall()

    def _unsound(self, seal, bound):
        """Compare the records of a seal whose leaves were altered with its root."""
        ((leaves,),) = self._query(
            "string_agg(leaf, ''::bytea)", bound.after, bound.last
        )
        if merkle.root(bytes(leaves or b"")).hex() == seal.facts.get("root"):
            return []
        return [
            {
                "kind": "unprovable",
                "seal": seal.seq,
                "number": seal.number,
                "moment": seal.max_ts,
            }
        ]

    # -- sound seals -------------------------------------------------------------------

    def _segment(self, seals, after, last, gone_leaves):
        """Compare the records of consecutive seals at once."""
        kept = [self._kept(seal, gone_leaves) for seal in seals]
        entries = b"".join(part for part, _leaves in kept)
        leaves = b"".join(part for _entries, part in kept)
        ((known, found),) = self._query(
            "pg_catalog.sha256(coalesce(string_agg(entry, ''::bytea), '')),"
            " pg_catalog.sha256(coalesce(string_agg(leaf, ''::bytea), ''))",
            after,
            last,
        )
        if (
            bytes(known) == sha256(entries).digest()
            and bytes(found) == sha256(leaves).digest()
        ):
            return []
        return self._differences(seals, kept, after, last)

    def _kept(self, seal, gone_leaves):
        """Return entries and leaves of the records that are still to be there."""
        months = [
            (number, gone)
            for number, gone in enumerate(self.gone)
            if gone.seal > seal.seq
            and (seal.min_ts or datetime.min) < gone.end
            and (seal.max_ts or datetime.max) >= gone.start
        ]
        if not months:
            return seal.raw, seal.leaves
        entries, leaves, taken = [], [], {}
        for raw, leaf in zip(
            _pieces(seal.raw, ENTRY_SIZE),
            _pieces(seal.leaves, merkle.SIZE),
            strict=True,
        ):
            moment = unpack(raw)[0].ts
            of = next((n for n, gone in months if gone.has(moment)), None)
            if of is None:
                entries.append(raw)
                leaves.append(leaf)
            else:
                taken.setdefault(of, []).append(leaf)
        for number, parts in taken.items():
            gone_leaves.append((number, {seal.seq: b"".join(parts)}))
        return b"".join(entries), b"".join(leaves)

    # -- differences -------------------------------------------------------------------

    def _differences(self, seals, kept, after, last):
        """Name the records that differ."""
        expected = {}
        for seal, (entries, leaves) in zip(seals, kept, strict=True):
            for entry, leaf in zip(
                unpack(entries), _pieces(leaves, merkle.SIZE), strict=True
            ):
                expected[entry.id] = (seal.seq, entry, leaf)
        actual = self._actual(expected, after, last)
        found, removed, changed = [], [], {}
        for row, (seq, entry, leaf) in expected.items():
            present = actual.pop(row, [])
            same = [item for item in present if item[1] == leaf]
            if not present:
                removed.append((seq, entry))
            elif not same:
                changed[row] = (seq, entry, leaf, present[0][0])
            # one of them is the sealed one, or what has become of it
            spare = list(present)
            if spare:
                spare.remove(same[0] if same else spare[0])
            found += [self._added(row, item) for item in spare]
        found += [
            self._added(row, item) for row, items in actual.items() for item in items
        ]
        found += self._removed(removed, expected)
        return found + self._changed(changed)

    def _actual(self, expected, after, last):
        """Return ``{id: [(entry, leaf)]}`` of what is there, at its place or not."""
        actual = {}

        def keep(rows):
            for row, entry, leaf in rows:
                item = (unpack(bytes(entry))[0], bytes(leaf))
                actual.setdefault(row, []).append(item)

        keep(self._query("id, entry, leaf", after, last))
        elsewhere = [row for row in expected if row not in actual]
        self.cr.execute(
            f"SELECT id, {ENTRY}, {LEAF} FROM {LOG} WHERE id = ANY(%s)", [elsewhere]
        )
        keep(self.cr.fetchall())
        return actual

    @staticmethod
    def _values(kind, seq, entry, **more):
        return {
            "kind": kind,
            "seal": seq,
            "row": entry.id,
            "source": entry.source,
            "res_id": entry.res_id or None,
            "moment": entry.ts,
            **more,
        }

    def _added(self, row, item):
        return self._values("added", None, item[0])

    def _removed(self, removed, expected):
        """Name removed records, or the whole month that is not there any more."""
        if not removed:
            return []
        present = set(store.partitions(self.cr))
        months = {}
        for seq, entry in removed:
            month = store.partition_name(entry.ts)
            months.setdefault(month, []).append((seq, entry))
        there = {
            store.partition_name(entry.ts)
            for row, (_seq, entry, _leaf) in expected.items()
        } & present
        found = []
        for name, items in months.items():
            if name in there:
                found += [self._values("removed", *item) for item in items]
                continue
            self.cr.execute("SELECT to_regclass(%s)", [name])
            state = "detached" if self.cr.fetchone()[0] else "dropped"
            found.append(
                {
                    "kind": f"partition_{state}",
                    "seal": items[0][0],
                    "detail": name,
                    "number": len(items),
                    "moment": items[0][1].ts,
                }
            )
        return found

    def _changed(self, changed):
        """Name changed records, and those whose content changed places."""
        swaps = self._swaps(changed) if 1 < len(changed) <= SWAPS else {}
        found = []
        for row, (seq, entry, _leaf, now) in changed.items():
            if row in swaps:
                found.append(self._values("swapped", seq, entry, number=swaps[row]))
                continue
            names = ("tx", "source", "res_id", "ts")
            differ = [n for n in names if getattr(entry, n) != getattr(now, n)]
            found.append(self._values("changed", seq, entry, detail=", ".join(differ)))
        return found

    def _swaps(self, changed):
        """Return ``{row: other row that has its content now}``."""
        self.cr.execute(
            f"SELECT id, {CANONICAL} FROM {LOG} WHERE id = ANY(%s)", [list(changed)]
        )
        parts = {row: PARTS.fullmatch(text) for row, text in self.cr.fetchall()}
        swaps = {}
        for row, (_seq, _entry, leaf, _now) in changed.items():
            for other in changed:
                if row != other and self._has_content(parts[row], parts[other], leaf):
                    swaps[row] = other
                    break
        return swaps

    @staticmethod
    def _has_content(mine, other, leaf):
        """Return whether the content of a record stands in another one now.

        Number, time and transaction may have moved with it or not.
        """
        if not mine or not other:
            return False
        return any(
            merkle.leaf(f"[{mine[1]}, {moment}, {tx}, {other[4]}]") == leaf
            for moment in (mine[2], other[2])
            for tx in (mine[3], other[3])
        )
