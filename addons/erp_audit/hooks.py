from .capture import drop_all
from .context import READY
from .store import keep_sources


def uninstall_hook(env):
    """Take the triggers off all tables; business writes go on without them.

    The records stay in the database: whoever removes an addon must not remove what
    was recorded of him. ``erp_audit_log`` and its partitions can be dropped by hand.
    """
    # the rules are deleted one by one: none may set the triggers of the others again
    env.cr.execute("UPDATE erp_audit_rule SET state = 'draft'")
    drop_all(env.cr)
    keep_sources(env.cr)
    env.registry.erp_audit_marks = (frozenset(), frozenset())
    setattr(env.registry, READY, False)
