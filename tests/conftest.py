"""Fixtures of the suite-wide tests."""

import os

import pytest

from tests.server import OdooServer
from tools.session import prepare


@pytest.fixture(scope="session")
def prepared():
    """The environment that ./ctl prepared: Odoo, Python, PostgreSQL."""
    return prepare("test")


@pytest.fixture(scope="session")
def template():
    """Name of the template database with all addons; copy it, never open it."""
    return os.environ["ORDER_CONTROL_TEMPLATE"]


@pytest.fixture(scope="session")
def odoo_server(prepared, template):
    """A real server with two workers, shared by the tests of the session."""
    with OdooServer(prepared, template) as server:
        yield server


@pytest.fixture(autouse=True)
def _quiet_server(request):
    """Fail the test during which the shared server logged a warning or an error."""
    if "odoo_server" not in request.fixturenames:
        yield
        return
    server = request.getfixturevalue("odoo_server")
    before = server.complaints()
    yield
    found = server.complaints()[len(before) :]
    if found:
        pytest.fail("The server logged:\n" + "\n".join(found), pytrace=False)
