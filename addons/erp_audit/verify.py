"""Checks the trail against its seals, and names what does not fit.

Blocks are checked in parallel, each task with a connection of its own. The database
hashes the records it has; here it is compared with what the seals keep, byte by byte.
Only where these differ is looked at row by row, see :mod:`.verify_rows`.

What cannot be told from inside the database (the newest seals and their records were
cut off, or all was written anew) is told by comparing with what is kept outside: the
number of the newest seal beside the key, and the lines that were sent elsewhere.
"""

# Names of tables and columns are constants of ours, values are parameters.
# pylint: disable=sql-injection

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from . import keys, merkle, proof, store
from .seal import (
    BLOCK,
    DROPPED,
    ENTRY_SIZE,
    RESTART,
    START,
    TABLE,
    Seal,
    unpack,
)
from .sealer import LOG
from .verify_outside import Outside, known_databases, read_anchors
from .verify_report import NAMED, Finding, Gone, Report, gathered
from .verify_rows import Bounds, Rows

# records of one task, about, and seals of one task at most
TASK_ROWS = 50000
TASK_SEALS = 300


@dataclass
class Task:
    """Consecutive seals of one epoch, to be checked at once.

    ``before`` is the hash of the seal before the first, None if it is the first one;
    ``lower`` and ``upper`` limit the numbers of the epoch's records.
    """

    first: int
    last: int
    before: str | None
    after: tuple
    lower: int
    upper: int
    rows: int = 0
    gap: bool = False


class Verifier:
    """Checks all, or the blocks with records of a period.

    :param connect: called without arguments, returns a context manager with a cursor
    :param trusted: public keys that may have signed; those that this machine knows
        if not given
    :param anchors: lines of seals that were kept elsewhere
    :param start, end: period, UTC; end is not included
    :param int workers: connections to use at once
    :param bool copy: it is a copy of the database, which may lack the newest seals
    :param progress: called with the share that is done, from 0 to 1
    """

    def __init__(
        self,
        connect,
        trusted=None,
        anchors=(),
        start=None,
        end=None,
        workers=1,
        copy=False,
        progress=None,
    ):
        self.connect = connect
        self.trusted = keys.trusted() if trusted is None else set(trusted)
        self.anchors = anchors
        self.start = start
        self.end = end
        self.workers = workers
        self.copy = copy
        self.progress = progress or (lambda share: None)
        self.report = Report()
        self.gone = []
        self.epochs = []

    def run(self):
        """Check everything.

        :return: a :class:`Report`
        """
        began = time.monotonic()
        with self.connect() as cr:
            # the addon's writers wait for nothing here: this only reads
            self._learn(cr)
            tasks = self._tasks(cr)
        self._run_tasks(tasks)
        with self.connect() as cr:
            self._check_gone()
            self._check_exports(cr)
            self._check_names(cr)
            self._check_unsealed(cr)
            self._check_guards(cr)
            databases = known_databases(cr, self.trusted)
        self._check_outside(databases)
        self.report.findings = gathered(self.report.findings)
        self.report.seconds = time.monotonic() - began
        self.progress(1.0)
        return self.report

    def _found(self, kind, **values):
        self.report.findings.append(Finding(kind, **values))

    def _note(self, kind, **values):
        self.report.notes.append(Finding(kind, **values))

    # -- what to check -----------------------------------------------------------------

    def _learn(self, cr):
        """Read the seals that say how to read the others."""
        special = Seal.select(cr, "kind <> %s ORDER BY seq", [BLOCK], light=True)
        for seal in special:
            if seal.wrong(self.trusted) in ("altered", "key"):
                continue  # found by the task that it belongs to
            facts = seal.facts
            if seal.kind == RESTART:
                self.epochs.append(seal)
                self._note(
                    "epoch",
                    seal=seal.seq,
                    moment=datetime.fromisoformat(facts["sealed"]),
                    detail=f"{facts['who']}: {facts['reason']}",
                )
            elif seal.kind == DROPPED:
                gone = Gone(
                    seal.seq,
                    datetime.fromisoformat(facts["start"]),
                    datetime.fromisoformat(facts["end"]),
                    facts["partition"],
                    facts["gone"],
                    facts["gone_root"],
                    facts.get("file", ""),
                    facts.get("file_sha256", ""),
                )
                self.gone.append(gone)
                self._note(
                    "gone",
                    seal=seal.seq,
                    number=gone.number,
                    detail=gone.partition,
                    moment=datetime.fromisoformat(facts["sealed"]),
                )

    def _in_period(self, min_ts, max_ts):
        if not (self.start or self.end):
            return True
        if min_ts is None or max_ts is None:
            return False
        return not (
            (self.start and max_ts < self.start) or (self.end and min_ts >= self.end)
        )

    def _tasks(self, cr):
        """Return the tasks; find seals that are missing between others."""
        cr.execute(
            f"""SELECT seq, kind, number, min_ts, max_ts, last_tx, last_id, epoch,
                       encode(hash, 'hex')
                  FROM {TABLE} ORDER BY seq"""
        )
        tasks, task, before = [], None, None
        expected, after, lower = 1, START, -1
        backs = {seal.seq for seal in self.epochs if seal.facts["back"]}
        for seq, kind, number, min_ts, max_ts, tx, row, epoch, known in cr.fetchall():
            if seq != expected:
                self._found("missing", seal=expected, number=seq - expected)
                task = None
            if seq in backs or not self._in_period(min_ts, max_ts):
                task = None
            if seq in backs:
                after, lower = START, self._base(seq)
            if self._in_period(min_ts, max_ts):
                if (
                    not task
                    or task.rows + number > TASK_ROWS
                    or seq - task.first >= TASK_SEALS
                ):
                    task = Task(seq, seq, before, after, lower, self._upper(epoch))
                    task.gap = seq != expected
                    tasks.append(task)
                task.last = seq
                task.rows += number
            if kind == BLOCK:
                after = (tx, row)
            before, expected = known, seq + 1
        self.last_seq = expected - 1
        self.position, self.lower = after, lower
        return tasks

    def _base(self, seq):
        """Return the last record before an epoch, by its seal."""
        return next((s.facts["base"] for s in self.epochs if s.seq == seq), -1)

    def _upper(self, epoch):
        """Return the last record before the transaction numbers began anew."""
        later = [
            seal.facts["base"]
            for seal in self.epochs
            if seal.facts["back"] and seal.facts["epoch"] > epoch
        ]
        return later[0] if later else 2**63 - 1

    # -- seals and records -------------------------------------------------------------

    def _run_tasks(self, tasks):
        total = sum(task.rows + 1 for task in tasks) or 1
        done = 0
        with ExitStack() as stack:
            run = map
            if self.workers > 1:
                run = stack.enter_context(ThreadPoolExecutor(self.workers)).map
            results = run(self._run_task, tasks)
            for task, result in zip(tasks, results, strict=True):
                self._take(result)
                done += task.rows + 1
                self.progress(done / total)

    def _take(self, result):
        findings, rows, seals, gone = result
        self.report.findings += findings
        self.report.rows += rows
        self.report.seals += seals
        for number, leaves in gone:
            self.gone[number].leaves.update(leaves)

    def _run_task(self, task):
        """Check the seals of a task and the records under them."""
        findings, gone = [], []
        with self.connect() as cr:
            seals = Seal.select(
                cr, "seq BETWEEN %s AND %s ORDER BY seq", [task.first, task.last]
            )
            bounds = self._check_seals(seals, task, findings)
            rows = Rows(cr, task, self.gone)
            findings += [Finding(**v) for v in rows.check(seals, bounds, gone)]
        return findings, sum(seal.number for seal in seals), len(seals), gone

    def _check_seals(self, seals, task, findings):
        """Check each seal by itself, and its link to the one before.

        :return: dict: number of the seal, its :class:`.verify_rows.Bounds`
        """
        bounds, before, after = {}, task.before, task.after
        linked = not task.gap
        for seal in seals:
            wrong = seal.wrong(self.trusted)
            if not wrong and linked and not self._follows(seal, before, after):
                wrong = "link"
            if wrong:
                findings.append(
                    Finding(
                        f"seal_{wrong}",
                        seal=seal.seq,
                        moment=seal.max_ts,
                        number=seal.number,
                    )
                )
            bounds[seal.seq] = self._bounds(seal, wrong, after, linked)
            # what follows an altered seal cannot fit it, and is not to blame
            linked = wrong != "altered"
            before = seal.digest
            if seal.kind == BLOCK:
                after = bounds[seal.seq].last
        return bounds

    def _bounds(self, seal, wrong, after, linked):
        """Return where the records of a seal are, as far as it is to be believed."""
        sound = wrong != "leaves" and self._believable(seal)
        if wrong not in ("altered", "key"):
            facts = seal.facts
            first = START if after == START and linked else tuple(facts["after"])
            return Bounds(first, tuple(facts["last"]), sound)
        if sound and seal.raw:
            return Bounds(after, unpack(seal.raw[-ENTRY_SIZE:])[0].position, sound)
        return Bounds(after, seal.last, False)

    @staticmethod
    def _follows(seal, before, after):
        """Return whether a seal names the one before, and begins where that ends."""
        facts = seal.facts
        if facts["prev"] != (before or ""):
            return False
        return seal.kind != BLOCK or after == START or tuple(facts["after"]) == after

    @staticmethod
    def _believable(seal):
        """Return whether leaves and entries fit the header, whoever signed that."""
        return (
            seal.raw is not None
            and len(seal.raw) // ENTRY_SIZE == len(seal.leaves) // merkle.SIZE
            and sha256(seal.raw).hexdigest() == seal.facts.get("entries")
            and merkle.root(seal.leaves).hex() == seal.facts.get("root")
        )

    # -- the rest ----------------------------------------------------------------------

    def _check_gone(self):
        """Check that what retention took away is what was sealed before."""
        if self.start or self.end:
            return
        for gone in self.gone:
            leaves = b"".join(gone.leaves[seq] for seq in sorted(gone.leaves))
            number = len(leaves) // merkle.SIZE
            if number != gone.number or merkle.root(leaves).hex() != gone.root:
                self._found(
                    "gone_wrong", seal=gone.seal, detail=gone.partition, number=number
                )

    def _check_exports(self, cr):
        """Check the files of these months, as far as they are still on this machine."""
        for database in known_databases(cr, self.trusted):
            for gone in filter(lambda gone: gone.file, self.gone):
                path = keys.exports(database) / gone.file
                if path.is_file() and proof.file_digest(path) != gone.file_sha256:
                    self._found("export_altered", seal=gone.seal, detail=gone.file)

    def _check_names(self, cr):
        """Check that the numbers of models mean what they meant when sealed."""
        cr.execute("SELECT id, name FROM erp_audit_source")
        now = dict(cr.fetchall())
        for seal in Seal.select(cr, "names IS NOT NULL ORDER BY seq", light=True):
            if seal.wrong(self.trusted) in ("altered", "key"):
                continue  # found already
            for number, name in (seal.facts.get("names") or {}).items():
                if now.get(int(number)) != name:
                    self._found(
                        "name",
                        seal=seal.seq,
                        source=int(number),
                        detail=f"{name} → {now.get(int(number)) or '-'}",
                    )

    def _check_unsealed(self, cr):
        """Count what waits for its seal; find what pretends to come later."""
        cr.execute(
            f"""SELECT count(*),
                       extract(epoch FROM clock_timestamp() AT TIME ZONE 'UTC'
                                          - min(ts))
                  FROM (SELECT ts FROM {LOG}
                         WHERE (tx, id) > (%s, %s) AND id > %s
                           AND tx < pg_snapshot_xmax(pg_current_snapshot())
                                    ::text::bigint
                         ORDER BY tx, id LIMIT 1000000) AS rows""",
            [*self.position, self.lower],
        )
        number, seconds = cr.fetchone()
        self.report.unsealed = number
        self.report.lag = max(float(seconds or 0), 0.0)
        cr.execute(
            f"""SELECT id, source, res_id, ts FROM {LOG}
                 WHERE tx >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
                   AND (tx, id) > (%s, %s) AND id > %s
                   AND tx <> coalesce(pg_current_xact_id_if_assigned()::text::bigint, 0)
                 ORDER BY tx, id LIMIT %s""",
            [*self.position, self.lower, NAMED],
        )
        for row, source, res_id, moment in cr.fetchall():
            self._found("future", row=row, source=source, res_id=res_id, moment=moment)

    def _check_guards(self, cr):
        for table, what in store.guard_findings(cr):
            self._found(f"guard_{what}", detail=table)
        if problem := keys.problem():
            self._found("key_unusable", detail=problem)
        if not keys.is_private():
            self._found("key_readable", detail=str(keys.key_file()))
        number = store.strays(cr)
        if number:
            self._note("strays", number=number)

    def _check_outside(self, databases):
        """Compare with the newest seal that this machine knows, and with anchors.

        :param databases: uuids under which this machine may know the chain
        """
        heads = [head for head in map(keys.read_state, databases) if head]
        anchors, findings = read_anchors(self.anchors, self.trusted)
        lost = [epoch.facts["lost"] for epoch in self.epochs]
        # sealing goes on meanwhile: a transaction that began before the heads were
        # read may lack what they tell of
        with self.connect() as cr:
            outside = Outside(cr, self.last_seq, lost, self.copy)
            for head in heads:
                findings += outside.compare({head["seq"]: head["hash"]}, "machine")
            findings += outside.compare(anchors, "anchors")
        self.report.findings += findings
