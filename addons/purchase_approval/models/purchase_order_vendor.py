from odoo import models
from odoo.exceptions import UserError


class PurchaseOrder(models.Model):
    """What vendors do in the portal: they propose other dates of arrival."""

    _inherit = "purchase.order"

    def _update_date_planned_for_lines(self, updated_dates):
        """Override: of a confirmed order the new dates become a change request."""
        self.ensure_one()
        if not self._change_is_held():
            return super()._update_date_planned_for_lines(updated_dates)
        wanted = {
            line.id: {"new_date": date}
            for line, date in updated_dates
            if line.date_planned and line.date_planned.date() != date.date()
        }
        if wanted:
            self._change_propose_dates(wanted)
        return None

    def _change_propose_dates(self, wanted):
        """Raise a request for other dates for the vendor.

        :param dict wanted: ``{line id: {"new_date": moment}}``
        """
        reason = self.env.ref("approval_flow.change_reason_date", False)
        requests = self.env["purchase.order.change"]
        try:
            requests._change_raise(
                self,
                {"kind": "change", "reason_id": reason.id if reason else False},
                wanted,
            )
        except UserError:
            # one is open already: people are told what the vendor says
            self._change_note_dates(wanted)

    def _change_note_dates(self, wanted):
        rows = [
            self.env._(
                "%(product)s: %(date)s",
                product=line.product_id.display_name,
                date=wanted[line.id]["new_date"].date(),
            )
            for line in self.order_line
            if line.id in wanted
        ]
        opened = self._change_open_requests().get(self.id) or self
        opened.activity_schedule(
            "approval_flow.mail_activity_type_change",
            user_id=(self.user_id or self.create_uid).id,
            summary=self.env._("%s proposes other dates", self.partner_id.display_name),
            note="; ".join(rows),
        )

    # -- on the vendor's page ----------------------------------------------------------

    def _change_asked(self):
        """Return the request that the vendor is asked to agree to, if any."""
        # sudo: the page of the order was opened with its own check
        return self.sudo().change_ids.filtered(
            lambda item: item.customer_state == "asked" and item.state == "approved"
        )

    def _change_proposed(self):
        """Return the vendor's own proposal, as long as it is being checked."""
        # sudo: as above
        return self.sudo().change_ids.filtered(
            lambda item: item.is_customer and item.is_open
        )

    def _change_told(self):
        """Return the applied requests, the latest first."""
        # sudo: as above
        applied = self.sudo().change_ids.filtered(lambda item: item.state == "applied")
        return applied.sorted("revision", reverse=True)
