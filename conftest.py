"""Rules for every test run: nothing is skipped, nothing is logged unnoticed."""

import logging

import pytest

from tools.logcheck import is_allowed

COMPLAINTS = pytest.StashKey()


class _Complaints(logging.Handler):
    """Keeps the warnings and errors that were logged since it was last emptied."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        message = record.getMessage()
        if not is_allowed(record.levelname, record.name, message):
            first = message.strip().split("\n", 1)[0]
            self.lines.append(f"{record.levelname} {record.name}: {first}")


def pytest_configure(config):
    """Listen to the logs of everything that runs in this process."""
    config.stash[COMPLAINTS] = handler = _Complaints()
    logging.getLogger().addHandler(handler)


def pytest_unconfigure(config):
    """Stop listening."""
    logging.getLogger().removeHandler(config.stash[COMPLAINTS])


def _fail_skipped(report):
    """Turn a skipped test into a failed one.

    Odoo skips browser tests without a word when there is no browser; a run that
    tested nothing must not look like one that passed.
    """
    if report.skipped and not hasattr(report, "wasxfail"):
        where = report.longrepr
        reason = where[2] if isinstance(where, tuple) else str(where)
        report.outcome = "failed"
        report.longrepr = f"Skipped tests count as failed here. {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Fail the test that was skipped, or that logged a warning or an error.

    A test that provokes one on purpose says so with assertLogs or mute_logger.
    """
    report = yield
    _fail_skipped(report)
    lines = item.config.stash[COMPLAINTS].lines
    if call.when != "setup" and lines and report.passed:
        report.outcome = "failed"
        report.longrepr = "Logged meanwhile:\n" + "\n".join(dict.fromkeys(lines))
    if call.when != "setup":
        lines.clear()
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Fail the file that was skipped as a whole."""
    report = yield
    _fail_skipped(report)
    return report
