# the policies that get a step for production, see data/approval_step_data.xml
POLICIES = (
    ("approval_policy_change_impact", "change"),
    ("approval_policy_cancel_impact", "cancel"),
)


def pre_init_hook(env):
    """Give the steps for production a policy to be part of, if it was deleted.

    It comes back archived: whoever deleted it does not want to ask departments.
    """
    for name, operation in POLICIES:
        xmlid = f"sale_approval.{name}"
        if env.ref(xmlid, raise_if_not_found=False):
            continue
        values = {
            "name": "Departments concerned",
            "sequence": 90,
            "model_id": env["ir.model"]._get_id("sale.order.change"),
            "operation": operation,
            "active": False,
            "company_id": False,
            "is_supplement": True,
            "same_person": "once",
        }
        env["approval.policy"]._load_records(
            [{"xml_id": xmlid, "values": values, "noupdate": True}]
        )
