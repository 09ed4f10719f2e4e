def uninstall_hook(env):
    """Remove the activities of approvals, done ones too: their types go with us."""
    types = env.ref("approval_flow.mail_activity_type_approval") | env.ref(
        "approval_flow.mail_activity_type_failed"
    )
    env["mail.activity"].with_context(active_test=False).search(
        [("activity_type_id", "in", types.ids)]
    ).unlink()
