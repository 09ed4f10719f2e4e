from contextlib import contextmanager

from odoo import api, models, tools


class ApprovalPolicy(models.Model):
    """Versions of policies, and policies as plain data for the gate."""

    _inherit = "approval.policy"

    # -- versions and cache -------------------------------------------------------

    @contextmanager
    def _one_version(self):
        """Collect the nested writes of a policy and its steps into one version."""
        cache = self.env.cr.cache
        if cache.get("approval_policy_version"):
            yield
            return
        cache["approval_policy_version"] = True
        try:
            yield
        finally:
            cache.pop("approval_policy_version", None)
        self.exists()._record_version()

    def _record_version(self):
        """Keep the present wording as a new version if it differs from the last."""
        self.env.registry.clear_cache()
        Version = self.env["approval.policy.version"]._engine()
        for policy in self:
            content = policy._freeze()
            last = Version.search([("policy_id", "=", policy.id)], limit=1)
            if last and last.content == content:
                continue
            number = last.number + 1
            Version.create(
                {
                    "policy_id": policy.id,
                    "number": number,
                    "user_id": self.env.uid,
                    "summary": policy.summary,
                    "content": content,
                }
            )
            policy._set_version(number)

    def _set_version(self, number):
        # past our own ``write``, which leaves the number out
        models.BaseModel.write(self, {"version": number})

    @api.model_create_multi
    def create(self, vals_list):
        """Override to keep version 1 of each policy."""
        vals_list = [self._without_version(vals) for vals in vals_list]
        cache = self.env.cr.cache
        cache["approval_policy_version"] = True
        try:
            policies = super().create(vals_list)
        finally:
            cache.pop("approval_policy_version", None)
        policies._record_version()
        return policies

    @api.model
    def _without_version(self, vals):
        """Leave out the version number, which is counted and never written."""
        return {name: value for name, value in vals.items() if name != "version"}

    def write(self, vals):
        """Override to keep a version of each change."""
        with self._one_version():
            return super().write(self._without_version(vals))

    def unlink(self):
        """Override to forget the compiled policies."""
        self.env.registry.clear_cache()
        return super().unlink()

    def _freeze(self):
        """Return all that a running approval needs of the policy, as plain data."""
        self.ensure_one()
        return {
            "id": self.id,
            "active": self.active,
            "priority": self.sequence,
            "names": self._fields["name"]._get_stored_translations(self)
            or {"en_US": self.name},
            "model": self.model_id.model,
            "operation": self.operation,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "supplement": self.is_supplement,
            "ask_partner": self.ask_partner,
            "domain": self.domain,
            "amount_min": self.amount_min,
            "amount_max": self.amount_max,
            "fields": self._material_fields(),
            "tolerance_percent": self.tolerance_percent,
            "tolerance_amount": self.tolerance_amount,
            "same_person": self.same_person,
            "api_policy": self.api_policy,
            "auto_execute": self.auto_execute,
            "cc": self.with_context(active_test=False).cc_user_ids.ids,
            "steps": [step._freeze() for step in self.step_ids.sorted()],
        }

    def _material_fields(self):
        """Return ``[header field names, line field names]`` of this policy."""
        model = self.env[self.model_id.model]
        chosen = [(field.model, field.name) for field in self.material_field_ids]
        header = {name for owner, name in chosen if owner == model._name}
        lines = {name for owner, name in chosen if owner != model._name}
        if not chosen:
            header = set(model._approval_material)
            lines = set(model._approval_line_material)
        # what was approved is an amount of a company: these cannot be left out
        header |= {*model._approval_amount_fields(), "company_id"} & set(model._fields)
        if model._approval_line_amount:
            lines.add(model._approval_line_amount)
        return [sorted(header), sorted(lines)]

    @api.model
    def _for_engine(self):
        """Return the model as the engine reads it: nothing of the caller counts."""
        # sudo: asked for users who may not read policies
        return self.with_env(self.env(su=True, context={}))

    @api.model
    @tools.ormcache("model", "operation")
    def _compiled(self, model, operation):
        """Return the active policies for an operation as plain data, by priority.

        Cached for the whole server process, so that a document that no policy covers
        costs no query. Callers must not change what they get.
        """
        policies = self._for_engine().search(
            [("res_model", "=", model), ("operation", "=", operation)]
        )
        return tuple(
            {
                **policy._freeze(),
                "version": policy.version,
                "since": policy.version_ids[:1].date,
            }
            for policy in policies
        )

    @api.model
    @tools.ormcache("model")
    def _governs(self, model):
        """Return whether any policy, archived ones included, exists for ``model``."""
        policies = self._for_engine().with_context(active_test=False)
        return bool(policies.search_count([("res_model", "=", model)], limit=1))

    @api.model
    @tools.ormcache("model")
    def _material_names(self, model):
        """Return all field names that any policy of ``model`` calls material."""
        policies = self._for_engine().search([("res_model", "=", model)])
        return frozenset(policies.material_field_ids.mapped("name"))
