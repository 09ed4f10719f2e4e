"""The budgets of the suite, and whether a run keeps within them."""

from dataclasses import dataclass
from statistics import median

MET, MISSED, UNKNOWN = "met", "NOT MET", "not measured"


@dataclass(frozen=True)
class Budget:
    """What one step may cost.

    :param step: name of the step
    :param beside: system that the time is compared with, None for no limit of time
    :param ratio: highest time, as a multiple of that system's
    :param more: highest number of queries per order above that system's
    :param total: highest number of queries for all orders together
    """

    step: str
    beside: str = None
    ratio: float = None
    more: float = None
    total: int = None

    def words(self, size):
        """Return the budget as a person reads it."""
        names = {"plain": "plain", "oca": "OCA"}
        parts = []
        if self.ratio:
            parts.append(f"{self.ratio:.2f} x {names[self.beside]}")
        if self.more is not None:
            parts.append(f"+{self.more:g} q")
        if self.total:
            parts.append(f"under {self.total} q for {size}")
        return ", ".join(parts)


BUDGETS = (
    Budget("create", "plain", 1.10, 2),
    Budget("create_batch", "plain", 1.10, 0.2),
    Budget("edit_header", "plain", 1.5, 1),
    Budget("edit_lines", "plain", 1.10, 1),
    Budget("submit", "oca", 0.5),
    Budget("submit_batch", total=60),
    Budget("approve", "oca", 0.5),
    Budget("approve_batch", total=120),
    Budget("confirm", "plain", 1.10, 3),
)
JUDGED = ("no_match", "match")
# the audit trail by itself: a tenth of the time, one query
AUDITED = "create create_batch edit_header edit_lines confirm confirm_batch".split()
AUDIT_BUDGETS = tuple(
    Budget(step, "plain", 1.5 if step == "edit_header" else 1.10, 1) for step in AUDITED
)


def ratio(results, step, system, beside, measure="busy"):
    """Return the median over the rounds of the ratio between two systems' times.

    Both did the same work within seconds of each other in each round, so that a slow
    minute of the machine slows both.
    """
    mine, theirs = (results[name][step][measure] for name in (system, beside))
    return median(a / b for a, b in zip(mine, theirs, strict=True))


def queries(results, step, system):
    """Return the median number of queries of a step, for all orders together."""
    return median(results[system][step]["queries"])


def judge(results, size):
    """Return ``[(budget, system, measured, verdict)]`` for every line of the budget.

    :param dict results: ``{system: {step: {measure: [value of each round]}}}``
    """
    lines = []
    for budget in AUDIT_BUDGETS:
        if budget.step in results.get("audit", ()):
            verdict = _verdict(budget, "audit", results, size)
            lines.append((budget, "audit", *verdict))
    for budget in BUDGETS:
        for system in JUDGED:
            if system in results and budget.step not in results[system]:
                continue  # nothing is submitted where no policy matches
            if system == "no_match" and budget.beside != "plain":
                continue
            lines.append((budget, system, *_verdict(budget, system, results, size)))
    return lines


def _verdict(budget, system, results, size):
    """Return what was measured in words, and the verdict."""
    needed = {system, budget.beside} - {None}
    if not needed <= set(results):
        return "", UNKNOWN
    parts, good = [], True
    count = queries(results, budget.step, system)
    if budget.ratio:
        times = ratio(results, budget.step, system, budget.beside)
        parts.append(f"{times:.2f} x")
        good = good and times <= budget.ratio
    if budget.more is not None:
        more = (count - queries(results, budget.step, budget.beside)) / size
        parts.append(f"{more:+.2f} q")
        good = good and more <= budget.more
    if budget.total:
        parts.append(f"{count:.0f} q")
        good = good and count < budget.total
    return ", ".join(parts), MET if good else MISSED
