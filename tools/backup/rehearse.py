"""Tries whether a backup can be restored and is what was backed up."""

import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

from tools.backup import target
from tools.backup.signing import check_signature
from tools.backup.source import connect, exists, head, parameter, tables
from tools.output import Fail, Progress, note, say, step
from tools.paths import LOGS, ROOT

# differences that are named
NAMED = 20


class Rehearsal:
    """A backup that is restored, compared, reported and dropped."""

    def __init__(self, options, keys, folder, binaries):
        self.options = options
        self.keys = keys
        self.folder = folder
        self.binaries = binaries
        self.manifest = {}
        self.checks = []
        self.trial = None

    def _check(self, name, good, text):
        self.checks.append({"check": name, "ok": bool(good), "text": text})
        say(f"    {'ok   ' if good else 'WRONG'} {name}: {text}")

    def run(self, who):
        """Do it all; return the exit code."""
        began = time.monotonic()
        try:
            self._all()
        except Fail as failure:
            self._check("archive", False, str(failure))
        report = self._report(who, time.monotonic() - began)
        self._record(who, report)
        return 0 if report["ok"] else 1

    def _all(self):
        path, identity = self.options.file, self.options.identity
        step(f"Checking {path}")
        self.manifest, reader = target.check(path, identity)
        self._check("checksums", True, f"{reader.members:,} parts are what they were.")
        self._check("signature", *check_signature(self.keys, reader, self.options.key))
        self.trial = name = f"rehearsal_{secrets.token_hex(6)}"
        step(f"Restoring it into {name}, which is dropped again")
        with target.Target(name, self.folder, self.binaries) as place:
            try:
                with Progress("restoring"):
                    place.fill(path, identity)
                self._compare(name, place)
                if self.manifest["audit"]:
                    with Progress("verifying the audit trail"):
                        self._verify(name)
            finally:
                place.drop()

    def _compare(self, name, place):
        """Compare what was restored with the manifest."""
        connection = connect(name)
        with connection, connection.cursor() as cr:
            found, seal = tables(cr), head(cr)
            uuid = parameter(cr, "database.uuid")
        connection.close()
        stated = self.manifest["tables"]
        differ = [
            f"{table} {found.get(table, 'is missing')} instead of "
            f"{stated.get(table, 'nothing')}"
            for table in sorted(stated.keys() | found.keys())
            if stated.get(table) != found.get(table)
        ]
        text = f"{sum(found.values()):,} in {len(found):,} tables, as in the manifest."
        if differ:
            text = f"{len(differ)} tables differ: " + "; ".join(differ[:NAMED])
        self._check("records", not differ, text)
        same = uuid == self.manifest["uuid"]
        self._check("database", same, f"its number is {uuid}.")
        self._files(place)
        if stated_seal := self.manifest["audit"]:
            text = f"the newest is number {seal['seq']}." if seal else "there is none."
            self._check("seals", seal == stated_seal, text)

    def _files(self, place):
        stated = self.manifest["attachments"]
        files = [path for path in place.filestore.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        good = len(files) == stated["files"] and size == stated["bytes"]
        text = f"{len(files):,} files, {size:,} bytes."
        if place.damaged:
            text += f" Damaged: {', '.join(place.damaged[:NAMED])}"
        if stated["missing"]:
            text += f" Missing already when backed up: {len(stated['missing'])}."
        self._check("attachments", good and not place.damaged, text)

    def _verify(self, name):
        """Verify the trail of the restored database as ./ctl audit verify does."""
        command = [sys.executable, "-m", "tools.audit_task", "verify", "--copy"]
        command += [f"--database={name}"]
        if self.options.key:
            command.append(f"--key={self.options.key}")
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, env=os.environ
        )
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        wrong = [line for line in lines if line.startswith("WRONG")]
        for line in wrong[:NAMED]:
            say(f"          {line}")
        if done.returncode not in (0, 1):
            lines.append((done.stderr.strip().splitlines() or ["it failed"])[-1])
        self._check("audit trail", not done.returncode, lines[-1] if lines else "")
        self.checks[-1]["lines"] = lines

    # -- report ------------------------------------------------------------------------

    def _report(self, who, seconds):
        good = all(item["ok"] for item in self.checks)
        report = {
            "ok": good,
            "file": str(Path(self.options.file).absolute()),
            "by": who,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "seconds": round(seconds, 1),
            "database": self.manifest.get("database"),
            "made": self.manifest.get("made"),
            "restored_as": self.trial,
            "checks": self.checks,
        }
        path = Path(
            self.options.report
            or LOGS / f"rehearsal-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}.json"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
        say(
            "The backup can be restored, and is what was backed up."
            if good
            else "This backup is NOT to be relied on."
        )
        note(f"{seconds:.0f} s, report: {path}")
        return report

    def _record(self, who, report):
        """Record it in the trail of the database that was backed up, if it is here."""
        name = report["database"]
        if not name or not exists(name):
            return
        connection = connect(name)
        with connection, connection.cursor() as cr:
            same = parameter(cr, "database.uuid") == self.manifest["uuid"]
        connection.close()
        if same:
            detail = {key: report[key] for key in ("ok", "file", "made", "seconds")}
            detail["wrong"] = [c["check"] for c in self.checks if not c["ok"]]
            target.record(name, "rehearsal", who, detail)
