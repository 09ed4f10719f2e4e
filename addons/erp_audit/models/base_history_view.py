from lxml import etree

from odoo import api, models

# what a box says of itself if it is never hidden, or hidden as our button is
SHOWN = (None, "", "0", "False", "not id")


class Base(models.AbstractModel):
    """The button "History" on the forms of recorded documents."""

    _inherit = "base"

    @api.model
    def get_view(self, view_id=None, view_type="form", **options):
        """Override to add the button after all inherited views, whatever they do.

        It is no part of the stored view: nothing can point at it, and a form that
        somebody changes cannot lose it or break by it.
        """
        result = super().get_view(view_id, view_type, **options)
        if view_type == "form" and self.env["erp.audit.history"]._is_offered(self):
            result["arch"] = self._add_history_button(result["arch"])
        return result

    @api.model
    def _add_history_button(self, arch):
        """Return a form's architecture with the button in its box."""
        action = self.env["ir.model.data"]._xmlid_to_res_id(
            "erp_audit.erp_audit_history_action", raise_if_not_found=False
        )
        if not action:
            # the addon is being installed or taken away
            return arch
        form = etree.fromstring(arch)
        if form.tag != "form":
            return arch
        boxes = form.xpath("//div[@name='button_box'][not(ancestor::field)]")
        box = boxes[0] if boxes else self._make_button_box(form)
        self._show_button_box(box)
        etree.SubElement(
            box,
            "button",
            {
                "name": str(action),
                "type": "action",
                "class": "oe_stat_button",
                "icon": "fa-history",
                "string": self.env._("History"),
                "invisible": "not id",
                "data-hotkey": "shift+h",
            },
        )
        return etree.tostring(form, encoding="unicode")

    @api.model
    def _make_button_box(self, form):
        """Return a new box where the web client looks for it."""
        box = etree.Element("div", {"class": "oe_button_box", "name": "button_box"})
        sheets = form.xpath("/form/sheet") or [form]
        header = sheets[0].find("header")
        sheets[0].insert(0 if header is None else sheets[0].index(header) + 1, box)
        return box

    @api.model
    def _show_button_box(self, box):
        """Let what hides a whole box hide the buttons that it held."""
        hidden = box.get("invisible")
        if hidden in SHOWN:
            return
        del box.attrib["invisible"]
        for child in box.iterchildren(etree.Element):
            own = child.get("invisible")
            child.set("invisible", f"({hidden}) or ({own})" if own else hidden)
