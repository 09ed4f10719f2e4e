"""The suite on a real server: several processes, real HTTP."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.client import RpcError


def test_login_page_answers(odoo_server):
    page = odoo_server.client().get("/web/login")
    assert page.status_code == 200
    assert 'name="login"' in page.text


def test_two_calls_at_the_same_time(odoo_server):
    """Two sessions write at once, in different workers, and both are answered."""
    clients = [odoo_server.client("admin") for _number in range(2)]
    start = threading.Barrier(len(clients))

    def create(client):
        start.wait()
        return client.call("res.partner", "create", [{"name": "Parallel"}])

    with ThreadPoolExecutor(len(clients)) as pool:
        created = list(pool.map(create, clients))
    assert created[0] != created[1]


def test_database_manager_is_closed(odoo_server):
    """Neither the list of databases nor what could be done to them is offered."""
    client = odoo_server.client()
    page = client.get("/web/database/manager")
    assert odoo_server.database not in page.text
    assert "disabled by the administrator" in page.text
    with (
        odoo_server.may_log("Access Denied|management functions blocked"),
        pytest.raises(RpcError, match="AccessDenied"),
    ):
        client.rpc("/web/database/list")


def test_external_api(odoo_server):
    """The JSON-2 API takes a user's key, and nothing else."""
    client = odoo_server.client()
    key = odoo_server.api_key("admin")
    names = {"domain": [["login", "=", "admin"]], "fields": ["login"]}
    answer = client.json2(key, "res.users", "search_read", **names)
    assert answer.status_code == 200, answer.text
    assert [user["login"] for user in answer.json()] == ["admin"]
    assert client.json2("x" * 40, "res.users", "search_read").status_code == 401
