"""The audit trail on a database with data: installed, upgraded, gone, and back."""

import pytest

from tests.test_lifecycle import WORK, install, run
from tools import databases
from tools.session import prepare

# what every step may use
HELPERS = """
def last(number=1):
    env.flush_all()
    env.cr.execute(
        "SELECT s.name, l.op, l.diff FROM erp_audit_log l JOIN erp_audit_source s"
        " ON s.id = l.source ORDER BY l.id DESC LIMIT %s", [number])
    return env.cr.fetchall()

def triggers():
    env.cr.execute(
        "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger"
        " WHERE tgname LIKE 'erp_audit_%'")
    return {name for (name,) in env.cr.fetchall()}

def functions():
    env.cr.execute("SELECT proname FROM pg_proc WHERE proname LIKE 'erp_audit_f_%'")
    return {name for (name,) in env.cr.fetchall()}
"""

ALONE = """
partner = env["res.partner"].search([("name", "=", "Customer")])
model = env["ir.model"]._get_id("res.partner")
env["erp.audit.rule"].create({"model_id": model}).action_confirm()
partner.ref = "alone"
assert last() == [("res.partner", "w", {"ref": [None, "alone"]})], last()
assert "sale_order" not in triggers()
env["erp.audit.seal"]._seal()
env.cr.commit()
"""

TRADE = """
order = env["sale.order"].search([("state", "=", "draft")], limit=1)
assert order
order.client_order_ref = "trade"
assert last() == [("sale.order", "w", {"client_order_ref": [None, "trade"]})], last()
assert not env["erp.audit.rule"]._findings()
order.copy().action_confirm()
env.cr.commit()
"""

COLUMN = """
partner = env["res.partner"].search([("name", "=", "Customer")])
assert not env["erp.audit.rule"]._findings()
partner.{column} = {value}
assert last() == [("res.partner", "w", {{"{column}": [None, {shown}]}})], last()
env.cr.execute(
    "SELECT prosrc FROM pg_proc WHERE proname = 'erp_audit_f_res_partner'")
(source,) = env.cr.fetchone()
assert '"{column}"' in source, "the function does not know the column"
assert not {gone!r} or '"{gone}"' not in source
env.cr.commit()
"""

SEALED = """
env["erp.audit.seal"]._seal()
env.cr.execute("SELECT count(*) FROM erp_audit_log")
assert env.cr.fetchone()[0] > 10
"""

GONE = """
assert not triggers() - {"erp_audit_log", "erp_audit_chain"} - {
    name for name in triggers() if name.startswith("erp_audit_log")}, triggers()
assert not functions(), functions()
assert "erp.audit.rule" not in env
order = env["sale.order"].search([("state", "=", "draft")], limit=1)
env.cr.execute("SELECT count(*) FROM erp_audit_log")
(before,) = env.cr.fetchone()
assert before > 10, "what was recorded is kept"
order.copy().action_confirm()
env["res.partner"].create({"name": "Later"}).unlink()
env.flush_all()
env.cr.execute("SELECT count(*) FROM erp_audit_log")
assert env.cr.fetchone() == (before,)
# and is still guarded
import psycopg2
try:
    with env.cr.savepoint():
        env.cr.execute("DELETE FROM erp_audit_log", log_exceptions=False)
except psycopg2.errors.InsufficientPrivilege:
    pass
else:
    raise AssertionError("the records can be deleted")
env.cr.commit()
"""

BACK = """
partner = env["res.partner"].search([("name", "=", "Customer")])
model = env["ir.model"]._get_id("res.partner")
rules = env["erp.audit.rule"]
if not rules.search([("model_id", "=", model)]):
    rules.create({"model_id": model}).action_confirm()
partner.ref = "back"
assert last()[0][2] == {"ref": ["alone", "back"]}, last()
env.cr.commit()
assert env["erp.audit.seal"]._seal()
from odoo.addons.erp_audit.verify import Verifier
report = Verifier(env.registry.cursor).run()
assert not report.findings, report.findings
env.cr.execute("SELECT count(*) FROM erp_audit_log")
assert report.rows == env.cr.fetchone()[0]
"""

MANIFEST = """{{
    "name": "A column",
    "version": "19.0.{version}",
    "author": "Order Control",
    "license": "LGPL-3",
    "depends": ["base"],
    "data": [],
}}
"""
MODEL = """from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    {name} = fields.{kind}()
"""
DROP = "def migrate(cr, version):\n    cr.execute('ALTER TABLE res_partner {change}')\n"


@pytest.fixture
def prepared_with(tmp_path):
    """An environment with a folder of addons more."""
    session = prepare("test")
    conf = tmp_path / "odoo.conf"
    text = session.conf.read_text()
    conf.write_text(text.replace("addons_path = ", f"addons_path = {tmp_path},"))
    values = {f: getattr(session, f) for f in ("name", "odoo", "python", "server")}
    return type(session)(**values, conf=conf)


@pytest.fixture
def database(prepared_with, tmp_path):
    """A database of plain Odoo with an order."""
    make_addon(tmp_path, "1.0.0", "seat_number", "Integer")
    name = f"{databases.test_prefix()}_audit_life"
    databases.copy(prepared_with, databases.core_template(prepared_with), name)
    run(prepared_with, name, "shell", "--no-http", stdin=WORK)
    yield name
    databases.drop(prepared_with, name)


def make_addon(folder, version, name, kind, change=None):
    """Write an addon with one column."""
    addon = folder / "a_column"
    addon.mkdir(exist_ok=True)
    (addon / "__manifest__.py").write_text(MANIFEST.format(version=version))
    (addon / "__init__.py").write_text("from . import partner\n")
    (addon / "partner.py").write_text(MODEL.format(name=name, kind=kind))
    if change:
        scripts = addon / "migrations" / f"19.0.{version}"
        scripts.mkdir(parents=True)
        (scripts / "pre-column.py").write_text(DROP.format(change=change))


def shell(prepared, database, code):
    """Run code in Odoo's shell; return what it printed."""
    return run(prepared, database, "shell", "--no-http", stdin=HELPERS + code)


def column(column, value, gone=None, shown=None):
    """Return code that checks that a column is recorded."""
    shown = value if shown is None else shown
    return COLUMN.format(column=column, value=repr(value), shown=shown, gone=gone)


def test_the_life_of_the_audit_trail(prepared_with, database, tmp_path):
    prepared = prepared_with
    install(prepared, database, "-i", "erp_audit")
    shell(prepared, database, ALONE)
    install(prepared, database, "-i", "erp_audit_trade")
    shell(prepared, database, TRADE)
    # an addon comes with a column, changes it, and goes
    install(prepared, database, "-i", "a_column")
    shell(prepared, database, column("seat_number", 7))
    rename = "RENAME COLUMN seat_number TO seat_code"
    make_addon(tmp_path, "2.0.0", "seat_code", "Float", change=rename)
    install(prepared, database, "-u", "a_column")
    clear = "env.cr.execute('UPDATE res_partner SET seat_code = NULL')\n"
    shell(prepared, database, clear + column("seat_code", 2.5, gone="seat_number"))
    run(prepared, database, "module uninstall", "a_column")
    shell(prepared, database, "assert not env['erp.audit.rule']._findings()\n" + SEALED)
    install(prepared, database, "-u", "erp_audit,erp_audit_trade")
    shell(
        prepared,
        database,
        TRADE.replace('[None, "trade"]', '["trade", "trade 2"]').replace(
            '= "trade"', '= "trade 2"'
        ),
    )
    run(prepared, database, "module uninstall", "erp_audit_trade", "erp_audit")
    shell(prepared, database, GONE)
    # back again: what was recorded before is still proven
    install(prepared, database, "-i", "erp_audit")
    assert "well done" in shell(prepared, database, BACK)
