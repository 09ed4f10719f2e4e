"""Backups of a real server that people work on: taken, tried, restored."""

import contextlib
import hashlib
import json
import threading

from tests.backup_desk import (
    ATTACHMENT,
    MARK,
    desk_fixture,  # noqa: F401 (a fixture)
    events,
    names_of,
    trail_fixture,  # noqa: F401 (a fixture)
)


@contextlib.contextmanager
def people_at_work(trail):
    """Partners are written, files are added, seals are made; meanwhile the block."""
    partners, stop = trail.partners(4), threading.Event()
    failures = []

    def work(partner):
        client = trail.server.client("admin")
        number = 0
        while not stop.is_set() or number < 3:
            number += 1
            client.call("res.partner", "write", [partner], {"ref": str(number)})
            file = {"name": "f", "raw": f"{partner} {number} " * 200}
            client.call("ir.attachment", "create", [file])

    def guarded(partner):
        try:
            work(partner)
        except Exception as error:  # noqa: BLE001 (told by the test)
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=[partner]) for partner in partners]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures, failures


def test_a_backup_is_taken_while_people_work(trail, desk):
    with people_at_work(trail):
        code, text = desk.backup()
    assert code == 0, text
    (file,) = desk.place.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert digest in text
    code, report, text = desk.rehearse(file)
    assert code == 0, text
    assert report["ok"] and all(item["ok"] for item in report["checks"])
    checked = {item["check"] for item in report["checks"]}
    assert checked >= {
        "checksums",
        "signature",
        "records",
        "attachments",
        "audit trail",
    }
    assert report["restored_as"] not in names_of(trail.server)
    # the trail says who took it and tried it, for whoever misses one
    (login, detail) = events(trail, "backup")[0]
    assert detail["sha256"] == digest and " on " in login
    assert events(trail, "rehearsal")[0][1]["ok"] is True
    trail.seal_all()
    trail.assert_intact()


def test_what_is_in_it(trail, desk):
    file = desk.take("a.tar.age")
    assert MARK.encode() not in file.read_bytes()
    members = desk.opened(file)
    manifest = json.loads(members["manifest.json"])
    assert manifest["tables"]["public.erp_audit_log_default"] == 0
    assert manifest["modules"]["erp_audit"] and manifest["audit"]["seq"] > 0
    assert manifest["database"] == trail.server.database
    name = hashlib.sha1(ATTACHMENT).hexdigest()
    assert members[f"filestore/{name[:2]}/{name}"] == ATTACHMENT
    for line in members["SHA256SUMS"].decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(members[name]).hexdigest() == digest


def test_no_room_no_place_no_database(trail, desk):
    for encrypted in (True, False):
        code, text = desk.backup(limit=200_000, encrypted=encrypted)
        assert code == 1
        desk.assert_one_line(text, "cannot be written .*too large")
        assert not list(desk.place.iterdir())
    code, text = desk.backup(to=desk.folder / "nowhere" / "a.tar.age")
    assert code == 1
    desk.assert_one_line(text, "no folder")
    code, text = desk.ctl("backup", "-d", "nothing", "--to", desk.place, "--plain")
    assert code == 1
    desk.assert_one_line(text, "nothing cannot be opened")


def test_nothing_is_overwritten(trail, desk):
    file = desk.take("a.tar.age")
    before = file.read_bytes()
    code, text = desk.backup(to=file)
    assert code == 1
    desk.assert_one_line(text, "nothing is overwritten")
    assert file.read_bytes() == before
    code, text = desk.ctl("backup", "--new-key", desk.identity)
    assert code == 1
    desk.assert_one_line(text, "nothing is overwritten")


def test_files_are_those_where_one_stands(trail, desk):
    """Not only absolute paths: keys, archives and reports."""
    (desk.folder / "key.pub").write_text(desk.recipient)
    code, text = desk.ctl(
        *("backup", "-d", desk.server.database, "--to", "backups/near.tar.age"),
        *("--recipient", "key.pub"),
        where=desk.folder,
    )
    assert code == 0, text
    code, text = desk.ctl(
        *("rehearsal", "backups/near.tar.age", "--identity", "identity.txt"),
        *("--report", "near.json"),
        where=desk.folder,
    )
    assert code == 0, text
    assert (desk.folder / "near.json").exists()


def test_a_pair_of_keys_needs_no_server(desk):
    """Not even one that could be started."""
    new = desk.folder / "new.txt"
    code, text = desk.ctl("backup", "--new-key", new, "--config", "/nowhere/odoo.conf")
    assert code == 0, text
    assert new.exists()
    assert "age1" in text


def test_the_last_ones_are_kept(trail, desk):
    name = trail.server.database
    old = [f"{name}-2026010{day}-000000.tar.age" for day in (1, 2, 3)]
    others = ["other-20260101-000000.tar.age", f"{name}_x-20260101-000000.tar.age"]
    for item in (*old, *others):
        (desk.place / item).touch()
    code, text = desk.backup("--keep", "2")
    assert code == 0, text
    left = {path.name for path in desk.place.iterdir()}
    assert left >= {old[2], *others} and not left & {*old[:2]}
    assert len(left) == 4


def test_restored_asleep_and_woken(trail, desk):
    jobs = "SELECT id FROM ir_cron WHERE active ORDER BY 1"
    before = trail.server.sql(jobs)
    file = desk.take("a.tar.age")
    code, text = desk.restore(file)
    assert code == 0, text
    assert "./ctl wake -d" in text and "audit epoch" in text
    assert not desk.sql(jobs)
    assert desk.sql("SELECT smtp_host FROM ir_mail_server WHERE active") == [
        ["invalid"]
    ]
    same = "SELECT value FROM ir_config_parameter WHERE key = 'database.uuid'"
    assert desk.sql(same) != trail.server.sql(same)
    assert (
        desk.sql("SELECT comment FROM res_partner WHERE ref = 'fox'")[0][0].find(MARK)
        >= 0
    )
    template = (
        f"SELECT datistemplate FROM pg_database WHERE datname = '{desk.restored}'"
    )
    assert desk.sql(template) == [["f"]]
    # into a new one only
    code, text = desk.restore(file)
    assert code == 1
    desk.assert_one_line(text, "already")
    code, text = desk.ctl("wake", "-d", desk.restored)
    assert code == 0, text
    assert desk.sql(jobs) == before
    assert not desk.sql("SELECT 1 FROM ir_mail_server WHERE smtp_host = 'invalid'")
    # sealing goes on only after somebody has said why
    code, text = desk.ctl("audit", "seal", "-d", desk.restored)
    assert code == 2 and "audit epoch" in text
    code, text = desk.ctl("audit", "epoch", "-d", desk.restored, "--reason", "a test")
    assert code == 0, text
    code, text = desk.ctl("audit", "seal", "-d", desk.restored)
    assert code == 0, text
    code, text = desk.ctl("audit", "verify", "-d", desk.restored)
    assert code == 0, text


def test_restored_neutralized(trail, desk):
    file = desk.take("a.tar.age")
    code, text = desk.restore(file, "--neutralize")
    assert code == 0, text
    assert desk.sql(
        "SELECT value FROM ir_config_parameter WHERE key = 'database.is_neutralized'"
    ) == [["true"]]
    code, text = desk.ctl("wake", "-d", desk.restored)
    assert code == 1
    desk.assert_one_line(text, "does not sleep")
