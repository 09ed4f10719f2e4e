from collections import defaultdict

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL, format_datetime, format_list

# operations that the review shows one by one, and documents named in one of them
SHOWN, NAMED = 200, 5
# what the emergency writes about itself: counted, not listed among the changes
BOOKS = ("erp.access.request", "erp.access.grant", "mail.", "bus.", "approval.")
TABLE = Markup(
    "<h6>%s</h6><table class='table table-sm'><thead><tr><th>%s</th><th>%s</th>"
    "<th>%s</th></tr></thead><tbody>%s</tbody></table>"
)
ROW = Markup("<tr><td>%s</td><td>%s</td><td class='text-break'>%s</td></tr>")
REST = Markup("<h6>%s</h6><ul class='list-unstyled mb-0'>%s</ul>")
POINT = Markup("<li>%s</li>")


class ErpAccessRequest(models.Model):
    """What somebody did in an emergency, for who reviews it: changes come first."""

    _inherit = "erp.access.request"

    operation_text = fields.Html(
        string="What was done",
        compute="_compute_operation_text",
        sanitize=False,
    )
    operation_count = fields.Integer(compute="_compute_operation_text")

    @api.depends("state", "grant_ids")
    @api.depends_context("lang", "uid", "tz")
    def _compute_operation_text(self):
        for request in self:
            changes, rest = [], []
            if request.kind == "emergency":
                changes, rest = request._operations()
            request.operation_count = sum(row["number"] for row in (*changes, *rest))
            request.operation_text = request._operations_html(changes, rest)

    def _emergency_period(self):
        """Return from when until when the emergency access was in force."""
        self.ensure_one()
        # sudo: the dates of the grant, for those who may read the request
        grant = self.sudo().grant_ids[:1]
        begin = grant.started_on or self.date_from
        return begin, grant.ended_on or fields.Datetime.now()

    def _operations(self):
        """Return what the trail tells of the time of the emergency.

        :return: ``(changes, rest)``: lists of rows with words, model, ids, number;
            changes one for each operation and kind of document, in order, the rest
            (reads, logins, the books of the emergency itself) one for each kind
        """
        begin, end = self._emergency_period()
        self.env.cr.execute(
            SQL(
                """SELECT min(l.ts) AS at, l.op, l.event, s.name AS model,
                          array_agg(DISTINCT l.res_id) AS ids, count(*) AS number
                     FROM erp_audit_log l LEFT JOIN erp_audit_source s
                       ON s.id = l.source
                    WHERE (l.uid = %(uid)s OR l.real_uid = %(uid)s)
                      AND l.ts >= %(begin)s AND l.ts <= %(end)s + interval '1 second'
                    GROUP BY l.tx, l.op, l.event, s.name
                    ORDER BY 1, 4 LIMIT 5000""",
                uid=self.user_id.id,
                begin=begin,
                end=end,
            )
        )
        changes, kinds = [], {}
        words = self.env["erp.audit.record"]._kinds()
        for row in self.env.cr.dictfetchall():
            what = row["event"] or row["op"]
            row["words"] = words.get(what, what)
            if row["op"] != "e" and not (row["model"] or "").startswith(BOOKS):
                changes.append(row)
                continue
            kind = kinds.setdefault((row["op"], row["event"], row["model"]), row)
            if kind is not row:
                kind["number"] += row["number"]
        return changes, list(kinds.values())

    def action_open_trail(self):
        """Open all that the person did on the days of the emergency."""
        self.ensure_one()
        action = self.env["erp.audit.person"].action_open(self.user_id.id)
        days = [
            fields.Date.to_string(fields.Datetime.context_timestamp(self, moment))
            for moment in self._emergency_period()
        ]
        action["params"].update(date_from=days[0], date_to=days[1])
        return action

    # -- words -------------------------------------------------------------------------

    def _operations_html(self, changes, rest):
        if not changes and not rest:
            return False
        parts = [self._changes_html(changes), self._rest_html(rest)]
        return Markup().join(part for part in parts if part)

    def _changes_html(self, changes):
        """Return the changes as a table, with the documents by name."""
        env = self.env
        if not changes:
            return Markup("<p class='fw-bold'>%s</p>") % env._("Nothing was changed.")
        shown = changes[:SHOWN]
        words = env["erp.audit.words"]
        documents = words._documents(
            {(row["model"], id_) for row in shown for id_ in row["ids"][:NAMED] if id_}
        )
        table = TABLE % (
            env._("Changes"),
            env._("Time"),
            env._("What"),
            env._("Documents"),
            Markup().join(
                ROW
                % (
                    format_datetime(env, row["at"], dt_format="short"),
                    row["words"],
                    self._documents_words(row, documents),
                )
                for row in shown
            ),
        )
        left = len(changes) - SHOWN
        if left > 0:
            table += Markup("<p>%s</p>") % env._(
                "and %(number)s more in the trail", number=left
            )
        return table

    def _documents_words(self, row, documents):
        """Return the names of the documents of an operation."""
        ids = [id_ for id_ in row["ids"] if id_]
        names = [documents[row["model"], id_]["name"] for id_ in ids[:NAMED]]
        if not names:
            return self.env["erp.audit.words"]._model_label(row["model"])
        text = format_list(self.env, names, style="unit")
        left = len(ids) - len(names)
        if left > 0:
            return self.env._("%(names)s and %(number)s more", names=text, number=left)
        return text

    def _rest_html(self, rest):
        """Return what changed nothing: one line for each kind of operation."""
        if not rest:
            return Markup()
        label = self.env["erp.audit.words"]._model_label
        kinds = defaultdict(list)
        for row in sorted(rest, key=lambda row: -row["number"]):
            name = label(row["model"]) if row["model"] else ""
            kinds[row["words"]].append(f"{name} ({row['number']})".strip())
        return REST % (
            self.env._("Besides"),
            Markup().join(
                POINT
                % self.env._(
                    "%(what)s: %(documents)s",
                    what=words,
                    documents=format_list(self.env, names, style="unit"),
                )
                for words, names in kinds.items()
            ),
        )
