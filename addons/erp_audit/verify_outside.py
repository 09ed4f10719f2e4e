"""Compares the chain with what is known of it outside the database."""

import json

from . import keys
from .seal import TABLE, Seal, digest
from .verify_report import Finding


def known_databases(cr, trusted):
    """Return the uuids under which this machine may know the chain."""
    cr.execute("SELECT value FROM ir_config_parameter WHERE key = 'database.uuid'")
    databases = {row[0] for row in cr.fetchall()}
    last = Seal.select(cr, "true ORDER BY seq DESC LIMIT 1", light=True)
    # what the setting says now is easily changed, what was signed is not
    if last and last[0].wrong(trusted) in (None, "leaves"):
        databases.add(last[0].facts["database"])
    return databases


def read_anchors(lines, trusted):
    """Read lines of seals that were kept elsewhere.

    :return: ``({number: hash}, findings)``
    """
    known, findings = {}, []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line[line.index("{") :])
            header = values["header"]
            facts = json.loads(header)
            right = facts["key"] in trusted and keys.is_signed(
                facts["key"], bytes.fromhex(values["signature"]), header.encode()
            )
            seq = int(facts["seq"])
        except (ValueError, KeyError, TypeError):
            right = False
        if right:
            # after a restore a number may come twice: the later one is in force
            known[seq] = digest(header)
        else:
            findings.append(Finding("anchor", number=number))
    return known, findings


class Outside:
    """Finds seals that are known elsewhere, and are not here or are others.

    :param int last: number of the newest seal that is here
    :param lost: pairs of numbers: seals that an epoch says were lost
    :param bool copy: it is a copy, which may lack the newest seals
    """

    def __init__(self, cr, last, lost, copy):
        self.cr = cr
        self.last = last
        self.lost = [pair for pair in lost if pair]
        self.copy = copy

    def compare(self, known, where):
        """Return findings.

        :param dict known: ``{number: hash}``
        :param str where: who knows it: ``machine`` or ``anchors``
        """
        self.cr.execute(
            f"SELECT seq, header FROM {TABLE} WHERE seq = ANY(%s)", [list(known)]
        )
        present = {seq: digest(header) for seq, header in self.cr.fetchall()}
        missed = [
            seq
            for seq, value in sorted(known.items())
            if present.get(seq) != value and not self._excused(seq)
        ]
        cut = [seq for seq in missed if seq > self.last]
        other = [seq for seq in missed if seq in present]
        findings = []
        if cut and not self.copy:
            number = cut[-1] - self.last
            findings.append(
                Finding("cut", seal=self.last + 1, number=number, detail=where)
            )
        if other:
            findings.append(
                Finding("rebuilt", seal=other[0], number=len(other), detail=where)
            )
        return findings

    def _excused(self, seq):
        return any(first <= seq <= last for first, last in self.lost)
