"""The key that signs seals, and what else is kept outside the database.

Whoever can write in the database can write a whole new trail with seals that fit. What
he cannot do is sign them: the key is a file that only Odoo's system user can read.
The number of the newest seal is kept in a file as well, so that seals cut off the end
are missed even when nobody collects them elsewhere.

Settings are variables of the process environment (``ERP_AUDIT_KEY_FILE``), or options
in a section ``[erp_audit]`` of ``odoo.conf`` (``key_file``). They are not in the
database on purpose: whoever administers Odoo must not be able to redirect them.
"""

import configparser
import json
import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from odoo.tools import config


class KeyProblem(Exception):
    """The key cannot be used; the text says why and what to do."""


def setting(name):
    """Return a setting that is kept outside the database, or an empty text.

    :param str name: ``key_file``, ``seal_file``, ``syslog`` or ``export_dir``
    """
    value = os.environ.get(f"ERP_AUDIT_{name.upper()}")
    if value is None and config["config"]:
        parser = configparser.RawConfigParser()
        parser.read(config["config"])
        value = parser.get("erp_audit", name, fallback="")
    return value or ""


def folder():
    """Return the folder of the audit in Odoo's data folder, made if needed."""
    path = Path(config["data_dir"]) / "erp_audit"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


class Key:
    """A private key that signs.

    :param private: an ``Ed25519PrivateKey``
    """

    def __init__(self, private):
        self._private = private
        raw = private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        self.public = raw.hex()

    @classmethod
    def generate(cls):
        """Return a new key."""
        return cls(Ed25519PrivateKey.generate())

    def sign(self, data):
        """Return the signature of bytes."""
        return self._private.sign(data)

    def pem(self):
        """Return the key as it is kept in its file."""
        return self._private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def is_signed(public, signature, data):
    """Return whether bytes are signed with the key of this public key (hexadecimal)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes(signature), data)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def key_file():
    """Return the path of the key."""
    return Path(setting("key_file") or folder() / "seal.pem")


def _public_file():
    return key_file().with_suffix(".pub")


def load():
    """Return the key, which is generated the first time.

    :raise KeyProblem: if the file cannot be read or written
    """
    path = setting("key_file") or "seal.pem"
    try:
        path = key_file()
        if not path.exists():
            _generate(path)
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise KeyProblem(
            f"The key of the audit trail, {path}, cannot be used ({error}): restore it"
            " from its copy, or let ERP_AUDIT_KEY_FILE name a file that can be written."
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyProblem(f"{path} holds no Ed25519 key: restore the right file.")
    return Key(private)


def _generate(path):
    """Write a new key, unless another process is quicker."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = Key.generate()
    building = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(building, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(key.pem())
        file.flush()
        os.fsync(file.fileno())
    try:
        # fails if the file is there by now, unlike a rename
        os.link(building, path)
    except FileExistsError:
        return
    finally:
        building.unlink()
    with open(_public_file(), "a") as file:
        file.write(key.public + "\n")


def is_private():
    """Return whether nobody but its owner can read the key, if there is one here."""
    try:
        return not key_file().stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    except OSError:
        return True


def problem():
    """Return why the key cannot be used, "" if it can or there is none."""
    try:
        if key_file().exists():
            load()
    except (KeyProblem, OSError) as error:
        return str(error)
    return ""


def exports(database):
    """Return the folder of exported months of a database, by its uuid."""
    configured = setting("export_dir")
    return Path(configured) if configured else folder() / "exports" / database


def trusted():
    """Return the public keys that this machine knows: of its key, and of older ones.

    Older ones are kept in the file ``.pub`` beside the key, one a line; a key that is
    replaced is added there by itself.
    """
    known = set()
    if key_file().exists():
        try:
            known.add(load().public)
        except KeyProblem:
            # told by problem(); what was signed can still be checked
            known.clear()
    if _public_file().exists():
        known.update(_public_file().read_text().split())
    return known


# -- the newest seal of each database --------------------------------------------------


def _state_file(database, topic):
    name = "".join(c for c in database or "unknown" if c.isalnum() or c in "-_")
    return folder() / topic / f"{name}.json"


def read_state(database, topic="heads"):
    """Return what is kept of a database, as a dict.

    :param str database: its uuid
    :param str topic: ``heads``: ``seq`` and ``hash`` of its newest seal; the name of
        a sink: ``seq`` of the last seal that was sent there
    """
    try:
        return json.loads(_state_file(database, topic).read_text())
    except (OSError, ValueError):
        return {}


def write_state(database, topic="heads", **values):
    """Keep values of a database, see :func:`read_state`."""
    path = _state_file(database, topic)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    building = path.with_name(f"{path.name}.{os.getpid()}")
    with open(building, "w") as file:
        file.write(json.dumps(values))
        file.flush()
        os.fsync(file.fileno())
    building.replace(path)
