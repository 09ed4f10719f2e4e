from odoo import api, fields, models
from odoo.tools import SQL


class ErpAccessReportChain(models.Model):
    """Conflicts of duties that really happened: one person did both, on one document.

    Read from the trail, by statements that addons add for each kind.
    """

    _name = "erp.access.report.chain"
    _description = "Conflict of Duties Done"
    _auto = False
    _log_access = False
    _order = "second_on desc, id desc"
    _rec_name = "reference"

    conflict_id = fields.Many2one("erp.duty.conflict", readonly=True)
    user_id = fields.Many2one("res.users", string="Person", readonly=True)
    model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(model_field="model", readonly=True)
    reference = fields.Char(string="Document", readonly=True)
    first_on = fields.Datetime(string="One duty", readonly=True)
    second_on = fields.Datetime(string="The other duty", readonly=True)
    severity = fields.Selection(related="conflict_id.severity")

    @property
    def _table_query(self):
        self.env.flush_all()
        # numbers are of our own making: a kind, a document, a person
        parts = [
            SQL(
                """SELECT (%s::bigint * 1000000000 + x.res_id) * 100000
                          + x.user_id %% 100000 AS id,
                          d.id AS conflict_id, x.user_id, %s AS model, x.res_id,
                          x.reference, x.first_on, x.second_on
                     FROM (%s) x JOIN erp_duty_conflict d
                       ON d.chain = %s AND d.active""",
                number,
                model,
                query,
                chain,
            )
            for number, (chain, (model, query)) in enumerate(self._chains().items(), 1)
        ]
        nothing = SQL(
            """SELECT NULL::bigint AS id, NULL::integer AS conflict_id,
                      NULL::integer AS user_id, NULL::text AS model,
                      NULL::integer AS res_id, NULL::text AS reference,
                      NULL::timestamp AS first_on, NULL::timestamp AS second_on
                WHERE FALSE"""
        )
        return SQL(" UNION ALL ").join([nothing, *parts])

    @api.model
    def _chains(self):
        """Return ``{chain: (model, query)}``; see ``chain`` of ``erp.duty.conflict``.

        Each query gives user_id, res_id and reference of the document, and when the
        person did the one and the other: first_on, second_on. Override to add.
        """
        return {}

    def action_open(self):
        """Open the document on which both was done."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.model,
            "res_id": self.res_id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def action_review(self):
        """Make a review of the people who did both."""
        return self.env["erp.access.report"]._make_review(self.user_id)
