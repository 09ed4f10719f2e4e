"""The Odoo process of one measured system.

It reads one JSON request per line, and answers each with one line: ``{"result": …}``
or ``{"error": …}``. Started by :class:`tools.bench.systems.Worker`.
"""

import json
import os
import sys
import traceback

from tools.bench import scene as scenes
from tools.bench.hotspots import observed
from tools.bench.meter import Meter
from tools.bench.work import STEPS


class Bench:
    """Answers the requests of an ordinary run."""

    def __init__(self, cr):
        from odoo import SUPERUSER_ID, api

        self._cr = cr
        self._env = api.Environment(cr, SUPERUSER_ID, {})
        self._meter = Meter(cr)
        self._scene = None
        self._make_work = None
        self._work = None

    def set_up(self, kind):
        """Create people, products and policies."""
        self._scene = scenes.build(self._env)
        self._make_work = scenes.SET_UPS[kind](self._env, self._scene)
        self._cr.commit()

    def begin(self, size):
        """Start a round with `size` orders in each lot."""
        self._work = self._make_work(self._env, self._scene, size)
        self._size = size

    def step(self, name, start, stop):
        """Do a step for the orders `start` to `stop`; return what it cost."""
        (step,) = [item for item in STEPS if item.name == name]
        run = getattr(self._work, name)
        with self._meter.measured() as cost:
            if step.batch:
                run()
                self._cr.flush()
            else:
                for index in range(start, stop):
                    run(index)
                    self._cr.flush()
        if stop == self._size:
            if failure := self._work.failures(step):
                raise AssertionError(f"{step.label}: {failure}")
            self._cr.commit()
        return cost

    def profile(self, name, start, stop):
        """Do a step under the profiler; return its hot lines as text."""
        report = []
        with observed(report):
            self.step(name, start, stop)
        return "\n".join(report)


def serve(handler, requests, answer):
    """Answer requests until there are no more."""
    for line in requests:
        name, arguments = json.loads(line)
        try:
            reply = {"result": getattr(handler, name)(*arguments)}
        except Exception as error:
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        answer.write(json.dumps(reply) + "\n")
        answer.flush()


def main(kind, *options):
    """Open the database that Odoo's `options` name, and serve the parent process."""
    # what Odoo or an addon prints must not disturb the protocol
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    os.environ["TZ"] = "UTC"

    from odoo.modules.registry import Registry
    from odoo.service.server import load_server_wide_modules
    from odoo.tools import config

    config.parse_config(list(options), setup_logging=True)
    load_server_wide_modules()
    if kind == "million":
        from tools.bench.million_reads import Reads as Handler
    else:
        Handler = Bench
    (database,) = config["db_name"]
    with Registry(database).cursor() as cr:
        serve(Handler(cr), sys.stdin, answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
