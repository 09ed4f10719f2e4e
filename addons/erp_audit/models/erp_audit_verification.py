from datetime import datetime, time

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from .. import verify
from .erp_audit_seal import LAG_SECONDS

WORKERS = 2


class ErpAuditVerification(models.Model):
    """A check of the trail against its seals, made in the background."""

    _name = "erp.audit.verification"
    _description = "Audit Verification"
    _order = "id desc"

    date_from = fields.Date(string="From", help="All from the beginning if empty.")
    date_to = fields.Date(string="To", help="All to the end if empty.")
    period = fields.Char(compute="_compute_period")
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("running", "Running"),
            ("clean", "Intact"),
            ("found", "Findings"),
            ("failed", "Not finished"),
        ],
        default="waiting",
        required=True,
        readonly=True,
        copy=False,
    )
    progress = fields.Float(readonly=True, copy=False)
    rows = fields.Integer(string="Records checked", readonly=True, copy=False)
    seals = fields.Integer(string="Seals checked", readonly=True, copy=False)
    unsealed = fields.Integer(
        string="Not sealed yet",
        readonly=True,
        copy=False,
        help="Records wait a minute for their seal, or until a long transaction ends.",
    )
    lag = fields.Float(string="Oldest waits (seconds)", readonly=True, copy=False)
    is_late = fields.Boolean(compute="_compute_is_late")
    seconds = fields.Float(readonly=True, copy=False)
    finding_ids = fields.One2many(
        "erp.audit.finding", "verification_id", string="Findings", readonly=True
    )
    finding_count = fields.Integer(string="Found", readonly=True, copy=False)

    @api.depends("date_from", "date_to")
    @api.depends_context("lang")
    def _compute_period(self):
        for item in self:
            first = format_date(self.env, item.date_from) if item.date_from else ""
            last = format_date(self.env, item.date_to) if item.date_to else ""
            if first and last:
                item.period = self.env._(
                    "%(first)s to %(last)s", first=first, last=last
                )
            elif first:
                item.period = self.env._("From %s on", first)
            elif last:
                item.period = self.env._("Up to %s", last)
            else:
                item.period = self.env._("All records")

    @api.depends("period")
    def _compute_display_name(self):
        for item in self:
            item.display_name = self.env._("Check: %s", item.period)

    @api.depends("lag")
    def _compute_is_late(self):
        for verification in self:
            verification.is_late = verification.lag > LAG_SECONDS

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for item in self:
            if item.date_from and item.date_to and item.date_from > item.date_to:
                raise UserError(
                    self.env._("The period ends before it begins: change one day.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        """Override: only the period is given, the rest is found out."""
        vals_list = [
            {name: vals[name] for name in ("date_from", "date_to") if name in vals}
            for vals in vals_list
        ]
        verifications = super().create(vals_list)
        # sudo: starting the job is all that auditors may do with it
        self.env.ref("erp_audit.ir_cron_verify").sudo()._trigger()
        return verifications

    def write(self, vals):
        """Override to refuse changes: a result is what was found."""
        if not self.env.su or self.env.uid != api.SUPERUSER_ID:
            raise AccessError(
                self.env._("The result of a check cannot be changed: make a new one.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_refused(self):
        raise AccessError(self.env._("The result of a check cannot be deleted."))

    @api.model
    def action_verify(self):
        """Check everything; for auditors.

        :return: action that shows the check
        """
        self.env["erp.audit.seal"]._check_auditor()
        return self.create({})._action_open()

    def _action_open(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [[False, "form"]],
        }

    # -- running -----------------------------------------------------------------------

    @api.model
    def _cron_verify(self):
        """Make the checks that were asked for."""
        # one job at a time: whatever seems to run was interrupted
        self.search([("state", "=", "running")]).state = "failed"
        waiting = self.search([("state", "=", "waiting")], order="id")
        for number, verification in enumerate(waiting, 1):
            verification.state = "running"
            cron = self.env["ir.cron"]
            cron._commit_progress(remaining=len(waiting) - number + 1)
            verification._run()
            cron._commit_progress(1)

    @api.model
    def _cron_daily(self):
        """Check all once a day, whether somebody asks for it or not."""
        if not self.search_count([("state", "in", ("waiting", "running"))]):
            self.create({})

    def _run(self):
        """Check, and write what was found."""
        self.ensure_one()

        def progress(share):
            # others see it at once, but not more than a hundred times
            if self.progress + 0.01 <= share < 1:
                self.progress = share
                self.env["ir.cron"]._commit_progress()

        report = self._verifier(workers=WORKERS, progress=progress).run()
        self._store(report)

    def _verifier(self, **options):
        start, end = self.date_from, self.date_to
        return verify.Verifier(
            self.env.registry.cursor,
            start=start and datetime.combine(start, time.min),
            end=end and datetime.combine(fields.Date.add(end, days=1), time.min),
            **options,
        )

    def _store(self, report):
        """Write a :class:`.verify.Report`, and tell auditors what is wrong."""
        findings = [*report.findings, *self._capture_findings()]
        self.write(
            {
                "state": "found" if findings else "clean",
                "progress": 1.0,
                "rows": report.rows,
                "seals": report.seals,
                "unsealed": report.unsealed,
                "lag": report.lag,
                "seconds": report.seconds,
                "finding_count": len(findings),
            }
        )
        model = self.env["erp.audit.finding"]
        for severity, items in (("finding", findings), ("note", report.notes)):
            model.create(
                [
                    {
                        "verification_id": self.id,
                        "severity": severity,
                        **model._values(item),
                    }
                    for item in items
                ]
            )
        if findings:
            self.env["erp.audit.event"]._log(
                "audit_verification_failed",
                self._name,
                self.id,
                {"findings": len(findings)},
            )

    @api.model
    def _capture_findings(self):
        """Return what is wrong with the triggers that record changes."""
        return [
            verify.Finding(f"capture_{what}", detail=table)
            for table, what in self.env["erp.audit.rule"]._findings()
        ]
