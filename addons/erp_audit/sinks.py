"""Sends seals to places outside the database, as lines of text.

A line is the signed header of a seal and its signature. Each names the one before, so
that any line kept elsewhere tells later whether the chain up to it is still the same.
"""

import json
import logging
import logging.handlers
import os
import socket
from pathlib import Path

from . import keys
from .seal import RESTART, TABLE, Seal, digest

_logger = logging.getLogger(__name__)
# lines that are sent at once; what is left is sent next time
MOST = 5000


def since(cr, seq, most=MOST):
    """Return the seals after a number, oldest first."""
    return Seal.select(cr, "seq > %s ORDER BY seq LIMIT %s", [seq, most], light=True)


def to_file(cr, path):
    """Add the seals that a file does not have yet; return how many.

    :raise OSError: if it cannot be written
    """
    path = Path(path)
    seals = since(cr, _written(cr, path))
    if seals:
        with open(path, "a", encoding="utf-8") as file:
            file.writelines(seal.line() + "\n" for seal in seals)
            file.flush()
            os.fsync(file.fileno())
    return len(seals)


def _written(cr, path):
    """Return the number of the last seal that a file has.

    After a restore the last ones in the file may be others than those in the
    database: then it goes on where the new epoch begins.
    """
    if not path.exists():
        return 0
    with open(path, "rb") as file:
        file.seek(max(path.stat().st_size - 65536, 0))
        lines = file.read().decode(errors="replace").splitlines()
    try:
        header = json.loads(lines[-1])["header"]
        seq = int(json.loads(header)["seq"])
    except (ValueError, KeyError, TypeError, IndexError):
        return 0
    known = Seal.select(cr, "seq = %s", [seq], light=True)
    if known and known[0].digest == digest(header):
        return seq
    cr.execute(f"SELECT max(seq) - 1 FROM {TABLE} WHERE kind = %s", [RESTART])
    return cr.fetchone()[0] or 0


def to_syslog(cr, address, database):
    """Send the seals that were not sent yet; return how many.

    :param str address: ``/dev/log``, ``host:port`` or ``tcp://host:port``
    :raise OSError: if it cannot be reached
    """
    done = keys.read_state(database, "syslog").get("seq", 0)
    seals = since(cr, done)
    if not seals:
        return 0
    kind = socket.SOCK_DGRAM
    where = address
    if address.startswith("tcp://"):
        kind, where = socket.SOCK_STREAM, address.removeprefix("tcp://")
    if not where.startswith("/"):
        host, _colon, port = where.rpartition(":")
        where = (host or where, int(port) if host else 514)
    handler = logging.handlers.SysLogHandler(
        where, logging.handlers.SysLogHandler.LOG_AUTHPRIV, kind
    )
    try:
        for seal in seals:
            text = f"erp_audit_seal {seal.line()}"
            record = logging.makeLogRecord({"msg": text, "levelno": logging.INFO})
            _emit(handler, record)
    finally:
        handler.close()
    keys.write_state(database, "syslog", seq=seals[-1].seq)
    return len(seals)


def _emit(handler, record):
    """Send a record; unlike a logging handler, say when that fails."""
    failures = []
    handler.handleError = lambda _record: failures.append(1)
    handler.emit(record)
    if failures:
        raise OSError("syslog cannot be reached")


def send(cr, database):
    """Send new seals to the places that are set up outside the database.

    What fails is logged and tried again next time: sealing goes on.

    :return: dict, name of the place: what went wrong
    """
    wrong = {}
    for name, setting, function in (
        ("file", "seal_file", to_file),
        ("syslog", "syslog", lambda cr, to: to_syslog(cr, to, database)),
    ):
        target = keys.setting(setting)
        if not target:
            continue
        try:
            function(cr, target)
        except (OSError, ValueError) as error:
            wrong[name] = str(error)
            _logger.warning("Seals could not be sent to %s: %s", target, error)
    return wrong
