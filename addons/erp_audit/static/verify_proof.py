#!/usr/bin/env python3
"""Checks proofs of the audit trail, without Odoo and without the database.

    python3 verify_proof.py PROOF.json [--key PUBLIC_KEY] [--anchors FILE]

PROOF.json is the proof of one record, of an exported list, or of an exported month (the
file that the latter two name must be beside it). PUBLIC_KEY is the one that you trust,
in hexadecimal, or a file with one a line; without it the script says with which key the
proof is signed, and you compare.
FILE has lines of seals as they were sent away; the seals of the proof must be there.

Needs Python 3.10 or newer and the package "cryptography".
The exit code is 0 if the proof holds, 1 if not, 2 if it cannot be read.
"""

import argparse
import gzip
import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

COLUMNS = (
    "id ts tx op source res_id other other_id uid real_uid login company ip session"
    " route action event diff"
).split()


class Wrong(Exception):
    """The proof does not hold; the text says why."""


def sha256(data):
    """Return the SHA-256 of bytes."""
    return hashlib.sha256(data).digest()


def leaf_of(text):
    """Return the leaf of a record, given by its canonical text."""
    return sha256(b"\x00" + text.encode())


def root_of(leaves):
    """Return the Merkle root over a list of leaves."""
    if not leaves:
        return sha256(b"")
    while len(leaves) > 1:
        above = [
            sha256(b"\x01" + leaves[i] + leaves[i + 1])
            for i in range(0, len(leaves) - 1, 2)
        ]
        if len(leaves) % 2:
            above.append(leaves[-1])
        leaves = above
    return leaves[0]


def root_of_some(number, known, nodes):
    """Return the Merkle root over leaves of which some are known.

    :param int number: how many leaves there are
    :param dict known: the known ones by their place
    :param nodes: iterator over the nodes that the known ones do not give
    """
    if not known or min(known) < 0 or max(known) >= number:
        raise Wrong("there is no such place under the seal")
    while number > 1:
        above = {}
        for pair in sorted({place // 2 for place in known}):
            left, right = 2 * pair, 2 * pair + 1
            if right >= number:
                above[pair] = known[left]
                continue
            first = known.get(left) or next(nodes, b"")
            above[pair] = sha256(
                b"\x01" + first + (known.get(right) or next(nodes, b""))
            )
        known, number = above, (number + 1) // 2
    if next(nodes, None) is not None:
        raise Wrong("there are nodes too many")
    return known[0]


class Checker:
    """Checks seals with the keys and the anchors that one trusts."""

    def __init__(self, keys, anchors):
        self.keys = keys
        self.anchors = anchors
        self.chain = None

    def seal(self, seal):
        """Return what a seal says; check its signature."""
        header = seal["header"]
        facts = json.loads(header)
        # one key may sign the trails of several databases
        if self.chain not in (None, facts["chain"]):
            raise Wrong(f"seal {facts['seq']} is of another trail")
        self.chain = facts["chain"]
        key = facts["key"]
        if self.keys and key not in self.keys:
            raise Wrong(f"seal {facts['seq']} is signed with another key: {key}")
        try:
            public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
            public.verify(bytes.fromhex(seal["signature"]), header.encode())
        except (InvalidSignature, ValueError):
            raise Wrong(f"the signature of seal {facts['seq']} is wrong") from None
        if self.anchors is not None and header not in self.anchors:
            raise Wrong(f"seal {facts['seq']} is not among those kept elsewhere")
        return facts

    def record(self, proof):
        """Check the proof of a record; return lines that tell what is proven."""
        text = proof["canonical"]
        node = leaf_of(text)
        place = proof["position"]
        for side, other in proof["path"]:
            other = bytes.fromhex(other)
            pair = other + node if side == "left" else node + other
            node = sha256(b"\x01" + pair)
        facts = self.seal(proof["seal"])
        if facts["kind"] != "block" or node.hex() != facts["root"]:
            raise Wrong(f"the record is not under seal {facts['seq']}")
        if not 0 <= place < facts["number"]:
            raise Wrong(f"there is no place {place} under the seal")
        names = {}
        for seal in proof["names"]:
            names.update(self.seal(seal)["names"])
        # what is proven is the text; the readable copy beside it must be the same
        record = dict(zip(COLUMNS, json.loads(text), strict=False))
        if record != proof["record"]:
            raise Wrong("the readable copy differs from the text that is proven")
        model = names.get(str(record["source"]), record["source"])
        lines = [
            f"Record {record['id']} of {record['ts']} (UTC)",
            f"  document: {model} {record['res_id']}",
        ]
        lines += [
            f"  {name}: {json.dumps(value, ensure_ascii=False)}"
            for name, value in record.items()
            if value is not None and name not in ("id", "ts", "source", "res_id")
        ]
        return lines + self.sealed(facts)

    def export(self, proof, folder):
        """Check an exported month; return lines that tell what is proven."""
        dropped = self.seal(proof["dropped"])
        if dropped["kind"] != "dropped" or dropped["partition"] != proof["partition"]:
            raise Wrong("the seal is about something else")
        path = folder / Path(proof["file"]).name
        if hashlib.sha256(path.read_bytes()).hexdigest() != dropped["file_sha256"]:
            raise Wrong(f"{path.name} is not the file that was exported")
        with gzip.open(path, "rb") as file:
            leaves = [sha256(b"\x00" + line[:-1]) for line in file]
        if len(leaves) != dropped["gone"]:
            raise Wrong(f"{len(leaves)} records instead of {dropped['gone']}")
        if root_of(leaves).hex() != dropped["gone_root"]:
            raise Wrong("the records are not those that were taken away")
        rest = iter(leaves)
        for block in proof["blocks"]:
            facts = self.seal(block)
            rows = []
            for item in block["rows"]:
                if isinstance(item, int):
                    rows += [next(rest, b"") for _number in range(item)]
                else:
                    rows.append(bytes.fromhex(item))
            if root_of(rows).hex() != facts["root"]:
                raise Wrong(f"records are not under their seal {facts['seq']}")
        if next(rest, None) is not None:
            raise Wrong("there are records without a seal")
        return [
            f"{proof['partition']}: {len(leaves)} records"
            f" under {len(proof['blocks'])} seals"
        ] + self.sealed(dropped)

    def selection(self, proof, folder):
        """Check an exported list; return lines that tell what is proven."""
        manifest = json.loads(proof["manifest"])
        lines = self.manifest(proof, manifest, folder)
        names = {}
        for seal in proof["names"]:
            names.update(self.seal(seal)["names"])
        seen = set()
        for block in proof["blocks"]:
            facts = self.seal(block)
            texts, places = block["records"], block["positions"]
            if facts["kind"] != "block" or len(texts) != len(set(places)):
                raise Wrong(f"seal {facts['seq']} is about something else")
            known = {
                place: leaf_of(text) for place, text in zip(places, texts, strict=True)
            }
            nodes = iter([bytes.fromhex(node) for node in block["nodes"]])
            if root_of_some(facts["number"], known, nodes).hex() != facts["root"]:
                raise Wrong(f"records are not under their seal {facts['seq']}")
            for text in texts:
                record = dict(zip(COLUMNS, json.loads(text), strict=False))
                seen.add(record["id"])
                model = names.get(str(record["source"]), record["source"])
                lines.append(
                    f"  record {record['id']} of {record['ts']}: {model}"
                    f" {record['res_id']}, seal {facts['seq']}"
                )
        if len(seen) != manifest["records"]:
            raise Wrong(f"{len(seen)} records instead of {manifest['records']}")
        waiting = [json.loads(text)[0] for text in proof["unsealed"]]
        if waiting != manifest["unsealed"] or seen & set(waiting):
            raise Wrong("the records without a seal are not those that were exported")
        lines.append(f"{len(seen)} records proven under {len(proof['blocks'])} seals.")
        if waiting:
            lines.append(f"NOT SEALED YET, not proven: {waiting}")
        return lines

    def manifest(self, proof, manifest, folder):
        """Check the file of an exported list, and who says that it is his."""
        path = folder / Path(manifest["file"]).name
        if hashlib.sha256(path.read_bytes()).hexdigest() != manifest["file_sha256"]:
            raise Wrong(f"{path.name} is not the file that was exported")
        lines = [f"{path.name}, exported {manifest['made']} (UTC) by {manifest['by']}"]
        if not proof["manifest_signature"]:
            return [*lines, "  The file is not signed; its records are, see below."]
        key = manifest["key"]
        if self.keys and key not in self.keys:
            raise Wrong(f"the file is signed with another key: {key}")
        try:
            public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
            signature = bytes.fromhex(proof["manifest_signature"])
            public.verify(signature, proof["manifest"].encode())
        except (InvalidSignature, ValueError):
            raise Wrong("the signature of the file is wrong") from None
        lines.append(f"  key: {key}")
        if not self.keys:
            lines.append("  Compare this key with the one that you were given.")
        return lines

    def sealed(self, facts):
        """Return lines that tell when and with what a seal was signed."""
        lines = [
            f"Seal {facts['seq']} of {facts['sealed']} (UTC)",
            f"  hash: {sha256(self.header(facts).encode()).hex()}",
            f"  key: {facts['key']}",
        ]
        if not self.keys:
            lines.append("  Compare this key with the one that you were given.")
        return lines

    @staticmethod
    def header(facts):
        """Return the text of a header."""
        return json.dumps(
            facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )


def read_keys(value):
    """Return the trusted keys of an option: a key, or a file with one a line."""
    if not value:
        return set()
    path = Path(value)
    return set((path.read_text() if path.is_file() else value).split())


def read_anchors(value):
    """Return the headers of the lines that were kept elsewhere; None without."""
    if not value:
        return None
    headers = set()
    for line in Path(value).read_text().splitlines():
        start = line.find("{")
        if start >= 0:
            headers.add(json.loads(line[start:])["header"])
    return headers


def main(arguments=None):
    """Check the proof that the arguments name; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("proof", type=Path)
    parser.add_argument("--key", help="public key that you trust, or a file with some")
    parser.add_argument("--anchors", help="file with lines of seals kept elsewhere")
    options = parser.parse_args(arguments)
    try:
        proof = json.loads(options.proof.read_text())
        checker = Checker(read_keys(options.key), read_anchors(options.anchors))
        if "canonical" in proof:
            lines = checker.record(proof)
        elif "manifest" in proof:
            lines = checker.selection(proof, options.proof.parent)
        else:
            lines = checker.export(proof, options.proof.parent)
    except Wrong as error:
        print(f"THE PROOF DOES NOT HOLD: {error}.")
        return 1
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"The proof cannot be read: {error!r}", file=sys.stderr)
        return 2
    print("\n".join(lines))
    print("The proof holds.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
