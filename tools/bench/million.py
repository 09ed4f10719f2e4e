"""./ctl bench --million: lists and pages with a million approvals in the database."""

import time
from pathlib import Path

from tools import addons, databases
from tools.bench import systems, table
from tools.bench.million_data import BIG_TABLES, History
from tools.bench.million_reads import READS
from tools.output import Progress, note, say, step

LIMIT = 0.2  # seconds of the server per page
REPEATS = 5
LARGE = 500_000  # approvals
# made anew when what makes it changes
RECIPE = ("million_data.py", "scene.py")


def measure(session, options, names, keep):
    """Make the data if it is not there, measure the pages; return the exit code."""
    name = f"million_{_key(session, options, names)}"
    database = systems.database(name)
    if options.fresh or not databases.exists(session, database):
        _make(session, options, names, name)
    worker = systems.Worker(session, name, "million")
    try:
        step(f"Reading pages in {database} ({options.scale:,} approvals)")
        results = [
            {"key": key, "user": login, "page": page, **cost}
            for key, login, page in READS
            if (cost := _read(worker, key, login, page))
        ]
    finally:
        worker.stop()
    for result in results:
        result["verdict"] = _verdict(result, options.scale)
    _show(results)
    path = keep("million", {"scale": options.scale, "addons": names, "pages": results})
    note(f"figures: {path}")
    missed = [result for result in results if result["verdict"] != "met"]
    return 1 if options.strict and missed else 0


def _key(session, options, names):
    """Return the part of the database's name that says what it was made of."""
    recipe = [Path(__file__).with_name(name) for name in RECIPE]
    template = databases.suite_template(session, names)
    return addons.digest_of(
        template, str(options.scale), *(path.read_text() for path in recipe)
    )


def _make(session, options, names, name):
    """Make the database with its history of approvals."""
    database = systems.database(name)
    step(f"Making {options.scale:,} approvals (once; kept for the next run)")
    _drop_others(session)
    building = f"{name}_part"
    template = databases.suite_template(session, names)
    databases.copy(session, template, systems.database(building))
    worker = systems.Worker(session, building, "million")
    try:
        for part in History.parts:
            start = time.monotonic()
            with Progress(f"making {part}", every=30):
                worker.call("make", part, options.scale)
            note(f"{part}: {time.monotonic() - start:.0f} s")
    except BaseException:
        worker.stop()
        databases.drop(session, systems.database(building))
        raise
    worker.stop()
    with Progress("collecting statistics for PostgreSQL's planner", every=30):
        tables = ", ".join(BIG_TABLES)
        session.server.psql(f"VACUUM (ANALYZE) {tables}", systems.database(building))
        session.server.psql("ANALYZE", systems.database(building))
    databases.rename(session, systems.database(building), database)


def _drop_others(session):
    """Drop this checkout's earlier data: it is large."""
    prefix = systems.database("million")
    rows = session.server.psql(
        f"SELECT datname FROM pg_database WHERE datname LIKE '{prefix}\\_%'"
    )
    for (name,) in rows:
        databases.drop(session, name)


def _read(worker, key, login, page):
    with Progress(page, every=30):
        return worker.call("read", key, login, REPEATS)


def _verdict(result, scale):
    """Return whether a page is fast enough, and does not read our tables as a whole.

    In a small table PostgreSQL rightly prefers that to an index.
    """
    if result["busy"] >= LIMIT:
        return "NOT MET: slow"
    ours = [name for name in result["scans"] if name.startswith("approval_")]
    return "NOT MET: no index" if ours and scale >= LARGE else "met"


def _show(results):
    rows = [
        [
            result["page"],
            str(result["rows"]),
            f"{1000 * result['wall']:.0f} ms",
            f"{1000 * result['busy']:.0f} ms",
            f"{result['queries']:.0f}",
            ", ".join(result["scans"]) or "-",
            result["verdict"],
        ]
        for result in results
    ]
    head = ["page", "rows", "clock", "busy", "queries", "read as a whole", ""]
    say()
    say(table.grid(rows, head))
    say()
    say(f"A page may cost {1000 * LIMIT:.0f} ms of busy time: the processor time of")
    say("Odoo's process and PostgreSQL's together, which others do not lengthen.")
    say("The indexes that each page uses are in the figures.")
    say()
