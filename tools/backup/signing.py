"""Signs what is in an archive with the key of the audit trail, and checks it.

Whoever has the public key of a recipient can write an archive that opens. What he
cannot do is sign it.
"""

import json
from pathlib import Path

from tools.backup.archive import SIGNED


def signer(keys):
    """Return a function that signs, None if this machine has no key."""
    if not keys.key_file().exists():
        return None
    key = keys.load()

    def sign(data):
        values = {"key": key.public, "signature": key.sign(data).hex()}
        return json.dumps(values) + "\n"

    return sign


def trusted(keys, given):
    """Return the public keys to trust: those given, else those of this machine."""
    if not given:
        return keys.trusted()
    path = Path(given)
    return set((path.read_text() if path.is_file() else given).split())


def check_signature(keys, reader, given=None):
    """Return (whether it may be trusted, what to say about it).

    An archive of another machine is signed with a key that this one does not know;
    that is said, and is no reason to refuse it unless a key was asked for.
    """
    known = trusted(keys, given)
    if not reader.signature:
        text = "It is not signed."
        return not given, text
    try:
        values = json.loads(reader.signature)
        key, signature = values["key"], bytes.fromhex(values["signature"])
    except (ValueError, KeyError, TypeError):
        return False, "Its signature cannot be read: it was tampered with."
    if not keys.is_signed(key, signature, SIGNED + reader.sums):
        return False, "Its signature is wrong: it was tampered with."
    if key in known:
        return True, "It is signed with the key of the audit trail."
    if given:
        return False, f"It is signed with another key than yours: {key}."
    return True, (
        f"It is signed with a key that this machine does not know: {key}. If you know "
        "it, name it with --key."
    )
