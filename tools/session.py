"""A prepared environment: Odoo, its Python, a PostgreSQL server, a configuration."""

import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.conf import data_folder, write_conf
from tools.output import Fail, Progress, note
from tools.paths import CACHE, LOGS, ROOT
from tools.postgres import Server, get_server
from tools.setup_odoo import Odoo, get_odoo
from tools.setup_python import get_python

LOADING = re.compile(r"(?:Loading module|loading) (\S+) \((\d+)/(\d+)\)")


# Lines that belong in the log, not before the user's eyes.
TRACEBACK = re.compile(r"Traceback|  File|    |Running as user|$")


@dataclass(frozen=True)
class Session:
    """Everything that starting an Odoo needs."""

    name: str  # "demo" or "test"
    odoo: Odoo
    python: Path
    server: Server
    conf: Path

    @property
    def data(self):
        """Odoo's data folder."""
        return data_folder(self.name)

    def environment(self, *folders):
        """Return the process environment in which `python -m odoo` works.

        :param folders: more folders to look for programs in; None is ignored
        """
        environment = self.server.environment()
        path = [self.python.parent, *filter(None, folders), os.environ["PATH"]]
        # Compiled Python is kept, but out of the source trees.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return {
            **environment,
            "PYTHONPATH": str(self.odoo.path),
            "PYTHONPYCACHEPREFIX": str(CACHE / "pycache"),
            "ODOO_RC": str(self.conf),
            "PATH": os.pathsep.join(
                [*map(str, filter(None, path)), os.environ["PATH"]]
            ),
        }

    def run_odoo(self, arguments, log, label):
        """Run `odoo` to its end with its log in `log`, showing how far it is.

        :param log: file, relative to the checkout's log folder
        :return: the path of the log
        :raise Fail: when it ends with an error
        """
        log = LOGS / log
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "w") as output, Progress(label) as progress:

            def keep(line):
                output.write(line)
                match = LOADING.search(line)
                if match:
                    name, number, total = match.groups()
                    progress.status = f"{label}: {name}, {number} of {total}"

            code = self._follow(["-m", "odoo", *arguments], keep)
        if code:
            raise Fail(f"{label} failed ({last_error(log)}): see {log}")
        return log

    def run_task(self, job, database, label, **variables):
        """Run a job of tools/odoo_task.py in `database`, showing what it prints.

        :param variables: what the job finds in its process environment
        :raise Fail: when it ends with an error
        """
        log = LOGS / f"{database}-{job}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("")
        options = [f"--config={self.conf}", f"--database={database}"]
        options += [f"--logfile={log}", "--max-cron-threads=0"]
        printed = []

        def show(line):
            printed.append(line.rstrip())
            if not TRACEBACK.match(line):
                note(line.rstrip())

        with Progress(label):
            command = ["-m", "tools.odoo_task", job, *options]
            code = self._follow(command, show, variables)
        if code:
            with open(log, "a") as output:
                output.write("\n".join(printed))
            raise Fail(f"{label} failed ({last_error(log)}): see {log}")

    def _follow(self, arguments, handle, variables=None):
        """Run Odoo's Python, call `handle` for every line, return the exit code."""
        environment = {**self.environment(), **(variables or {})}
        # Nobody waits for each commit of an installation: if the machine fails in the
        # middle it is started again anyway.
        environment["PGOPTIONS"] = "-c synchronous_commit=off"
        process = subprocess.Popen(
            [self.python, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=ROOT,
            env=environment,
        )
        try:
            for line in process.stdout:
                handle(line)
        except BaseException:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
        return process.wait()


def last_error(log):
    """Return the most telling line at the end of a log: the exception if any."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    errors = [li for li in lines if re.match(r"[\w.]+(Error|Exception)\b", li)]
    return (errors or [li for li in lines if li] or ["no output"])[-1]


def prepare(name):
    """Return the `Session` of the server `name`, setting up what is missing."""
    python = get_python()
    odoo = get_odoo()
    server = get_server(name, python)
    return Session(name, odoo, python, server, write_conf(name, odoo, server))
