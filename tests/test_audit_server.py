"""The audit trail under real conditions: many writers at once, and a real attacker."""

import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from tests.client import RpcError
from tests.server import OdooServer
from tools.paths import ROOT

WRITERS = 20
TRANSACTIONS = 60
SCRIPT = ROOT / "addons" / "erp_audit" / "static" / "verify_proof.py"


class Trail:
    """The trail of a server on which changes of partners are recorded."""

    def __init__(self, server):
        self.server = server
        self.admin = server.client("admin")
        self.auditor = server.client("admin")
        group = self._ref("erp_audit.group_audit_auditor")
        self.admin.call("res.users", "write", [2], {"group_ids": [(4, group)]})
        model = self._ids("ir.model", [["model", "=", "res.partner"]])
        rules = self._ids("erp.audit.rule", [["model_id", "in", model]])
        if not rules:
            vals = {"model_id": model[0]}
            rules = [self.admin.call("erp.audit.rule", "create", vals)]
        self.admin.call("erp.audit.rule", "action_confirm", rules)

    def _ids(self, model, domain):
        return self.admin.call(model, "search", domain)

    def _ref(self, xmlid):
        name = xmlid.split(".")
        domain = [["module", "=", name[0]], ["name", "=", name[1]]]
        rows = self.admin.call("ir.model.data", "search_read", domain, ["res_id"])
        return rows[0]["res_id"]

    def partners(self, number):
        """Return new partners."""
        vals = [{"name": f"P{item}"} for item in range(number)]
        return self.admin.call("res.partner", "create", vals)

    def connect(self):
        """Return a connection to the database, as Odoo's role."""
        environment = self.server.session.server.connection
        return psycopg2.connect(
            host=environment["PGHOST"],
            port=environment["PGPORT"],
            user=environment["PGUSER"],
            dbname=self.server.database,
        )

    def seal(self):
        """Seal what can be sealed, as an auditor."""
        self.auditor.call("erp.audit.seal", "action_seal")

    def refs(self, partners):
        """Return how often each value was recorded, as ``{(partner, value): n}``."""
        rows = self.server.sql(
            "SELECT l.res_id, l.diff->'ref'->>1 FROM erp_audit_log l"
            " JOIN erp_audit_source s ON s.id = l.source"
            f" WHERE s.name = 'res.partner' AND l.res_id IN ({_joined(partners)})"
            " AND l.op = 'w' AND l.diff ? 'ref'"
        )
        return Counter((int(partner), value) for partner, value in rows)

    def waiting(self):
        """Return how many records have no seal yet."""
        ((number,),) = self.server.sql(
            "SELECT (SELECT count(*) FROM erp_audit_log)"
            " - (SELECT coalesce(sum(number), 0) FROM erp_audit_chain)"
        )
        return int(number)

    def seal_all(self):
        """Seal until nothing waits."""
        deadline = time.monotonic() + 60
        while self.waiting() and time.monotonic() < deadline:
            self.seal()
        assert self.waiting() == 0

    def command(self, *arguments):
        """Run ./ctl audit; return its exit code and what it printed."""
        session = self.server.session
        environment = session.environment()
        environment["PYTHONPATH"] += f"{os.pathsep}{ROOT}"
        done = subprocess.run(
            [session.python, "-m", "tools.audit_task", *arguments]
            + ["--server=test", f"--database={self.server.database}"],
            capture_output=True,
            text=True,
            env=environment,
            cwd=ROOT,
        )
        return done.returncode, done.stdout + done.stderr

    def assert_intact(self, *arguments):
        """Verify the whole trail; every record is sealed once."""
        code, text = self.command("verify", *arguments)
        assert code == 0, text
        assert "The trail is intact." in text
        ((twice,),) = self.server.sql(
            "SELECT count(*) - count(DISTINCT id) FROM erp_audit_log"
        )
        assert twice == "0"


def _joined(numbers):
    return ", ".join(map(str, numbers))


@pytest.fixture(scope="module")
def trail(prepared, template):
    with OdooServer(prepared, template, name="audit") as server:
        yield Trail(server)
        assert not server.complaints()


def write(trail, partner, number, done):
    """Write in transactions that end in all possible ways; note what was committed."""
    chance = random.Random(number)
    with trail.connect() as connection, connection.cursor() as cr:
        for step in range(TRANSACTIONS):
            value = f"{number}-{step}"
            query = "UPDATE res_partner SET ref = %s WHERE id = %s"
            cr.execute("SELECT pg_current_xact_id()")
            # some are late: others begin after them, and are sealed before they end
            time.sleep(chance.choice((0, 0, 0.002, 0.05)))
            end = chance.choice(("commit", "commit", "rollback", "savepoint"))
            if end == "savepoint":
                cr.execute("SAVEPOINT s")
                cr.execute(query, [f"{value}-undone", partner])
                cr.execute("ROLLBACK TO SAVEPOINT s")
            cr.execute(query, [value, partner])
            if end == "rollback":
                connection.rollback()
                continue
            connection.commit()
            done.append((partner, value))


def test_many_writers_while_sealing(trail):
    """No record is lost, none is there twice, none is accused."""
    partners = trail.partners(WRITERS)
    done, stop = [], threading.Event()

    def seal():
        while not stop.is_set():
            trail.seal()

    sealer = threading.Thread(target=seal)
    sealer.start()
    try:
        with ThreadPoolExecutor(WRITERS) as pool:
            for number, partner in enumerate(partners):
                pool.submit(write, trail, partner, number, done)
    finally:
        stop.set()
        sealer.join()
    assert len(done) > WRITERS * TRANSACTIONS / 2
    assert trail.refs(partners) == Counter(done)
    trail.seal_all()
    blocks = trail.server.sql("SELECT count(*) FROM erp_audit_chain")
    assert int(blocks[0][0]) > 3, "sealing went on meanwhile"
    trail.assert_intact()


def test_clients_at_once_on_one_record(trail):
    """What is tried again after a serialization error is recorded once."""
    (partner,) = trail.partners(1)
    done = []

    def save(number):
        client = trail.server.client("admin")
        for step in range(2):
            value = f"{number}-{step}"
            try:
                client.call("res.partner", "write", [partner], {"ref": value})
            except RpcError:
                continue
            done.append((partner, value))

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(save, range(WRITERS)))
    assert len(done) > WRITERS / 2
    assert trail.refs([partner]) == Counter(done)
    trail.seal_all()
    trail.assert_intact()


def test_sealers_at_once(trail):
    """Several processes that seal do not disturb each other."""
    trail.partners(30)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _number: trail.seal(), range(16)))
    trail.seal_all()
    trail.assert_intact()


def test_long_transaction(trail):
    """Sealing waits for it, others are not accused, and it is sealed at the end."""
    first, second = trail.partners(2)
    trail.seal_all()
    query = "UPDATE res_partner SET ref = %s WHERE id = %s"
    with trail.connect() as late, late.cursor() as cr:
        cr.execute(query, ["late", first])
        with trail.connect() as other, other.cursor() as cr2:
            cr2.execute(query, ["quick", second])
        trail.seal()
        # the quick one began later: it must wait for the late one
        assert trail.waiting() >= 1
        code, text = trail.command("verify")
        assert code == 0, text
        assert "0 records wait for their seal." not in text.split("\n")
    trail.seal_all()
    assert trail.refs([first, second]) == {(first, "late"): 1, (second, "quick"): 1}
    trail.assert_intact()


def test_only_auditors_seal_and_verify(trail):
    demo = trail.admin.call(
        "res.users",
        "create",
        {"name": "Eve", "login": "eve", "password": "eve-eve-eve"},
    )
    assert demo
    client = trail.server.client("eve", "eve-eve-eve")
    for model, method in (
        ("erp.audit.seal", "action_seal"),
        ("erp.audit.verification", "action_verify"),
    ):
        with pytest.raises(RpcError, match="AccessError"):
            client.call(model, method)


def test_proof(trail, tmp_path):
    """A record of a person's change is proven by the script alone."""
    (partner,) = trail.partners(1)
    trail.admin.call("res.partner", "write", [partner], {"ref": "proven"})
    trail.seal_all()
    ((row,),) = trail.server.sql(
        f"SELECT max(id) FROM erp_audit_log WHERE res_id = {partner}"
        " AND diff->'ref'->>1 = 'proven'"
    )
    path = tmp_path / "proof.json"
    code, text = trail.command("proof", row, "--out", str(path))
    assert code == 0, text
    _code, key = trail.command("key")
    command = [sys.executable, "-I", str(SCRIPT), str(path), "--key", key.strip()]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert '"res.partner.write"' in done.stdout
    values = json.loads(path.read_text())
    values["canonical"] = values["canonical"].replace("proven", "forged")
    path.write_text(json.dumps(values))
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout


def test_attacker(trail):
    """Somebody with all rights in the database is found out, and named what he did."""
    (partner,) = trail.partners(1)
    trail.seal_all()
    ((row,),) = trail.server.sql(
        f"SELECT max(id) FROM erp_audit_log WHERE res_id = {partner} AND op = 'c'"
    )
    sql = (
        "ALTER TABLE erp_audit_log DISABLE TRIGGER USER;"
        f"UPDATE erp_audit_log SET real_uid = 1 WHERE id = {row};"
        "ALTER TABLE erp_audit_log ENABLE TRIGGER USER"
    )
    before = trail.server.sql(f"SELECT real_uid FROM erp_audit_log WHERE id = {row}")
    trail.server.sql(sql)
    code, text = trail.command("verify", "--workers=3")
    assert code == 1, text
    assert re.search(
        rf"WRONG: Record {row} was changed.*res\.partner\({partner}\)", text
    )
    trail.server.sql(sql.replace("= 1 ", f"= {before[0][0]} "))
    trail.assert_intact("--workers=3")
