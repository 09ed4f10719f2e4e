"""What belongs to the audit trail and is kept outside the database."""

import base64
import importlib.util
import re

from tools.paths import ADDONS

CHAIN = "erp_audit_chain"
LOG = "erp_audit_log"
EXPORT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")


def load_keys():
    """Return the module of the addon that handles keys.

    By its file: an Odoo that has no audit trail is backed up all the same.
    """
    path = ADDONS / "erp_audit" / "keys.py"
    spec = importlib.util.spec_from_file_location("erp_audit_keys", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def exports_folder(keys, uuid):
    """Return the folder of the months that retention took out of a database."""
    configured = keys.setting("export_dir")
    return keys.Path(configured) if configured else keys.folder() / "exports" / uuid


def export_files(keys, uuid):
    """Return the files of such months, with their proofs."""
    folder = exports_folder(keys, uuid)
    if not folder.is_dir():
        return []
    files = [path for path in folder.iterdir() if path.is_file()]
    return sorted(
        path
        for path in files
        if EXPORT.fullmatch(path.name) and path.suffix in (".gz", ".json")
    )


class KeyWatch:
    """Finds the private key of the trail in what passes by, however it is written."""

    def __init__(self, keys):
        self._needles = self._forms(keys.key_file())
        self._before = b""
        self._overlap = max((len(n) for n in self._needles), default=1) - 1
        self.found = False

    @staticmethod
    def _forms(path):
        """Return the forms in which the key could have got into the archive."""
        try:
            pem = path.read_bytes()
        except OSError:
            return []
        lines = [line for line in pem.splitlines() if line and b"-----" not in line]
        try:
            der = base64.b64decode(b"".join(lines))
        except ValueError:
            return []
        seed = der[-32:]
        forms = [*lines, seed, base64.b64encode(seed).rstrip(b"=")]
        # as a column of bytes is dumped
        return [*forms, *(form.hex().encode() for form in forms)]

    def begin(self):
        """Begin with another file."""
        self._before = b""

    def look(self, piece):
        """Look at the next piece."""
        if not self._needles:
            return
        data = self._before + piece
        if any(needle in data for needle in self._needles):
            self.found = True
        self._before = data[-self._overlap :]
