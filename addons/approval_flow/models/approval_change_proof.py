from odoo import models
from odoo.exceptions import UserError


class ApprovalChangeMixin(models.AbstractModel):
    """What is asked of each request before, and proved of it after, the apply."""

    _inherit = "approval.change.mixin"

    # field of the document's line by what a request changes: qty, price, …
    _change_fields = {}

    # -- what can be asked for ---------------------------------------------------------

    def _change_check(self):
        """Raise unless the request says something that can be done.

        :raise UserError: naming the lines and what to do
        """
        if not self.reason_id:
            raise UserError(self.env._("Choose a reason."))
        if self.kind == "cancel":
            self._change_check_cancel()
            return
        touched = self.line_ids.filtered(lambda line: line.action != "keep")
        if not touched and not self._change_header():
            raise UserError(
                self.env._(
                    "Nothing would change. Enter a new quantity, price, date or "
                    "product first."
                )
            )
        errors = [line._change_error() for line in touched]
        if any(errors):
            raise UserError("\n".join(filter(None, errors)))

    def _change_check_cancel(self):
        """Raise unless the document can be cancelled as requested; to be declared.

        :raise UserError: saying what to ask for instead
        """
        raise NotImplementedError

    # -- what was asked for ------------------------------------------------------------

    def _change_assert_values(self, line, values):
        """Raise unless a line of the document has the values that were asked for."""
        for name, wanted in values.items():
            field = line._fields[name]
            value = field.convert_to_write(line[name], line)
            if field.type == "float":
                digits = field.get_digits(self.env)
                same = round(value - wanted, digits[1] if digits else 6) == 0
            else:
                same = value == wanted
            if not same:
                self._change_refuse_field(line, name)

    def _change_assert_total(self):
        """Raise unless the new total is the one that people approved."""
        total = self._change_total()
        if self.currency_id.compare_amounts(total, self.amount_new):
            raise UserError(
                self.env._(
                    "The new total would be %(now)s instead of the approved "
                    "%(approved)s. Submit the request again.",
                    now=self.currency_id.format(total),
                    approved=self.currency_id.format(self.amount_new),
                )
            )

    # -- and nothing else --------------------------------------------------------------

    def _change_expected(self):
        """Return ``{line id: names}`` of what may differ; None is the header."""
        progress = self._change_progress_names()
        expected = {None: set(self._change_header())}
        for line in self.line_ids.filtered("order_line_id"):
            action = line._change_acts()
            names = {self._change_fields[name] for name in line._change_names()}
            if action in ("remove", "replace"):
                names = {self._change_fields["qty"]}
            elif action == "keep":
                continue
            expected[line.order_line_id.id] = names | progress
        return expected

    def _change_progress_names(self):
        """Return the measures of progress that follow a change of a line."""
        return set()

    def _change_assert_content(self, marks, expected):
        """Raise if the content differs where the request does not ask for it.

        :param dict marks: see ``_change_marks``
        :param dict expected: see :meth:`_change_expected`
        """
        for change in self._approval_diff(marks["content"], self._change_content()):
            if change["kind"] == "added":
                allowed = change["line"] in self.line_ids.new_order_line_id.ids
            else:
                allowed = change["field"] in expected.get(change["line"], ())
            if not allowed:
                self._change_refuse_rest(change)

    # -- in words ----------------------------------------------------------------------

    def _change_refuse_field(self, record, name):
        label = record._fields[name].get_description(self.env, ["string"])["string"]
        if record._name == self.order_id._approval_line_model():
            label = f"{record.product_id.display_name}, {label}"
        raise UserError(self.env._("%s would not be what was requested.", label))

    def _change_refuse_rest(self, change):
        row = self.order_id._approval_diff_rows([change])[0]
        what = row["what"] or self._change_progress_label(change["field"])
        raise UserError(
            self.env._(
                "%(what)s would change although nobody asked for it: %(old)s → "
                "%(new)s.",
                what=f"{row['where']} {what}".strip(),
                old=row["old"],
                new=row["new"],
            )
        )
