"""./ctl bench: measures the suite beside plain Odoo and OCA's tier validation."""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# The interpreter put this folder first, where our modules would hide others'.
sys.path[0] = str(ROOT)

from tools import addons, databases, output  # noqa: E402 (needs the path above)
from tools.bench import budget, million, systems, table  # noqa: E402
from tools.bench.work import STEPS  # noqa: E402
from tools.output import Fail, Progress, note, say, step  # noqa: E402
from tools.paths import STATE, checkout_key, locked  # noqa: E402
from tools.session import prepare  # noqa: E402

WARM_UP = 5  # orders
FOLDER = STATE / "bench"


def _arguments(arguments):
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(
        prog="./ctl bench",
        description="Measures the suite beside plain Odoo and OCA's tier validation, "
        "or (--million) its lists and pages with a million approvals.",
    )
    add = parser.add_argument
    add("--orders", type=int, default=100, help="orders in each lot (100)")
    add("--rounds", type=int, default=5, help="rounds, of which the median counts (5)")
    add("--addons", help="addons of ours to install, with commas (all)")
    names = ", ".join(system.name for system in systems.SYSTEMS)
    add("--only", help=f"systems to measure beside plain, with commas, of {names}")
    add("--steps", help="up to which step to go (confirm_batch)")
    add("--strict", action="store_true", help="fail when a budget is not met")
    add("--profile", metavar="STEP", help="profile one step of the suite instead")
    add("--million", action="store_true", help="measure with a million approvals")
    add("--scale", type=int, default=1_000_000, help="approvals of --million")
    add(
        "--records",
        type=int,
        default=20_000_000,
        help="records of the audit trail of --million (20,000,000; 0 for none)",
    )
    add("--fresh", action="store_true", help="make the data of --million anew")
    return parser.parse_args(arguments)


def _trail(session, options):
    """Measure the audit trail at its size, in Odoo's Python; return the exit code."""
    if not options.records:
        return 0
    command = [session.python, "-m", "tools.bench.audit_million"]
    command += ["--rows", str(options.records)]
    done = subprocess.run(command, cwd=ROOT, env=session.environment(), check=False)
    return done.returncode if options.strict else 0


def _names(options):
    """Return the addons of ours to install."""
    ours = addons.our_addons()
    names = options.addons.split(",") if options.addons else list(ours)
    for name in names:
        if name not in ours:
            raise Fail(f"There is no addon {name} in addons/: check the spelling.")
    if "sale_approval" not in addons.with_our_depends(names):
        raise Fail("The work is done on sales orders: take sale_approval along.")
    return names


def _wanted(options):
    """Return the systems to measure."""
    if not options.only:
        return [system for system in systems.SYSTEMS if not system.extra]
    names = {"plain", *options.only.split(",")}
    if unknown := names - {system.name for system in systems.SYSTEMS}:
        raise Fail(f"There is no system {', '.join(sorted(unknown))}: see --help.")
    return [system for system in systems.SYSTEMS if system.name in names]


class Run:
    """The systems' processes, and what was measured with them."""

    def __init__(self, session, options):
        self._session = session
        self._options = options
        self.workers = {}
        self.results = {}
        self.systems = []

    def __enter__(self):
        step("Preparing the systems")
        try:
            for system in _wanted(self._options):
                with Progress(f"preparing {system.label}"):
                    names = _names(self._options)
                    worker = systems.start(self._session, system, names)
                if worker:
                    self.workers[system.name] = worker
                    self.systems.append(system)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc_info):
        for worker in self.workers.values():
            worker.stop()
            databases.drop(self._session, worker.database)

    def measure(self, size):
        """Do one round; return {system: {step: cost}}."""
        costs = {name: {} for name in self.workers}
        for worker in self.workers.values():
            worker.call("begin", size)
        for item in self._steps():
            for system, first, last in self._turns(item, size):
                cost = self.workers[system].call("step", item.name, first, last)
                total = costs[system].setdefault(item.name, dict.fromkeys(cost, 0))
                for key, value in cost.items():
                    total[key] += value
        return costs

    def _steps(self):
        names = [item.name for item in STEPS]
        last = self._options.steps
        if last and last not in names:
            raise Fail(f"There is no step {last}: they are {', '.join(names)}.")
        return STEPS[: names.index(last) + 1] if last else STEPS

    def _turns(self, item, size):
        """Yield (system, first, last order): the systems take turns, a bit each.

        Whoever else works on the machine then disturbs all of them alike.
        """
        able = [s.name for s in self.systems if s.approval or not item.approval]
        portion = size if item.batch else max(1, min(20, size))
        for first in range(0, size, portion):
            turn = first // portion % max(1, len(able))
            for system in able[turn:] + able[:turn]:
                yield system, first, min(first + portion, size)

    def add(self, costs):
        """Keep what a round cost."""
        for system, steps in costs.items():
            for name, cost in steps.items():
                kept = self.results.setdefault(system, {}).setdefault(name, {})
                for key, value in cost.items():
                    kept.setdefault(key, []).append(value)


def _compare(session, options):
    """Measure all systems; return the exit code."""
    with Run(session, options) as run:
        step("Warming up")
        run.measure(min(WARM_UP, options.orders))
        step(
            f"Measuring {options.rounds} rounds of {options.orders} orders, "
            f"{len(run.systems)} systems taking turns"
        )
        for number in range(1, options.rounds + 1):
            start = time.monotonic()
            with Progress(f"round {number}", every=30):
                run.add(run.measure(options.orders))
            took = time.monotonic() - start
            note(f"round {number} of {options.rounds}: {took:.0f} s")
    lines = budget.judge(run.results, options.orders)
    _show(run, lines, options)
    path = _keep(
        "bench",
        {
            "orders": options.orders,
            "rounds": options.rounds,
            "addons": _names(options),
            "results": run.results,
            "budgets": [
                {"step": b.step, "system": s, "costs": measured, "verdict": verdict}
                for b, s, measured, verdict in lines
            ],
        },
    )
    note(f"figures: {path}")
    missed = [line for line in lines if line[-1] == budget.MISSED]
    return 1 if options.strict and missed else 0


def _show(run, lines, options):
    size = options.orders
    say()
    say("Processor time, Odoo's process and PostgreSQL's together (what is judged)")
    say(table.costs(run.results, run.systems, size, "busy"))
    say()
    say("Time on the clock (others on the machine lengthen it)")
    say(table.costs(run.results, run.systems, size, "wall"))
    say()
    say(table.verdicts(lines, systems.SYSTEMS, size))
    say()


def _profile(session, options):
    """Print the hot functions of one step of the suite."""
    options.only = options.only or "match"
    with Run(session, options) as run:
        (system,) = [item for item in run.systems if item.name != "plain"]
        worker = run.workers[system.name]
        run.measure(min(WARM_UP, options.orders))
        for worker_ in run.workers.values():
            worker_.call("begin", options.orders)
        for item in STEPS:
            if item.approval and not system.approval:
                continue
            method = "profile" if item.name == options.profile else "step"
            text = worker.call(method, item.name, 0, options.orders)
            if method == "profile":
                say(text)
                return 0
    raise Fail(f"There is no step {options.profile} for {system.label}.")


def _keep(name, figures):
    """Write the figures of a run as JSON; return the path."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    figures = {"time": time.strftime("%Y-%m-%d %H:%M:%S"), **figures}
    path = FOLDER / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(json.dumps(figures, indent=1))
    (FOLDER / f"{name}.json").write_text(path.read_text())
    return path


def main(arguments):
    """Run what the command line asks for; return the exit code."""
    options = _arguments(arguments)
    try:
        session = prepare("test")
        with locked(f"bench-{checkout_key()}"):
            if options.million:
                code = million.measure(session, options, _names(options), _keep)
                return _trail(session, options) or code
            if options.profile:
                return _profile(session, options)
            return _compare(session, options)
    except Fail as failure:
        print(f"ctl: {failure}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("ctl: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    output.stream = sys.stdout
    raise SystemExit(main(sys.argv[1:]))
