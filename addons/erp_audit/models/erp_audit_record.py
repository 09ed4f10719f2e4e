from odoo import fields, models, tools

from .. import store


class ErpAuditRecord(models.Model):
    """One changed row, or one event, as the database recorded it.

    A view on the partitioned table: the ORM knows no partitions, and there is nothing
    to write. All records of one transaction are one operation.
    """

    _name = "erp.audit.record"
    _description = "Audit Record"
    _auto = False
    _log_access = False
    _order = "id desc"

    date = fields.Datetime(readonly=True)
    operation = fields.Char(readonly=True, help="The number of the transaction.")
    op = fields.Selection(
        [
            ("c", "Created"),
            ("w", "Changed"),
            ("d", "Deleted"),
            ("l", "Linked"),
            ("u", "Unlinked"),
            ("e", "Event"),
        ],
        string="What",
        readonly=True,
    )
    source_id = fields.Many2one("erp.audit.source", string="Document", readonly=True)
    res_id = fields.Integer(string="Number of the record", readonly=True)
    other_source_id = fields.Many2one("erp.audit.source", readonly=True)
    other_id = fields.Integer(readonly=True)
    user_id = fields.Many2one("res.users", string="Person", readonly=True)
    effective_user_id = fields.Many2one(
        "res.users",
        string="In the name of",
        readonly=True,
        help="Whom the change was made as, where it was not the person itself.",
    )
    login = fields.Char(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    ip = fields.Char(string="IP address", readonly=True)
    session = fields.Char(readonly=True)
    route = fields.Char(readonly=True)
    action = fields.Char(readonly=True)
    event = fields.Char(readonly=True)
    diff = fields.Json(string="Values", readonly=True)

    def init(self):
        """Create the view."""
        store.create(self.env.cr)
        tools.drop_view_if_exists(self.env.cr, self._table)
        self.env.cr.execute(
            """CREATE VIEW erp_audit_record AS
               SELECT id, ts AS date, tx AS operation, op, source AS source_id,
                      res_id, other AS other_source_id, other_id,
                      real_uid AS user_id, uid AS effective_user_id, login,
                      company AS company_id, ip, session, route, action, event, diff
                 FROM erp_audit_log"""
        )
