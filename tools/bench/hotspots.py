"""Tells which lines of the measured addons cost time and queries."""

import cProfile
import io
import pstats
import re
import sys
from collections import Counter
from contextlib import contextmanager

# lines of these addons are named, whatever core function they call
OURS = re.compile(r"/(\w*(?:approval|tier_validation|tracking|audit)\w*/.+)$")
STATEMENT = re.compile(
    r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|SAVEPOINT|RELEASE|ROLLBACK)", re.I
)
TABLE = re.compile(r'(?:FROM|INTO|UPDATE)\s+(?:ONLY\s+)?"?(\w+)"?', re.I)


def _statement(query):
    """Return an SQL statement in a few words: its verb and its first table."""
    text = getattr(query, "code", query)
    verb = STATEMENT.match(text)
    table = TABLE.search(text)
    name = verb.group(1).split()[0].upper() if verb else text.split()[0]
    return f"{name} {table.group(1)}" if table else name


def _caller():
    """Return the line of ours that is nearest to the query on the stack."""
    frame = sys._getframe(2)
    while frame:
        found = OURS.search(frame.f_code.co_filename)
        if found:
            return f"{found.group(1)}:{frame.f_lineno} {frame.f_code.co_name}"
        frame = frame.f_back
    return "(core)"


@contextmanager
def observed(report):
    """Profile a block; afterwards append to the list `report` what it cost where."""
    from odoo.sql_db import Cursor

    counts = Counter()
    execute = Cursor.execute

    def counting(self, query, *arguments, **options):
        counts[_caller(), _statement(query)] += 1
        return execute(self, query, *arguments, **options)

    profiler = cProfile.Profile()
    Cursor.execute = counting
    try:
        with profiler:
            yield
    finally:
        Cursor.execute = execute
    report.append(f"{sum(counts.values())} queries, by the nearest line of ours:")
    for (line, statement), count in counts.most_common(60):
        report.append(f"{count:6}  {statement:34} {line}")
    text = io.StringIO()
    statistics = pstats.Stats(profiler, stream=text)
    statistics.sort_stats("cumulative").print_stats(OURS.pattern[:-1], 50)
    report.append(text.getvalue())
