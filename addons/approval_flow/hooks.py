from odoo.tools import SQL


def uninstall_hook(env):
    """Remove the activities of approvals, done ones too: their types go with us."""
    names = ("approval", "failed", "change")
    types = env["mail.activity.type"].concat(
        *(env.ref(f"approval_flow.mail_activity_type_{name}") for name in names)
    )
    env["mail.activity"].with_context(active_test=False).search(
        [("activity_type_id", "in", types.ids)]
    ).unlink()
    _forget_reasons(env)


def _forget_reasons(env):
    """Let go of the reasons of requests: their records go before the requests do."""
    for name in env.registry.descendants(["approval.change.mixin"], "_inherit"):
        model = env[name]
        if not model._abstract:
            env.cr.execute(
                SQL("UPDATE %s SET reason_id = NULL", SQL.identifier(model._table))
            )
