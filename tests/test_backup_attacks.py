"""Backups that somebody has changed, forged or cannot open."""

import hashlib
import io
import json
import os
import re
import tarfile

from tests.backup_desk import (
    ATTACHMENT,
    desk_fixture,  # noqa: F401 (a fixture)
    events,
    names_of,
    trail_fixture,  # noqa: F401 (a fixture)
)
from tools.backup import crypt


def test_the_private_key_is_nowhere(trail, desk):
    folder = trail.server.session.data / "erp_audit"
    pem = (folder / "seal.pem").read_bytes()
    body = pem.splitlines()[1]
    members = desk.opened(desk.take("a.tar.age"))
    assert not [name for name in members if "pem" in name]
    assert "audit/seal.pub" in members
    assert not [name for name, data in members.items() if body in data]
    # not even if somebody has put it into the database
    file = {"name": "help.txt", "raw": f"my key: {pem.decode()}"}
    number = trail.admin.call("ir.attachment", "create", [file])
    code, text = desk.backup(to=desk.place / "b.tar.age")
    trail.admin.call("ir.attachment", "unlink", number)
    assert code == 1
    desk.assert_one_line(text, "private key of the audit trail is among")
    number = trail.admin.call("res.partner", "create", [{"name": pem.decode()}])
    code, text = desk.backup(to=desk.place / "b.tar.age")
    trail.admin.call("res.partner", "unlink", number)
    trail.server.sql(
        "ALTER TABLE erp_audit_log DISABLE TRIGGER USER; "
        f"DELETE FROM erp_audit_log WHERE diff::text LIKE '%{body.decode()}%'; "
        "ALTER TABLE erp_audit_log ENABLE ALWAYS TRIGGER erp_audit_keep; "
        "ALTER TABLE erp_audit_log ENABLE ALWAYS TRIGGER erp_audit_keep_all"
    )
    assert code == 1
    desk.assert_one_line(text, "private key of the audit trail is among")
    assert not (desk.place / "b.tar.age").exists()


def test_a_tampered_archive_is_refused(trail, desk):
    file = desk.take("a.tar.age")
    data = file.read_bytes()
    middle = len(data) // 2
    changed = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    for wrong in (changed, data[:-100], data[:middle], data[:40], data + b"x"):
        file.write_bytes(wrong)
        code, text = desk.restore(file)
        assert code == 1
        desk.assert_one_line(text, "damaged, or was tampered with|cannot be opened")
        assert desk.restored not in names_of(trail.server)
        code, report, text = desk.rehearse(file)
        assert code == 1 and report["ok"] is False


def rebuilt(members, file):
    """Write an archive of these members with checksums that fit."""
    sums = "".join(
        f"{hashlib.sha256(data).hexdigest()}  {name}\n"
        for name, data in members.items()
        if not name.startswith("SHA256SUMS")
    )
    with tarfile.open(file, "w") as tar:
        for name, data in {**members, "SHA256SUMS": sums.encode()}.items():
            if name == "SHA256SUMS.sig" and "SHA256SUMS.sig" not in members:
                continue
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def test_a_plain_archive_is_checked_as_well(trail, desk):
    file = desk.take("a.tar", encrypted=False)
    data = file.read_bytes()
    place = data.index(ATTACHMENT[:100])
    file.write_bytes(data[:place] + b"X" + data[place + 1 :])
    code, text = desk.restore(file)
    assert code == 1
    desk.assert_one_line(text, "is not what its checksum says")


def test_a_forged_archive_is_not_signed(trail, desk):
    members = desk.opened(desk.take("a.tar.age"))
    name = next(name for name in members if name.startswith("filestore/"))
    forged = {**members, name: b"something else"}
    signature = forged.pop("SHA256SUMS.sig")
    file = desk.place / "forged.tar"
    rebuilt(forged, file)
    code, report, text = desk.rehearse(file)
    assert code == 1 and "Damaged" in text
    # with the old signature, in the place where it belongs
    sums = forged.pop("SHA256SUMS")
    assert sums
    rebuilt({**forged, "SHA256SUMS": b"", "SHA256SUMS.sig": signature}, file)
    code, text = desk.restore(file)
    assert code == 1
    desk.assert_one_line(text, "signature is wrong|damaged")
    outside = {**members, "filestore/../../evil": b"x"}
    rebuilt(outside, file)
    code, text = desk.restore(file)
    assert code == 1
    desk.assert_one_line(text, "does not belong there")


def test_records_that_are_missing_are_found(trail, desk):
    members = desk.opened(desk.take("a.tar.age"))
    manifest = json.loads(members["manifest.json"])
    manifest["tables"]["public.res_partner"] += 1
    members["manifest.json"] = json.dumps(manifest).encode()
    members.pop("SHA256SUMS.sig")
    file = desk.place / "b.tar"
    rebuilt(members, file)
    code, report, text = desk.rehearse(file)
    assert code == 1
    wrong = [item for item in report["checks"] if not item["ok"]]
    assert [item["check"] for item in wrong] == ["records"]
    assert "public.res_partner" in wrong[0]["text"]
    assert events(trail, "rehearsal")[0][1]["wrong"] == ["records"]


def test_a_changed_row_is_found_by_the_rehearsal(trail, desk):
    ((row, old),) = trail.server.sql(
        "SELECT id, login FROM erp_audit_log WHERE op = 'w' ORDER BY id LIMIT 1"
    )
    change = (
        "ALTER TABLE erp_audit_log DISABLE TRIGGER USER; "
        "UPDATE erp_audit_log SET login = '{}' WHERE id = {}; "
        "ALTER TABLE erp_audit_log ENABLE ALWAYS TRIGGER erp_audit_keep; "
        "ALTER TABLE erp_audit_log ENABLE ALWAYS TRIGGER erp_audit_keep_all"
    )
    trail.server.sql(change.format("nobody", row))
    try:
        file = desk.take("a.tar.age")
    finally:
        trail.server.sql(change.format(old, row))
    code, report, text = desk.rehearse(file)
    assert code == 1
    assert [i["check"] for i in report["checks"] if not i["ok"]] == ["audit trail"]
    assert re.search(rf"WRONG.*{row}", text), text


def test_a_wrong_key_or_none(trail, desk):
    file = desk.take("a.tar.age")
    other = desk.folder / "other.txt"
    crypt.make(other)
    for key, pattern in (
        (other, "encrypted for another key"),
        (desk.folder / "none.txt", "cannot be read"),
        (file, "holds no private key"),
    ):
        code, text = desk.ctl("restore", file, "--into", "x", "--identity", key)
        assert code == 1
        desk.assert_one_line(text, pattern)
    code, text = desk.ctl("restore", file, "--into", "x")
    desk.assert_one_line(text, "name its key with --identity")
    code, text = desk.ctl(
        *("backup", "-d", trail.server.database),
        *("--to", desk.place, "--recipient", "age1nonsense"),
    )
    assert code == 1
    desk.assert_one_line(text, "no public key")
    code, text = desk.ctl("backup", "-d", trail.server.database, "--to", desk.place)
    assert code == 1
    desk.assert_one_line(text, "--recipient .* or say --plain")


def test_a_failed_restore_leaves_nothing(trail, desk):
    members = desk.opened(desk.take("a.tar.age"))
    part = sorted(name for name in members if name.startswith("database/"))[0]
    members[part] = members[part][:0]
    members.pop("SHA256SUMS.sig")
    file = desk.place / "b.tar"
    rebuilt(members, file)
    code, text = desk.restore(file)
    assert code == 1
    desk.assert_one_line(text, "pg_restore cannot restore")
    assert desk.restored not in names_of(trail.server)
    store = trail.server.session.data / "filestore"
    assert not [name for name in os.listdir(store) if desk.restored in name]
