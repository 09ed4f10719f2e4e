"""What the tests of backups share: somebody at the machine of a real server."""

import io
import json
import re
import resource
import subprocess
import sys
import tarfile

import pyrage
import pytest

from tests.test_audit_server import Trail
from tools import databases
from tools.backup import crypt
from tools.paths import ROOT

MARK = "The quick brown fox knows nothing of keys"
ATTACHMENT = b"An attachment that is to come back. " * 3000


class Desk:
    """Somebody at the machine of a server, with a pair of keys and a folder."""

    def __init__(self, server, folder):
        self.server = server
        self.folder = folder
        self.identity = folder / "identity.txt"
        self.recipient = crypt.make(self.identity)
        self.place = folder / "backups"
        self.place.mkdir()
        self.restored = f"{server.database}_restored"

    def ctl(self, *arguments, limit=None, where=None):
        """Run ./ctl; return its exit code and what it printed.

        :param where: the folder in which somebody stands
        """

        def small():
            if limit:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        done = subprocess.run(
            [sys.executable, ROOT / "tools" / "ctl.py", *map(str, arguments)]
            + ["--server=test"],
            capture_output=True,
            text=True,
            cwd=where,
            preexec_fn=small,
        )
        return done.returncode, done.stdout + done.stderr

    def backup(self, *options, limit=None, encrypted=True, to=None):
        """Take a backup; return the exit code and what was printed."""
        how = ["--recipient", self.recipient] if encrypted else ["--plain"]
        arguments = ["-d", self.server.database, "--to", to or self.place]
        return self.ctl("backup", *arguments, *options, *how, limit=limit)

    def take(self, name, **options):
        """Take a backup that must succeed; return its file."""
        file = self.place / name
        code, text = self.backup(to=file, **options)
        assert code == 0, text
        return file

    def rehearse(self, file, *options):
        """Try a backup; return the exit code, the report, and what was printed."""
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        code, text = self.ctl(
            "rehearsal", file, "--identity", self.identity, "--report", report, *options
        )
        return code, json.loads(report.read_text()), text

    def restore(self, file, *options):
        """Restore a backup; return the exit code and what was printed."""
        return self.ctl(
            *("restore", file, "--into", self.restored),
            *("--identity", self.identity, *options),
        )

    def opened(self, file):
        """Return ``{name: content}`` of an archive."""
        data = file.read_bytes()
        if data.startswith(crypt.BEGINNING):
            data = pyrage.decrypt(data, crypt.identities(self.identity))
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            return {info.name: tar.extractfile(info).read() for info in tar}

    def sql(self, query):
        """Run SQL in the restored database."""
        return self.server.session.server.psql(query, database=self.restored)

    def drop(self):
        """Drop the restored database."""
        databases.drop(self.server.session, self.restored)

    def assert_one_line(self, text, pattern):
        """The failure is told in one line, and nothing is left."""
        assert "Traceback" not in text, text
        lines = [line for line in text.splitlines() if line.startswith("ctl: ")]
        assert len(lines) == 1, text
        assert re.search(pattern, lines[0]), lines
        assert not [path for path in self.place.iterdir() if "part" in path.name]


@pytest.fixture(scope="module", name="trail")
def trail_fixture(odoo_server):
    """A database with a sealed trail and an attachment."""
    trail = Trail(odoo_server)
    trail.admin.call(
        "res.partner", "write", trail.partners(1), {"comment": MARK, "ref": "fox"}
    )
    trail.admin.call(
        "ir.attachment",
        "create",
        [{"name": "file.txt", "raw": ATTACHMENT.decode()}],
    )
    trail.seal_all()
    return trail


@pytest.fixture(name="desk")
def desk_fixture(trail, tmp_path):
    """Somebody who takes backups of it."""
    desk = Desk(trail.server, tmp_path)
    yield desk
    desk.drop()


def events(trail, event):
    """Return what the trail knows of backups or rehearsals, the newest first."""
    rows = trail.server.sql(
        "SELECT login, diff FROM erp_audit_log"
        f" WHERE event = '{event}' ORDER BY id DESC"
    )
    return [(login, json.loads(diff)) for login, diff in rows]


def names_of(server):
    """Return the databases of the server of PostgreSQL."""
    return {
        name
        for (name,) in server.session.server.psql("SELECT datname FROM pg_database")
    }
