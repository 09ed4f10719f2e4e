"""Makes the virtual environment with the pinned Python packages."""

import hashlib
import shutil
import sys

from tools.output import run, step
from tools.paths import CACHE, LOGS, ROOT, locked, require_space

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
LOCKS = (ROOT / "requirements.txt", ROOT / "requirements-dev.txt")
# packages that only ./ctl itself uses: no database depends on them
OURS = ("pyrage==",)


def lock_digest(without=()):
    """Return a digest of the pinned packages, without comments.

    :param without: what the lines of packages that do not count begin with
    """
    lines = [
        line.strip()
        for lock in LOCKS
        for line in lock.read_text().splitlines()
        if line.strip() and not line.startswith(("#", *without))
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def _folder():
    """Return where the virtual environment belongs."""
    return CACHE / f"venv-{VERSION}-{lock_digest()}"


def _mark(folder):
    """Return the file that marks the virtual environment at `folder` as complete.

    It cannot be built elsewhere and moved, so it is built in place and counts only
    with this mark, written last.
    """
    return folder / ".complete"


def find_python():
    """Return the Python of the virtual environment, None when it is not made yet."""
    folder = _folder()
    return folder / "bin" / "python" if _mark(folder).exists() else None


def get_python():
    """Return the Python of the virtual environment, making it the first time."""
    with locked("venv"):
        return find_python() or _build(_folder())


def _build(folder):
    """Build the virtual environment at `folder` and return its Python."""
    require_space(3)
    step(f"Installing the Python packages (Python {VERSION})")
    shutil.rmtree(folder, ignore_errors=True)
    run(
        [sys.executable, "-m", "venv", folder],
        "Cannot make a virtual environment: install Python's venv module "
        f"(Debian: apt-get install python{VERSION}-venv)",
    )
    requirements = [option for lock in LOCKS for option in ("-r", lock)]
    run(
        [folder / "bin" / "python", "-m", "pip", "install", "--no-input"]
        + ["--disable-pip-version-check", "--no-deps", *requirements],
        "Cannot install the Python packages: check the network, or pip's index; "
        f"details in {LOGS / 'pip.log'}",
        log=LOGS / "pip.log",
        progress="installing Python packages",
    )
    _mark(folder).touch()
    return folder / "bin" / "python"


def site_packages(python):
    """Return the folder of the packages of the virtual environment of `python`."""
    (folder,) = (python.parent.parent / "lib").glob("python3*/site-packages")
    return folder
