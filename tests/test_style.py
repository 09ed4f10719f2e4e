"""The code's style, by the linters whose settings are at the top of the repository."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.addons import our_addons
from tools.paths import ADDONS, ROOT

RUFF = Path(sys.executable).with_name("ruff")
CODE = ("addons", "tests", "tools", "conftest.py")


def run(*command):
    """Run a linter; fail with what it printed."""
    paths = [path for path in CODE if (ROOT / path).exists()]
    done = subprocess.run(
        [*command, *paths], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    if done.returncode:
        pytest.fail(done.stdout + done.stderr, pytrace=False)


def test_ruff_check():
    run(RUFF, "check", "--no-cache")


def test_ruff_format():
    run(RUFF, "format", "--check", "--no-cache")


def test_pylint_odoo():
    addons = [str(ADDONS / name) for name in our_addons()]
    if not addons:
        return
    done = subprocess.run(
        [sys.executable, "-m", "pylint", "--rcfile=.pylintrc", "-j2", *addons],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1200,
    )
    if done.returncode:
        pytest.fail(done.stdout + done.stderr, pytrace=False)
