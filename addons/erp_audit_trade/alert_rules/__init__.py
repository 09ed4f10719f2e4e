"""What alert rules look for in trade."""

from odoo.addons.erp_audit.alert_rules import Kind

from . import accounting, orders, payments

KINDS = {
    kind.code: kind()
    for module in (payments, accounting, orders)
    for kind in vars(module).values()
    if isinstance(kind, type)
    and issubclass(kind, Kind)
    and kind.__module__ == module.__name__
    and kind.code
}
