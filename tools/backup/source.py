"""Reads a database and its files as they are at one moment, while people work."""

import json
import os
import re
import subprocess
import tempfile
import time
import zlib
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from tools.backup import audit_files
from tools.output import Fail

FORMAT = 1
# what one part of the dump holds before it is compressed
PART = 16 << 20
LEVEL = 3
LOCK_WAIT = "60s"


def connect(database, autocommit=False):
    """Return a connection to a database of the server that libpq's variables name.

    :raise Fail: if there is none
    """
    try:
        connection = psycopg2.connect(dbname=database)
    except psycopg2.OperationalError as error:
        line = str(error).strip().splitlines()[-1]
        raise Fail(f"The database {database} cannot be opened ({line}).") from error
    connection.autocommit = autocommit
    return connection


def exists(database):
    """Return whether the server has a database of this name."""
    admin = connect("postgres", autocommit=True)
    try:
        with admin.cursor() as cr:
            cr.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
            return bool(cr.fetchone())
    finally:
        admin.close()


def tables(cr):
    """Return ``{table: number of records}`` of all tables, partitions by themselves."""
    cr.execute(
        """SELECT n.nspname, c.relname FROM pg_class c
             JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND c.relpersistence <> 't'
              AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
            ORDER BY 1, 2"""
    )
    found = {}
    for schema, name in cr.fetchall():
        quoted = ".".join(
            '"' + part.replace('"', '""') + '"' for part in (schema, name)
        )
        # names from the catalogue of the database, quoted
        cr.execute(f"SELECT count(*) FROM {quoted}")
        found[f"{schema}.{name}"] = cr.fetchone()[0]
    return found


def has_table(cr, name):
    """Return whether there is a table of this name."""
    cr.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
    return cr.fetchone()[0]


def head(cr):
    """Return the newest seal of the audit trail as plain data, None without."""
    if not has_table(cr, audit_files.CHAIN):
        return None
    cr.execute(
        "SELECT seq, epoch, encode(hash, 'hex'), header FROM erp_audit_chain"
        " ORDER BY seq DESC LIMIT 1"
    )
    row = cr.fetchone()
    if not row:
        return {"seq": 0, "epoch": 0, "hash": "", "key": ""}
    facts = json.loads(row[3])
    return {"seq": row[0], "epoch": row[1], "hash": row[2], "key": facts.get("key")}


def parameter(cr, key):
    """Return a system parameter."""
    cr.execute("SELECT value FROM ir_config_parameter WHERE key = %s", [key])
    row = cr.fetchone()
    return row[0] if row else ""


class Source:
    """A database as it is at one moment.

    :param str database: its name
    :param filestore: folder of its attachments
    :param binaries: folder of PostgreSQL's programs
    """

    def __init__(self, database, filestore, binaries):
        self.database = database
        self.filestore = Path(filestore)
        self._binaries = binaries
        self._connection = connect(database)
        self._guard = None
        with self._guard_errors():
            self._begin()

    def _begin(self):
        # Odoo's collection of unused files needs a lock that does not go with this
        # one, and tries again later. Nobody else is kept from anything.
        self._guard = connect(self.database)
        with self._guard.cursor() as cr:
            if not has_table(cr, "ir_attachment"):
                raise Fail(f"{self.database} is no database of Odoo.")
            cr.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
            cr.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cr.execute("LOCK TABLE ir_attachment IN ROW EXCLUSIVE MODE")
        self._connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        self.cr = self._connection.cursor()
        self.cr.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        self.cr.execute("SET LOCAL statement_timeout = 0")
        self.cr.execute("SELECT pg_export_snapshot()")
        self._snapshot = self.cr.fetchone()[0]

    @contextmanager
    def _guard_errors(self):
        try:
            yield
        except psycopg2.Error as error:
            line = str(error).strip().splitlines()[0]
            raise Fail(f"{self.database} cannot be read ({line}).") from error

    def close(self):
        """End the transactions."""
        self.release_files()
        self._connection.close()

    def release_files(self):
        """Let Odoo delete unused files again."""
        if self._guard:
            self._guard.close()
            self._guard = None

    # -- what there is -----------------------------------------------------------------

    def attachments(self):
        """Return ``({name: size}, [names of those that are not there])``."""
        self.cr.execute(
            "SELECT DISTINCT store_fname FROM ir_attachment"
            " WHERE store_fname IS NOT NULL ORDER BY 1"
        )
        found, missing = {}, []
        for (name,) in self.cr.fetchall():
            # as Odoo cleans the names that it uses
            name = re.sub("[.:]", "", name).strip("/\\")
            try:
                found[name] = (self.filestore / name).stat().st_size
            except OSError:
                missing.append(name)
        return found, missing

    def manifest(self, who, sizes, missing):
        """Return what is known of the backup, as plain data."""
        with self._guard_errors():
            self.cr.execute(
                "SELECT name, latest_version FROM ir_module_module"
                " WHERE state IN ('installed', 'to upgrade', 'to remove') ORDER BY 1"
            )
            modules = dict(self.cr.fetchall())
            self.cr.execute("SELECT current_setting('server_version')")
            server = self.cr.fetchone()[0]
            return {
                "format": FORMAT,
                "database": self.database,
                "uuid": parameter(self.cr, "database.uuid"),
                "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "by": who,
                "odoo": modules.get("base"),
                "postgresql": server,
                "modules": modules,
                "attachments": {
                    "files": len(sizes),
                    "bytes": sum(sizes.values()),
                    "missing": missing,
                },
                "audit": head(self.cr),
                "tables": tables(self.cr),
            }

    def dump(self, write, look):
        """Dump the database in compressed parts.

        :param write: called with (name, bytes) of each part
        :param look: called with each piece before it is compressed
        """
        command = [os.fspath(self._binaries / "pg_dump"), "--format=custom"]
        command += ["--compress=0", "--no-owner", "--no-privileges"]
        command += [f"--snapshot={self._snapshot}", f"--dbname={self.database}"]
        command += ["--lock-wait-timeout=60000"]
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors)
            try:
                number = 0
                while piece := process.stdout.read(PART):
                    look(piece)
                    packer = zlib.compressobj(LEVEL, wbits=31)
                    packed = packer.compress(piece) + packer.flush()
                    write(f"database/{number:06}.gz", packed)
                    number += 1
            except BaseException:
                process.kill()
                raise
            finally:
                process.stdout.close()
                code = process.wait()
            if code:
                errors.seek(0)
                lines = errors.read().decode(errors="replace").strip().splitlines()
                raise Fail(
                    f"pg_dump cannot read {self.database} "
                    f"({lines[-1] if lines else code})."
                )
