"""Reads that are recorded: gathered while a request runs, written when it ends.

A request may run on a cursor that cannot write, and reads the same documents many
times; what is recorded is one event for each kind of document.
"""

from odoo import SUPERUSER_ID
from odoo.http import request

# files that one event names at most
MANY = 200
# under this name a request keeps what was read in it
BUFFER = "erp_audit_reads"
# and what is to be noted if the answer turns out to be a file
HELD = "erp_audit_held"
# under this key a transaction without request remembers what it has recorded
KEY = "erp_audit.reads"


def note(env, event, model, ids, detail=None):
    """Note that records were read, printed or downloaded."""
    if not request:
        _log_once(env, event, model, ids, detail)
        return
    _gather(env.uid, event, model, ids, detail)


def _gather(uid, event, model, ids, detail):
    """Keep what is noted until the request ends, together with its like."""
    buffer = getattr(request, BUFFER, None)
    if buffer is None:
        buffer = {}
        setattr(request, BUFFER, buffer)
    entry = buffer.setdefault((event, model, uid), {"ids": {}, "detail": {}})
    entry["ids"].update(dict.fromkeys(ids))
    for name, value in (detail or {}).items():
        known = entry["detail"].get(name)
        if isinstance(known, list) and isinstance(value, list):
            # of several files each once
            value = (known + [item for item in value if item not in known])[:MANY]
        entry["detail"][name] = value


def hold(env, event, model, ids, detail=None):
    """Keep what is to be noted if the answer of the request turns out to be a file.

    No records are kept: their cursor may be closed when the answer is made.
    """
    held = getattr(request, HELD, None) or []
    setattr(request, HELD, [*held, (env.uid, event, model, ids, detail)])


def is_person(env):
    """Return whether somebody reads with the rights of a person.

    That is also the superuser, if somebody has become him.
    """
    if not env.su:
        return True
    return bool(
        env.uid == SUPERUSER_ID and request and request.session.uid == SUPERUSER_ID
    )


def _log_once(env, event, model, ids, detail):
    """Record at once what no request will: once in a transaction for each model."""
    known = env.cr.precommit.data.setdefault(KEY, set())
    if (event, model, env.uid) in known or env.cr.readonly:
        return
    known.add((event, model, env.uid))
    events = env["erp.audit.event"]
    number = ids[0] if len(ids) == 1 else None
    events._log(event, model, number, {**events._some(ids), **(detail or {})})


def write(env, response=None):
    """Record what was noted in the present request."""
    if response is not None and "Content-Disposition" in response.headers:
        for held in getattr(request, HELD, None) or ():
            _gather(*held)
    buffer = getattr(request, BUFFER, None)
    if not buffer:
        return
    forget()
    events = env["erp.audit.event"]
    if env.cr.readonly:
        # the answer is made already; frees the connection in tests
        env.cr.rollback()
        with env.registry.cursor() as cr:
            _write(events, buffer, cr)
    else:
        _write(events, buffer, env.cr)


def _write(events, buffer, cr):
    for (event, model, uid), entry in buffer.items():
        ids = list(entry["ids"])
        number = ids[0] if len(ids) == 1 else None
        detail = {**events._some(ids), **entry["detail"]}
        events._log(event, model, number, detail, cr=cr, e=uid)


def replaced(env, event, model):
    """Drop what was noted without documents: it is recorded in better words."""
    buffer = request and getattr(request, BUFFER, None) or {}
    entry = buffer.get((event, model, env.uid))
    if entry and not entry["ids"]:
        del buffer[event, model, env.uid]


def forget():
    """Forget what was noted: the request is run again."""
    setattr(request, BUFFER, None)
    setattr(request, HELD, None)
