from markupsafe import Markup

from odoo import api, models

ICONS = {
    "high": ("fa-exclamation-triangle", "text-danger"),
    "medium": ("fa-arrow-circle-up", "text-warning"),
    "low": ("fa-plus-circle", "text-muted"),
}
LIST = Markup('<ul class="list-unstyled mb-0">%s</ul>')
ITEM = Markup(
    '<li class="mb-1"><i class="fa fa-fw %s %s me-1" role="img" aria-label="%s"></i>'
    "<span>%s</span></li>"
)
FOLDED = Markup("<details><summary class='o_access_more'>%s</summary>%s</details>")
# so many minor lines are shown with the others
FEW = 3


class ErpAccessRights(models.AbstractModel):
    """A difference of rights on the screen: what matters first, the rest folded."""

    _inherit = "erp.access.rights"

    @api.model
    def _html(self, lines):
        """Return lines of a difference as a list; many minor ones are folded away."""
        grave, minor = self._sifted(lines)
        if not minor:
            return self._html_list(lines)
        return self._html_list(grave) + FOLDED % (
            self._smaller(minor),
            self._html_list(minor),
        )

    @api.model
    def _in_short(self, lines):
        """Return lines for a screen that folds nothing: minor ones are counted."""
        grave, minor = self._sifted(lines)
        if not minor:
            return lines
        return [*grave, self._line("more", 0, self._smaller(minor))]

    @api.model
    def _sifted(self, lines):
        """Return what matters, and what is folded: nothing, if it is little."""
        grave = [line for line in lines if line["level"] != "low"]
        minor = [line for line in lines if line["level"] == "low"]
        if not grave or len(minor) <= FEW:
            return lines, []
        return grave, minor

    def _smaller(self, minor):
        return self.env._("And smaller things (%(number)s)", number=len(minor))

    def _html_list(self, lines):
        levels = {
            "high": self.env._("Important"),
            "medium": self.env._("Notable"),
            "low": self.env._("Minor"),
        }
        return LIST % Markup().join(
            ITEM % (*ICONS[line["level"]], levels[line["level"]], line["text"])
            for line in lines
        )
