"""The part of ./ctl backup, restore and rehearsal that runs in Odoo's Python."""

import getpass
import json
import os
import re
import shutil
import socket
import sys
import time
from pathlib import Path

from tools.backup import audit_files, crypt, target
from tools.backup.archive import MANIFEST, PLAIN_SUFFIX, SUFFIX, Writer
from tools.backup.commands import parse
from tools.backup.rehearse import Rehearsal
from tools.backup.signing import check_signature, signer
from tools.backup.source import Source, connect, parameter
from tools.output import Fail, Progress, note, say, step
from tools.postgres import binaries


def who():
    """Return who runs the command, for the trail."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return f"{name} on {socket.gethostname()}"


def filestores():
    """Return Odoo's folder of filestores."""
    from odoo.tools import config

    return Path(config["data_dir"]) / "filestore"


def size_text(number):
    """Return a number of bytes in words."""
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.1f} GB"


# -- backup ----------------------------------------------------------------------------


def backup(options):
    """Write a backup."""
    keys = audit_files.load_keys()
    path = _path(options)
    folder = filestores() / options.database
    began = time.monotonic()
    source = Source(options.database, folder, binaries(Path(sys.executable)))
    try:
        with Progress(f"backing up {options.database}"):
            detail = _write(options, keys, path, source)
    finally:
        source.close()
    detail["seconds"] = round(time.monotonic() - began, 1)
    say(f"{path}: {size_text(detail['size'])}, sha256 {detail['sha256']}")
    recorded = target.record(options.database, "backup", who(), detail)
    note(
        f"{detail['records']:,} records, {detail['files']:,} attachments, "
        f"{detail['seconds']:.0f} s" + ("" if recorded else "; there is no audit trail")
    )
    if options.keep:
        _prune(path, options)
    return 0


def _write(options, keys, path, source):
    """Write the archive; return what to record about it."""
    sizes, missing = source.attachments()
    _require_space(path.parent, sum(sizes.values()))
    if missing:
        note(f"{len(missing)} attachments are not on this machine: {missing[0]} …")
    manifest = source.manifest(who(), sizes, missing)
    watch = audit_files.KeyWatch(keys)
    with Writer(path, options.recipient) as archive:
        archive.add(MANIFEST, _json(manifest))
        for name, size in sizes.items():
            watch.begin()
            with _opened(source.filestore / name) as file:
                archive.add_file(f"filestore/{name}", file, size, watch.look)
        source.release_files()
        _add_audit(archive, keys, manifest["uuid"], watch)
        watch.begin()
        source.dump(archive.add, watch.look)
        if watch.found:
            raise Fail(
                "The private key of the audit trail is among the records or "
                "attachments of the database: remove it there, and replace the key. "
                "No backup was written."
            )
        archive.close_sums(signer(keys))
    return {
        "file": path.name,
        "sha256": archive.digest,
        "size": archive.size,
        "encrypted": not options.plain,
        "made": manifest["made"],
        "records": sum(manifest["tables"].values()),
        "files": len(sizes),
        "missing": len(missing),
        "seal": (manifest["audit"] or {}).get("seq", 0),
    }


def _opened(path):
    try:
        return open(path, "rb")
    except OSError as error:
        raise Fail(f"{path} cannot be read ({error.strerror}).") from error


def _json(values):
    return json.dumps(values, indent=1, ensure_ascii=False, sort_keys=True).encode()


def _add_audit(archive, keys, uuid, watch):
    """Add public keys, the newest seal that this machine knows, and old months."""
    public = sorted(keys.trusted())
    if public:
        archive.add("audit/seal.pub", "".join(f"{key}\n" for key in public).encode())
    if state := keys.read_state(uuid):
        archive.add("audit/head.json", _json(state))
    for path in audit_files.export_files(keys, uuid):
        watch.begin()
        with _opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            archive.add_file(f"audit/exports/{path.name}", file, size, watch.look)


def _new_key(path):
    try:
        public = crypt.make(path)
    except FileExistsError:
        raise Fail(f"{path} is there already: nothing is overwritten.") from None
    say(public)
    note(f"{path} opens what is encrypted for it: keep it elsewhere, and safe.")
    return 0


def _path(options):
    """Return the name of the new file."""
    place = Path(options.to)
    if not place.is_dir():
        if options.to.endswith(os.sep) or not place.parent.is_dir():
            raise Fail(f"There is no folder {options.to}: make it first.")
        if options.keep:
            raise Fail("--keep needs a folder to look in: --to FOLDER.")
        return place.absolute()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    suffix = PLAIN_SUFFIX if options.plain else SUFFIX
    return place.absolute() / f"{options.database}-{stamp}{suffix}"


def _require_space(folder, needed):
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Fail(
            f"{folder} has {size_text(free)} free, and the attachments alone are "
            f"{size_text(needed)}: make room, or choose another place."
        )


def _prune(path, options):
    """Delete all but the newest backups of the database that lie beside the new one."""
    name = re.compile(re.escape(options.database) + r"-\d{8}-\d{6}\.tar(\.age)?")
    found = sorted(p for p in path.parent.iterdir() if name.fullmatch(p.name))
    for old in found[: -options.keep]:
        old.unlink()
        note(f"{old.name} is deleted: {options.keep} are kept")


# -- restore ---------------------------------------------------------------------------


def restore(options):
    """Restore a backup into a new database."""
    keys = audit_files.load_keys()
    place = target.Target(options.into, filestores(), binaries(Path(sys.executable)))
    step(f"Checking {options.file}")
    manifest, reader = target.check(options.file, options.identity)
    _tell(manifest)
    good, text = check_signature(keys, reader, options.key)
    if not good:
        raise Fail(f"{options.file} is not restored: {text}")
    note(text)
    step(f"Restoring it into {options.into}")
    with place, Progress(f"restoring {options.into}"):
        place.fill(options.file, options.identity)
        place.settle(who(), _neutralize if options.neutralize else None, options.awake)
        place.show()
    if reader.exports:
        _restore_exports(options, keys)
    detail = {"file": Path(options.file).name, "made": manifest["made"]}
    detail |= {"from": manifest["database"], "neutralized": options.neutralize}
    target.record(options.into, "restore", who(), detail)
    _advise(options, manifest, place)
    return 0


def _tell(manifest):
    records, files = sum(manifest["tables"].values()), manifest["attachments"]
    note(
        f"{manifest['database']} of {manifest['made']}: {records:,} records, "
        f"{files['files']:,} attachments"
    )
    if files["missing"]:
        note(f"{len(files['missing'])} attachments were missing there already.")


def _neutralize(cr):
    """Do what Odoo itself does, with the addons of this machine."""
    from odoo.modules.neutralize import neutralize_database

    neutralize_database(cr)


def _restore_exports(options, keys):
    """Put old months of the trail beside those of the new database."""
    connection = connect(options.into)
    with connection, connection.cursor() as cr:
        folder = audit_files.exports_folder(keys, parameter(cr, "database.uuid"))
    connection.close()
    target.copy_exports(options.file, options.identity, folder)


def _advise(options, manifest, place):
    """Say what is left to do."""
    where = f"-d {options.into}"
    if options.config:
        where += f" --config {options.config}"
    elif options.server != "demo":
        where += f" --server {options.server}"
    say(f"{options.into} is ready.")
    if place.damaged:
        note(f"WARNING: {len(place.damaged)} attachments are damaged in the backup.")
    if options.neutralize:
        note("It is neutralized: it sends nothing, and runs no jobs.")
    elif not options.awake:
        note(f"It sleeps: no jobs, no mail. When it is to work: ./ctl wake {where}")
    if manifest["audit"]:
        note(f"Verify its audit trail: ./ctl audit verify --copy {where}")
        note("It is sealed again once you say why it was restored:")
        note(f'./ctl audit epoch {where} --reason "…"')


def rehearsal(options):
    """Try a backup; the exit code is 1 if something is wrong."""
    keys = audit_files.load_keys()
    trial = Rehearsal(options, keys, filestores(), binaries(Path(sys.executable)))
    return trial.run(who())


def wake(options):
    """Let a restored database work."""
    number = target.wake(options.database, who())
    say(f"{options.database} is awake: {number} jobs and mail servers run again.")
    return 0


JOBS = {job.__name__: job for job in (backup, restore, rehearsal, wake)}


def main(name, *arguments):
    """Run a command; return the exit code."""
    try:
        options = parse(name, arguments)
        if getattr(options, "new_key", None):
            return _new_key(Path(options.new_key))
        from odoo.tools import config

        config.parse_config([f"--config={os.environ['ODOO_RC']}"], setup_logging=False)
        # folders that it makes are Odoo's, as if Odoo had made them
        return JOBS[name](options)
    except Fail as failure:
        print(f"ctl: {failure}", file=sys.stderr)
    except KeyboardInterrupt:
        print("ctl: interrupted", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"ctl: {error}: check the folder's owner and the disk.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
