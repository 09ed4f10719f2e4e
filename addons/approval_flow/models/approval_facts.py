from odoo import fields, models
from odoo.tools import format_datetime


class ApprovalInstance(models.Model):
    """What an approval is about, as plain data: for e-mails, link page and paper.

    Language and time zone are those of the context, see :meth:`_for_reader`.
    """

    _inherit = "approval.instance"

    def _for_reader(self, user):
        """Return the approvals, read by the engine, in the words of ``user``."""
        company = self.company_id[:1] or user.company_id
        # sudo: only for people who have a part in the approval
        records = self.with_user(user).sudo()
        return records.with_context(
            lang=user.lang or "en_US",
            tz=user.tz or company.resource_calendar_id.tz or "UTC",
            allowed_company_ids=company.ids,
        )

    def _at(self, moment):
        """Return a moment in the words and the time zone of the context."""
        return format_datetime(
            self.env, moment, tz=self.env.context.get("tz"), dt_format="short"
        )

    def _label_of(self, name):
        """Return the label of the value of a selection field."""
        field = self._fields[name]
        return dict(field._description_selection(self.env)).get(self[name], self[name])

    def _facts(self):
        """Return what a person needs to know in order to decide, as plain data."""
        self.ensure_one()
        # a deleted document can tell no differences in its words
        changes = (self._readable_document() is not None and self.view_changes) or {}
        checks = self.view_checks or []
        facts = self.view_facts or []
        partner = self.partner_id.display_name or ""
        amount = self.currency_id.format(self.amount) if self.amount else ""
        return {
            "document": self.document_name,
            "type": self.model_name or "",
            "operation": self._label_of("operation") or "",
            "partner": partner,
            # the document's own words for the same come first
            "partner_told": any(fact["value"] == partner for fact in facts),
            "amount": amount,
            "requester": self.requester_id.name,
            "requested": self._at(self.request_date),
            "round": self.round,
            "note": self.note or "",
            "due": self._at(self.due),
            "late": bool(self.due and self.due < fields.Datetime.now()),
            "checks": checks,
            "points": [check for check in checks if check["status"] != "pass"],
            "passed": [check["name"] for check in checks if check["status"] == "pass"],
            "facts": [
                fact for fact in facts if fact["value"] != amount or fact["tone"]
            ],
            "differences": self.view_differences or [],
            "effects": self.view_effects or [],
            "before": self._fact_decisions(),
            "changes": changes.get("rows") or [],
            "changes_own": changes.get("own", False),
        }

    def _fact_decisions(self):
        """Return the decisions of this round that still count, oldest first."""
        done = self.task_ids.filtered(
            lambda task: task.state in ("approved", "rejected", "returned")
            and not task.superseded
        )
        return [
            {
                "who": task._who(),
                "step": task.step_name or "",
                "state": task.state,
                "comment": task.comment or "",
                "when": self._at(task.decided_date),
            }
            for task in done.sorted(lambda task: (task.decided_date, task.id))
        ]

    def _fact_lines(self):
        """Return ``(column labels, rows)`` of the document as it is now."""
        if self.view_lines:
            rows = [[cell["value"] for cell in row] for row in self.view_lines["rows"]]
            return self.view_lines["columns"], rows
        _header, columns, rows = self._fact_content()
        return columns, rows

    # -- submitted content ----------------------------------------------------------

    def _fact_content(self):
        """Return the content as it was submitted, in words.

        :return: ``(header, columns, rows)``: header as ``[(label, value)]``, and the
            lines as a table whose first column names the line
        """
        content = self.content or {"header": {}, "lines": {}}
        names, line_names = self._names()
        document = self._readable_document()
        if document is None:  # deleted, or its addon is not installed any more
            return list(content["header"].items()), [], []
        rows = document._approval_diff_rows(
            [
                _change(None, name, content["header"][name])
                for name in names
                if name in content["header"]
            ]
        )
        header = [(row["what"], row["new"]) for row in rows if row["new"]]
        if not content["lines"]:
            return header, [], []
        # the title of a line is its first cell anyway
        line_names = [n for n in line_names if n != document._approval_line_title]
        table = [
            self._fact_line(document, int(key), content["lines"][key], line_names)
            for key in sorted(content["lines"], key=int)
        ]
        columns = [self.env._("Line"), *(row["what"] for row in table[0][1:])]
        return (
            header,
            columns,
            [[row[0]["where"], *(cell["new"] for cell in row[1:])] for row in table],
        )

    def _fact_line(self, document, line_id, values, names):
        whole = {"line": line_id, "kind": "removed", "field": None}
        return document._approval_diff_rows(
            [
                {**whole, "old": values, "new": 0},
                *(_change(line_id, name, values.get(name)) for name in names),
            ]
        )

    # -- on paper -------------------------------------------------------------------

    def _sheet_round(self):
        """Return one round as plain data, decisions and other events in order."""
        self.ensure_one()
        shown = self._timeline_round()
        return {
            "round": self.round,
            "requester": self.requester_id.name,
            "requested": self._at(self.request_date),
            "note": self.note or "",
            "state": self._label_of("state"),
            "took": shown["took"],
            "policy": self.policy_name,
            "version": self.policy_version,
            "digest": self.digest or "",
            "accepted_digest": self.accepted_digest or "",
            "items": [
                {
                    **item,
                    "date": self._at(item.get("date")),
                    "due": self._at(item.get("due")),
                }
                for item in shown["items"]
            ],
        }


def _change(line_id, name, value):
    """Return a value as a difference, which documents can say in words."""
    return {
        "line": line_id,
        "kind": "changed",
        "field": name,
        "old": value,
        "new": value,
    }
