from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class ApprovalInstance(models.Model):
    """Who may read an approval, fast among millions of them."""

    _inherit = "approval.instance"

    is_accessible = fields.Boolean(
        compute="_compute_is_accessible", search="_search_is_accessible"
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_is_accessible(self):
        # sudo: the condition itself is the access rule
        found = self.sudo().search(
            Domain("id", "in", self.ids) & self._search_is_accessible("in", [True])
        )
        for instance in self:
            instance.is_accessible = instance.id in found._ids

    def _search_is_accessible(self, operator, value):
        """Approvals of readable documents, and those one has a part in.

        Two ways to ask, because no plan is good for both: people who may read nearly
        all documents are asked about row by row, so that the condition on the
        approvals themselves is what PostgreSQL uses an index for; for people who may
        read few, the few approvals are collected first.
        """
        if operator != "in" or True not in value:
            return NotImplemented
        # sudo(False): the reader's own rights on the documents
        models_ = [
            self.env[name].sudo(False)
            for name in self.env["approval.document.mixin"]._approval_models()
            if self.env["ir.model.access"]
            .sudo(False)
            .check(name, "read", raise_exception=False)
        ]
        if not any(self._reads_all(model) for model in models_):
            return Domain.custom(
                to_sql=lambda records, alias, query: self._few_to_sql(alias, models_)
            )
        domain = Domain("requester_id", "=", self.env.uid)
        domain |= Domain.custom(to_sql=self._part_to_sql)
        for model in models_:
            domain |= self._readable_documents(model)
        return domain

    @api.model
    def _reads_all(self, model):
        """Return whether only the company limits the documents the user may read."""
        rule = model.env["ir.rule"]._compute_domain(model._name, "read")
        names = {condition.field_expr for condition in rule.iter_conditions()}
        return names <= {"company_id"}

    def _few_to_sql(self, alias, models_):
        """Return the SQL condition that collects the few accessible approvals."""
        uid = self.env.uid
        Task = self.env["approval.task"]._fields
        parts = [
            SQL(
                "SELECT id FROM approval_instance WHERE %s = %s",
                SQL.identifier(
                    "approval_instance",
                    "requester_id",
                    to_flush=self._fields["requester_id"],
                ),
                uid,
            ),
            SQL(
                "SELECT approval_instance_id FROM approval_instance_cc_rel "
                "WHERE res_users_id = %s",
                uid,
            ),
        ]
        for name in ("user_id", "acting_for_id"):
            column = SQL.identifier("approval_task", name, to_flush=Task[name])
            parts.append(
                SQL("SELECT instance_id FROM approval_task WHERE %s = %s", column, uid)
            )
        for model in models_:
            documents = model.with_context(active_test=False)._search([])
            parts.append(
                SQL(
                    "SELECT own.id FROM approval_instance own JOIN (%s) AS document "
                    "ON document.id = own.res_id AND own.res_model = %s",
                    documents.select(),
                    model._name,
                )
            )
        union = SQL(" UNION ").join(parts)
        return SQL("%s IN (%s)", SQL.identifier(alias, "id"), union)

    def _part_to_sql(self, model, alias, query):
        """Return the SQL condition of the approvals one has a part in.

        Scalar subqueries: PostgreSQL would hash an EXISTS inside an OR, that is read
        all tasks for every list.
        """
        uid, key = self.env.uid, SQL.identifier(alias, "id")
        task = {
            name: SQL.identifier("approval_task", name, to_flush=field)
            for name, field in self.env["approval.task"]._fields.items()
            if name in ("instance_id", "user_id", "acting_for_id")
        }
        return SQL(
            """((SELECT TRUE FROM approval_task
                  WHERE %(instance_id)s = %(key)s
                    AND (%(user_id)s = %(uid)s OR %(acting_for_id)s = %(uid)s)
                  LIMIT 1)
                OR (SELECT TRUE FROM approval_instance_cc_rel
                     WHERE approval_instance_id = %(key)s AND res_users_id = %(uid)s
                     LIMIT 1))""",
            key=key,
            uid=uid,
            **task,
        )

    def _readable_documents(self, model):
        def to_sql(records, alias, query):
            documents = model.with_context(active_test=False)._search([])
            documents.add_where(
                SQL(
                    "%s = %s",
                    SQL.identifier(model._table, "id"),
                    SQL.identifier(alias, "res_id"),
                )
            )
            return SQL(
                "(%s = %s AND (%s LIMIT 1))",
                SQL.identifier(
                    alias, "res_model", to_flush=records._fields["res_model"]
                ),
                model._name,
                documents.select(SQL("TRUE")),
            )

        return Domain.custom(to_sql=to_sql)
