from .capture import drop_all


def uninstall_hook(env):
    """Take the triggers off all tables; business writes go on without them.

    The records stay in the database: whoever removes an addon must not remove what
    was recorded of him. ``erp_audit_log`` and its partitions can be dropped by hand.
    """
    drop_all(env.cr)
