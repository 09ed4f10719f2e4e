"""Gets an Odoo 19.0 source tree: the one that ODOO_SRC names, or Debian's package."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tools import apt
from tools.output import Fail, note, step
from tools.paths import CACHE, ODOO_SERIES, fresh_folder, locked, require_space

REMEDY = "set ODOO_SRC to an Odoo 19.0 source tree"
# Debian ships these files of Odoo's web client in packages of their own.
PACKAGES = (
    "odoo-19",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-roboto-unhinted",
)
# Not in the package (no free source); the backend's pages load it for video calls and
# log an error, which fails every browser test, when it is absent.
STUBS = ("addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js",)


@dataclass(frozen=True)
class Odoo:
    """An Odoo source tree."""

    path: Path  # what goes on PYTHONPATH
    version: str

    @property
    def addons_paths(self):
        """The folders of the core addons in this tree."""
        inside = self.path / "odoo" / "addons"
        # A source checkout keeps all but a few beside the package "odoo"; an
        # installed Odoo has everything inside.
        installed = (inside / "web").is_dir()
        return [inside] if installed else [self.path / "addons", inside]

    def has_addon(self, name):
        """Tell whether the tree has the core addon `name`."""
        return any((f / name / "__manifest__.py").is_file() for f in self.addons_paths)


def _read_tree(path):
    """Return the `Odoo` at `path`, or fail when it is not 19.0."""
    release = path / "odoo" / "release.py"
    if not release.is_file():
        raise Fail(f"{path} holds no Odoo (no odoo/release.py): {REMEDY}.")
    match = re.search(r"^version_info = \((.*)\)", release.read_text(), flags=re.M)
    parts = [part.strip(" '\"") for part in match[1].split(",")] if match else ["?"]
    series = ".".join(parts[:2])
    if series != ODOO_SERIES:
        raise Fail(f"{path} is Odoo {series}, not {ODOO_SERIES}: {REMEDY}.")
    return Odoo(path, ".".join(part for part in parts if part))


def _dangling(folder):
    """Yield the symbolic links below `folder` that point nowhere."""
    for parent, folders, files in os.walk(folder):
        for name in folders + files:
            path = Path(parent, name)
            if path.is_symlink() and not path.exists():
                yield path


def _copy_link_targets(folder):
    """Replace links to other packages by the files themselves.

    Odoo serves a static file only if it really lies inside its addon.
    """
    for parent, _folders, files in os.walk(folder):
        for name in files:
            path = Path(parent, name)
            if path.is_symlink() and path.exists():
                target = path.resolve()
                path.unlink()
                shutil.copyfile(target, path)


def _mend(tree):
    """Add what Debian's package leaves out; tell what is still missing."""
    # Half copies of the addons, documentation and build scripts: not the product.
    for name in ("addons", "doc", "setup"):
        shutil.rmtree(tree / name, ignore_errors=True)
    _copy_link_targets(tree / "odoo" / "addons")
    for stub in STUBS:
        path = tree / "odoo" / stub
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    missing = sorted({path.name for path in _dangling(tree)})
    if missing:
        note(
            f"{len(missing)} files of the package point to fonts that Debian keeps "
            f"elsewhere; the suite does not use them ({', '.join(missing[:3])} ...)"
        )


def _download(folder):
    """Build the source tree at `folder` from Debian's packages."""
    mirror, _suite = apt.debian_mirror(f"{REMEDY}")
    require_space(6)
    step("Getting Odoo 19.0 (Debian's package odoo-19, about 120 MB)")
    downloads = fresh_folder(CACHE / "apt-odoo")
    private = apt.PrivateApt(downloads, mirror, "sid")
    private.update()
    building = fresh_folder(folder)
    for package in private.download(*PACKAGES):
        apt.unpack(package, building)
    tree = building / "usr" / "lib" / "python3" / "dist-packages"
    _read_tree(tree)
    _mend(tree)
    shutil.rmtree(downloads)
    # Last, in one go: an interrupted set-up leaves no half tree behind.
    building.rename(folder)


def get_odoo():
    """Return the Odoo tree to use, downloading it the first time."""
    configured = os.environ.get("ODOO_SRC")
    if configured:
        return _read_tree(Path(configured).expanduser().resolve())
    folder = CACHE / f"odoo-{ODOO_SERIES}"
    with locked("odoo"):
        if not folder.is_dir():
            _download(folder)
    return _read_tree(folder / "usr" / "lib" / "python3" / "dist-packages")
