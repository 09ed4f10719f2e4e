"""The code's style, by the linters whose settings are at the top of the repository."""

import subprocess
import sys
from pathlib import Path

from tools.addons import our_addons
from tools.paths import ADDONS, ROOT

RUFF = Path(sys.executable).with_name("ruff")
CODE = ("addons", "tests", "tools", "conftest.py")


def complaints(*command, timeout=600):
    """Run a linter; return what it complains about, "" if nothing."""
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=timeout
    )
    return done.stdout + done.stderr if done.returncode else ""


def our_code():
    """Return the folders and files with code of ours."""
    return [path for path in CODE if (ROOT / path).exists()]


def test_ruff_check():
    found = complaints(RUFF, "check", "--no-cache", *our_code())
    assert not found, found


def test_ruff_format():
    found = complaints(RUFF, "format", "--check", "--no-cache", *our_code())
    assert not found, found


def test_pylint_odoo():
    addons = [str(ADDONS / name) for name in our_addons()]
    assert addons
    pylint = (sys.executable, "-m", "pylint", "--rcfile=.pylintrc", "-j2")
    found = complaints(*pylint, *addons, timeout=1200)
    assert not found, found
