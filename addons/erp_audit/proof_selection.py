"""Proofs of many records at once: of a list that somebody exported.

Under each seal, the records share one proof: the nodes of the tree that cannot be
computed from the records themselves, level by level. ``static/verify_proof.py`` checks
it, and that the file beside the proof is the one that was exported.
"""

from bisect import bisect_left
from collections import defaultdict
from hashlib import sha256

from . import keys, merkle
from .proof import _plain
from .seal import CANONICAL, Seal, canonical, unpack
from .sealer import LOG

FORMAT = "order-control audit selection 1"
CHUNK = 5000


def many_path(leaves, positions):
    """Return the nodes that lead from some leaves to the root, in the order of use.

    :param bytes leaves: all leaves, joined
    :param positions: numbers of the leaves that are known, from 0
    """
    size, nodes, known = merkle.SIZE, [], set(positions)
    while len(leaves) > size:
        for pair in sorted({position // 2 for position in known}):
            for place in (2 * pair, 2 * pair + 1):
                node = leaves[place * size : (place + 1) * size]
                if place not in known and node:
                    nodes.append(node)
        leaves = merkle._above(leaves)
        known = {position // 2 for position in known}
    return nodes


class Selection:
    """Some records, with the seals that they are under.

    :param cr: cursor
    :param ids: numbers of the records
    """

    def __init__(self, cr, ids):
        self.cr = cr
        self.texts, self.sources = {}, set()
        # {record: number of its seal}; those that wait for theirs are not there
        self.seals = {}
        # records that are not what was sealed
        self.wrong = []
        self.blocks = []
        self._find(sorted(ids))

    def _find(self, ids):
        places = {}
        for start in range(0, len(ids), CHUNK):
            self.cr.execute(
                f"SELECT id, tx, source, other, {CANONICAL} FROM {LOG}"
                " WHERE id = ANY(%s)",
                [ids[start : start + CHUNK]],
            )
            for row, tx, source, other, text in self.cr.fetchall():
                self.texts[row] = text
                self.sources |= {source, other}
                places[row] = (tx, row)
        for seals in self._epochs():
            places = self._under(seals, places)

    def _epochs(self):
        """Return the seals of each epoch, the newest epoch first, without leaves."""
        self.cr.execute(
            "SELECT epoch, last_tx, last_id, seq FROM erp_audit_chain"
            " WHERE kind = 'block' ORDER BY epoch DESC, last_tx, last_id"
        )
        found = defaultdict(list)
        for epoch, last_tx, last_id, seq in self.cr.fetchall():
            found[epoch].append(((last_tx, last_id), seq))
        return list(found.values())

    def _under(self, seals, places):
        """Find records under the seals of an epoch; return those that are not."""
        candidates, rest = defaultdict(list), {}
        for row, position in places.items():
            place = bisect_left(seals, (position, 0))
            if place < len(seals):
                candidates[seals[place][1]].append(row)
            else:
                rest[row] = position
        for seq in sorted(candidates):
            missing = self._block(seq, set(candidates[seq]))
            rest.update((row, places[row]) for row in missing)
        return rest

    def _block(self, seq, rows):
        """Prove records under a seal; return those that are not under it."""
        (seal,) = Seal.select(self.cr, "seq = %s", [seq])
        size, positions, found = merkle.SIZE, [], []
        for place, entry in enumerate(unpack(seal.raw or b"")):
            if entry.id not in rows:
                continue
            rows.discard(entry.id)
            leaf = seal.leaves[place * size : (place + 1) * size]
            if leaf != merkle.leaf(self.texts[entry.id]):
                self.wrong.append(entry.id)
                continue
            self.seals[entry.id] = seq
            positions.append(place)
            found.append(entry.id)
        if positions:
            nodes = many_path(seal.leaves, positions)
            self.blocks.append(
                {
                    **_plain(seal),
                    "positions": positions,
                    "records": [self.texts[row] for row in found],
                    "nodes": [node.hex() for node in nodes],
                }
            )
        return rows

    @property
    def unsealed(self):
        """The records that wait for their seal, by number."""
        return sorted(self.texts.keys() - self.seals.keys() - set(self.wrong))

    def proof(self, file, content, **facts):
        """Return the proof as plain data.

        :param str file: name of the file beside the proof
        :param bytes content: what is in it
        :param facts: who exported it, when and by which filter
        """
        manifest = {
            **facts,
            "file": file,
            "file_sha256": sha256(content).hexdigest(),
            "records": len(self.seals),
            "unsealed": self.unsealed,
        }
        try:
            key = keys.load()
            manifest["key"] = key.public
            text = canonical(manifest)
            signature = key.sign(text.encode()).hex()
        except keys.KeyProblem:
            # the records are proven all the same; the file is not signed
            text, signature = canonical(manifest), None
        return {
            "format": FORMAT,
            "manifest": text,
            "manifest_signature": signature,
            "blocks": self.blocks,
            "unsealed": [self.texts[row] for row in self.unsealed],
            "names": [_plain(seal) for seal in self._naming()],
        }

    def _naming(self):
        """Return the seals that say which models the numbers stand for."""
        wanted = {str(number) for number in self.sources if number}
        for seal in Seal.select(self.cr, "names IS NOT NULL ORDER BY seq", light=True):
            if wanted & set(seal.facts.get("names") or {}):
                yield seal
