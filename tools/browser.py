"""Makes sure that Odoo's browser tests find a Chromium."""

import os
import shutil
import subprocess

from tools.output import Fail, run, step
from tools.paths import locked

# In the order in which Odoo looks for them.
NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
REMEDY = "install Chromium (Debian: apt-get install chromium) and try again"


def get_browser():
    """Return the folder to put on PATH for a Chromium, None if it is there already."""
    if any(shutil.which(name) for name in NAMES):
        return None
    with locked("browser"):
        command = _apt_get()
        if command:
            _install(command)
            return None
    raise Fail(f"Browser tests need Chromium: {REMEDY}.")


def _apt_get():
    """Return the command that may install packages, None when there is none."""
    if not shutil.which("apt-get"):
        return None
    if os.getuid() == 0:
        return ["apt-get"]
    sudo = ["sudo", "--non-interactive"]
    if (
        shutil.which("sudo")
        and not subprocess.run([*sudo, "true"], capture_output=True).returncode
    ):
        return [*sudo, "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    return None


def _install(command):
    """Install Debian's Chromium."""
    step("Installing Chromium for the browser tests")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "-y", "chromium"]):
        run(
            [*command, "-q", *arguments],
            f"Cannot install Chromium: {REMEDY}",
            progress="installing Chromium",
            env=environment,
        )
