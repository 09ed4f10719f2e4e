"""An addon's life on a database with data: alone, with others, upgraded, gone."""

import os
import subprocess

import pytest

from tools import databases
from tools.logcheck import complaints

WORK = """
from odoo import Command
order = env["sale.order"].create({
    "partner_id": env["res.partner"].create({"name": "Customer"}).id,
    "order_line": [Command.create({
        "product_id": env["product.product"].create({"name": "Sensor"}).id,
        "price_unit": 100.0,
    })],
})
before = order.copy()
before.action_confirm()
env.cr.commit()
"""

APPROVE = """
from odoo import Command
people = env["res.users"].create([
    {"name": name, "login": name, "group_ids": [Command.link(env.ref(group).id)]}
    for name, group in (
        ("seller", "sales_team.group_sale_salesman_all_leads"),
        ("leader", "sales_team.group_sale_manager"),
    )
])
env["approval.check"].search([]).active = False
env["approval.policy"].create({
    "name": "Orders",
    "model_id": env["ir.model"]._get_id("sale.order"),
    "step_ids": [Command.create({
        "name": "Leader",
        "approver_type": "users",
        "user_ids": [Command.set(people[1].ids)],
    })],
})
orders = env["sale.order"].search([("state", "=", "draft")])
assert orders
orders.with_user(people[0]).action_confirm()
assert set(orders.mapped("approval_state")) == {"pending"}
orders[:1].with_user(people[1]).action_approve()
assert orders[:1].state == "sale"
transfer = orders[:1].picking_ids
transfer.printed = True
changes = env["sale.order.change"].with_user(people[0])
request = changes.create({
    "order_id": orders[:1].id,
    "reason_id": env.ref("approval_flow.change_reason_demand").id,
})
request.line_ids.new_qty = 0.5
request.action_submit()
assert request.state == "applied", request.error
assert transfer.activity_ids
env.cr.commit()
"""

GONE = """
orders = env["sale.order"].search([])
assert len(orders) >= 2 and "sale" in orders.mapped("state")
for order in orders:
    order.read()
    order.copy()
left = env["ir.model"].search([("model", "like", "approval.%")])
assert not left, left.mapped("model")
env.cr.execute("SELECT relname FROM pg_class "
               "WHERE relname LIKE 'approval%' AND relkind = 'r'")
assert not env.cr.fetchall()
env.cr.execute("SELECT column_name FROM information_schema.columns "
               "WHERE table_name = 'sale_order' AND column_name LIKE 'approval%'")
assert not env.cr.fetchall()
"""


@pytest.fixture(scope="module")
def database(prepared):
    """A database of plain Odoo with an order, and no addon of ours yet."""
    name = f"{databases.test_prefix()}_life"
    databases.copy(prepared, databases.core_template(prepared), name)
    run(prepared, name, "shell", "--no-http", stdin=WORK)
    yield name
    databases.drop(prepared, name)


def run(prepared, database, command, *options, stdin=""):
    """Run an odoo command; fail if it fails, or logs a warning of ours.

    :return: what it printed; code for the shell that came to its end says "well done"
    """
    done = subprocess.run(
        [prepared.python, "-m", "odoo", *command.split(), "-d", database, *options],
        input=stdin + "\nprint('well', 'done')\n" if stdin else "",
        capture_output=True,
        text=True,
        env=prepared.environment(),
        cwd=os.getcwd(),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert not stdin or "well done" in done.stdout, done.stdout + done.stderr[-3000:]
    found = complaints(done.stderr)
    assert not found, "\n".join(found)
    return done.stdout


def install(prepared, database, option, names):
    run(
        prepared,
        database,
        "server",
        option,
        names,
        "--stop-after-init",
        "--no-http",
        "--skip-auto-install",
    )


def test_installed_upgraded_and_removed(prepared, database):
    install(prepared, database, "-i", "approval_flow")
    install(prepared, database, "-i", "sale_approval")
    run(prepared, database, "shell", "--no-http", stdin=APPROVE)
    install(prepared, database, "-u", "approval_flow,sale_approval")
    run(prepared, database, "module uninstall", "sale_approval", "approval_flow")
    done = run(prepared, database, "shell", "--no-http", stdin=GONE)
    assert "well done" in done


MADE = """
from odoo import Command
mto = env.ref("stock.route_warehouse0_mto")
mto.active = True
make = env.ref("mrp.route_warehouse0_manufacture")
lamp, steel = env["product.product"].create([
    {"name": "Lamp", "is_storable": True, "route_ids": [Command.set((mto + make).ids)]},
    {"name": "Steel", "is_storable": True},
])
env["mrp.bom"].create({
    "product_tmpl_id": lamp.product_tmpl_id.id,
    "bom_line_ids": [Command.create({"product_id": steel.id, "product_qty": 1})],
})
order = env["sale.order"].create({
    "partner_id": env["res.partner"].create({"name": "Customer"}).id,
    "order_line": [Command.create({
        "product_id": lamp.id, "product_uom_qty": 10, "price_unit": 100.0,
    })],
})
env["approval.check"].search([]).active = False
env["approval.policy"].search([]).active = False
order.action_confirm()
# as if the administrator wants no department to be asked
env.ref("sale_approval.approval_policy_change_impact").unlink()
env.cr.commit()
"""

MADE_LESS = """
order = env["sale.order"].search([("state", "=", "sale")], limit=1)
request = env["sale.order.change"].create({
    "order_id": order.id,
    "reason_id": env.ref("approval_flow.change_reason_demand").id,
})
request.line_ids.new_qty = 4
request.action_submit()
assert request.state == "applied", request.error
assert order.mrp_production_ids.product_qty == 4
steps = env["approval.step"].with_context(active_test=False)
assert len(steps.search([("name", "like", "Production")])) == 2
env.cr.commit()
"""

STILL_THERE = """
request = env["sale.order.change"].search([])
assert request.state == "applied" and request._approval_effects()
request.read()
assert request.order_id.mrp_production_ids.product_qty == 4
steps = env["approval.step"].with_context(active_test=False)
assert not steps.search([("name", "like", "Production")])
assert not env["ir.model.fields"].search([("name", "=", "qty_making")])
again = env["sale.order.change"].create({
    "order_id": request.order_id.id, "reason_id": request.reason_id.id,
})
again.line_ids.new_qty = 3
again.action_submit()
assert again.state == "applied", again.error
"""


def test_the_bridge_to_production_comes_and_goes(prepared, database):
    install(prepared, database, "-i", "sale_approval")
    run(prepared, database, "shell", "--no-http", stdin=MADE)
    install(prepared, database, "-i", "sale_approval_mrp")
    run(prepared, database, "shell", "--no-http", stdin=MADE_LESS)
    install(prepared, database, "-u", "sale_approval_mrp")
    run(prepared, database, "module uninstall", "sale_approval_mrp")
    done = run(prepared, database, "shell", "--no-http", stdin=STILL_THERE)
    assert "well done" in done
