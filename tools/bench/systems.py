"""The systems that are compared: their databases and their processes."""

import json
import subprocess
import zipfile
from dataclasses import dataclass

from tools import addons, databases
from tools.output import Fail, note, run, step
from tools.paths import CACHE, LOGS, ROOT, checkout_key, locked

# OCA's addons are measured beside us only: never a dependency, never on the normal
# addons path.
TIERS = (
    "odoo-addon-base-tier-validation==19.0.1.4.6",
    "odoo-addon-sale-tier-validation==19.0.1.0.0.3",
)
AUDIT_LOG = ("odoo-addon-auditlog==19.0.2.0.1",)


@dataclass(frozen=True)
class System:
    """One column of the table.

    :param set_up: function of :mod:`tools.bench.scene` that makes its policies
    :param ours: whether the addons of ours are installed
    :param wheels: packages of other addons, installed instead of ours
    :param addons: names of these
    :param names: addons of ours instead of those that are asked for
    :param approval: whether orders are submitted and approved
    :param extra: whether it is measured only when asked for
    """

    name: str
    label: str
    set_up: str
    ours: bool = False
    wheels: tuple = ()
    addons: tuple = ()
    approval: bool = False
    extra: bool = False
    names: tuple = ()


SYSTEMS = (
    System("plain", "plain Odoo", "plain"),
    System("audit", "+ audit", "plain", ours=True, names=("erp_audit_trade",)),
    System("no_match", "suite, no match", "no_match", ours=True),
    System("match", "suite, two levels", "match", ours=True, approval=True),
    System(
        "engine",
        "suite without checks",
        "match_unchecked",
        ours=True,
        approval=True,
        extra=True,
    ),
    System(
        "oca",
        "OCA, two tiers",
        "tiers",
        wheels=TIERS,
        addons=("sale_tier_validation",),
        approval=True,
    ),
    System(
        "oca_log",
        "OCA, tiers + auditlog",
        "tiers_logged",
        wheels=TIERS + AUDIT_LOG,
        addons=("sale_tier_validation", "auditlog"),
        approval=True,
        extra=True,
    ),
    System(
        "oca_audit",
        "OCA auditlog (full)",
        "logged",
        wheels=AUDIT_LOG,
        addons=("auditlog",),
        extra=True,
    ),
)


# -- databases ---------------------------------------------------------------------


def template_of(session, system, names):
    """Return the database that a system's is copied from, made the first time.

    :param names: addons of ours
    """
    if system.ours:
        return databases.suite_template(session, list(system.names or names))
    if system.wheels:
        return _wheels_template(session, system)
    return databases.core_template(session)


def _wheels_template(session, system):
    """Return the database with the addons of a system's wheels."""
    core = databases.core_template(session)
    name = f"oc_bench_{system.name}_{addons.digest_of(core, *system.wheels)}"
    with locked(f"bench-{system.name}"):
        if databases.exists(session, name):
            return name
        option = addons_path(session, system)
        step(f"Installing {', '.join(system.addons)} in a copy of the core apps")
        building = f"{name}_part"
        databases.copy(session, core, building)
        log = f"bench-{system.name}-install.log"
        label = f"installing {system.label}"
        databases.install(session, building, system.addons, log, label, option)
        databases.rename(session, building, name)
    return name


def _wheels_folder(session, system):
    """Return the addons folder of a system's wheels, downloaded the first time."""
    top = CACHE / "bench" / addons.digest_of(*system.wheels)
    if not (top / ".complete").exists():
        step(f"Downloading {', '.join(system.addons)}, to measure it beside us")
        run(
            [session.python, "-m", "pip", "download", "--no-deps", "--no-input"]
            + ["--disable-pip-version-check", "--only-binary=:all:", "--dest", top]
            + list(system.wheels),
            "the packages are not reachable: check the network, or pip's index",
            log=LOGS / f"bench-{system.name}-pip.log",
        )
        for wheel in top.glob("*.whl"):
            zipfile.ZipFile(wheel).extractall(top)
        (top / ".complete").touch()
    return top / "odoo" / "addons"


def addons_path(session, system):
    """Return Odoo's option for the addons path of a system, None for the usual one."""
    if not (system and system.wheels):
        return None
    folders = [*session.odoo.addons_paths, _wheels_folder(session, system)]
    return "--addons-path=" + ",".join(map(str, folders))


def database(name):
    """Return the name of this checkout's bench database `name`."""
    return f"oc_bench_{checkout_key()}_{name}"


# -- processes ---------------------------------------------------------------------


class Worker:
    """One Odoo process, spoken to line by line."""

    def __init__(self, session, name, kind="bench", system=None):
        self.name = name
        self.database = database(name)
        self.log = LOGS / f"bench-{name}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        options = [f"--config={session.conf}", f"--database={self.database}"]
        options += [f"--logfile={self.log}", "--max-cron-threads=0"]
        options += ["--log-level=warn"]
        if option := addons_path(session, system):
            options.append(option)
        environment = session.environment()
        environment["PYTHONPATH"] += f":{ROOT}"
        self._errors = open(self.log, "w")  # noqa: SIM115 (closed in stop)
        self._process = subprocess.Popen(
            [session.python, "-m", "tools.bench.worker", kind, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=ROOT,
            env=environment,
        )

    def call(self, method, *arguments):
        """Send a request and return its result.

        :raise Fail: when the process answers with an error, or ends
        """
        try:
            self._process.stdin.write(json.dumps([method, arguments]) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        reply = json.loads(line) if line else {"error": "the process ended"}
        if "error" in reply:
            raise Fail(
                f"{self.name}: {method} failed ({reply['error']}): see {self.log}"
            )
        return reply["result"]

    def stop(self):
        """End the process."""
        self._process.stdin.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()


def start(session, system, names):
    """Make the system's database and start its process.

    :return: the process; None if addons of others cannot be had
    """
    try:
        template = template_of(session, system, names)
        databases.copy(session, template, database(system.name))
        worker = Worker(session, system.name, system=system)
        try:
            worker.call("set_up", system.set_up)
        except BaseException:
            worker.stop()
            databases.drop(session, worker.database)
            raise
    except Fail as failure:
        if not system.wheels:
            raise
        note(f"{system.label} is left out: {failure}")
        return None
    return worker
