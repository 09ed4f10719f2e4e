from odoo import models
from odoo.exceptions import UserError

from .. import proof, store


class ErpAuditRecord(models.Model):
    """Nobody writes records of the trail; everybody can have them proven."""

    _name = "erp.audit.record"
    _inherit = ["erp.audit.record", "erp.audit.append.only"]

    def init(self):
        """Override to refuse writing through the view."""
        result = super().init()
        store.guard_view(self.env.cr, self._table)
        return result

    def action_proof(self):
        """Download the proof of a record, to be checked without Odoo.

        :raise UserError: if there is no proof
        """
        self.ensure_one()
        self._proof()
        return {
            "type": "ir.actions.act_url",
            "url": f"/erp_audit/proof/{self.id}",
            "target": "download",
        }

    def _proof(self):
        """Return the proof of a record as plain data.

        :raise UserError: if there is none, with the reason
        """
        self.check_access("read")
        try:
            return proof.of_record(self.env.cr, self.id)
        except proof.NotSealed as problem:
            raise UserError(
                self.env._(
                    "This record is not sealed yet. Please try again in a few minutes."
                )
            ) from problem
        except proof.NotFound as problem:
            raise UserError(self.env._("There is no such record.")) from problem
        except proof.Mismatch as problem:
            raise UserError(
                self.env._(
                    "This record is not what was sealed. Please tell an auditor, who "
                    "can check the trail."
                )
            ) from problem
