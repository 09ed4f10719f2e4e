"""./ctl test: prepares the databases and runs everything in one pytest."""

import os
import re
import subprocess
from pathlib import Path

from tools import addons, databases
from tools.browser import get_browser
from tools.output import Fail, say, step
from tools.paths import ADDONS, LOGS, ROOT, STATE
from tools.postgres import stop_server
from tools.session import prepare

USAGE = "Say ./ctl test [ADDON | PATH ...] [-k NAME] [--fresh]."


def test(arguments):
    """Run the tests that `arguments` select, all without; return the exit code."""
    fresh = "--fresh" in arguments
    options, targets = _split([a for a in arguments if a != "--fresh"])
    paths, names = _select(targets)
    session = prepare("test")
    browser = get_browser()
    if fresh:
        databases.forget_templates(session)
    template = databases.suite_template(session, names)
    log = databases.installation_log(template)
    if _has_browser_tests(paths):
        template = databases.assets_template(session, template, names)
    database = databases.test_copy(session, template)
    step("Running " + (", ".join(targets) or "everything"))
    try:
        variables = {
            "ORDER_CONTROL_TEMPLATE": template,
            "ORDER_CONTROL_INSTALLATION_LOG": str(log),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(STATE / "hypothesis"),
        }
        environment = {**session.environment(browser), **variables}
        return _pytest(session, environment, database, [*paths, *options])
    finally:
        databases.drop(session, database)
        # A developer's next run finds the server; a build machine is left clean.
        if os.environ.get("CI"):
            stop_server("test", session.python)


def _split(arguments):
    """Return pytest's options and the targets (addons, paths) in `arguments`."""
    options, targets = [], []
    rest = iter(arguments)
    for argument in rest:
        if argument in ("-k", "-m", "--maxfail", "--durations"):
            options += [argument, next(rest, "")]
        elif argument.startswith("-"):
            options.append(argument)
        else:
            targets.append(argument)
    return options, targets


def _select(targets):
    """Return the paths to collect, and the addons that must be installed for them."""
    ours = addons.our_addons()
    paths, names = [], set()
    for target in targets:
        path, _colon, rest = target.partition("::")
        place = Path.cwd() / path
        if path in ours:
            place = ADDONS / path
        if not place.exists():
            raise Fail(f"There is no addon or file {target}. {USAGE}")
        paths.append(str(place) + _colon + rest)
        inside = place.resolve().relative_to(ROOT).parts
        known = len(inside) > 1 and inside[0] == "addons" and inside[1] in ours
        names.update([inside[1]] if known else ours)
    return paths, sorted(names or ours)


def _has_browser_tests(paths):
    """Tell whether tests at `paths` (of all addons without) open pages."""
    places = [Path(path.split("::")[0]) for path in paths] or [ADDONS]
    files = (f for p in places for f in ([p] if p.is_file() else p.rglob("test*.py")))
    return any(re.search("HttpCase|HOOTCommon", f.read_text()) for f in files)


def _pytest(session, environment, database, arguments):
    """Run pytest with Odoo on `database`; return its exit code."""
    command = [session.python, "-m", "pytest", f"--odoo-config={session.conf}"]
    command += [f"--odoo-database={database}", "--odoo-http", "--odoo-log-level=warn"]
    command += [f"--odoo-extra=screenshots={LOGS / 'screenshots'}"]
    code = subprocess.run([*command, *arguments], env=environment, cwd=ROOT).returncode
    if code == 5:
        say("ctl: no test was found for what you asked.")
    return code
