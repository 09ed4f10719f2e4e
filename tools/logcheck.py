"""Finds the warnings and errors in Odoo's logs that are ours to mend."""

import re

HEAD = re.compile(
    r"^\d{4}-\d\d-\d\d [\d:,]+ \d+ (?P<level>[A-Z]+) \S+ (?P<logger>\S+): "
)
# What Odoo's web layer says of wrong code, not of a refused request.
WRONG_CODE = "|".join(
    (
        ".* invalid routing parameter",
        ".* called ignoring args",
        ".* is not decorated by @route",
        ".* is a controller endpoint without any route",
        ".* returns an HTTPException",
        "Logged into database",
    )
)
# (level, logger, message) of what may be in a log, each with its reason.
ALLOWED = (
    # A refused call (no rights, a message to the user) is logged as a warning; that it
    # is refused is what the tests check. An unexpected exception is logged as an error.
    ("WARNING", r"odoo\.http$", rf"(?!{WRONG_CODE})"),
    # Two transactions wrote the same row: Odoo tries the later one again by itself.
    ("ERROR", r"odoo\.sql_db$", r"bad query: .*\nERROR: +could not serialize access"),
    # Without internet the online services that core apps call do not answer.
    ("WARNING", r"odoo\.addons\.(iap|partner_autocomplete|iap_mail)\b", r""),
    (
        "WARNING",
        r"odoo\.addons\.base\.models\.ir_module",
        r"Failed .*warranty",
    ),
    # Debian 13 has no wkhtmltopdf any more; no test of ours prints a PDF.
    ("WARNING", r"odoo\.addons\.base\.models\.ir_actions_report", r".*wkhtmltopdf"),
)


def is_allowed(level, logger, message):
    """Tell whether this record of a log is on the list of those that are not ours."""
    return any(
        level == allowed
        and re.match(name, logger)
        and re.match(text, message, re.DOTALL | re.IGNORECASE)
        for allowed, name, text in ALLOWED
    )


def _records(text):
    """Yield (level, logger, message) of a log; a message may have several lines."""
    record = None
    for line in text.splitlines():
        match = HEAD.match(line)
        if match:
            if record:
                yield record
            record = (match["level"], match["logger"], line)
        elif record:
            record = (*record[:2], f"{record[2]}\n{line}")
    if record:
        yield record


def complaints(text):
    """Return the records of a log that are warnings or worse and are ours to mend."""
    return [
        record
        for level, logger, record in _records(text)
        if level in ("WARNING", "ERROR", "CRITICAL")
        and not is_allowed(level, logger, HEAD.sub("", record))
    ]
