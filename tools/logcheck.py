"""Finds the warnings and errors in Odoo's logs that are ours to mend."""

import re

LINE = re.compile(
    r"^\d{4}-\d\d-\d\d [\d:,]+ \d+ (?P<level>WARNING|ERROR|CRITICAL) \S+ "
    r"(?P<logger>\S+): (?P<message>.*)"
)
# (logger, message) of what may be in a log all the same, each with its reason.
ALLOWED = (
    # Without internet the online services that core apps call do not answer.
    (r"odoo\.addons\.(iap|partner_autocomplete|iap_mail)\b", r""),
    (r"odoo\.addons\.base\.models\.ir_module", r"Failed to .*publisher warranty"),
    # Debian 13 has no wkhtmltopdf any more; no test of ours prints a PDF.
    (r"odoo\.addons\.base\.models\.ir_actions_report", r".*[Ww]khtmltopdf"),
)


def is_allowed(logger, message):
    """Tell whether this warning is on the list of those that are not ours."""
    return any(re.match(a, logger) and re.match(b, message) for a, b in ALLOWED)


def complaints(text):
    """Return the lines of a log that are warnings or worse and are ours to mend."""
    found = []
    for line in text.splitlines():
        match = LINE.match(line)
        if match and not is_allowed(match["logger"], match["message"]):
            found.append(line)
    return found
