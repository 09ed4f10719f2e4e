from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, ormcache

OPERATIONS = "erp_audit.group_tier_operations"
MANAGEMENT = "erp_audit.group_tier_management"
DECISION = "erp_audit.group_tier_decision"


class ErpTierMixin(models.AbstractModel):
    """Which documents somebody sees by his tier; asked by global record rules.

    The department of a person are, besides himself: for operations the people with the
    same manager, for management all people below him; and the sales teams that he
    leads or is a member of. Transfers belong to the warehouse, entries to finance:
    who works there sees all of them, and the orders that have reached him, that is
    confirmed ones. What somebody has created, or has or had to approve, he sees in
    any case. The decision tier sees the documents that it has or had to approve, and
    no others. Who has no tier is not concerned.

    One condition in SQL, part of the search itself: no query of its own.
    """

    _name = "erp.tier.mixin"
    _description = "Document Seen by Tier"

    # fields that decide who sees a document
    _tier_fields = ("create_uid",)

    tier_is_visible = fields.Boolean(
        string="Seen by the own tier",
        compute="_compute_tier_is_visible",
        search="_search_tier_is_visible",
    )

    @api.depends(lambda self: self._tier_fields)
    @api.depends_context("uid")
    def _compute_tier_is_visible(self):
        plain = self._tier_plain()
        plain.tier_is_visible = True
        rest = self - plain
        if not rest:
            return
        # sudo: the condition itself is the access rule
        records = rest.sudo().with_context(active_test=False)
        found = records.search(
            Domain("id", "in", records.ids)
            & Domain.custom(to_sql=self._tier_to_sql_of(records))
        )
        for record in rest:
            record.tier_is_visible = not record.id or record.id in found._ids

    def _tier_plain(self):
        """Return the records that are the department's own, without a query.

        What is not among them may be seen nevertheless: the search tells.
        """
        user = self.env.user
        management = user._has_group(MANAGEMENT)
        operations = user._has_group(OPERATIONS)
        if not operations and not management:
            return self.browse() if user._has_group(DECISION) else self
        people, teams = self._tier_department(management)
        # sudo: the condition itself is the access rule
        plain = self.sudo().filtered(lambda item: item._tier_is_plain(people, teams))
        return plain.with_env(self.env)

    def _tier_is_plain(self, people, teams):
        """Return whether one record is the department's own, by its own values.

        :param people: ids of the people of the department of the user
        :param teams: ids of the sales teams that he leads or is in
        """
        return self.create_uid.id == self.env.uid

    @api.model
    @ormcache("self.env.uid", "management")
    def _tier_department(self, management):
        """Return the ids of the people and the teams of the user's department.

        Forgotten when people get other managers or teams, see ``erp_role_people.py``.
        """
        return tuple(
            frozenset(row[0] for row in self.env.execute_query(SQL("%s", part)))
            for part in (self._tier_people(management), self._tier_teams())
        )

    def _search_tier_is_visible(self, operator, value):
        if operator != "in" or True not in value:
            return NotImplemented
        return Domain.custom(to_sql=self._tier_to_sql_of(self))

    def _tier_to_sql_of(self, records):
        return lambda _model, alias, _query: records._tier_to_sql(alias)

    @api.model
    def _tier_to_sql(self, alias):
        """Return the SQL condition of the documents that the user's tier shows him."""
        user = self.env.user
        parts = [self._tier_asked(alias)]
        operations, management = (
            user._has_group(OPERATIONS),
            user._has_group(MANAGEMENT),
        )
        if operations or management:
            parts.append(
                SQL("%s = %s", self._tier_column(alias, "create_uid"), user.id)
            )
            parts += self._tier_parts(alias, self._tier_people(management))
        elif not user._has_group(DECISION):
            return SQL("TRUE")
        return SQL("(%s)", SQL(" OR ").join(parts))

    @api.model
    def _tier_parts(self, alias, people):
        """Return the SQL conditions of the documents of the user's department.

        :param SQL people: sub-select of the ids of the people of his department
        """
        return []

    # -- pieces ------------------------------------------------------------------------

    @api.model
    def _tier_column(self, alias, name):
        return SQL.identifier(alias, name, to_flush=self._fields[name])

    @api.model
    def _tier_people(self, management):
        """Return the sub-select of the people of the user's department."""
        uid = self.env.uid
        self.env["res.users"].flush_model(["approval_manager_id"])
        if management:
            return SQL(
                """(WITH RECURSIVE below AS (
                         SELECT %s AS id UNION
                         SELECT u.id FROM res_users u
                           JOIN below ON u.approval_manager_id = below.id)
                    SELECT id FROM below)""",
                uid,
            )
        return SQL(
            """(SELECT %(uid)s UNION ALL
                SELECT u.id FROM res_users u
                  JOIN res_users me ON me.approval_manager_id = u.approval_manager_id
                 WHERE me.id = %(uid)s)""",
            uid=uid,
        )

    @api.model
    def _tier_teams(self):
        """Return the sub-select of the sales teams that the user leads or is in."""
        self.env["crm.team.member"].flush_model(["user_id", "active"])
        self.env["crm.team"].flush_model(["user_id"])
        return SQL(
            """(SELECT crm_team_id FROM crm_team_member
                 WHERE user_id = %(uid)s AND active
                UNION ALL SELECT id FROM crm_team WHERE user_id = %(uid)s)""",
            uid=self.env.uid,
        )

    @api.model
    def _tier_asked(self, alias):
        """Return the SQL condition of what the user has or had to approve."""
        tasks = self.env["approval.task"]
        tasks.flush_model(["res_model", "res_id", "user_id", "acting_for_id"])
        return SQL(
            """%s IN (SELECT res_id FROM approval_task
                       WHERE res_model = %s
                         AND (user_id = %s OR acting_for_id = %s))""",
            SQL.identifier(alias, "id"),
            self._name,
            self.env.uid,
            self.env.uid,
        )

    @api.model
    def _tier_works_in(self, *groups):
        """Return whether the user works in a department, by his groups."""
        return any(self.env.user._has_group(group) for group in groups)
