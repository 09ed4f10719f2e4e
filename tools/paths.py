"""Where things live: the checkout, its state folder, the user's cache folder."""

import contextlib
import fcntl
import hashlib
import os
import shutil
from pathlib import Path

from tools.output import Fail, note

ROOT = Path(__file__).resolve().parent.parent
ADDONS = ROOT / "addons"
# Per checkout: demo database, pid files, logs, generated configuration.
STATE = ROOT / ".state"
LOGS = STATE / "log"

ODOO_SERIES = "19.0"


def enterable(path):
    """Tell whether any user of the machine may enter the folder `path`."""
    folders = [path, *path.parents]
    return all(f.stat().st_mode & 0o001 for f in folders if f.exists())


def _cache_folder():
    """Return the folder of downloads and derived files, shared by all checkouts."""
    configured = os.environ.get("XDG_CACHE_HOME")
    parent = Path(configured) if configured else Path.home() / ".cache"
    # PostgreSQL refuses to run as root; the system user that runs it instead must be
    # able to enter the cache, and root's home is usually closed.
    if os.getuid() == 0 and not configured and not enterable(parent):
        parent = Path("/var/cache")
    return parent / "order-control"


CACHE = _cache_folder()


def checkout_key():
    """Return a short name that tells this checkout from others of the same user."""
    return hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]


def require_space(gigabytes):
    """Fail when the cache's file system has too little room for a first set-up."""
    CACHE.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(CACHE).free / 2**30
    if free < gigabytes:
        raise Fail(
            f"{CACHE} has {free:.1f} GB free and the set-up needs {gigabytes} GB: "
            "free some space, or set XDG_CACHE_HOME to a folder on a larger disk."
        )


@contextlib.contextmanager
def locked(name):
    """Hold the cache's lock `name`, so that two ./ctl do not build the same thing."""
    try:
        CACHE.mkdir(parents=True, exist_ok=True)
        handle = open(CACHE / f"{name}.lock", "w")  # noqa: SIM115 (closed below)
    except OSError as error:
        raise Fail(
            f"Cannot write to {CACHE} ({error.strerror}): set XDG_CACHE_HOME to a "
            "folder that you may write to."
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            note("waiting for another ./ctl to finish")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def fresh_folder(path):
    """Return an empty folder beside `path` to build in; leftovers are removed."""
    building = path.with_name(path.name + ".part")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    return building
