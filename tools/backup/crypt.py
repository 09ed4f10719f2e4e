"""Encrypts or decrypts a stream with age; a process of its own in the pipe.

    python -m tools.backup.crypt encrypt RECIPIENT... < archive > archive.age
    python -m tools.backup.crypt decrypt KEYFILE < archive.age > archive

age (https://age-encryption.org) by the Python package pyrage. The commands ``age`` and
``rage`` open the same files. What was encrypted is authenticated piece by piece:
nothing that somebody has changed comes out.
"""

import os
import re
import sys
from hashlib import sha256
from pathlib import Path

BEGINNING = b"age-encryption.org/v1"


class NoKey(Exception):
    """A key is none, or does not fit."""


class Counting:
    """Passes what is written on, and hashes it."""

    def __init__(self, file):
        self._file = file
        self.digest = sha256()
        self.size = 0

    def write(self, data):
        """Write all of the data."""
        view = memoryview(data)
        self.digest.update(view)
        self.size += len(view)
        while view:
            view = view[self._file.write(view) :]
        return len(data)

    def flush(self):
        """Nothing is kept back."""


def recipients(texts):
    """Return the recipients that keys, or files with some, name.

    :raise NoKey: if a text names none
    """
    from pyrage import RecipientError, ssh, x25519

    found = []
    for text in texts:
        path = Path(text)
        is_key = text.startswith(("age1", "ssh-"))
        if not is_key and not path.is_file():
            raise NoKey(
                f"{text} is no public key: it begins with age1 or ssh-, or is a file"
            )
        lines = [text] if is_key else path.read_text(errors="replace").splitlines()
        lines = [line.strip() for line in lines]
        for line in lines:
            if not line or line.startswith("#"):
                continue
            kind = ssh if line.startswith("ssh-") else x25519
            try:
                found.append(kind.Recipient.from_str(line))
            except RecipientError as error:
                raise NoKey(f"{text} holds no public key ({error})") from error
    if not found:
        raise NoKey(f"{', '.join(texts)} holds no public key")
    return found


def identities(path):
    """Return the identities of a key file.

    :raise NoKey: if there is none
    """
    from pyrage import IdentityError, ssh, x25519

    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise NoKey(f"{path} cannot be read ({error.strerror})") from error
    try:
        if b"PRIVATE KEY-----" in data:
            return [ssh.Identity.from_buffer(data)]
        lines = [line.strip() for line in data.decode(errors="replace").splitlines()]
        found = [
            x25519.Identity.from_str(line)
            for line in lines
            if line and not line.startswith("#")
        ]
    except IdentityError as error:
        raise NoKey(f"{path} holds no private key ({error})") from error
    if not found:
        raise NoKey(f"{path} holds no private key")
    return found


def make(path):
    """Write a new private key; return the public one.

    :raise FileExistsError: if there is such a file already
    """
    from pyrage import x25519

    identity = x25519.Identity.generate()
    public = str(identity.to_public())
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(f"# public key: {public}\n{identity}\n")
    return public


def main(what, *keys):
    """Encrypt or decrypt standard input to standard output; return the exit code."""
    import pyrage

    output = Counting(os.fdopen(1, "wb", buffering=0))
    source = os.fdopen(0, "rb", buffering=1 << 20)
    try:
        if what == "encrypt":
            pyrage.encrypt_io(source, output, recipients(keys))
        else:
            pyrage.decrypt_io(source, output, identities(*keys))
    except pyrage.DecryptError as error:
        # what it says when none of the identities fits
        wrong = "no matching" in str(error).lower()
        print(f"{'WRONG KEY' if wrong else 'DAMAGED'}: {error}", file=sys.stderr)
        return 1
    except (NoKey, OSError, pyrage.EncryptError) as error:
        text = re.sub(r"^\w+: \[Errno \d+\] ", "", str(error))
        damaged = "DAMAGED: " if text == "decryption error" else ""
        print(f"{damaged}{text}", file=sys.stderr)
        return 1
    print(f"sha256 {output.digest.hexdigest()} {output.size}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
