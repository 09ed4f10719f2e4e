from odoo import api, fields, models


class ErpAccessReviewLine(models.Model):
    """Roles and requested access under review: withdrawn as a whole."""

    _inherit = "erp.access.review.line"

    kind = fields.Selection(
        selection_add=[("grant", "By role or request")],
        ondelete={"grant": "cascade"},
    )
    grant_id = fields.Many2one(
        "erp.access.grant", index="btree_not_null", ondelete="restrict"
    )

    @api.depends("grant_id")
    def _compute_what(self):
        """Override to name a role as it is called today."""
        for line in self:
            # sudo: the name of the role, in the reader's words
            grant = line.sudo().grant_id
            line.what = grant.role_id.name or grant.name
        return super(
            ErpAccessReviewLine, self.filtered(lambda line: not line.grant_id)
        )._compute_what()

    @api.model
    def _known(self, review, users):
        """Override to read the grants of all people at once."""
        grants = self.env["erp.access.rights"]._grants_of(users)
        return {
            **super()._known(review, users),
            "grants": grants.grouped("user_id"),
        }

    @api.model
    def _lines_of(self, user, left_out, known):
        """Override to show roles and requests in the place of what they gave."""
        grants = known["grants"].get(user, self.env["erp.access.grant"])
        given = grants.added_group_ids
        lines = super()._lines_of(user, left_out | given, known)
        for grant in grants:
            groups = grant.added_group_ids
            lines.append(
                {
                    "kind": "grant",
                    "grant_id": grant.id,
                    "group_name": grant.name,
                    "since": grant.started_on,
                    **self._facts(user, groups, known),
                }
            )
            if grant.role_id or len(groups) > 1:
                lines += [self._implied(group, grant.name) for group in groups]
        return lines

    def _take_away(self, reason):
        """Override to end what was granted."""
        # sudo: the grant, after the checks of who decides
        grant = self.sudo().grant_id
        if not grant:
            return super()._take_away(reason)
        return self.env["erp.access.rights"]._withdraw_grants(grant, reason)

    def _taken(self):
        """Override: with a grant, all that it gave goes."""
        # sudo: what was granted, shown to who decides about it
        grant = self.sudo().grant_id
        return grant._going() if grant else super()._taken()
