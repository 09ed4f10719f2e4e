"""What a verification finds."""

from dataclasses import asdict, dataclass, field
from datetime import datetime

# findings of one kind that are named one by one
NAMED = 1000


@dataclass
class Finding:
    """Something that is not as it was sealed.

    ``kind`` says what, ``erp.audit.verification`` has the words for each.
    """

    kind: str
    seal: int | None = None
    row: int | None = None
    source: int | None = None
    res_id: int | None = None
    moment: datetime | None = None
    detail: str = ""
    number: int = 0

    def plain(self):
        """Return it as plain data."""
        return asdict(self)


@dataclass
class Report:
    """What a verification found.

    ``findings`` are what is wrong, ``notes`` what one should know: epochs, months that
    were taken away by retention.
    """

    findings: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    rows: int = 0
    seals: int = 0
    unsealed: int = 0
    lag: float = 0.0
    seconds: float = 0.0

    @property
    def clean(self):
        return not self.findings


@dataclass
class Gone:
    """A month that was taken away by retention, as its seal says."""

    seal: int
    start: datetime
    end: datetime
    partition: str
    number: int
    root: str
    file: str = ""
    file_sha256: str = ""
    leaves: dict = field(default_factory=dict, repr=False)

    def has(self, moment):
        return self.start <= moment < self.end


def gathered(findings):
    """Return findings without what was found twice, and with the sum of too many."""
    moved = {f.row for f in findings if f.kind in ("changed", "swapped")}
    groups = {}
    for finding in findings:
        if finding.kind == "added" and finding.row in moved:
            continue  # the change moved it to where it seems to be added
        group = groups.setdefault((finding.kind, finding.detail), [])
        if group and finding.kind.startswith("partition_"):
            group[0].number += finding.number
        else:
            group.append(finding)
    found = []
    for (kind, detail), group in groups.items():
        found += group[:NAMED]
        if len(group) > NAMED:
            rest = len(group) - NAMED
            found.append(Finding("more", number=rest, detail=f"{kind} {detail}"))
    return found
