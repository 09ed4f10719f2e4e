"""Clients that would forge who they are or break the capture, on real servers."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from tests.client import RpcError
from tests.server import OdooServer
from tests.test_audit_server import Trail
from tools import databases

PEOPLE = 6
ROUNDS = 15


@pytest.fixture(scope="module", name="trail")
def trail_fixture(odoo_server):
    """A server on which changes of partners are recorded."""
    return Trail(odoo_server)


def records(trail, partners):
    """Return the changes of partners as lists of texts, the oldest first."""
    numbers = ", ".join(map(str, partners))
    return trail.server.sql(
        "SELECT l.login, l.uid, l.real_uid, l.ip, l.action, l.company, l.route,"
        " l.diff->'ref'->>1 FROM erp_audit_log l JOIN erp_audit_source s"
        " ON s.id = l.source WHERE s.name = 'res.partner' AND l.op = 'w'"
        f" AND l.diff ? 'ref' AND l.res_id IN ({numbers}) ORDER BY l.id"
    )


def people(trail, prefix):
    """Return the logins of new users who may write partners."""
    group = trail._ref("base.group_partner_manager")
    inside = trail._ref("base.group_user")
    logins = [f"{prefix}{number}" for number in range(PEOPLE)]
    for login in logins:
        vals = {"name": login, "login": login, "password": login}
        vals["group_ids"] = [(6, 0, [inside, group])]
        trail.admin.call("res.users", "create", [vals])
    return logins


def assert_everyone_for_himself(trail, logins):
    """People who write at once, on the same connections, are never mistaken."""
    partners = trail.partners(len(logins))
    failures = []

    def work(login, partner):
        try:
            client = trail.server.client(login)
            for number in range(ROUNDS):
                value = f"{login} {number}"
                client.call("res.partner", "write", [partner], {"ref": value})
                if number % 5 == 0:
                    # refused, and undone: the connection goes on to somebody else
                    with pytest.raises(RpcError):
                        client.call("res.users", "write", [2], {"login": "mine"})
        except Exception as error:  # noqa: BLE001 (told below)
            failures.append(error)

    with ThreadPoolExecutor(len(logins)) as pool:
        list(pool.map(work, logins, partners))
    assert not failures, failures
    found = records(trail, partners)
    assert len(found) == len(logins) * ROUNDS
    ids = dict(trail.server.sql("SELECT login, id FROM res_users"))
    for login, uid, real, _ip, action, _company, _route, value in found:
        assert value.split()[0] == login
        assert uid == real == ids[login]
        assert action == "res.partner.write"


def test_connections_do_not_carry_people_over(trail):
    """In worker processes."""
    with trail.server.may_log("AccessError|not allowed"):
        assert_everyone_for_himself(trail, people(trail, "prefork"))


@pytest.fixture(scope="module")
def threaded(prepared, template):
    """A server of threads that serves two databases."""
    options = ["--db-filter=.*"]
    other = f"{databases.test_prefix()}_threads_2"
    databases.copy(prepared, template, other)
    try:
        with OdooServer(prepared, template, 0, "threads", options) as server:
            yield server, other
    finally:
        databases.drop(prepared, other)


def test_threads_do_not_carry_people_over(threaded):
    """In threads of one process."""
    server, _other = threaded
    trail = Trail(server)
    with server.may_log("AccessError|not allowed"):
        assert_everyone_for_himself(trail, people(trail, "thread"))


def test_two_databases_in_one_process(threaded, prepared):
    """Each trail has its own records and people only."""
    server, other = threaded
    names = (server.database, other)
    keys, partners = {}, {}
    for name in names:
        server_of = Named(server, name)
        keys[name] = server_of.api_key("admin")
        (partners[name],) = [
            int(row)
            for (row,) in prepared.server.psql(
                "SELECT partner_id FROM res_users WHERE login = 'admin'", name
            )
        ]

    def work(number):
        name = names[number % 2]
        client = Named(server, name).client()
        answer = client.json2(
            keys[name],
            "res.partner",
            "write",
            ids=[partners[name]],
            vals={"ref": f"{name} {number}"},
        )
        assert answer.status_code == 200, answer.text

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    for name in names:
        rows = prepared.server.psql(
            "SELECT login, diff->'ref'->>1 FROM erp_audit_log"
            " WHERE diff ? 'ref' AND op = 'w'",
            name,
        )
        mine = [(who, value) for who, value in rows if value.split()[0] in names]
        assert len(mine) == 20
        assert {(who, value.split()[0]) for who, value in mine} == {("admin", name)}


class Named(OdooServer):
    """A running server, spoken to about one of its databases."""

    def __init__(self, server, database):
        self.session, self.url = server.session, server.url
        self.database = database


def test_what_clients_say_of_themselves(trail):
    """Headers, paths and parameters do not change who it was, and from where."""
    (partner,) = trail.partners(1)
    client = trail.server.client("admin")
    client.http.headers.update(
        {
            "X-Forwarded-For": "8.8.8.8",
            "X-Forwarded-Host": "evil",
            "X-Real-IP": "8.8.4.4",
            "Forwarded": "for=1.1.1.1",
            "X-Openerp-Session-Id": "0" * 84,
            "User-Agent": "x" * 5000,
        }
    )
    with trail.server.may_log("ignoring args"):
        client.rpc(
            "/web/dataset/call_kw/res.users/innocent",
            model="res.partner",
            method="write",
            args=[[partner], {"ref": "mine"}],
            kwargs={
                "context": {
                    "uid": 1,
                    "erp_audit.ctx": '{"u": 1}',
                    "allowed_company_ids": [1],
                    "tracking_disable": True,
                    "login": "somebody",
                }
            },
            uid=1,
            login="somebody",
            u=1,
        )
    ((login, uid, real, ip, action, company, route, _value),) = records(
        trail, [partner]
    )
    assert (login, ip, action) == ("admin", "127.0.0.1", "res.partner.write")
    assert uid == real == "2" and company == "1"
    assert route.startswith("/web/dataset/call_kw/")


def test_odd_paths_and_values(trail):
    """Nothing odd makes a request fail because of the trail."""
    (partner,) = trail.partners(1)
    client = trail.server.client("admin")
    for number, tail in enumerate(
        ("%00", "%ff%fe", "a" * 4000, "%F0%9F%A6%8A", "..;/")
    ):
        answer = client.post(
            f"/web/dataset/call_kw/res.partner/{tail}",
            json={
                "jsonrpc": "2.0",
                "params": {
                    "model": "res.partner",
                    "method": "write",
                    "args": [[partner], {"ref": f"v{number}"}],
                    "kwargs": {},
                },
            },
        )
        assert answer.status_code in (200, 404), answer.text
        if answer.status_code == 200:
            assert "error" not in answer.json(), answer.text
            assert records(trail, [partner])[-1][-1] == f"v{number}"


def test_columns_come_and_go_while_people_write(trail):
    """No write fails, none is missing, whatever the columns are meanwhile."""
    partners, stop = trail.partners(4), threading.Event()
    done = {partner: 0 for partner in partners}

    def work(partner):
        client = trail.server.client("admin")
        while not stop.is_set():
            value = {"ref": str(done[partner] + 1)}
            client.call("res.partner", "write", [partner], value)
            done[partner] += 1

    connection = trail.connect()
    connection.autocommit = True
    with trail.server.may_log("."), ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(work, partner) for partner in partners]
        with connection.cursor() as cr:
            for _number in range(5):
                for change in (
                    "ADD COLUMN attack text",
                    "RENAME COLUMN attack TO attack2",
                    "ALTER COLUMN attack2 TYPE varchar",
                    "DROP COLUMN attack2",
                ):
                    cr.execute(f"ALTER TABLE res_partner {change}")
                    time.sleep(0.02)
        stop.set()
        for task in tasks:
            task.result()
    connection.close()
    for partner in partners:
        values = [row[-1] for row in records(trail, [partner])]
        assert values == [str(n + 1) for n in range(done[partner])]


def test_deadlocks_leave_the_survivor_only(trail):
    first, second = trail.partners(2)
    one, two = trail.connect(), trail.connect()
    with one.cursor() as a, two.cursor() as b:
        sql = "UPDATE res_partner SET ref = %s WHERE id = %s"
        a.execute(sql, ["a", first])
        b.execute(sql, ["b", second])
        broken = []

        def cross(cr, value, partner):
            try:
                cr.execute(sql, [value, partner])
                cr.connection.commit()
            except psycopg2.errors.DeadlockDetected:
                cr.connection.rollback()
                broken.append(value)

        thread = threading.Thread(target=cross, args=(a, "a", second))
        thread.start()
        cross(b, "b", first)
        thread.join()
    one.close()
    two.close()
    (lost,) = broken
    kept = "b" if lost == "a" else "a"
    assert [row[-1] for row in records(trail, [first, second])] == [kept, kept]
    trail.seal_all()
    trail.assert_intact()
