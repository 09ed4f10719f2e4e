from odoo import api, fields, models, tools
from odoo.exceptions import AccessError

from ..alert_rules.kind import MANY
from .erp_audit_alert_rule import SEVERITIES

OPEN = ("new", "review")
# what a hit says, and which model it is of
OF_WHOM = {"person": "res.users", "actor": "res.users", "company": "res.company"}


class ErpAuditAlert(models.Model):
    """Something that an auditor should look at, with the records that show it.

    Facts are kept, words are made for each reader. Only the engine makes alerts, only
    the methods of ``erp_audit_alert_handling`` change their state, nobody deletes them.
    """

    _name = "erp.audit.alert"
    _description = "Alert"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "last_date desc, id desc"
    _mail_post_access = "read"

    name = fields.Char(string="What happened", compute="_compute_name")
    rule_id = fields.Many2one(
        "erp.audit.alert.rule", required=True, readonly=True, ondelete="restrict"
    )
    severity = fields.Selection(SEVERITIES, required=True, readonly=True)
    state = fields.Selection(
        [
            ("new", "New"),
            ("review", "In review"),
            ("confirmed", "Confirmed"),
            ("dismissed", "Dismissed"),
        ],
        default="new",
        required=True,
        readonly=True,
        tracking=True,
        group_expand=True,
    )
    key = fields.Char(readonly=True)
    person_id = fields.Many2one(
        "res.users", string="Person concerned", readonly=True, index="btree_not_null"
    )
    actor_id = fields.Many2one("res.users", string="Done by", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    owner_id = fields.Many2one(
        "res.users",
        readonly=True,
        tracking=True,
        index="btree_not_null",
    )
    recipient_ids = fields.Many2many(
        "res.users",
        "erp_audit_alert_recipient_rel",
        string="Told to",
        readonly=True,
    )
    first_date = fields.Datetime(string="First", readonly=True)
    last_date = fields.Datetime(string="Last", readonly=True)
    hits = fields.Integer(string="Times", default=1, readonly=True, aggregator="sum")
    facts = fields.Json(readonly=True)
    record_ids = fields.Many2many(
        "erp.audit.record",
        "erp_audit_alert_record_rel",
        "alert_id",
        "record_id",
        string="Evidence",
        readonly=True,
    )
    record_count = fields.Integer(string="Records", readonly=True, aggregator=None)
    reason = fields.Text(readonly=True)
    decided_by_id = fields.Many2one("res.users", string="Decided by", readonly=True)
    decided_date = fields.Datetime(string="Decided", readonly=True)
    can_handle = fields.Boolean(compute="_compute_can_handle")

    _open_key = models.Index(
        "(rule_id, key) WHERE state IN ('new', 'review')",
    )
    _by_rule = models.Index("(rule_id, last_date)")
    _by_state = models.Index("(state, last_date)")
    _by_time = models.Index("(last_date desc, id desc)")
    _by_company = models.Index("(company_id)")

    def init(self):
        """Numbers of records are longer than those of the ORM."""
        cr = self.env.cr
        columns = tools.sql.table_columns(cr, "erp_audit_alert_record_rel")
        if columns["record_id"]["udt_name"] != "int8":
            cr.execute(
                "ALTER TABLE erp_audit_alert_record_rel ALTER record_id TYPE bigint"
            )

    @api.depends("rule_id", "facts", "person_id", "actor_id", "hits")
    @api.depends_context("lang")
    def _compute_name(self):
        for alert in self:
            # sudo: thresholds of the rule are part of the words
            seen = alert.sudo()
            kind = seen.rule_id._kind()
            if kind and seen.facts is not False:
                alert.name = kind.words(seen)
            else:
                alert.name = seen.rule_id.name

    @api.depends("name")
    def _compute_display_name(self):
        for alert in self:
            alert.display_name = alert.name

    @api.ondelete(at_uninstall=False)
    def _unlink_refused(self):
        raise AccessError(
            self.env._(
                "Alerts are kept. Dismiss the alert with a reason if nothing is wrong."
            )
        )

    # -- raising -----------------------------------------------------------------------

    @api.model
    def _raise(self, rule, hits):
        """Raise alerts from hits, or count them in those that are open.

        :param rule: the ``erp.audit.alert.rule``
        :param list hits: see ``alert_rules``, oldest first
        :return: the alerts that are new
        """
        hits = self._unknown(rule, self._of_company(rule, hits))
        if not hits:
            return self.browse()
        # sudo: the engine raises alerts, nobody else; those who are told follow them
        alerts = self.sudo().with_context(
            mail_create_nolog=True, mail_create_nosubscribe=True
        )
        hits = self._of_known(hits)
        open_ = alerts._open(rule, {hit["key"] for hit in hits})
        new, touched = [], {}
        for hit in hits:
            about = hit["key"], hit["person"], hit["actor"]
            last = open_.get(about)
            if last is None or not self._folds(rule, last, hit):
                last = {"alert": None, "hits": 0, "ids": {}, "first": hit["first"]}
                open_[about] = last
                new.append(last)
            self._count(last, hit)
            if last["alert"]:
                touched[last["alert"]] = last
        for alert, item in touched.items():
            alert.write(self._values(item, alert.hits))
        raised = alerts.create(
            [
                {
                    **self._of_rule(rule),
                    **self._of_hit(item),
                    **self._values(item),
                }
                for item in new
            ]
        )
        for alert, item in zip(raised, new, strict=True):
            item["alert"] = alert
        self._keep_evidence([*new, *touched.values()])
        raised._tell()
        return raised

    @api.model
    def _of_company(self, rule, hits):
        """Return the hits of the company that a rule is for."""
        if not rule.company_id:
            return hits
        return [hit for hit in hits if hit["company"] in (None, rule.company_id.id)]

    @api.model
    def _unknown(self, rule, hits):
        """Return the hits of which some record is in no alert of the rule yet."""
        ids = [number for hit in hits for number in hit["hits"]]
        self.env.cr.execute(
            """SELECT r.record_id FROM erp_audit_alert_record_rel r
                 JOIN erp_audit_alert a ON a.id = r.alert_id
                WHERE a.rule_id = %s AND r.record_id = ANY(%s)""",
            [rule.id, ids],
        )
        known = {number for (number,) in self.env.cr.fetchall()}
        found = []
        for hit in hits:
            fresh = [number for number in hit["hits"] if number not in known]
            if fresh or not hit["hits"]:
                found.append({**hit, "number": max(len(fresh), 1)})
        return found

    @api.model
    def _open(self, rule, keys):
        """Return the newest open alerts, by key and by whom they are about.

        What somebody else does is an alert of its own: each names who did it, and
        keeps him from deciding about it.

        :return: ``{(key, person, actor): what is known of the alert}``
        """
        alerts = self.search(
            [
                ("rule_id", "=", rule.id),
                ("key", "in", list(keys)),
                ("state", "in", OPEN),
            ],
            order="id",
        )
        return {
            (alert.key, alert.person_id.id or None, alert.actor_id.id or None): {
                "alert": alert,
                "hits": 0,
                "ids": {},
                "first": alert.first_date,
                "last": alert.last_date,
            }
            for alert in alerts
        }

    @api.model
    def _folds(self, rule, last, hit):
        """Return whether a hit belongs to the alert before, see ``fold_hours``."""
        gap = (hit["first"] - last["last"]).total_seconds()
        return gap <= rule.fold_hours * 3600

    @api.model
    def _count(self, item, hit):
        """Count a hit in what becomes an alert."""
        item["hits"] += hit["number"]
        item["ids"].update(dict.fromkeys([*hit["hits"], *hit["evidence"]]))
        item["first"] = min(item["first"], hit["first"])
        item["last"] = max(item.get("last") or hit["last"], hit["last"])
        item["hit"] = hit

    @api.model
    def _values(self, item, hits=0):
        return {
            "facts": item["hit"]["facts"],
            "hits": hits + item["hits"],
            "first_date": item["first"].replace(microsecond=0),
            "last_date": item["last"].replace(microsecond=0),
        }

    @api.model
    def _of_hit(self, item):
        hit = item["hit"]
        return {
            "key": hit["key"],
            **{f"{name}_id": hit[name] or False for name in OF_WHOM},
        }

    @api.model
    def _of_known(self, hits):
        """Return the hits without the people and companies that are gone."""
        named = {}
        for name, model in OF_WHOM.items():
            named.setdefault(model, set()).update(hit[name] for hit in hits)
        known = {
            model: set(self.env[model].browse(ids - {None, 0}).exists().ids)
            for model, ids in named.items()
        }
        return [
            hit
            | {
                name: hit[name] if hit[name] in known[model] else None
                for name, model in OF_WHOM.items()
            }
            for hit in hits
        ]

    @api.model
    def _of_rule(self, rule):
        return {"rule_id": rule.id, "severity": rule.severity}

    @api.model
    def _keep_evidence(self, items):
        """Keep the records that show it, the first of each alert."""
        pairs = [
            (item["alert"].id, number)
            for item in items
            for number in list(item["ids"])[: MANY - item["alert"].record_count]
        ]
        cr = self.env.cr
        if pairs:
            cr.execute_values(
                "INSERT INTO erp_audit_alert_record_rel (alert_id, record_id)"
                " VALUES %s ON CONFLICT DO NOTHING",
                pairs,
                page_size=1000,
            )
        # sudo: what the rules have just found
        alerts = self.sudo().browse([item["alert"].id for item in items])
        alerts.invalidate_recordset(["record_ids"])
        cr.execute(
            """SELECT alert_id, count(*) FROM erp_audit_alert_record_rel
                WHERE alert_id = ANY(%s) GROUP BY 1""",
            [alerts.ids],
        )
        for number, count in cr.fetchall():
            alerts.browse(number).record_count = count
