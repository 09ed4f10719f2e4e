"""Who gives whom which rights, and who weakens what keeps others out."""

# values are always parameters: what is put together are constants of ours
# pylint: disable=sql-injection

from odoo.tools import SQL

from .kind import Kind, SingleKind, model_name, named, people

# a group that came with a module is given by the installation
NOT_INSTALLING = "f.action IS DISTINCT FROM 'install'"
# what everybody gets who is made a user, whatever he is made for
EVERYBODY = ("base.group_user", "base.group_portal", "base.group_public")


def groups(alert):
    """Return the names of the groups that an alert is about, as text."""
    found = named(alert, "res.groups", "groups")
    return ", ".join(found[:5].mapped("full_name")) + (" …" if len(found) > 5 else "")


class RightsOutsideRequest(Kind):
    """Somebody gains rights that no approved request gives him."""

    code = "rights_outside_request"
    events = frozenset({"rights"})
    changes = {"res.users": "l", "res.groups": "l"}
    # new users have what everybody has; a link without the event in words was made
    # past the application
    text = """
    SELECT f.res_id::text AS key, f.company, f.res_id AS person,
           f.real_uid AS actor, f.ts AS first, f.ts AS last, ARRAY[f.id] AS hits,
           ARRAY[]::bigint[] AS evidence, f.tx,
           jsonb_build_object(
               'groups', (SELECT jsonb_agg((g->>'id')::integer)
                            FROM jsonb_array_elements(f.diff->'gained') g),
               'new', EXISTS (SELECT 1 FROM erp_audit_log n
                               WHERE n.tx = f.tx AND n.op = 'c'
                                 AND n.source = f.source AND n.res_id = f.res_id)
           ) AS facts
      FROM erp_audit_log f JOIN erp_audit_source s ON s.id = f.source
     WHERE %(fresh)s AND f.event = 'rights' AND s.name = 'res.users'
       AND jsonb_array_length(f.diff->'gained') > 0 AND %(not_installing)s
    UNION ALL
    SELECT p.person::text, f.company, p.person, f.real_uid, f.ts, f.ts, ARRAY[f.id],
           ARRAY[]::bigint[], f.tx,
           jsonb_build_object('groups', jsonb_build_array(p.grp), 'past', true)
      FROM erp_audit_log f JOIN erp_audit_source s ON s.id = f.source
      JOIN erp_audit_source o ON o.id = f.other,
           LATERAL (SELECT CASE WHEN s.name = 'res.users' THEN f.res_id
                                ELSE f.other_id END AS person,
                           CASE WHEN s.name = 'res.users' THEN f.other_id
                                ELSE f.res_id END AS grp) p
     WHERE %(fresh)s AND f.op = 'l' AND %(not_installing)s
       AND ((s.name = 'res.users' AND o.name = 'res.groups')
            OR (s.name = 'res.groups' AND o.name = 'res.users'))
       AND NOT EXISTS (SELECT 1 FROM erp_audit_log e
                        WHERE e.tx = f.tx AND e.event = 'rights'
                          AND e.res_id = p.person AND e.diff->'gained'
                              @> jsonb_build_array(jsonb_build_object('id', p.grp)))
     ORDER BY last
    """

    def query(self, rule, span):
        """Override: rights in words, and links made past the application."""
        return SQL(self.text, fresh=span.fresh, not_installing=SQL(NOT_INSTALLING))

    def sift(self, rule, hits):
        """Override to leave out what was requested, and what everybody has."""
        granted = rule._alert_granted([hit["tx"] for hit in hits])
        usual = self._usual(rule.env) if hits else set()
        found = []
        for hit in hits:
            gained = set(hit["facts"].get("groups") or ())
            if hit["facts"].pop("new", False):
                gained -= usual
            if hit["facts"].get("past"):
                gained -= self._had(rule.env, hit["person"], gained)
            gained -= granted.get((hit.pop("tx"), hit["person"]), set())
            if not gained:
                continue
            hit["facts"]["groups"] = sorted(gained)
            found.append(hit)
        return found

    def _had(self, env, person, groups_):
        """Return the groups that somebody has by other groups anyway."""
        # sudo: who has which groups
        user = env["res.users"].sudo().browse(person).exists()
        others = user.group_ids.filtered(lambda group: group.id not in groups_)
        return set(others.all_implied_ids.ids)

    def _usual(self, env):
        refs = [env.ref(name, raise_if_not_found=False) for name in EVERYBODY]
        # sudo: which groups come with which
        usual = env["res.groups"].sudo().browse([ref.id for ref in refs if ref])
        return set(usual.all_implied_ids.ids)

    def words(self, alert):
        """Override: who gained what by whom."""
        env, facts = alert.env, alert.facts
        parts = {
            "person": people(alert.person_id),
            "actor": people(alert.actor_id) or "?",
            "groups": groups(alert),
        }
        if facts.get("past"):
            return env._(
                "%(person)s was given rights in the database itself, past the "
                "application: %(groups)s",
                **parts,
            )
        return env._(
            "%(actor)s gave rights to %(person)s without a request: %(groups)s",
            **parts,
        )


class SelfGrant(SingleKind):
    """Somebody gives rights to himself."""

    code = "self_grant"
    events = frozenset({"rights"})
    where = f"""f.event = 'rights' AND s.name = 'res.users' AND f.res_id = f.real_uid
               AND jsonb_array_length(f.diff->'gained') > 0 AND {NOT_INSTALLING}"""
    facts = """jsonb_build_object('groups',
        (SELECT jsonb_agg((g->>'id')::integer)
           FROM jsonb_array_elements(f.diff->'gained') g))"""

    def words(self, alert):
        """Override: who, which."""
        return alert.env._(
            "%(person)s gave rights to himself: %(groups)s",
            person=people(alert.person_id),
            groups=groups(alert),
        )


class GrantedAndRevoked(SingleKind):
    """Rights are given and taken back soon after, as if nothing had been."""

    code = "granted_and_revoked"
    thresholds = {"hours": 24}
    events = frozenset({"rights"})
    joins = """
    JOIN LATERAL (
        SELECT max(h.id) AS id, jsonb_agg(DISTINCT (l->>'id')::integer) AS ids,
               min(h.ts) AS ts
          FROM erp_audit_log h,
               jsonb_array_elements(h.diff->'gained') g,
               jsonb_array_elements(f.diff->'lost') l
         WHERE h.event = 'rights' AND h.source = f.source AND h.res_id = f.res_id
           AND h.ts < f.ts AND h.ts >= f.ts - make_interval(hours => %(hours)s)
           AND g->>'id' = l->>'id'
    ) given ON given.id IS NOT NULL
    """
    where = "f.event = 'rights' AND s.name = 'res.users'"
    key = "f.res_id::text"
    person = "f.res_id"
    evidence = "ARRAY[given.id]"
    facts = """jsonb_build_object('groups', given.ids, 'minutes',
                   round(extract(epoch FROM f.ts - given.ts) / 60))"""

    def words(self, alert):
        """Override: who had what for how long."""
        return alert.env._(
            "%(person)s had rights for %(minutes)s minutes only: %(groups)s",
            person=people(alert.person_id),
            minutes=alert.facts.get("minutes", 0),
            groups=groups(alert),
        )


class AuditorLost(SingleKind):
    """Somebody is no auditor any more, and no withdrawal says why.

    Past the application as well, or because his account is archived.
    """

    code = "auditor_lost"
    tells_person = True
    events = frozenset({"rights"})
    changes = {"res.users": "ua", "res.groups": "u"}
    joins = """
    LEFT JOIN erp_audit_source o ON o.id = f.other
    CROSS JOIN (SELECT d.res_id AS id FROM ir_model_data d
                 WHERE d.module = 'erp_audit' AND d.name = 'group_audit_auditor') g
    CROSS JOIN LATERAL (SELECT CASE WHEN f.op = 'u' AND s.name = 'res.groups'
                                    THEN f.other_id ELSE f.res_id END AS id) p"""
    where = """(
        (f.event = 'rights' AND s.name = 'res.users'
            AND f.diff->'lost' @> jsonb_build_array(jsonb_build_object('id', g.id)))
        OR (f.op = 'u' AND s.name = 'res.users' AND o.name = 'res.groups'
            AND f.other_id = g.id)
        OR (f.op = 'u' AND s.name = 'res.groups' AND o.name = 'res.users'
            AND f.res_id = g.id)
        OR (f.op = 'w' AND s.name = 'res.users'
            AND f.diff->'active' = '[true, false]'
            AND EXISTS (SELECT 1 FROM res_groups_users_rel r
                         WHERE r.gid = g.id AND r.uid = f.res_id)))
        AND NOT EXISTS (SELECT 1 FROM erp_audit_log w
                         WHERE w.tx = f.tx AND w.event = 'access_withdrawn'
                           AND w.res_id = p.id)"""
    key = "p.id::text"
    person = "p.id"
    facts = "jsonb_build_object('groups', jsonb_build_array(g.id))"

    def words(self, alert):
        """Override: whose, by whom."""
        return alert.env._(
            "%(actor)s took the rights of an auditor away from %(person)s",
            actor=people(alert.actor_id) or "?",
            person=people(alert.person_id) or "?",
        )


class EmergencyAccess(SingleKind):
    """Somebody takes an emergency right: it has to be looked at afterwards."""

    code = "emergency_access"
    events = frozenset({"access_granted"})
    where = "f.event = 'access_granted' AND f.diff->>'origin' = 'emergency'"
    key = "f.res_id::text"
    person = "f.res_id"
    facts = """jsonb_build_object('groups', f.diff->'gained', 'reason',
        f.diff->>'reason', 'access', f.diff->>'access')"""

    def words(self, alert):
        """Override: who, what, why."""
        return alert.env._(
            "%(person)s took an emergency right: %(access)s. Reason: %(reason)s",
            person=people(alert.person_id),
            access=groups(alert) or alert.facts.get("access"),
            reason=alert.facts.get("reason") or "?",
        )


class AccessWeakened(SingleKind):
    """Access lists and record rules let more through than before, or may do so.

    Groups of fields are code in Odoo 19: nobody weakens them in the database.
    """

    code = "access_weakened"
    changes = {"ir.rule": "wdlua", "ir.model.access": "cwa", "erp.role": "w"}
    where = f"""{NOT_INSTALLING} AND (
        (s.name = 'erp.role'
            AND f.diff->'requires_second_factor'->>1 = 'false')
        OR (s.name = 'ir.rule' AND (
            f.op IN ('d', 'l', 'u')
            OR (f.op = 'w' AND (f.diff ? 'domain_force' OR f.diff ? 'model_id'
                OR f.diff->'active'->>1 = 'false'
                OR f.diff->'perm_read'->>1 = 'false'
                OR f.diff->'perm_write'->>1 = 'false'
                OR f.diff->'perm_create'->>1 = 'false'
                OR f.diff->'perm_unlink'->>1 = 'false'))))
        OR (s.name = 'ir.model.access' AND (
            (f.op = 'c' AND (f.diff->>'perm_read' = 'true'
                OR f.diff->>'perm_write' = 'true'
                OR f.diff->>'perm_create' = 'true'
                OR f.diff->>'perm_unlink' = 'true'))
            OR (f.op = 'w' AND (f.diff ? 'group_id' OR f.diff ? 'model_id'
                OR f.diff->'active'->>1 = 'true'
                OR f.diff->'perm_read'->>1 = 'true'
                OR f.diff->'perm_write'->>1 = 'true'
                OR f.diff->'perm_create'->>1 = 'true'
                OR f.diff->'perm_unlink'->>1 = 'true')))))"""
    key = "coalesce(f.real_uid, 0)::text || ' ' || s.name"
    person = "f.real_uid"
    facts = """jsonb_build_object('kind', s.name, 'id', f.res_id, 'name',
        coalesce((SELECT r.name FROM ir_rule r
                   WHERE s.name = 'ir.rule' AND r.id = f.res_id),
                 (SELECT a.name FROM ir_model_access a
                   WHERE s.name = 'ir.model.access' AND a.id = f.res_id),
                 (SELECT o.name->>'en_US' FROM erp_role o
                   WHERE s.name = 'erp.role' AND o.id = f.res_id),
                 f.diff->>'name'))"""

    def words(self, alert):
        """Override: what, by whom."""
        env, facts = alert.env, alert.facts
        return env._(
            "%(kind)s changed by %(person)s, others may see or do more now: %(name)s",
            kind=model_name(env, facts.get("kind")),
            person=people(alert.person_id) or "?",
            name=facts.get("name") or facts.get("id"),
        )
