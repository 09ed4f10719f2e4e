"""What the repository's addons are, what they need, and whether they changed."""

import ast
import hashlib
import os
from functools import cache
from pathlib import Path

from tools.output import Fail
from tools.paths import ADDONS

# Not part of an installed database: a change here needs no new installation.
NOT_INSTALLED = {"tests", "static", "readme", "__pycache__"}
# Core apps that the suite is always shown and tested with, also when no addon of ours
# needs them: a template made with them serves every addon.
COMPANIONS = (
    "sale_management",
    "sale_margin",
    "sale_mrp",
    "sale_stock",
    "purchase_stock",
    "gamification",
    "rating",
    "repair",
    "website_slides",
)
# The demo company's chart of accounts.
LOCALIZATION = "l10n_cn"
LANGUAGE = "zh_CN"


def _manifest_at(folder):
    """Return the manifest in `folder`, None when there is none."""
    path = folder / "__manifest__.py"
    if not path.is_file():
        return None
    try:
        return ast.literal_eval(path.read_text())
    except (SyntaxError, ValueError) as error:
        raise Fail(f"{path} is no valid manifest ({error}): correct it.") from error


def our_addons():
    """Return {name: manifest} of the repository's installable addons."""
    if not ADDONS.is_dir():
        return {}
    manifests = {
        folder.name: _manifest_at(folder)
        for folder in sorted(ADDONS.iterdir())
        if folder.is_dir()
    }
    return {
        name: manifest
        for name, manifest in manifests.items()
        if manifest is not None and manifest.get("installable", True)
    }


def _depends(manifest):
    return manifest.get("depends") or ["base"]


def with_our_depends(names):
    """Return `names` and every addon of ours that they depend on, sorted."""
    ours = our_addons()
    found, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name in ours and name not in found:
            found.add(name)
            waiting.extend(_depends(ours[name]))
    return sorted(found)


def core_depends(names):
    """Return the core addons that the addons `names` of ours depend on, sorted."""
    ours = our_addons()
    needed = {dep for name in with_our_depends(names) for dep in _depends(ours[name])}
    return sorted(needed - set(ours) - {"base"})


@cache
def content_digest(name):
    """Return a digest of what the addon `name` puts into a database."""
    return _folder_digest(ADDONS / name, NOT_INSTALLED)


@cache
def static_digest(name):
    """Return a digest of the addon's files for the web client."""
    return _folder_digest(ADDONS / name / "static", set())


def _folder_digest(top, ignored):
    """Return a digest of all files below `top`, without folders called `ignored`."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(set(folders) - ignored)
        for file in sorted(files):
            path = Path(folder, file)
            digest.update(str(path.relative_to(top)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def digest_of(*parts):
    """Return a short digest of the texts `parts`."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
