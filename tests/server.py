"""A real Odoo with several worker processes, on a database of its own."""

import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import time

from odoo.addons.base.models.res_users import INDEX_SIZE, KEY_CRYPT_CONTEXT

from tests.client import Client
from tools import databases
from tools.demo_server import answers
from tools.logcheck import complaints
from tools.paths import LOGS, ROOT

START_TIMEOUT = 120
STOP_TIMEOUT = 30


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class OdooServer:
    """Runs Odoo on a copy of `template`; the copy is dropped at the end.

    :param session: the environment, see `tools.session.prepare`
    :param int workers: number of worker processes, 0 for threads
    :param options: more options of the odoo command
    """

    def __init__(self, session, template, workers=2, name="server", options=()):
        self.session = session
        self.port = free_port()
        # With workers the bus' WebSocket is served here; without a proxy in front the
        # pages do not find it.
        self.gevent_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = LOGS / f"test-{name}.log"
        self.database = f"{databases.test_prefix()}_{name}"
        self._template = template
        self._options = [f"--workers={workers}", *options]
        self._pid = None
        self._accepted = []

    def __enter__(self):
        databases.copy(self.session, self._template, self.database)
        self.start()
        return self

    def __exit__(self, *exc_info):
        self.stop()
        databases.drop(self.session, self.database)

    def start(self):
        """Start the server and wait until it answers."""
        command = [self.session.python, "-m", "odoo", "server"]
        command += [f"--database={self.database}", f"--db-filter=^{self.database}$"]
        command += [f"--http-port={self.port}", f"--gevent-port={self.gevent_port}"]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "a") as log:
            log.truncate(0)
            # Odoo's test classes end every child process of the tests that they find,
            # so the server is the child of a shell that is gone.
            launcher = subprocess.run(
                ["sh", "-c", 'exec 3>&1 >&2; "$@" 3>&- & echo $! >&3', "sh"]
                + [*command, *self._options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                env=self.session.environment(),
                start_new_session=True,
                check=True,
            )
        self._pid = int(launcher.stdout)
        deadline = time.monotonic() + START_TIMEOUT
        while not answers(f"{self.url}/web/login"):
            alive = self.is_alive() and time.monotonic() < deadline
            assert alive, f"the server did not start, see {self.log}"
            time.sleep(0.2)

    def is_alive(self):
        """Tell whether the server's main process runs."""
        try:
            with open(f"/proc/{self._pid}/stat") as status:
                return status.read().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    def stop(self):
        """Stop the server as a service manager would."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, sign)
            deadline = time.monotonic() + STOP_TIMEOUT
            while self.is_alive() and time.monotonic() < deadline:
                time.sleep(0.1)

    @contextlib.contextmanager
    def may_log(self, pattern):
        """Accept the warnings and errors that match `pattern` while the block runs."""
        before = self.log.stat().st_size
        yield
        with open(self.log, errors="replace") as log:
            log.seek(before)
            lines = complaints(log.read())
        self._accepted += [line for line in lines if re.search(pattern, line)]

    def complaints(self):
        """Return the log's lines that are warnings or worse and ours to mend."""
        lines = complaints(self.log.read_text(errors="replace"))
        return [line for line in lines if line not in self._accepted]

    def client(self, login=None, password=None):
        """Return a new client, logged in if `login` is given."""
        client = Client(self.url, self.database)
        return client.login(login, password) if login else client

    def sql(self, query):
        """Run SQL in the server's database; return the rows as lists of texts."""
        return self.session.server.psql(query, database=self.database)

    def api_key(self, login):
        """Return a new API key of the user `login` for the external API."""
        assert re.fullmatch(r"[\w.@-]+", login)
        key = secrets.token_hex(20)
        self.sql(
            "INSERT INTO res_users_apikeys (name, user_id, scope, index, key, "
            "create_date) SELECT 'test', id, 'rpc', "
            f"'{key[:INDEX_SIZE]}', '{KEY_CRYPT_CONTEXT.hash(key)}', now() "
            f"FROM res_users WHERE login = '{login}'"
        )
        return key
