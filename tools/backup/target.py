"""Makes a database out of an archive: invisible to every Odoo until it is complete."""

import json
import os
import secrets
import shutil
import subprocess
import tempfile
import uuid
import zlib
from hashlib import sha1
from pathlib import Path

from tools.backup import audit_files
from tools.backup.archive import MANIFEST, PIECE, Reader
from tools.backup.source import connect, exists, has_table
from tools.output import Fail

# under this parameter a sleeping database remembers what to wake
ASLEEP = "order_control.asleep"
# what runs by itself or sends something, as far as it is there
SLEEPERS = ("ir_cron", "ir_mail_server", "fetchmail_server")
ODOOBOT = 1
DUMMY = "order control - asleep"


def _quoted(name):
    return '"' + name.replace('"', '""') + '"'


def _admin(statement, *names, values=None):
    """Run a statement that cannot be in a transaction, for databases of these names."""
    connection = connect("postgres", autocommit=True)
    try:
        with connection.cursor() as cr:
            cr.execute(statement.format(*map(_quoted, names)), values)
    finally:
        connection.close()


def check(path, identity):
    """Read an archive to its end, which checks it; return (manifest, reader)."""
    manifest = {}
    with Reader(path, identity) as reader:
        for name, member in reader.read():
            if name == MANIFEST:
                manifest = json.loads(member.readall())
            reader.exports += name.startswith("audit/exports/")
    if manifest.get("format") != 1:
        raise Fail(f"{path} is no backup that this version of ./ctl can restore.")
    return manifest, reader


class Target:
    """A new database, which is dropped again unless it is kept.

    While it is being made it is marked as a template: Odoo's servers do not see such
    databases, and run none of their scheduled actions.

    :param str database: its name
    :param folder: Odoo's folder of filestores
    :param binaries: folder of PostgreSQL's programs
    """

    def __init__(self, database, folder, binaries):
        self.database = database
        self.filestore = Path(folder) / database
        self._part = Path(folder) / f".{database}.{secrets.token_hex(4)}.part"
        self._binaries = binaries
        self._made = False
        self.damaged = []
        self.files = 0

    def __enter__(self):
        if exists(self.database):
            raise Fail(
                f"There is a database {self.database} already: a backup is restored "
                "into a new one only."
            )
        if self.filestore.exists():
            raise Fail(
                f"{self.filestore} is there already: move it away, or choose another "
                "name."
            )
        _admin(
            "CREATE DATABASE {0} IS_TEMPLATE true ENCODING 'UTF8' LC_COLLATE 'C'"
            " TEMPLATE template0",
            self.database,
        )
        self._made = True
        try:
            self._part.mkdir(parents=True, mode=0o700)
        except OSError as error:
            self.drop()
            raise Fail(f"{self._part} cannot be made ({error.strerror}).") from error
        return self

    def __exit__(self, kind, error, _trace):
        if error:
            self.drop()
        if isinstance(error, OSError):
            raise Fail(f"The backup cannot be restored ({error.strerror}).") from error

    def drop(self):
        """Drop the database and its files."""
        if self._made:
            _admin(
                "ALTER DATABASE {0} IS_TEMPLATE false ALLOW_CONNECTIONS false",
                self.database,
            )
            # not DROP … WITH (FORCE): refused while autovacuum looks at the database
            _admin(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND backend_type = 'client backend'",
                values=[self.database],
            )
            _admin("DROP DATABASE {0}", self.database)
            self._made = False
        for folder in (self._part, self.filestore if self.files else None):
            if folder:
                shutil.rmtree(folder, ignore_errors=True)

    # -- content -----------------------------------------------------------------------

    def fill(self, path, identity):
        """Restore the content of an archive."""
        with tempfile.TemporaryFile() as errors:
            command = [os.fspath(self._binaries / "pg_restore"), "--no-owner"]
            command += ["--no-privileges", "--exit-on-error"]
            command += [f"--dbname={self.database}"]
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=errors, stderr=errors
            )
            try:
                with Reader(path, identity) as reader:
                    for name, member in reader.read():
                        self._take(name, member, process.stdin)
                process.stdin.close()
            except BrokenPipeError:
                pass  # it says why
            except BaseException:
                process.kill()
                raise
            finally:
                code = process.wait()
            if code:
                errors.seek(0)
                lines = errors.read().decode(errors="replace").strip().splitlines()
                lines = [line for line in lines if "error:" in line] or lines
                raise Fail(
                    "pg_restore cannot restore the database "
                    f"({lines[0] if lines else code})."
                )
        self.files += 1
        self._part.rename(self.filestore)

    def _take(self, name, member, pipe):
        kind, _slash, rest = name.partition("/")
        if kind == "database":
            unpacker = zlib.decompressobj(wbits=31)
            while piece := member.read(PIECE):
                pipe.write(unpacker.decompress(piece))
            pipe.write(unpacker.flush())
        elif kind == "filestore":
            path = self._part / rest
            digest = write(path, member)
            # Odoo names attachments by their checksum
            if len(path.name) == 40 and digest != path.name:
                self.damaged.append(rest)

    # -- first steps -------------------------------------------------------------------

    def settle(self, who, neutralize=None, awake=False):
        """Make it a database of its own, and let it sleep.

        :param neutralize: function that neutralizes, given a cursor
        :param bool awake: let its jobs and its mail run
        """
        connection = connect(self.database)
        with connection, connection.cursor() as cr:
            tell(cr, who, "ctl restore")
            cr.execute(
                "UPDATE ir_config_parameter SET value = %s WHERE key = 'database.uuid'",
                [str(uuid.uuid4())],
            )
            if neutralize:
                neutralize(cr)
            elif not awake:
                sleep(cr)
        connection.close()

    def show(self):
        """Let Odoo's servers see it."""
        _admin("ALTER DATABASE {0} IS_TEMPLATE false", self.database)


def write(path, member):
    """Write a member of an archive to a file; return its SHA-1."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = sha1(usedforsecurity=False)
    with open(path, "wb") as file:
        while piece := member.read(PIECE):
            file.write(piece)
            digest.update(piece)
    return digest.hexdigest()


def copy_exports(path, identity, folder):
    """Copy the months that retention took away into a folder, unless they are there."""
    with Reader(path, identity) as reader:
        for name, member in reader.read():
            file = folder / name.rpartition("/")[2]
            if name.startswith("audit/exports/") and not file.exists():
                write(file, member)


# -- asleep and awake ------------------------------------------------------------------


def sleep(cr):
    """Stop what runs by itself and what sends mail; remember what it was."""
    found = {}
    for table in SLEEPERS:
        if has_table(cr, table):
            # names of ours
            cr.execute(f"UPDATE {table} SET active = false WHERE active RETURNING id")
            found[table] = sorted(row for (row,) in cr.fetchall())
    # without any server Odoo would take that of its configuration
    cr.execute(
        "INSERT INTO ir_mail_server (name, smtp_port, smtp_host, smtp_encryption,"
        " active, smtp_authentication)"
        " VALUES (%s, 1025, 'invalid', 'none', true, 'login')",
        [DUMMY],
    )
    cr.execute(
        "INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [ASLEEP, json.dumps(found)],
    )


def wake(database, who):
    """Let a sleeping database run again; return how many things run."""
    connection = connect(database)
    with connection, connection.cursor() as cr:
        tell(cr, who, "ctl wake")
        cr.execute(
            "DELETE FROM ir_config_parameter WHERE key = %s RETURNING value", [ASLEEP]
        )
        row = cr.fetchone()
        if not row:
            raise Fail(f"{database} does not sleep.")
        number = 0
        for table, rows in json.loads(row[0]).items():
            if table in SLEEPERS:
                cr.execute(
                    f"UPDATE {table} SET active = true WHERE id = ANY(%s)", [rows]
                )
                number += cr.rowcount
        cr.execute("DELETE FROM ir_mail_server WHERE name = %s", [DUMMY])
    connection.close()
    return number


# -- the trail -------------------------------------------------------------------------


def tell(cr, who, action):
    """Tell the triggers of the audit trail who does what: a person, as OdooBot."""
    cr.execute(
        "SELECT set_config('erp_audit.ctx', %s, true)",
        [json.dumps({"a": action, "l": who, "e": ODOOBOT, "u": ODOOBOT})],
    )


def record(database, event, who, detail):
    """Record an event in the trail of a database; return whether it has a trail."""
    connection = connect(database)
    try:
        with connection, connection.cursor() as cr:
            if not has_table(cr, audit_files.LOG):
                return False
            cr.execute(
                "INSERT INTO erp_audit_log (op, event, login, action, diff)"
                " VALUES ('e', %s, %s, %s, %s)",
                [event, who, f"ctl {event}", json.dumps(detail)],
            )
    finally:
        connection.close()
    return True
