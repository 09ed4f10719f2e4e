"""./ctl up and ./ctl down: the Odoo that serves the demo database."""

import json
import os
import signal
import socket
import subprocess
import time
import unicodedata
import urllib.error
import urllib.request
from pathlib import Path

from tools.demo_database import NAME, DemoDatabase, logins
from tools.output import Fail, Progress, note, say, step
from tools.paths import LOGS, ROOT, STATE, checkout_key, locked
from tools.postgres import stop_server
from tools.session import last_error, prepare
from tools.setup_python import find_python

RUNNING = STATE / "odoo.json"
LOG = LOGS / "odoo.log"
START_TIMEOUT = 180
STOP_TIMEOUT = 30


def up(arguments):
    """Start the demo and print where it is and who may log in."""
    wanted = _port(arguments)
    with locked(f"demo-{checkout_key()}"):
        session = prepare("demo")
        database = DemoDatabase(session)
        running = _running()
        if not running:
            _require_port(wanted)
        database.bring_up_to_date(_stop)
        running = _running()
        if running and running["port"] != wanted and arguments:
            _stop()
            running = None
        port = running["port"] if running else _start(session, wanted)
    _show(port)


def down(arguments):
    """Stop the demo and the private PostgreSQL servers."""
    if set(arguments) - {"--delete"}:
        raise Fail("Say ./ctl down or ./ctl down --delete.")
    with locked(f"demo-{checkout_key()}"):
        _stop()
        if arguments:
            step("Deleting the demo database")
            DemoDatabase(prepare("demo")).drop()
        python = find_python()
        if not python:
            return
        stop_server("demo", python, force=True)
        if not stop_server("test", python):
            note("the test PostgreSQL goes on: something is connected to it")
    say("Stopped.")


def logs(arguments):
    """Follow the log of the running Odoo."""
    if not LOG.exists():
        raise Fail("There is no log yet: start the demo with ./ctl up.")
    os.execvp("tail", ["tail", "-n", "50", "-F", str(LOG)])


def _port(arguments):
    """Return the port that the user asked for."""
    match arguments:
        case []:
            text = os.environ.get("ORDER_CONTROL_PORT", "8069")
        case ["--port", text]:
            pass
        case [argument] if argument.startswith("--port="):
            text = argument.partition("=")[2]
        case _:
            raise Fail("Say ./ctl up or ./ctl up --port N.")
    if not (text.isdecimal() and 1 <= int(text) <= 65535):
        raise Fail(f'"{text}" is no port: take a number from 1024 to 65535.')
    return int(text)


def _require_port(port):
    """Fail when something else listens on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Fail(
                f"Port {port} cannot be used ({error.strerror}): choose another with "
                "./ctl up --port N, or ORDER_CONTROL_PORT."
            ) from error


def _running():
    """Return what is known of the running Odoo of this checkout, None without."""
    try:
        state = json.loads(RUNNING.read_text())
        # The number may be another process' by now.
        command = Path(f"/proc/{state['pid']}/cmdline").read_bytes()
    except (OSError, ValueError, KeyError):
        return None
    return state if str(STATE).encode() in command else None


def _start(session, port):
    """Start Odoo in the background and wait until it answers; return its port."""
    step(f"Starting Odoo on port {port}")
    LOGS.mkdir(parents=True, exist_ok=True)
    command = [session.python, "-m", "odoo", "server", f"--config={session.conf}"]
    command += [f"--database={NAME}", f"--db-filter=^{NAME}$", f"--http-port={port}"]
    with open(LOG, "a") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env=session.environment(),
            start_new_session=True,
        )
    RUNNING.write_text(json.dumps({"pid": process.pid, "port": port}))
    with Progress("waiting for Odoo"):
        _wait(process, port)
    return port


def _wait(process, port):
    """Wait until Odoo answers on `port`."""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Fail(f"Odoo did not start ({last_error(LOG)}): see {LOG}")
        if answers(f"http://127.0.0.1:{port}/web/login"):
            return
        time.sleep(0.3)
    raise Fail(f"Odoo does not answer after {START_TIMEOUT} s: see {LOG}")


def answers(url):
    """Tell whether a page answers with success."""
    try:
        with urllib.request.urlopen(url, timeout=30) as page:
            return page.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _stop():
    """Stop the running Odoo of this checkout, if any."""
    running = _running()
    if not running:
        return
    step("Stopping Odoo")
    pid = running["pid"]
    for sign in (signal.SIGTERM, signal.SIGKILL):
        os.kill(pid, sign)
        deadline = time.monotonic() + STOP_TIMEOUT
        while _running() and time.monotonic() < deadline:
            time.sleep(0.1)
        if not _running():
            break
    RUNNING.unlink(missing_ok=True)


def _width(text):
    """Return how many columns of a terminal `text` takes (Chinese takes two each)."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _show(port):
    """Print the address and the logins."""
    rows = [("Role", "Login", "Password"), *logins()]
    widths = [max(_width(row[column]) for row in rows) for column in range(3)]
    say(f"\nOrder Control is at http://localhost:{port}\n")
    for row in rows:
        cells = (
            cell + " " * (w - _width(cell))
            for cell, w in zip(row, widths, strict=False)
        )
        say("  " + "   ".join(cells).rstrip())
    say("\nStop it with ./ctl down; its log: ./ctl logs")
