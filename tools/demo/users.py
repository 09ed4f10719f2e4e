"""One user per role, with the rights of that role and no more, and the sales teams."""

from odoo.fields import Command

from tools.demo.people import PASSWORD, PEOPLE, TEAMS, leader
from tools.demo.store import MODULE, TIME_ZONE


def xmlid(login):
    """Return the external id of the user `login`."""
    return f"user_{login.replace('.', '_')}"


def user(demo, login):
    """Return the user `login`."""
    return demo.ref(xmlid(login))


def everybody(demo):
    """Return all employees, without the administrator."""
    return demo.env["res.users"].concat(*(user(demo, p.login) for p in PEOPLE))


def make(demo):
    """Make the users."""
    users = _make_users(demo)
    set_passwords(demo, users + demo.ref("base.user_admin"))
    _prepare_administrator(demo)
    return f"{len(users)} users"


def grant(demo):
    """Give everybody the groups of his role, as the addons that bring them come.

    Whoever has joined the company since the demo was made comes in.
    """
    newcomers = [
        p.login for p in PEOPLE if not demo.optional(f"{MODULE}.{xmlid(p.login)}")
    ]
    if newcomers:
        _make_users(demo)
        people = [user(demo, login) for login in newcomers]
        set_passwords(demo, demo.env["res.users"].concat(*people))
    for name in sorted({name for person in PEOPLE for name in person.groups}):
        marker = f"granted_{name.replace('.', '_')}"
        group = demo.optional(name)
        if group and not demo.optional(f"{MODULE}.{marker}"):
            for person in PEOPLE:
                if name in person.groups:
                    user(demo, person.login).group_ids = [Command.link(group.id)]
            demo.name(group, [marker])


def make_approvers(demo):
    """Enter who is whose manager, and who administers the approval policies."""
    if not demo.has("res.users", "approval_manager_id"):
        return None
    for person in PEOPLE:
        if person.manager:
            user(demo, person.login).approval_manager_id = user(demo, person.manager)
    group = demo.ref("approval_flow.group_approval_manager")
    demo.ref("base.user_admin").group_ids = [Command.link(group.id)]
    return f"{len(PEOPLE)} people"


def _make_users(demo):
    """Create the employees; return them."""
    values = {
        xmlid(person.login): {
            "name": person.name,
            "login": person.login,
            "email": f"{person.login}@example.com",
            "lang": person.language,
            "tz": TIME_ZONE,
            "group_ids": [Command.set(demo.ref("base.group_user").ids)],
            "company_id": demo.env.company.id,
            "company_ids": [Command.set(demo.env.company.ids)],
        }
        for person in PEOPLE
    }
    if demo.has("res.users", "notification_type"):
        for vals in values.values():
            # Nothing leaves the demo by e-mail.
            vals["notification_type"] = "inbox"
    users = demo.make("res.users", values)
    for person, record in zip(PEOPLE, users, strict=True):
        record.partner_id.function = person.role
    return users


def set_passwords(demo, users):
    """Give `users` the demo's password; hashing it once saves seconds."""
    hashed = demo.env["res.users"]._crypt_context().hash(PASSWORD)
    for record in users:
        demo.env["res.users"]._set_encrypted_password(record.id, hashed)


def _prepare_administrator(demo):
    """Give the administrator a name and an address."""
    admin = demo.ref("base.user_admin")
    admin.partner_id.name = "系统管理员 Administrator"
    admin.partner_id.email = "admin@example.com"
    if demo.has("res.users", "notification_type"):
        admin.notification_type = "inbox"


def make_teams(demo):
    """Make one team per region; Odoo's own "Sales" team becomes the first."""
    if not demo.has("crm.team"):
        return None
    env = demo.env
    standard = demo.optional("sales_team.team_sales_department")
    if standard and not demo.optional(f"{MODULE}.team_south"):
        standard.member_ids = [Command.clear()]
        demo.name(standard, ["team_south"])
    values = {
        f"team_{key}": {"name": english, "company_id": env.company.id}
        for key, (english, _chinese) in TEAMS.items()
    }
    teams = demo.make("crm.team", values)
    for number, (team, (key, (english, chinese))) in enumerate(
        zip(teams, TEAMS.items(), strict=True)
    ):
        members = [user(demo, p.login).id for p in PEOPLE if p.team == key]
        team.write(
            {
                "name": english,
                "sequence": number,
                "company_id": env.company.id,
                "user_id": user(demo, leader(key)).id,
                "member_ids": [Command.set(members)],
            }
        )
        demo.translate(team, name=chinese)
    return f"{len(teams)} teams"
