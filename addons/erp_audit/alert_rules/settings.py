"""Code, modules and settings with which everything else can be changed."""

from .kind import SingleKind, model_name, people
from .rights import NOT_INSTALLING

# system parameters that decide where people and mails go, and who gets in
PARAMETERS = (
    "web.base.url",
    "web.base.url.freeze",
    "report.url",
    "mail.catchall.domain",
    "mail.default.from",
    "mail.force.smtp.from",
    "auth_signup.invitation_scope",
    "auth_signup.reset_password",
    "auth_totp.policy",
    "erp_audit.emergency_hours",
    "erp_audit.second_factor_days",
    "base_setup.default_user_rights",
    "database.secret",
    "database.uuid",
)


class CodeChanged(SingleKind):
    """The code of a server action, or a scheduled action, is made or changed."""

    code = "code_changed"
    changes = {"ir.actions.server": "cwa", "ir.cron": "cwda"}
    where = f"""{NOT_INSTALLING} AND (
        (s.name = 'ir.actions.server' AND (
            (f.op = 'c' AND f.diff->>'state' IN ('code', 'webhook'))
            OR (f.op = 'w' AND (f.diff ? 'code' OR f.diff ? 'state'
                                OR f.diff ? 'webhook_url' OR f.diff ? 'model_id'))))
        OR (s.name = 'ir.cron' AND (
            f.op IN ('c', 'd')
            OR (f.op = 'w' AND (f.diff ? 'active' OR f.diff ? 'user_id'
                OR f.diff ? 'interval_number' OR f.diff ? 'interval_type'
                OR f.diff ? 'ir_actions_server_id')))))"""
    key = "coalesce(f.real_uid, 0)::text || ' ' || s.name"
    facts = """jsonb_build_object('kind', s.name, 'id', f.res_id, 'name',
        coalesce((SELECT c.cron_name FROM ir_cron c
                   WHERE s.name = 'ir.cron' AND c.id = f.res_id),
                 (SELECT coalesce(a.name->>'en_US', a.name::text)
                    FROM ir_act_server a
                   WHERE s.name = 'ir.actions.server' AND a.id = f.res_id),
                 f.diff->>'cron_name', f.diff->'name'->>'en_US'))"""

    def words(self, alert):
        """Override: what, by whom."""
        env, facts = alert.env, alert.facts
        return env._(
            "%(person)s changed what runs by itself: %(kind)s “%(name)s”",
            person=people(alert.person_id) or env._("Somebody"),
            kind=model_name(env, facts.get("kind")),
            name=facts.get("name") or facts.get("id"),
        )


class ModuleChanged(SingleKind):
    """An application is installed or removed."""

    code = "module_changed"
    changes = {"ir.module.module": "w"}
    where = """f.op = 'w' AND s.name = 'ir.module.module' AND (
        (f.diff->'state'->>1 = 'installed' AND f.diff->'state'->>0 <> 'to upgrade')
        OR f.diff->'state'->>1 IN ('to remove', 'uninstalled')
        AND f.diff->'state'->>0 IN ('installed', 'to remove', 'to upgrade'))"""
    key = "'modules'"
    joins = "LEFT JOIN ir_module_module m ON m.id = f.res_id"
    facts = """jsonb_build_object('name', m.name,
                                  'removed', f.diff->'state'->>1 <> 'installed')"""

    def words(self, alert):
        """Override: which."""
        env, facts = alert.env, alert.facts
        module = env["ir.module.module"]._get(facts.get("name"))
        name = module.shortdesc or facts.get("name") or "?"
        if facts.get("removed"):
            return env._("An application was removed: %s", name)
        if alert.hits > 1:
            return env._(
                "%(number)s applications were installed, last: %(name)s",
                number=alert.hits,
                name=name,
            )
        return env._("An application was installed: %s", name)


class TechnicalSetting(SingleKind):
    """Where mails go out, who lets people in, or the address of the system."""

    code = "technical_setting"
    changes = {
        "ir.mail_server": "cwda",
        "fetchmail.server": "cwda",
        "auth.oauth.provider": "cwda",
        "ir.config_parameter": "cwd",
    }
    joins = "LEFT JOIN ir_config_parameter p ON p.id = f.res_id"
    where = f"""{NOT_INSTALLING} AND (
        s.name IN ('ir.mail_server', 'auth.oauth.provider')
        OR (s.name = 'fetchmail.server' AND (
            f.op <> 'w' OR f.diff - 'date' - 'state' - 'error_date'
                               - 'error_message' <> '{{}}'))
        OR (s.name = 'ir.config_parameter' AND coalesce(
            CASE WHEN f.op = 'w' AND f.diff ? 'key' THEN f.diff->'key'->>0
                 WHEN f.op <> 'w' THEN f.diff->>'key' END, p.key)
            = ANY(%(parameters)s)))"""
    key = """s.name || ' ' || f.res_id"""
    facts = """jsonb_build_object('kind', s.name, 'op', f.op, 'name', coalesce(
        CASE WHEN s.name = 'ir.config_parameter' THEN coalesce(
            CASE WHEN f.op = 'w' AND f.diff ? 'key' THEN f.diff->'key'->>0
                 WHEN f.op <> 'w' THEN f.diff->>'key' END, p.key) END,
        f.diff->>'name'))"""

    def values(self, rule):
        """Override to name the parameters."""
        return super().values(rule) | {"parameters": list(PARAMETERS)}

    def words(self, alert):
        """Override: what, by whom."""
        env, facts = alert.env, alert.facts
        return env._(
            "%(person)s changed a setting of the whole system: %(kind)s %(name)s",
            person=people(alert.person_id) or env._("Somebody"),
            kind=model_name(env, facts.get("kind")),
            name=facts.get("name") or "",
        )
