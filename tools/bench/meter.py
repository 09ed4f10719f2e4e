"""What a piece of work costs: time on the clock, time on the processor, queries."""

import gc
import os
import time
from contextlib import contextmanager
from pathlib import Path


def _processor_seconds(pid):
    """Return the processor time of another process so far, 0 if it cannot be seen."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


class Meter:
    """Measures work on one database cursor.

    On a machine that others use as well the time on the clock says little. ``busy``
    is the processor time of this process and of its PostgreSQL backend together,
    which waiting for others does not lengthen. It is the time on the clock when the
    database server runs on another machine, where its processes cannot be seen.
    """

    def __init__(self, cr):
        self._cr = cr
        cr.execute("SELECT pg_backend_pid()")
        (self._backend,) = cr.fetchone()
        if not os.environ.get("PGHOST", "").startswith("/"):
            self._backend = None

    def _now(self):
        clock = time.perf_counter()
        busy = clock
        if self._backend:
            busy = time.process_time() + _processor_seconds(self._backend)
        return clock, busy, self._cr.sql_log_count

    @contextmanager
    def measured(self):
        """Measure a block; yields a dict that is filled at its end."""
        cost = {}
        gc.collect()
        gc.disable()
        start = self._now()
        try:
            yield cost
        finally:
            wall, busy, queries = (
                b - a for a, b in zip(start, self._now(), strict=True)
            )
            gc.enable()
            cost.update(wall=wall, busy=busy, queries=queries)
