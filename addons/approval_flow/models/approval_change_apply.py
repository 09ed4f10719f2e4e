from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..engine import CHANGE_PASS, ChangePass


class ApprovalChangeMixin(models.AbstractModel):
    """From a request to a changed document: preview, conflicts, apply.

    The preview is the apply: the same method runs inside a savepoint, what it did is
    noted, and the savepoint is rolled back. So people decide on what will happen, not
    on what somebody thought would happen.
    """

    _inherit = "approval.change.mixin"

    # -- to be declared ----------------------------------------------------------------

    def _change_perform(self):
        """Change the document and all that follows from it, as the system.

        Called with the pass for the document, inside a savepoint.
        """
        raise NotImplementedError

    def _change_assert(self):
        """Raise unless the document now is exactly what was requested.

        :raise UserError: naming what is not; everything is undone
        """
        raise NotImplementedError

    def _change_marks(self, content):
        """Return what :meth:`_change_assert_rest` compares with, before the apply.

        :param dict content: see :meth:`_change_content`
        """
        return {"content": content}

    def _change_assert_rest(self, marks):
        """Raise if anything changed that the request does not ask for.

        :param dict marks: see :meth:`_change_marks`
        :raise UserError: naming it; everything is undone
        """

    def _change_picture(self):
        """Return the documents around the order as plain data, to be compared.

        :return: ``{kind: {key: {…}}}``, see :meth:`_change_effects`
        """
        return {}

    def _change_effects(self, before, after):
        """Return what differs between two pictures, as plain data.

        :return: list of ``{"code", "department", "icon", "tone", "values"}``; the
            method ``_effect_<code>(**values)`` says it in words
        """
        return []

    def _change_figures(self):
        """Return figures of the document that people compare: {name: number}."""
        return {}

    def _change_impact_values(self, before):
        """Return further values of the request to be kept with the impact.

        :param dict before: the picture before anything was changed
        """
        return {}

    def _change_header(self):
        """Return the header values that the request changes: {field: (old, new)}."""
        return {}

    # -- preview -----------------------------------------------------------------------

    def _change_lock(self):
        """Let requests on the same document happen one after the other.

        Both rows are really written, so that a second transaction fails with a
        serialization error and runs again on what is true then.
        """
        order = self.order_id
        for record in (self, order):
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET id = id WHERE id IN %s",
                    SQL.identifier(record._table),
                    tuple(record.ids),
                ),
                log_exceptions=False,  # a conflict is nothing to worry about
            )

    def _change_system(self):
        """Return ``self`` as the system that applies it, with the pass."""
        company = self.company_id
        context = {
            "lang": self.env.lang,
            "tz": self.env.context.get("tz"),
            "allowed_company_ids": company.ids,
            CHANGE_PASS: ChangePass(self.order_id._name, frozenset(self.order_id.ids)),
        }
        # sudo: approved, or free of approval; the requester may have fewer rights
        return self.with_env(self.env(su=True, context=context))

    def _change_prepare(self):
        """Bring the request up to date, check it, and see what it will set off."""
        self._change_rebase()
        self._change_check()
        self._change_engine().write(self._change_preview())

    def _change_preview(self):
        """Return the impact, found by applying the request and undoing it.

        :return: values of the request
        :raise UserError: if it cannot be applied
        """
        cr = self.env.cr
        # what is to happen after the commit is undone as well
        queues = (cr.postcommit, cr.prerollback, cr.postrollback)
        cr.flush()
        kept = [(queue, list(queue._funcs), dict(queue.data)) for queue in queues]
        savepoint = cr.savepoint()
        try:
            return self._change_system()._change_outcome()
        finally:
            savepoint.close(rollback=True)
            for queue, functions, data in kept:
                queue.clear()
                queue._funcs.extend(functions)
                queue.data.update(data)

    def _change_outcome(self):
        before, figures = self._change_picture(), self._change_figures()
        values = self._change_impact_values(before)
        amount_old = self._change_total()
        moved = self._change_moved()
        self._change_carry_out(self._change_content())
        return {
            **values,
            "amount_old": amount_old,
            "amount_new": self._change_total(),
            "amount_moved": self._change_volume(moved),
            "impact": self._change_impact(before, figures),
        }

    def _change_impact(self, before, figures):
        """Return what differs now from a picture and figures taken before."""
        after = self._change_figures()
        return {
            "effects": self._change_effects(before, self._change_picture()),
            "figures": {name: [figures[name], after.get(name)] for name in figures},
        }

    def _change_carry_out(self, content):
        """Change the document, and prove that it is what was asked for.

        :param dict content: of the document before, see :meth:`_change_content`
        """
        marks = self._change_marks(content)
        self._change_perform()
        self.env.flush_all()
        self._change_assert()
        self._change_assert_rest(marks)

    def _change_moved(self):
        """Return {line id: amount} of the document's lines now."""
        amount = self.order_id._approval_line_amount
        lines = self.order_id[self.order_id._approval_lines]
        return {line.id: line[amount] for line in lines}

    def _change_volume(self, before):
        """Return by how much the lines have moved since, without their sign."""
        after = self._change_moved()
        moved = sum(
            abs(after.get(key, 0.0) - before.get(key, 0.0)) for key in {*before, *after}
        )
        return max(moved, abs(self._change_total() - self.amount_old))

    # -- tolerance ---------------------------------------------------------------------

    def _change_within_tolerance(self):
        """Return whether the request is too small to be approved on its own.

        Small requests add up: what was applied since the last approval counts too.
        """
        control = self.order_id._change_control()
        if not control["tolerance_percent"] or not self._change_is_small():
            return False
        earlier = self._change_unapproved()
        base = earlier[-1:].amount_old if earlier else self.amount_old
        moved = self.amount_moved + sum(earlier.mapped("amount_moved"))
        limit = abs(base) * control["tolerance_percent"] / 100.0
        if self.currency_id.compare_amounts(moved, limit) > 0:
            return False
        maximum = control["tolerance_amount"]
        company = self.company_id.currency_id
        moved = self._change_in_company_currency(moved)
        return not maximum or company.compare_amounts(moved, maximum) <= 0

    def _change_is_small(self):
        """Return whether only figures of lines change, and the company asks for it."""
        if self.kind != "change" or self.is_customer or self._change_header():
            return False
        touched = self.line_ids.filtered(lambda line: line.action != "keep")
        return all(
            line.action == "change" and "date" not in line._change_names()
            for line in touched
        )

    def _change_unapproved(self):
        """Return the applied requests since the last approved one, latest first."""
        # sudo: all requests on the document count
        applied = self.sudo().search(
            [("order_id", "=", self.order_id.id), ("state", "=", "applied")],
            order="applied_date desc, id desc",
        )
        found = applied.browse()
        for request in applied:
            if request.approval_instance_id:
                break
            found |= request
        return found

    # -- conflicts ---------------------------------------------------------------------

    def _change_conflicts(self):
        """Return how the document has moved on where this request touches it.

        :return: list of differences as ``approval.document.mixin._approval_diff``
        """
        now = self._change_system()._change_content()
        lines = self.line_ids.filtered(lambda line: line.action != "keep")
        touched = set(lines.order_line_id.ids)
        header = set(self._change_header())
        return [
            change
            for change in self._approval_diff(self.base, now)
            if self.kind == "cancel"
            or change["line"] in touched
            or (change["line"] is None and change["field"] in header)
        ]

    def _approval_ready(self, operation):
        """Override: the order must be where it was, and the other side agree."""
        self._change_lock()
        if conflicts := self._change_conflicts():
            self._change_set_conflict(conflicts)
            return False
        if self._change_wants_agreement():
            self._change_ask_agreement()
            return False
        return True

    def _change_set_conflict(self, conflicts):
        """The order has moved on: what was approved cannot be applied as it is."""
        self._change_engine().write({"state": "conflict", "conflict": conflicts})
        # sudo: the engine ends what it granted
        self.sudo()._approval_open_instances()._make_stale()
        rows = self._change_conflict_rows()
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            user_id=self.requester_id.id,
            summary=self.env._("The order has moved on: adjust and submit again"),
            note="; ".join(
                f"{row['where']} {row['what']}: {row['old']} → {row['new']}".strip()
                for row in rows
            ),
        )

    # -- apply -------------------------------------------------------------------------

    def _change_apply(self):
        """Apply the requests, each all or nothing.

        :raise UserError: if the document is not what it was, or cannot be changed so
        """
        for request in self:
            request._change_apply_one()
        return True

    def _change_apply_one(self):
        self._change_lock()
        if conflicts := self._change_conflicts():
            self._change_engine().conflict = conflicts
            rows = self._change_conflict_rows()
            raise UserError(
                self.env._(
                    "The order has moved on meanwhile: %s. Adjust the request.",
                    "; ".join(f"{row['where']} {row['what']}".strip() for row in rows),
                )
            )
        # what was right when it was submitted may not be any more
        self._change_check()
        with self.env.cr.savepoint():
            system = self._change_system()
            before = system._change_content()
            picture, figures = system._change_picture(), system._change_figures()
            # through the gate first: what follows is allowed by it
            self._change_engine().write(
                {
                    "state": "applied",
                    "error": False,
                    "applied_date": fields.Datetime.now(),
                    "applied_by_id": self.env.uid,
                    "revision": system.order_id.change_revision + 1,
                }
            )
            if self.state != "applied":
                raise UserError(self.env._("%s needs an approval.", self.display_name))
            system._change_carry_out(before)
            system.order_id.change_revision += 1
        self._change_engine().write(
            {
                "before": before,
                "after": self._change_system()._change_content(),
                # what really happened, with the documents that were made
                "impact": self._change_system()._change_impact(picture, figures),
            }
        )
        self._change_system()._change_tell()

    def _change_close_with_order(self, orders):
        """Withdraw open requests of documents that are gone."""
        opened = self.search([("order_id", "in", orders.ids), ("is_open", "=", True)])
        opened._change_engine().write({"state": "cancelled"})

    # -- lines -------------------------------------------------------------------------

    def _change_fill_lines(self):
        """Put the lines of the document in that the request does not have yet."""
        # sudo: all lines of the document count
        order = self.order_id.sudo()
        missing = order[order._approval_lines] - self.line_ids.order_line_id
        missing = missing.filtered(lambda line: line._change_is_content())
        engine = self._change_engine()
        engine.env[self.line_ids._name].create(
            [{"change_id": self.id, "order_line_id": line.id} for line in missing]
        )

    def _change_check_lines(self):
        """Raise unless the lines belong to the document, each once."""
        for request in self:
            request._change_check_editable()
            lines = request.line_ids.order_line_id
            # sudo: which document the lines belong to
            if lines.sudo().order_id - request.order_id or len(lines) < len(
                request.line_ids.filtered("order_line_id")
            ):
                raise UserError(
                    self.env._(
                        "A request holds each line of its own order once at most."
                    )
                )
