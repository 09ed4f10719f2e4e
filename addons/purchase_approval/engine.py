"""Plain Python vocabulary of changes to purchase orders."""

from odoo.addons.approval_flow.engine import ChangePass

# Context key for what a process of Odoo itself puts on a confirmed order. It is not the
# engine's own: a receipt of a sold and bought product needs the passes of both.
PROCESS_PASS = "purchase_process_pass"
PROCESS = {PROCESS_PASS: ChangePass("purchase.order", None)}

# Context key, held with ENGINE, for a line whose receipts are changed by the request.
OWN_RECEIPTS = "purchase_change_own_receipts"
