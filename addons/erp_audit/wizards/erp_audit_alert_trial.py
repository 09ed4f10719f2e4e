from collections import Counter

from odoo import api, fields, models

from ..models.erp_audit_alert_engine import DAYS_TRIED

# examples that are shown
EXAMPLES = 50


class ErpAuditAlertTrial(models.TransientModel):
    """What a rule would have raised, had it been on."""

    _name = "erp.audit.alert.trial"
    _description = "Trial of an Alert Rule"

    rule_id = fields.Many2one(
        "erp.audit.alert.rule", required=True, readonly=True, ondelete="cascade"
    )
    number = fields.Integer(string="Alerts", readonly=True)
    hits = fields.Integer(readonly=True)
    days = fields.Integer(default=DAYS_TRIED, readonly=True)
    summary = fields.Char(compute="_compute_summary")
    line_ids = fields.One2many(
        "erp.audit.alert.trial.line", "trial_id", string="Examples", readonly=True
    )

    @api.depends("number", "hits", "days")
    def _compute_summary(self):
        for trial in self:
            if trial.number:
                trial.summary = self.env._(
                    "In the last %(days)s days this rule would have raised %(number)s "
                    "alerts (%(hits)s times in all). None was raised now.",
                    days=trial.days,
                    number=trial.number,
                    hits=trial.hits,
                )
            else:
                trial.summary = self.env._(
                    "In the last %s days this rule would have raised no alert.",
                    trial.days,
                )

    @api.model
    def _make(self, rule):
        """Return the trial of a rule.

        :param rule: the ``erp.audit.alert.rule``
        """
        alerts = self.env["erp.audit.alert"]
        # sudo: a trial reads the trail of everybody, as the job does
        hits = self.env["erp.audit.alert.engine"]._try(rule.sudo())
        hits = alerts._of_known(alerts._of_company(rule, hits))
        items, open_ = [], {}
        for hit in hits:
            hit = {**hit, "number": max(len(hit["hits"]), 1)}
            about = hit["key"], hit["person"], hit["actor"]
            last = open_.get(about)
            if last is None or not alerts._folds(rule, last, hit):
                last = {"hits": 0, "ids": {}, "first": hit["first"]}
                open_[about] = last
                items.append(last)
            alerts._count(last, hit)
        # the newest, and of many alike only some
        shown = Counter()
        examples = []
        for item in sorted(items, key=lambda item: item["last"], reverse=True):
            person = item["hit"]["person"]
            shown[person] += 1
            if len(examples) < EXAMPLES and shown[person] <= EXAMPLES / 5:
                examples.append(item)
        return self.create(
            {
                "rule_id": rule.id,
                "number": len(items),
                "hits": sum(item["hits"] for item in items),
                "line_ids": [(0, 0, self._line(rule, item)) for item in examples],
                # for whom it was made
                "create_uid": self.env.uid,
            }
        )

    @api.model
    def _line(self, rule, item):
        alerts = self.env["erp.audit.alert"]
        values = {
            **alerts._of_rule(rule),
            **alerts._of_hit(item),
            **alerts._values(item),
        }
        # the words of an alert that is never saved
        alert = alerts.new(values)
        return {
            "name": alert.name,
            "person_id": values["person_id"],
            "first_date": values["first_date"],
            "last_date": values["last_date"],
            "hits": values["hits"],
            "record_ids": list(item["ids"])[:1000],
        }
