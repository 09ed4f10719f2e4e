"""Approvals that are none: by whoever asked for them."""

from .kind import SingleKind, named, people


class OwnApproval(SingleKind):
    """Who asked for something has approved it himself, or for somebody else."""

    code = "own_approval"
    changes = {"approval.event": "c"}
    joins = """
    JOIN approval_instance i
      ON f.diff ? 'instance_id' AND i.id = (f.diff->>'instance_id')::integer
    """
    where = """f.op = 'c' AND s.name = 'approval.event'
        AND f.diff->>'kind' = 'approved'
        AND (i.requester_id = (f.diff->>'user_id')::integer
             OR i.requester_id = f.real_uid
             OR i.requester_id = (f.diff->>'acting_for_id')::integer)"""
    key = "i.id::text"
    person = "i.requester_id"
    actor = "coalesce((f.diff->>'user_id')::integer, f.real_uid)"
    facts = """jsonb_build_object('instance', i.id,
        'proxy', i.requester_id <> (f.diff->>'user_id')::integer)"""

    def words(self, alert):
        """Override: who approved what."""
        env = alert.env
        instance = named(alert, "approval.instance", "instance")
        parts = {
            "person": people(alert.person_id),
            "actor": people(alert.actor_id),
            "document": instance.display_name or "?",
        }
        if alert.facts.get("proxy"):
            return env._(
                "%(document)s was asked for by %(person)s, and approved in his own "
                "name by %(actor)s",
                **parts,
            )
        return env._(
            "%(person)s approved what he asked for himself: %(document)s", **parts
        )


class ChangedWithoutApproval(SingleKind):
    """An approval instance, step or policy is changed in the database itself."""

    code = "approval_bypass"
    changes = {"approval.event": "wda"}
    where = "f.op IN ('w', 'd') AND s.name = 'approval.event'"
    key = "coalesce(f.real_uid, 0)::text"

    def words(self, alert):
        """Override: who."""
        return alert.env._(
            "The history of approvals was changed by %s: the application never does",
            people(alert.person_id) or alert.env._("somebody in the database itself"),
        )
