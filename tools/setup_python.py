"""Makes the virtual environment with the pinned Python packages."""

import hashlib
import shutil
import sys

from tools.output import run, step
from tools.paths import CACHE, LOGS, ROOT, locked, require_space

LOCKS = (ROOT / "requirements.txt", ROOT / "requirements-dev.txt")


def lock_digest():
    """Return a digest of the pinned packages, without comments."""
    lines = [
        line.strip()
        for lock in LOCKS
        for line in lock.read_text().splitlines()
        if line.strip() and not line.startswith("#")
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def get_python():
    """Return the Python of the virtual environment, making it the first time."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    folder = CACHE / f"venv-{version}-{lock_digest()}"
    python = folder / "bin" / "python"
    # A virtual environment cannot be moved, so it is built in place and counts only
    # with this mark, written last.
    complete = folder / ".complete"
    with locked("venv"):
        if not complete.exists():
            _build(folder, version)
            complete.touch()
    return python


def _build(folder, version):
    """Build the virtual environment at `folder`."""
    require_space(3)
    step(f"Installing the Python packages (Python {version})")
    shutil.rmtree(folder, ignore_errors=True)
    run(
        [sys.executable, "-m", "venv", folder],
        "Cannot make a virtual environment: install Python's venv module "
        f"(Debian: apt-get install python{version}-venv)",
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


def site_packages(python):
    """Return the folder of the packages of the virtual environment of `python`."""
    (folder,) = (python.parent.parent / "lib").glob("python3*/site-packages")
    return folder
