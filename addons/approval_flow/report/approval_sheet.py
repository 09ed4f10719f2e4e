from odoo import api, models


class ReportApprovalSheet(models.AbstractModel):
    """The approval of a document on paper: what was submitted, who decided what."""

    _name = "report.approval_flow.approval_sheet"
    _description = "Approval Sheet"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Return the sheets of the approvals that the user may read.

        :raise AccessError: if the user may not read one of them
        """
        instances = self.env["approval.instance"].browse(docids)
        instances.check_access("read")
        return {
            "doc_ids": docids,
            "doc_model": "approval.instance",
            "docs": instances,
            "sheets": [self._sheet(instance) for instance in instances],
        }

    @api.model
    def _sheet(self, instance):
        """Return one sheet as plain data: the facts, the content and all rounds."""
        # who may read an approval may read all of its decisions
        instance = instance._for_reader(self.env.user)
        header, columns, rows = instance._fact_content()
        rounds = instance.search(
            [
                ("res_model", "=", instance.res_model),
                ("res_id", "=", instance.res_id),
                ("operation", "=", instance.operation),
            ],
            order="id",
        )
        return {
            "company": instance.company_id,
            "facts": instance._facts(),
            "state": instance._label_of("state"),
            "decided": instance._at(instance.decision_date),
            "executed": instance._at(instance.execution_date),
            "error": instance.error or "",
            "header": header,
            "columns": columns,
            "rows": rows,
            "rounds": [item._sheet_round() for item in rounds],
        }


class ApprovalDocumentMixin(models.AbstractModel):
    _inherit = "approval.document.mixin"

    def action_print_approval(self):
        """Return the report of the latest approvals of the documents.

        Each sheet shows all rounds of its operation.
        """
        instances = self.env["approval.instance"].search(
            [("res_model", "=", self._name), ("res_id", "in", self.ids)], order="id"
        )
        latest = {(item.res_id, item.operation): item.id for item in instances}
        report = self.env.ref("approval_flow.approval_sheet_action")
        return report.report_action(instances.browse(latest.values()))
