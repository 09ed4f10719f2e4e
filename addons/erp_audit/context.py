"""Who does something, from where and by which method: told to the database.

The triggers read it from a setting of the connection. It is set once per request or
scheduled job, before anything is written. The pool resets it when it hands the
connection to somebody else.
"""

import hashlib
import json
import threading

from odoo.http import request

SETTING = "erp_audit.ctx"
# under this key a cursor remembers that its connection knows the context
KEY = "erp_audit"


def describe(env, action=None):
    """Return the context of what is going on now, as plain data.

    :param str action: ``model.method`` or name of a job, if the caller knows
    :return: dict with short keys, see the columns of ``erp_audit_log``
    """
    values = {
        "u": env.uid,
        "e": env.uid,
        "c": env.company.id if env.uid and env.registry.ready else None,
        "a": action or _action(),
    }
    if request:
        values["u"] = request.session.uid or env.uid
        values["l"] = request.session.login or ""
        values["ip"] = request.httprequest.remote_addr
        values["r"] = request.httprequest.path[:200]
        values["s"] = session_hash(request.session.sid)
    return values


def session_hash(sid):
    """Return what identifies a session in the trail, and logs nobody in."""
    return hashlib.sha256((sid or "").encode()).hexdigest()[:16]


def _action():
    """Return the ``model.method`` that a client called, or what else is running."""
    if request:
        params = request.params if hasattr(request, "params") else {}
        model, method = params.get("model"), params.get("method")
        if model and method:
            return f"{model}.{method}"[:120]
    called = getattr(threading.current_thread(), "rpc_model_method", "")
    if called:
        return called[:120]
    return request.httprequest.path[:120] if request else "system"


def tell(env, action=None):
    """Tell the database the context, for all that this cursor will write."""
    cr = env.cr
    if cr.readonly:
        return  # nothing can be written
    cr.execute(
        "SELECT set_config(%s, %s, false)",
        [SETTING, json.dumps(describe(env, action))],
    )
    cr.cache[KEY] = True


def ensure(env):
    """Tell the database the context if nobody has: a call without request or job."""
    cr = env.cr
    if cr.cache.get(KEY) or cr.precommit.data.get(KEY):
        return
    # a savepoint that is rolled back forgets both the setting and this note
    cr.execute("SELECT set_config(%s, %s, false)", [SETTING, json.dumps(describe(env))])
    cr.precommit.data[KEY] = True
