from odoo import api, fields, models


class ApprovalCheck(models.Model):
    """Settings of one automatic check of the first review."""

    _name = "approval.check"
    _description = "Automatic Check"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    res_model = fields.Char(string="Document model", required=True, index=True)
    description = fields.Text(translate=True)
    sequence = fields.Integer(default=10, aggregator=None)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Leave empty for all companies."
    )
    severity = fields.Selection(
        [("warn", "Remind the approver"), ("block", "Stop the submission")],
        string="When it fails",
        required=True,
        default="warn",
    )
    limit_warn = fields.Float(string="Remind above")
    limit_block = fields.Float(string="Stop above")

    _code_unique = models.UniqueIndex(
        "(res_model, code, COALESCE(company_id, 0))",
        "This check already has settings for the company.",
    )

    @api.model
    def _settings(self, model_name, company):
        """Return the check settings that hold for a company, one per check.

        A company's own settings come before the ones for all companies, also when
        they are switched off.
        """
        found = (
            # sudo: checks run for people who may not read the settings
            self.sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("res_model", "=", model_name),
                    ("company_id", "in", [company.id, False]),
                ]
            )
        )
        by_code = {}
        for check in found.sorted(lambda check: bool(check.company_id)):
            by_code[check.code] = check
        return (
            self.browse(check.id for check in by_code.values() if check.active)
            .sudo()  # sudo: as above
            .sorted()
        )

    @api.model
    def _run_all(self, documents):
        """Run all checks that are switched on.

        :param documents: recordset of one model and one company
        :return: {document id: [{code, name, status, reason, field}]}
        """
        results = {document.id: [] for document in documents}
        classes = self._classes(documents._name)
        company = documents.company_id[:1] or self.env.company
        for settings in self._settings(documents._name, company):
            check = classes.get(settings.code)
            if check is None:
                continue  # the addon of this check is not installed any more
            found = check._run(documents, settings)
            for document in documents:
                result = found.get(document.id) or check._pass()
                results[document.id].append(
                    {"code": settings.code, "name": settings.name, **result}
                )
        return results

    @api.model
    def _classes(self, model_name):
        """Return {code: model} of the checks written for a document model."""
        names = self.env.registry.descendants(["approval.check.base"], "_inherit")
        models_ = [self.env[name] for name in names]
        return {
            model._check_code: model
            for model in models_
            if model._check_model == model_name
        }


class ApprovalCheckBase(models.AbstractModel):
    """Base of one automatic check: inherit it, name model and code, write ``_run``."""

    _name = "approval.check.base"
    _description = "Base of Automatic Checks"

    _check_model = None
    _check_code = None

    def _run(self, documents, settings):
        """Check documents.

        :param documents: recordset of ``_check_model``, all of one company
        :param settings: the ``approval.check`` record with the limits
        :return: {document id: result of :meth:`_pass`, :meth:`_fail` or
            :meth:`_grade`}; documents left out pass
        """
        raise NotImplementedError

    @api.model
    def _result(self, status, reason="", field=None):
        """Return a result.

        :param str status: ``pass``, ``warn`` or ``block``
        :param str reason: what is wrong and what to do, with figures
        :param str field: field of the document to mend
        """
        return {"status": status, "reason": str(reason), "field": field}

    @api.model
    def _pass(self, reason=""):
        return self._result("pass", reason)

    @api.model
    def _fail(self, settings, reason, field=None):
        return self._result(settings.severity, reason, field)

    @api.model
    def _grade(self, value, settings, reason, field=None):
        """Return block, warn or pass by comparing a figure with the limits."""
        if settings.limit_block and value > settings.limit_block:
            return self._result("block", reason, field)
        if settings.limit_warn and value > settings.limit_warn:
            return self._result("warn", reason, field)
        return self._pass()
