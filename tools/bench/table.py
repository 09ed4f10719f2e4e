"""Readable tables of what was measured."""

from statistics import median

from tools.bench import budget
from tools.bench.work import STEPS


def grid(rows, head):
    """Return rows of texts as an aligned table; the first column is flush left."""
    rows = [head, *rows]
    widths = [max(len(row[n]) for row in rows) for n in range(len(head))]
    lines = []
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
        if not number:
            lines.append("  ".join("-" * width for width in widths))
    return "\n".join(lines)


def costs(results, systems, size, measure):
    """Return the table of times per order, ratios against plain, queries per order."""
    rows = []
    for step in STEPS:
        if step.name not in {name for steps in results.values() for name in steps}:
            continue
        row = [step.label]
        for system in systems:
            row.append(_cell(results, step.name, system.name, size, measure))
        rows.append(row)
    return grid(rows, ["per order", *(system.label for system in systems)])


def _cell(results, step, system, size, measure):
    """Return one cell: milliseconds, ratio against plain, queries."""
    found = results.get(system, {}).get(step)
    if not found:
        return "-"
    milliseconds = 1000.0 * median(found[measure]) / size
    count = budget.queries(results, step, system) / size
    ratio = " " * 6
    if system != "plain" and step in results["plain"]:
        times = budget.ratio(results, step, system, "plain", measure)
        ratio = f"{times:5.2f}x"
    return f"{milliseconds:7.2f} ms {ratio} {count:6.1f} q"


def verdicts(lines, systems, size):
    """Return the table of budgets and whether they are kept."""
    steps = {step.name: step.label for step in STEPS}
    labels = {system.name: system.label for system in systems}
    rows = [
        [
            steps[item.step],
            labels.get(system, system),
            item.words(size),
            measured,
            verdict,
        ]
        for item, system, measured, verdict in lines
    ]
    return grid(rows, ["budget", "system", "may cost", "costs", ""])
