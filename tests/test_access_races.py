"""Decisions about rights that fall into one moment: real transactions that overlap."""

import pytest

from tests.test_lifecycle import run
from tools import databases

# people, two roles that share a group, and two transactions side by side
HELPERS = """
import logging
from contextlib import contextmanager
import psycopg2
from odoo import api, fields, Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user

NEEDED = env.ref("base.group_partner_manager")
EXPORT = env.ref("base.group_allow_export")
AGAIN = (psycopg2.errors.SerializationFailure, psycopg2.errors.DeadlockDetected)
env["approval.policy"].search([("res_model", "=", "erp.access.request")]).active = False

def person(login, group="base.group_user"):
    return new_test_user(env, login, group)

def role(name, *groups):
    ids = [group.id for group in groups]
    return env["erp.role"].create({"name": name, "group_ids": [Command.set(ids)]})

def at_once(first, second):
    '''Let two begin with the same view of things; the second is made again, once.

    :param first, second: ``(user, function of an environment)``
    :return: what the second ran into at first, and in the end
    '''
    env.cr.commit()
    met = []
    with env.registry.cursor() as one, env.registry.cursor() as two:
        envs = [api.Environment(cr, user.id, {})
                for cr, (user, _do) in ((one, first), (two, second))]
        for other in envs:
            other.cr.execute("SELECT count(*) FROM res_users")
        first[1](envs[0])
        envs[0].flush_all()
        one.commit()
        try:
            second[1](envs[1])
            envs[1].flush_all()
            two.commit()
            met.append(None)
        except AGAIN as error:
            two.rollback()
            met.append("again")
    env.registry.clear_cache()
    with env.registry.cursor() as cr:
        other = api.Environment(cr, second[0].id, {})
        try:
            if met == ["again"]:
                second[1](other)
                other.flush_all()
                cr.commit()
        except UserError as error:
            cr.rollback()
            met.append(str(error))
    env.registry.clear_cache()
    env.cr.rollback()
    env.invalidate_all()
    return met

def give(user, what):
    return lambda e: e["erp.access.grant"]._give(
        e["res.users"].browse(user.id), e[what._name].browse(what.ids), "Needed")

def withdraw(grant):
    return lambda e: e["erp.access.grant"].browse(grant.id)._withdraw("Enough")

def grants(user, state="active"):
    return env["erp.access.grant"].search(
        [("user_id", "=", user.id), ("state", "=", state)], order="id")

def call(record, method, *args):
    return lambda e: getattr(e[record._name].browse(record.ids), method)(*args)
"""


@pytest.fixture(scope="module", name="desk")
def desk_fixture(prepared, template):
    """Return a function that runs a script on a database of its own."""
    name = f"{databases.test_prefix()}_races"
    databases.copy(prepared, template, name)
    number = iter(range(100))

    def script(text):
        people = f"""
n = {next(number)}
anna = person(f"anna{{n}}")
mary = person(f"mary{{n}}", "erp_audit.group_access_manager")
nina = person(f"nina{{n}}", "erp_audit.group_access_manager")
clerk, export = role("Clerk", NEEDED), role("Both", NEEDED, EXPORT)
"""
        run(prepared, name, "shell", "--no-http", stdin=HELPERS + people + text)

    yield script
    databases.drop(prepared, name)


def test_given_twice_and_withdrawn_twice(desk):
    """Two grants of one role end at the same moment: what they gave goes."""
    desk(
        """
at_once((mary, give(anna, clerk)), (nina, give(anna, clerk)))
assert NEEDED in anna.all_group_ids
one, two = grants(anna)
met = at_once((mary, withdraw(one)), (nina, withdraw(two)))
assert met == ["again"], met
assert not grants(anna) and NEEDED not in anna.all_group_ids, anna.group_ids

# the one who is late finds nothing left to end, and takes nothing that is given anew
at_once((mary, give(anna, clerk)), (nina, give(anna, export)))
one, two = grants(anna)
at_once((mary, withdraw(one)), (anna, withdraw(one)))
assert grants(anna) == two and NEEDED in anna.all_group_ids
at_once((mary, withdraw(two)), (nina, give(anna, clerk)))
assert EXPORT not in anna.all_group_ids and NEEDED in anna.all_group_ids
lost = [e for e in (NEEDED, EXPORT) if e in grants(anna).added_group_ids]
assert lost == [NEEDED], lost
"""
    )


def test_the_job_twice(desk):
    """What is over ends once, and is recorded once."""
    desk(
        """
give(anna, clerk)(api.Environment(env.cr, mary.id, {}))
give(anna, export)(api.Environment(env.cr, mary.id, {}))
env.flush_all()
env.cr.execute(
    "UPDATE erp_access_grant SET date_from = date_from - interval '2 days',"
    " date_to = date_from - interval '1 day' WHERE user_id = %s", [anna.id])
root = env.ref("base.user_root")
due = lambda e: e["erp.access.grant"]._cron_due()
met = at_once((root, due), (root, due))
assert met == ["again"], met
assert len(grants(anna, "ended")) == 2 and NEEDED not in anna.all_group_ids
env.cr.execute(
    "SELECT diff->>'grant' FROM erp_audit_log WHERE event = 'access_withdrawn'"
    " AND res_id = %s", [anna.id])
assert env.cr.rowcount == 2, env.cr.fetchall()
"""
    )


def test_a_role_that_changes_while_it_is_given(desk):
    """Nobody keeps what the role was before."""
    desk(
        """
shrink = call(export, "write", {"group_ids": [Command.set(NEEDED.ids)]})
assert at_once((mary, give(anna, export)), (nina, shrink)) == ["again"]
assert EXPORT not in anna.all_group_ids and NEEDED in anna.all_group_ids
bert = person("bert")
grow = call(clerk, "write", {"group_ids": [Command.link(EXPORT.id)]})
assert at_once((nina, grow), (mary, give(bert, clerk))) == ["again"]
assert EXPORT in bert.all_group_ids
# who leaves gets nothing any more
carl = person("carl")
admin = env.ref("base.user_admin")
leave = call(carl, "write", {"active": False})
met = at_once((admin, leave), (mary, give(carl, clerk)))
assert met[0] == "again" and "no employee" in met[1], met
assert not grants(carl)
"""
    )


def test_two_decide_about_a_request(desk):
    """The second is told that it is decided, whatever he wanted."""
    desk(
        """
def asked():
    e = api.Environment(env.cr, anna.id, {})
    request = e["erp.access.request"].create({"role_id": clerk.id, "reason": "x"})
    request.action_submit_approval()
    return request

change = lambda request: lambda e: [
    call(request, "action_recall")(e),
    call(request, "write", {"role_id": export.id})(e),
    call(request, "action_submit_approval")(e)]
for state, first, second in (
    ("active", "action_grant", "action_grant"),
    ("active", "action_grant", "action_refuse"),
    ("refused", "action_refuse", "action_grant"),
):
    request = asked()
    met = at_once((mary, call(request, first)), (nina, call(request, second)))
    assert met[0] == "again" and "nothing to decide" in met[1], met
    assert request.state == state
for second in ("action_cancel", change):
    request = asked()
    do = second(request) if second is change else call(request, second)
    met = at_once((mary, call(request, "action_grant")), (anna, do))
    assert met[0] == "again" and "decided" in met[1], met
    assert (request.state, request.role_id) == ("active", clerk)
assert EXPORT not in anna.all_group_ids
# what was changed first is what is decided, or it is not decided
request = asked()
met = at_once((anna, change(request)), (mary, call(request, "action_grant")))
assert met[0] == "again" and request.role_id == export
"""
    )


def test_two_decide_about_a_review(desk):
    """One decision about a right, and none while the results are signed off."""
    desk(
        """
give(anna, clerk)(api.Environment(env.cr, mary.id, {}))
anna.write({"approval_manager_id": mary.id, "group_ids": [Command.link(EXPORT.id)]})
review = env["erp.access.review"].with_user(nina).create(
    {"name": "R", "scope": "people", "user_ids": [Command.set(anna.ids)]})
review.action_start()
line = review.line_ids.filtered("grant_id")
rest = review.line_ids.filtered(lambda x: x.decision == "open") - line
assert EXPORT in rest.group_id
line.with_user(nina).action_take_over()
away = call(line, "_withdraw", "Enough")
met = at_once((nina, away), (nina, call(line, "action_confirm")))
assert met[0] == "again" and "decided already" in met[1], met
assert line.decision == "withdrawn" and NEEDED not in anna.all_group_ids
rest.with_user(mary).action_confirm()
mine = rest[:1]
met = at_once((mary, call(mine, "action_reopen")), (nina, call(review, "action_close")))
assert met[0] == "again" and "wait for a decision" in met[1], met
mine.with_user(mary).action_confirm()
met = at_once((nina, call(review, "action_close")), (mary, call(mine, "action_reopen")))
assert met[0] == "again" and len(met) == 2, met
assert review.state == "closed" and review.is_intact and mine.decision == "confirmed"
"""
    )


def test_the_last_two_at_once(desk):
    """Two who are withdrawn at the same moment are not both "not the last one"."""
    desk(
        """
group = env.ref("erp_audit.group_audit_auditor")
aud = role("Auditor", group)
bert = person("last_bert")
for who in anna, bert:
    give(who, aud)(api.Environment(env.cr, mary.id, {}))
(group.all_user_ids - anna - bert).active = False
one, two = grants(anna), grants(bert)
met = at_once((mary, withdraw(one)), (nina, withdraw(two)))
assert met[0] == "again" and "last one" in met[1], met
assert group.all_user_ids.filtered("active") == bert

# nor by administrators, past the grants
(anna + mary).group_ids = [Command.link(group.id)]
bert.active = False
admin = env.ref("base.user_admin")
boss = person("last_boss", "base.group_system")
less = {"group_ids": [Command.unlink(group.id)]}
met = at_once((admin, call(anna, "write", less)), (boss, call(mary, "write", less)))
assert met[0] == "again" and "last one" in met[1], met
assert group.all_user_ids.filtered("active") == mary
"""
    )


def test_two_decide_about_an_alert(desk):
    desk(
        """
auditors = [person(f"aud{i}", "erp_audit.group_audit_auditor") for i in "ab"]
rule = env["erp.audit.alert.rule"].search([], limit=1)
alert = env["erp.audit.alert"].create({"rule_id": rule.id, "severity": "critical"})
met = at_once((auditors[0], call(alert, "action_confirm", "Wrong")),
              (auditors[1], call(alert, "action_dismiss", "Fine")))
assert met[0] == "again" and "decided already" in met[1], met
assert (alert.state, alert.decided_by_id) == ("confirmed", auditors[0])
"""
    )
