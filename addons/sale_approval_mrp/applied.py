from odoo.addons.approval_flow.engine import CHANGE_PASS, ChangePass


def in_applied_change(env):
    """Return whether a change of a sales order is being applied, or previewed."""
    key = env.context.get(CHANGE_PASS)
    # Odoo's own processes hold a pass for no order in particular
    return isinstance(key, ChangePass) and key.model == "sale.order" and bool(key.ids)
