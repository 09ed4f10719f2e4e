from odoo import api, fields, models

from .. import store


class ErpAuditRollup(models.Model):
    """The trail in figures: how many records of one kind, person and action a day.

    Counted from sealed records, each once; see :meth:`_count`. The figures stay when
    the months they were counted from are taken away.
    """

    _name = "erp.audit.rollup"
    _inherit = ["erp.audit.append.only", "erp.audit.counted"]
    _description = "Audit Statistics"
    # no links that the database keeps: they would forget who it was
    _auto = False
    _log_access = False
    _order = "day desc, id desc"
    _rec_name = "day"

    day = fields.Date(
        readonly=True, help="In the time zone of the company's working hours."
    )
    company_id = fields.Many2one("res.company", readonly=True)
    source_id = fields.Many2one(
        "erp.audit.source", string="Kind of document", readonly=True
    )
    op = fields.Selection(
        selection=lambda self: self._selection_op(), string="Kind", readonly=True
    )
    event = fields.Char(string="Technical event", readonly=True)
    user_id = fields.Many2one("res.users", readonly=True)
    login = fields.Char(readonly=True)
    action = fields.Char(string="Technical action", readonly=True)
    count = fields.Integer(string="Records", readonly=True)

    person = fields.Char(compute="_compute_words")
    kind = fields.Char(string="What", compute="_compute_words")
    action_name = fields.Char(string="Action", compute="_compute_words")

    @api.depends("user_id", "login", "op", "event", "action")
    @api.depends_context("lang")
    def _compute_words(self):
        events = self.env["erp.audit.record"]._event_words()
        ops, words = dict(self._selection_op()), self.env["erp.audit.words"]
        unknown = self.env._("Unknown")
        for rollup in self:
            # sudo: names of people; whoever reads the figures knows whose they are
            rollup.person = rollup.user_id.sudo().name or rollup.login or unknown
            rollup.kind = events.get(rollup.event, rollup.event) or ops.get(rollup.op)
            rollup.action_name = words._action(rollup.action)

    @api.model
    def _selection_op(self):
        return (
            self.env["erp.audit.record"]._fields["op"]._description_selection(self.env)
        )

    def init(self):
        """Create the table, and the mark up to where it is counted."""
        store.create(self.env.cr)
        self.env.cr.execute("SELECT to_regclass('erp_audit_rollup')")
        if not self.env.cr.fetchone()[0]:
            # installed anew: everything is counted from the beginning
            self.env.cr.execute("DROP TABLE IF EXISTS erp_audit_rollup_mark")
        self.env.cr.execute(
            """CREATE TABLE IF NOT EXISTS erp_audit_rollup (
                   id bigserial PRIMARY KEY, day date NOT NULL, company_id integer,
                   source_id integer, op text NOT NULL, event text, user_id integer,
                   login text, action text, count bigint NOT NULL);
               CREATE UNIQUE INDEX IF NOT EXISTS erp_audit_rollup_key
                   ON erp_audit_rollup (day, coalesce(company_id, 0),
                      coalesce(source_id, 0), op, coalesce(event, ''),
                      coalesce(user_id, 0), coalesce(login, ''), coalesce(action, ''));
               CREATE INDEX IF NOT EXISTS erp_audit_rollup_person
                   ON erp_audit_rollup (user_id, day);
               CREATE INDEX IF NOT EXISTS erp_audit_rollup_source
                   ON erp_audit_rollup (source_id, day);
               CREATE TABLE IF NOT EXISTS erp_audit_rollup_mark (
                   seq bigint NOT NULL);
               INSERT INTO erp_audit_rollup_mark
                   SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM erp_audit_rollup_mark)"""
        )

    def _fetch_query(self, query, fields):
        """Override to live with people and companies that were deleted."""
        records = super()._fetch_query(query, fields)
        self.env["erp.audit.record"]._forget_deleted(records, fields)
        return records

    def _read_group_postprocess_groupby(self, groupby_spec, raw_values):
        """Override to live with people and companies that were deleted."""
        raw_values = self.env["erp.audit.record"]._still_there(groupby_spec, raw_values)
        return super()._read_group_postprocess_groupby(groupby_spec, raw_values)

    def action_open_records(self):
        """List the records that were counted.

        :return: action
        """
        self.ensure_one()
        self.check_access("read")
        domain = [
            ("date", ">=", fields.Date.subtract(self.day, days=1)),
            ("date", "<", fields.Date.add(self.day, days=2)),
            ("op", "=", self.op),
            ("source_id", "=", self.source_id.id),
            ("event", "=", self.event),
            ("user_id", "=", self.user_id.id),
        ]
        records = self.env["erp.audit.record"]
        return records._action_list(self.env._("Operations"), domain)
