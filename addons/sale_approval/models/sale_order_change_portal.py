import re
import unicodedata
from datetime import date, datetime, time, timedelta

import pytz

from odoo import fields, models

from odoo.addons.approval_flow.engine import plain_number

NUMBER = re.compile(r"\d{1,9}(\.\d{1,6})?")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# characters of the explanation, requests on one order in a day, days ahead
LONGEST, OFTEN, FAR = 2000, 5, 3660


class SaleOrder(models.Model):
    """What the customer may ask of his confirmed order, in the portal.

    All methods are for an order that the portal has checked the access to, read as
    the system by the customer.
    """

    _inherit = "sale.order"

    def _change_portal_open(self):
        """Return whether the customer may raise a request now."""
        self.ensure_one()
        return (
            self._change_is_held()
            and not self.change_closed
            and not self._change_open_requests()
        )

    def _change_portal_requests(self):
        """Return the requests that concern the customer, latest first.

        Those he raised or was asked about, and what was applied; not what colleagues
        are still talking about.
        """
        self.ensure_one()
        return self.change_ids.filtered(
            lambda request: request.is_customer
            or request.state == "applied"
            or (
                request.customer_state in ("asked", "accepted", "refused")
                and request.state not in ("draft", "submitted")
            )
        ).sorted("id", reverse=True)

    def _change_portal_asked(self):
        """Return the request that waits for the customer's answer, if any."""
        return self.change_ids.filtered(lambda item: item._change_portal_is_asked())

    def _change_portal_lines(self):
        """Return the lines that the customer may ask to change."""
        self.ensure_one()
        return self.order_line.filtered(
            lambda line: line._change_is_content()
            and line.product_uom_id.compare(line.product_uom_qty, 0.0) > 0
        )

    def _change_portal_reasons(self, kind):
        """Return the reasons that the customer may choose from."""
        return self.env["approval.change.reason"].search(
            [
                ("for_customers", "=", True),
                ("kind", "in", ("both", kind)),
                ("company_id", "in", (False, self.company_id.id)),
            ]
        )

    def _change_portal_zone(self):
        """Return the time zone in which the customer reads dates."""
        name = (
            self.env.user.tz
            or self.partner_id.tz
            or self.user_id.tz
            or self.company_id.resource_calendar_id.tz
            or "UTC"
        )
        return pytz.timezone(name)

    def _change_portal_day(self, moment):
        """Return the day of a moment, as the customer reads it."""
        if not moment:
            return None
        local = pytz.utc.localize(moment).astimezone(self._change_portal_zone())
        return local.date()

    def _change_portal_moment(self, day, moment):
        """Return the moment on a day, at the time of day that was agreed before."""
        zone = self._change_portal_zone()
        at = time(12)
        if moment:
            at = pytz.utc.localize(moment).astimezone(zone).time()
        local = zone.localize(datetime.combine(day, at))
        return local.astimezone(pytz.utc).replace(tzinfo=None)

    def _change_portal_too_often(self):
        """Return whether the customer has raised enough requests for a day."""
        since = fields.Datetime.now() - timedelta(days=1)
        raised = self.change_ids.filtered(
            lambda item: item.is_customer and item.create_date > since
        )
        return len(raised) >= OFTEN

    # -- what was typed ----------------------------------------------------------------

    def _change_portal_read(self, kind, form):
        """Read what the customer typed.

        :param str kind: ``change`` or ``cancel``
        :param dict form: texts by the names of the fields of the page
        :return: ``(values, lines, errors)``: values of the request, values by line id,
            and ``{name of a field: what is wrong}``
        """
        errors = {}
        values = {
            "kind": kind,
            "reason_id": self._change_read_reason(kind, form, errors),
            "note": self._change_read_note(form, errors),
        }
        lines = {}
        if kind == "change":
            present = self._change_portal_day(self.commitment_date)
            day = self._change_read_day(form.get("date"), "date", errors, present)
            for line in self._change_portal_lines():
                wanted = self._change_read_line(line, form, day, errors)
                if wanted:
                    lines[line.id] = wanted
            if day:
                values["new_commitment_date"] = self._change_portal_moment(
                    day, self.commitment_date
                )
            if not errors:
                self._change_read_whole(values, lines, errors)
        return values, lines, errors

    def _change_read_whole(self, values, lines, errors):
        """See whether the request as a whole asks for something that can be asked."""
        if not lines and "new_commitment_date" not in values:
            errors["form"] = self.env._(
                "Nothing would change. Enter a new quantity or a new date first."
            )
        elif len(lines) == len(self._change_portal_lines()) and all(
            wanted.get("is_removed") for wanted in lines.values()
        ):
            errors["form"] = self.env._(
                "Nothing would be left of the order. Request its cancellation instead."
            )

    def _change_read_reason(self, kind, form, errors):
        reasons = self._change_portal_reasons(kind)
        text = form.get("reason") or ""
        chosen = reasons.filtered(lambda reason: str(reason.id) == text)
        if not chosen:
            errors["reason"] = self.env._("Choose a reason.")
        return chosen.id

    def _change_read_note(self, form, errors):
        text = (form.get("note") or "").replace("\r\n", "\n").strip()
        # no control characters: the database takes none, and people see none
        text = "".join(
            char for char in text if char == "\n" or unicodedata.category(char) != "Cc"
        )
        if len(text) > LONGEST:
            errors["note"] = self.env._(
                "Please shorten your text to %(most)s characters; it has %(count)s.",
                most=LONGEST,
                count=len(text),
            )
        return text

    def _change_read_line(self, line, form, day, errors):
        """Return the values that one line of the request gets, empty if unchanged."""
        wanted = {}
        quantity = self._change_read_quantity(line, form, errors)
        if quantity == 0.0 and not line.qty_delivered:
            return {"is_removed": True}
        if quantity is not None:
            wanted["new_qty"] = quantity
        name = f"date_{line.id}"
        agreed = line._change_delivery_date()
        present = self._change_portal_day(agreed)
        own = self._change_read_day(form.get(name), name, errors, present)
        if day and not own and line.promised_date and day != present:
            own = day  # a line with a date of its own does not follow that of the order
        if own:
            wanted["new_date"] = self._change_portal_moment(own, agreed)
        return wanted

    def _change_read_quantity(self, line, form, errors):
        """Return the new quantity of a line, or None if it stays."""
        name = f"qty_{line.id}"
        # full-width figures, as Chinese keyboards write them
        text = unicodedata.normalize("NFKC", form.get(name) or "").strip()
        if not text:
            return None
        if not NUMBER.fullmatch(text):
            errors[name] = self.env._("Enter a number, such as 12 or 12.5.")
            return None
        quantity = line.product_uom_id.round(float(text))
        if not line.product_uom_id.compare(quantity, line.product_uom_qty):
            return None
        if line.product_uom_id.compare(quantity, line.qty_delivered) < 0:
            errors[name] = self.env._(
                "%(quantity)s %(unit)s are delivered already. Enter at least as many; "
                "to send goods back, please contact us.",
                quantity=plain_number(line.qty_delivered),
                unit=line.product_uom_id.name,
            )
            return None
        return quantity

    def _change_read_day(self, text, name, errors, present):
        """Return the day that was typed, or None if it is the present one."""
        text = (text or "").strip()
        if not text:
            return None
        try:
            day = date.fromisoformat(text) if DAY.fullmatch(text) else None
        except ValueError:
            day = None
        if day is None:
            errors[name] = self.env._("Enter a date.")
            return None
        if day == present:
            return None
        today = datetime.now(self._change_portal_zone()).date()
        if day < today:
            errors[name] = self.env._("This date is past. Choose a day from today on.")
            return None
        if day > today + timedelta(days=FAR):
            errors[name] = self.env._("This date is too far away.")
            return None
        return day


class SaleOrderChange(models.Model):
    """A request as the customer sees it."""

    _inherit = "sale.order.change"

    def _change_proposal(self):
        """Override: what is cancelled belongs to what the customer agrees to."""
        # sudo: the same whoever asks
        return {**super()._change_proposal(), "cancel": self.sudo().cancel_kind}

    def _change_portal_is_asked(self):
        """Return whether the request waits for the customer's answer."""
        self.ensure_one()
        return self.state == "approved" and self.customer_state == "asked"

    def _change_portal_state(self):
        """Return the state in the customer's words: ``(words, colour, icon)``."""
        self.ensure_one()
        if self.customer_state == "refused":
            return self.env._("You did not agree"), "secondary", "ban"
        if self._change_portal_is_asked():
            return self.env._("Please answer"), "warning", "question-circle"
        if self.state == "applied":
            return self.env._("Done"), "success", "check-circle"
        if self.state == "rejected":
            return self.env._("Not possible"), "danger", "times-circle"
        if self.state == "cancelled":
            return self.env._("Withdrawn"), "secondary", "ban"
        return self.env._("Received, being checked"), "info", "hourglass-half"

    def _change_portal_title(self):
        """Return what the request is, in the customer's words."""
        self.ensure_one()
        if self.kind == "cancel":
            return self.env._("Cancellation")
        return self.env._("Change")

    def _change_portal_address(self):
        """Return the address of the customer's page, for messages to him."""
        self.ensure_one()
        order = self.order_id
        return order.get_base_url() + order.get_portal_url(suffix="/changes")

    def _change_portal_can_withdraw(self):
        """Return whether the customer can take his request back."""
        self.ensure_one()
        return self.is_customer and self.state in (
            "draft",
            "submitted",
            "conflict",
            "failed",
        )


class SaleOrderChangeLine(models.Model):
    _inherit = "sale.order.change.line"

    def _change_left(self):
        """Override: of an order that is cancelled as a whole nothing is left."""
        request = self.change_id
        if request.kind == "cancel" and request.cancel_kind in (
            "full",
            "after_delivery",
        ):
            return 0.0
        return self._change_target()
