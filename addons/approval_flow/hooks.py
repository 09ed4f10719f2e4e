def uninstall_hook(env):
    """Remove the activities of approvals, done ones too: their types go with us."""
    names = ("approval", "failed", "change")
    types = env["mail.activity.type"].concat(
        *(env.ref(f"approval_flow.mail_activity_type_{name}") for name in names)
    )
    env["mail.activity"].with_context(active_test=False).search(
        [("activity_type_id", "in", types.ids)]
    ).unlink()
