"""Merkle trees as in RFC 6962: one hash for many leaves, and the way to each of them.

Leaves and nodes are hashed with different first bytes, so that a node can never pass
for a leaf. A node without a neighbour moves up unchanged.
"""

from hashlib import sha256

SIZE = 32
LEAF = b"\x00"
NODE = b"\x01"


def leaf(text):
    """Return the leaf of a row, given by its canonical text."""
    return sha256(LEAF + text.encode()).digest()


def _above(level):
    """Return the level above a level of nodes, both as joined hashes."""
    size = len(level)
    whole = size - size % (2 * SIZE)
    nodes = [
        sha256(NODE + level[start : start + 2 * SIZE]).digest()
        for start in range(0, whole, 2 * SIZE)
    ]
    return b"".join(nodes) + level[whole:]


def root(leaves):
    """Return the root over joined leaves."""
    if not leaves:
        return sha256(b"").digest()
    while len(leaves) > SIZE:
        leaves = _above(leaves)
    return leaves


def path(leaves, position):
    """Return the neighbours that lead from a leaf to the root.

    :param bytes leaves: all leaves, joined
    :param int position: number of the leaf, from 0
    :return: list of ``(side, hash)``; the side, ``"left"`` or ``"right"``, is that
        of the neighbour
    """
    found = []
    while len(leaves) > SIZE:
        other = position ^ 1
        node = leaves[other * SIZE : (other + 1) * SIZE]
        if node:
            found.append(("left" if position & 1 else "right", node))
        leaves = _above(leaves)
        position //= 2
    return found
