"""The archive: a tar stream with checksums at its end, encrypted as it is written.

    manifest.json      what was backed up: versions, time, records of each table
    filestore/…        attachments, as Odoo keeps them
    audit/…            public keys, the newest seal, months that were taken away
    database/000000.gz the parts of what pg_dump writes (custom format)
    SHA256SUMS         of all of these
    SHA256SUMS.sig     signed by the key of the audit trail, if there is one

Nothing is written to disk unencrypted. Without this program:

    age -d -i KEYFILE FILE | tar x && sha256sum -c SHA256SUMS
    cat database/* | gunzip | pg_restore --no-owner -d NEWDB
"""

import contextlib
import io
import os
import re
import subprocess
import sys
import tarfile
from hashlib import sha256
from pathlib import Path

from tools.backup import crypt
from tools.output import Fail
from tools.paths import ROOT

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
SIGNATURE = "SHA256SUMS.sig"
SUFFIX = ".tar.age"
PLAIN_SUFFIX = ".tar"
KEPT = {MANIFEST, SUMS, SIGNATURE}
# of what may be in an archive; no name leads out of the folder it is unpacked in
NAMES = re.compile(
    r"manifest\.json|SHA256SUMS(\.sig)?|database/\d{6}\.gz"
    r"|(filestore|audit)(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+"
)
# what is signed cannot be mistaken for a seal
SIGNED = b"order-control backup\n"
PIECE = 1 << 20


def _crypt(what, *keys, **pipes):
    # it runs elsewhere: files of keys are those that are here
    keys = (os.path.abspath(key) if os.path.exists(key) else key for key in keys)
    return subprocess.Popen(
        [sys.executable, "-m", "tools.backup.crypt", what, *map(str, keys)],
        stderr=subprocess.PIPE,
        cwd=ROOT,
        **pipes,
    )


def _said(process):
    """Return the last line that an encrypting or decrypting process printed."""
    with process.stderr:
        lines = process.stderr.read().decode(errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "it stopped")


class _Looked:
    """A file that is looked at, and hashed, while it is read."""

    def __init__(self, file, look):
        self._file = file
        self._look = look
        self.digest = sha256()

    def read(self, size):
        """Read a piece."""
        piece = self._file.read(size)
        self.digest.update(piece)
        if self._look:
            self._look(piece)
        return piece


class Writer:
    """Writes an archive beside its name, and gives it the name when it is complete.

    :param path: the new file
    :param recipients: public keys; none for an archive that is not encrypted
    """

    def __init__(self, path, recipients):
        self.path = path
        self._part = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._recipients = recipients
        self._sums = []
        self._process = None
        self.digest, self.size = "", 0

    def __enter__(self):
        if self.path.exists():
            raise Fail(f"{self.path} is there already: nothing is overwritten.")
        if self._recipients:
            try:
                # a wrong key is told before anything is done
                crypt.recipients(self._recipients)
            except crypt.NoKey as error:
                raise Fail(f"{error}: name a public key with --recipient.") from error
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            self._file = os.fdopen(os.open(self._part, flags, 0o600), "wb", 0)
        except OSError as error:
            raise Fail(
                f"{self.path.parent} cannot be written to ({error.strerror}): choose "
                "another place."
            ) from error
        if self._recipients:
            self._process = _crypt(
                "encrypt",
                *self._recipients,
                stdin=subprocess.PIPE,
                stdout=self._file,
            )
            self._pipe = self._process.stdin
        else:
            self._pipe = crypt.Counting(self._file)
        self._tar = tarfile.open(fileobj=self._pipe, mode="w|", bufsize=PIECE)  # noqa: SIM115
        return self

    def __exit__(self, kind, error, _trace):
        try:
            if error:
                self._abandon(error)
            else:
                self._complete()
        finally:
            self._part.unlink(missing_ok=True)

    def _abandon(self, error):
        # it would write its end when it is collected
        self._tar.fileobj.closed = True
        if self._process:
            if not isinstance(error, OSError):
                self._process.kill()
            with contextlib.suppress(OSError):
                self._pipe.close()
            said = _said(self._process)
            if self._process.wait() and isinstance(error, BrokenPipeError):
                self._failed(said, error)
        self._file.close()
        if isinstance(error, OSError):
            self._failed(error.strerror or str(error), error)

    def _failed(self, why, error=None):
        raise Fail(
            f"The backup cannot be written to {self.path.parent} ({why}): make room, "
            "or choose another place. Nothing is left of it."
        ) from error

    def _complete(self):
        try:
            self._tar.close()
            if self._process:
                self._pipe.close()
            else:
                self.digest, self.size = self._pipe.digest.hexdigest(), self._pipe.size
        except OSError as error:
            self._abandon(error)
        if self._process:
            said = _said(self._process)
            if self._process.wait():
                self._failed(said)
            _word, self.digest, size = said.split()
            self.size = int(size)
        os.fsync(self._file.fileno())
        self._file.close()
        try:
            # unlike a rename this fails if somebody was quicker
            os.link(self._part, self.path)
        except FileExistsError as error:
            raise Fail(f"{self.path} is there already: nothing is overwritten.") from (
                error
            )
        except OSError:
            # file systems without links
            if self.path.exists():
                raise Fail(
                    f"{self.path} is there already: nothing is overwritten."
                ) from None
            os.rename(self._part, self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        with contextlib.suppress(OSError):
            os.fsync(folder)
        os.close(folder)

    # -- members -----------------------------------------------------------------------

    def add(self, name, data):
        """Add a member that is in memory."""
        self.add_file(name, io.BytesIO(data), len(data))

    def add_file(self, name, file, size, look=None):
        """Add a file of a known size.

        :param look: called with each piece of it
        """
        if not NAMES.fullmatch(name):
            raise Fail(f"{name} is no name that Odoo gives a file: rename it.")
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        looked = _Looked(file, look)
        self._tar.addfile(info, looked)
        self._sums.append(f"{looked.digest.hexdigest()}  {name}\n")

    def close_sums(self, sign):
        """Add the checksums, signed if there is a key.

        :param sign: function that returns a signature in text, or None
        """
        text = "".join(self._sums).encode()
        self.add(SUMS, text)
        if sign:
            self.add(SIGNATURE, sign(SIGNED + text).encode())


class Reader:
    """Reads an archive from its beginning to its end.

    :param path: the archive
    :param identity: file with the private key, if the archive is encrypted
    """

    def __init__(self, path, identity=None):
        self.path = Path(path)
        self._identity = identity
        self._process = None
        self.sums = b""
        self.signature = ""
        self.members, self.exports = 0, 0

    def __enter__(self):
        try:
            self._file = open(self.path, "rb", buffering=0)  # noqa: SIM115
        except OSError as error:
            raise Fail(f"{self.path} cannot be read ({error.strerror}).") from error
        self.encrypted = self._file.read(len(crypt.BEGINNING)) == crypt.BEGINNING
        self._file.seek(0)
        if not self.encrypted:
            self._stream = self._file
            return self
        if not self._identity:
            self._file.close()
            raise Fail(f"{self.path} is encrypted: name its key with --identity.")
        self._process = _crypt(
            "decrypt", self._identity, stdin=self._file, stdout=subprocess.PIPE
        )
        self._stream = self._process.stdout
        return self

    def __exit__(self, kind, error, _trace):
        self._file.close()
        if not self._process:
            return
        if error:
            self._process.kill()
        self._stream.close()
        said = _said(self._process)
        if self._process.wait() and not error:
            self._refuse(said)

    def _refuse(self, said):
        if said.startswith("WRONG KEY"):
            raise Fail(
                f"{self._identity} does not open {self.path}: it was encrypted for "
                "another key."
            )
        if said.startswith("DAMAGED"):
            raise Fail(
                f"{self.path} is damaged, or was tampered with: it cannot be "
                "decrypted. Use another backup."
            )
        raise Fail(f"{self.path} cannot be opened ({said}).")

    def _damaged(self, why):
        raise Fail(
            f"{self.path} is damaged, or was tampered with ({why}). Use another backup."
        )

    def _ended(self):
        """Tell what the decrypting process has to say, if that was the end."""
        if not self._process:
            return
        self._stream.close()
        process, self._process = self._process, None
        said = _said(process)
        if process.wait():
            self._refuse(said)

    def read(self):
        """Yield (name, file) of each member; check all of them against the checksums.

        Whoever iterates need not read a file. The checksums are known at the end:
        what was done with the files is worth nothing before the iteration ended.

        :raise Fail: if anything does not fit
        """
        found = {}
        try:
            with tarfile.open(fileobj=self._stream, mode="r|", bufsize=PIECE) as tar:
                for info in tar:
                    if not info.isreg() or not NAMES.fullmatch(info.name):
                        self._damaged(f"{info.name} does not belong there")
                    if info.name in found:
                        self._damaged(f"{info.name} is there twice")
                    if self.sums and info.name != SIGNATURE:
                        self._damaged(f"{info.name} is not covered")
                    member = Member(tar.extractfile(info), info.name in KEPT)
                    yield info.name, member
                    member.rest()
                    found[info.name] = member.digest.hexdigest()
                    if info.name == SUMS:
                        self.sums = member.kept
                    elif info.name == SIGNATURE:
                        self.signature = member.kept.decode(errors="replace")
                # what follows the end of the tar must be nothing
                while self._stream.read(PIECE):
                    pass
        except (tarfile.TarError, EOFError) as error:
            self._ended()
            self._damaged(str(error) or "it ends too early")
        self._ended()
        self._compare(found)

    def _compare(self, found):
        if not self.sums:
            self._damaged("it ends too early" if found else "it is no backup")
        lines = self.sums.decode(errors="replace").splitlines()
        stated = {
            name: digest for digest, _gap, name in (li.partition("  ") for li in lines)
        }
        for name in stated.keys() - found.keys():
            self._damaged(f"{name} is missing")
        for name, digest in found.items():
            if name not in (SUMS, SIGNATURE) and stated.get(name) != digest:
                self._damaged(f"{name} is not what its checksum says")
        self.members = len(stated)


class Member(io.RawIOBase):
    """A member of an archive; what is read of it is hashed."""

    def __init__(self, file, keep):
        super().__init__()
        self._file = file
        self._keep = keep
        self.digest = sha256()
        self._pieces = []

    def readable(self):
        """Return that it can be read."""
        return True

    def readinto(self, buffer):
        """Read some."""
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self.digest.update(data)
        if self._keep:
            self._pieces.append(data)
        return len(data)

    def rest(self):
        """Read what nobody has read."""
        while self.read(PIECE):
            pass

    @property
    def kept(self):
        """The content, of those members that are kept."""
        return b"".join(self._pieces)
