from odoo import fields, models


class ErpAuditVerificationAsk(models.TransientModel):
    """Asks for the period of a check.

    A form saves itself when its page is left; a check, which nobody can delete, begins
    when somebody says so, and not when he leaves.
    """

    _name = "erp.audit.verification.ask"
    _description = "New Check of the Trail"

    date_from = fields.Date(string="From", help="All from the beginning if empty.")
    date_to = fields.Date(string="To", help="All to the end if empty.")

    def action_start(self):
        """Start the check.

        :return: action that shows it
        """
        self.ensure_one()
        check = self.env["erp.audit.verification"].create(
            {"date_from": self.date_from, "date_to": self.date_to}
        )
        return check._action_open()
