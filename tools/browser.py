"""Makes sure that Odoo's browser tests find a Chromium."""

import os
import shutil
import subprocess

from tools import apt
from tools.output import run, step
from tools.paths import CACHE, fresh_folder, locked, require_space

# In the order in which Odoo looks for them.
NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
REMEDY = "install Chromium (Debian: apt-get install chromium) and try again"
# Chromium crashes on a machine without any font.
PACKAGES = ("chromium", "fonts-dejavu-core")
# What stands in for the installed program; $0 is in the folder bin of the copy.
WRAPPER = """\
#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")
export LD_LIBRARY_PATH="{libraries}"
export FONTCONFIG_FILE="$root/bin/fonts.conf"
exec "$root/usr/lib/chromium/chromium" "$@"
"""
FONTS = """\
<?xml version="1.0"?>
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir prefix="relative">../usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""


def get_browser():
    """Return the folder to put on PATH for a Chromium, None if it is there already.

    Who may install packages gets Debian's; who may not gets a copy in the cache.
    """
    if any(shutil.which(name) for name in NAMES):
        return None
    with locked("browser"):
        command = _apt_get()
        if command:
            _install(command)
            return None
        folder = CACHE / "chromium"
        if not folder.is_dir():
            _copy(folder)
    return folder / "bin"


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
    for arguments in (["update"], ["install", "-y", *PACKAGES]):
        run(
            [*command, "-q", *arguments],
            f"Cannot install Chromium: {REMEDY}",
            progress="installing Chromium",
            env=environment,
        )


def _copy(folder):
    """Unpack Debian's Chromium, and the libraries that the machine lacks."""
    mirror, suite = apt.debian_mirror(REMEDY)
    require_space(2)
    step("Getting Chromium for the browser tests (no right to install packages)")
    downloads = fresh_folder(CACHE / "apt-chromium")
    private = apt.PrivateApt(downloads, mirror, suite, own_status=False)
    private.update()
    building = fresh_folder(folder)
    for package in private.download_missing(*PACKAGES):
        apt.unpack(package, building)
    _add_wrapper(building)
    run(
        [building / "bin" / "chromium", "--version"],
        f"The copy of Chromium does not start here: {REMEDY}",
    )
    shutil.rmtree(downloads)
    building.rename(folder)


def _add_wrapper(folder):
    """Write the program that starts the copy with its own libraries."""
    # usr/lib/<machine>, and the folders below it where programs keep theirs.
    libraries = {path.parent.relative_to(folder) for path in folder.glob("**/lib*.so*")}
    wrapper = folder / "bin" / "chromium"
    wrapper.parent.mkdir(exist_ok=True)
    places = ":".join(f"$root/{path}" for path in sorted(libraries))
    (wrapper.parent / "fonts.conf").write_text(FONTS)
    wrapper.write_text(WRAPPER.format(libraries=places))
    wrapper.chmod(0o755)
