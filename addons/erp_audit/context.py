"""Who does something, from where and by which method: told to the database.

The triggers read it from a setting of the connection. It is set once per request or
scheduled job, before anything is written. The pool resets it when it hands the
connection to somebody else, and PostgreSQL when a transaction or a savepoint in which
it was set is rolled back.

Nothing of it is taken from what a client may choose freely: the person is that of the
session or key, the method is that of the routes which call methods, the company is
one that the person belongs to.
"""

import hashlib
import json
import sys
import threading
from dataclasses import dataclass

from odoo.http import _request_stack, request
from odoo.service.server import thread_local

SETTING = "erp_audit.ctx"
# under this key a cursor remembers what its connection knows
KEY = "erp_audit"
# under this attribute a registry knows that the database has our functions
READY = "erp_audit_ready"
# under this key a session remembers who has become superuser in it
BECAME = "erp_audit_became"
# under this attribute a thread remembers the scheduled job it runs
JOB = "erp_audit_job"
# and the request of the external RPC, which Odoo hides from what is called
RPC = "erp_audit_rpc"

# the function of sqltext.py, whose plans the connection remembers
TELL = "SELECT erp_audit_told(%s::jsonb, %s::integer, %s::integer)"
# the same as long as there is none: while the addon is being installed
TELL_EARLY = """
SELECT set_config('erp_audit.ctx', (%s::jsonb || jsonb_strip_nulls(
    jsonb_build_object('l', u.login, 'c', coalesce(
        (SELECT r.cid FROM res_company_users_rel r
          WHERE r.user_id = u.id AND r.cid = %s),
        u.company_id))))::text, false)
  FROM (SELECT 1) one LEFT JOIN res_users u ON u.id = %s
"""


@dataclass
class Told:
    """What a connection was told.

    :param owner: the request or the job, None outside of both
    :param uid: the effective user
    :param lasting: whether no savepoint can take it back
    :param text: what the database knows since
    """

    owner: object
    uid: int
    lasting: bool
    text: str


def owner():
    """Return the request or the job that runs in this thread, None without."""
    thread = threading.current_thread()
    return _web() or getattr(thread, JOB, None)


def _web():
    """Return what the client sent, None without."""
    # asked with every write: the proxy `request` takes ten times as long
    running = _request_stack.top
    if running:
        return running.httprequest
    return getattr(threading.current_thread(), RPC, None)


def describe(env, action=None):
    """Return who does what now and from where, as plain data.

    :param str action: name of what is done, if the caller knows
    :return: dict with short keys, see the columns of ``erp_audit_log``: u the person
        (absent where only the rows tell), e the effective user, ip, s session, r
        route, a action
    """
    values = {"e": env.uid, "a": action or _action(env)}
    web = _web()
    if web:
        values["u"] = person(env)
        values["ip"] = web.remote_addr
        values["r"] = web.path[:200]
        if request and request.session.sid:
            values["s"] = session_hash(request.session.sid)
    elif getattr(threading.current_thread(), JOB, None):
        values["u"] = env.uid
    return clean(values)


def clean(value):
    """Return plain data without the characters that PostgreSQL refuses in JSON."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(item) for item in value]
    return value


def person(env):
    """Return the id of the user who sent the request, whoever it is done as."""
    known = None
    if request:
        known = request.session.get(BECAME) or request.session.uid
    # the RPC has no session: the service notes whom it has let in
    return known or getattr(threading.current_thread(), "uid", None) or env.uid


def session_hash(sid):
    """Return what identifies a session in the trail, and logs nobody in."""
    return hashlib.sha256((sid or "").encode()).hexdigest()[:16]


def _action(env):
    """Return the ``model.method`` that a client called, or what else is running."""
    job = getattr(threading.current_thread(), JOB, None)
    if job:
        return job
    if _web():
        return _requested()[:120]
    if not env.registry.ready:
        return "install"
    return "shell" if "odoo.cli.shell" in sys.modules else "system"


def _requested():
    """Return what the present request calls.

    Only the routes that call methods are asked for the names of model and method:
    whoever sends such names to another route does not change what is recorded.
    """
    path = _web().path
    params = (getattr(request, "params", None) if request else None) or {}
    if path.startswith("/web/dataset/call_"):
        names = params.get("model"), params.get("method")
    elif path.startswith("/json/2/"):
        names = params.get("__model__"), params.get("__method__")
    elif path.startswith(("/xmlrpc", "/jsonrpc")):
        return thread_local.rpc_model_method or path
    else:
        return path
    return ".".join(map(str, names)) if all(names) else path


def company_of(env):
    """Return the company that somebody works in, as he says: it has to be checked."""
    try:
        allowed = env.context.get("allowed_company_ids")
        if not allowed and request:
            allowed = request.params["kwargs"]["context"]["allowed_company_ids"]
        number = int(allowed[0])
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ):
        return None
    # beyond the range of a number there is no company
    return number if 0 < number < 2**31 else None


def tell(env, values, lasting=False):
    """Tell the database what :func:`describe` has found.

    :param bool lasting: whether the caller knows that no savepoint is open
    """
    cr, who = env.cr, values.get("u") or values["e"]
    ready = getattr(env.registry, READY, False)
    query = TELL if ready else TELL_EARLY
    cr.execute(query, [json.dumps(values), company_of(env), who])
    (text,) = cr.fetchone()
    _notes(cr)[KEY] = Told(owner(), values["e"], lasting, text)
    if lasting:
        cr.postrollback.add(lambda: _notes(cr).pop(KEY, None))
    else:
        # forgotten with the savepoint, and with each flush
        cr.precommit.data[KEY] = True


def begin(env, action=None):
    """Tell the database the context of a request or job that begins."""
    web = request.httprequest if request else None
    is_rpc = web is not None and web.path.startswith(("/xmlrpc", "/jsonrpc"))
    setattr(threading.current_thread(), RPC, web if is_rpc else None)
    if not env.cr.readonly:
        tell(env, describe(env, action), lasting=True)


def ensure(env, exact=True):
    """Tell the database the context, if it does not know it yet.

    :param exact: whether the effective user matters, or a function that tells: rows
        of links and deleted rows do not say who wrote them
    """
    told = _valid(env.cr)
    if told and told.uid != env.uid and (exact() if callable(exact) else exact):
        told = None
    if not told:
        tell(env, describe(env))


def _valid(cr):
    """Return what the connection was told, None if it is not known any more."""
    told = _notes(cr).get(KEY)
    if told and told.owner is owner() and (told.lasting or KEY in cr.precommit.data):
        return told
    return None


def is_forged(env):
    """Return whether the database knows something else than it was told, and mend it.

    Only SQL that somebody sends by hand can do that.
    """
    told = _valid(env.cr)
    if not told:
        return False
    env.cr.execute("SELECT current_setting('erp_audit.ctx', true)")
    if env.cr.fetchone()[0] == told.text:
        return False
    tell(env, describe(env))
    return True


def _notes(cr):
    """Return where to remember what a connection knows.

    The cursors of a test share one connection, and must share what it knows.
    """
    # not by getattr: a cursor that is being closed looks for itself without end
    return vars(cr).get("_cursor", cr).cache
