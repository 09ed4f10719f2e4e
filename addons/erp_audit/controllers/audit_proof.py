import json

from odoo.http import Controller, content_disposition, request, route


class AuditProof(Controller):
    """Downloads of proofs."""

    @route("/erp_audit/proof/<int:record_id>", type="http", auth="user", readonly=True)
    def erp_audit_proof(self, record_id, **_params):
        """Return the proof of a record, to whom may read it.

        :param int record_id: number of the record of the trail
        """
        record = request.env["erp.audit.record"].browse(record_id)
        body = json.dumps(record._proof(), indent=1, ensure_ascii=False)
        name = content_disposition(f"audit-proof-{record_id}.json")
        return request.make_response(
            body,
            [
                ("Content-Type", "application/json; charset=utf-8"),
                ("Content-Disposition", name),
                ("Cache-Control", "no-store"),
            ],
        )
