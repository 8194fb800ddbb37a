"""Contoso as its portal admin finds it."""

import pytest
import time_machine

from tests.web.it import rows


@pytest.fixture(autouse=True)
def on_21_november():
    with time_machine.travel(rows.NOW, tick=False):
        yield


@pytest.fixture
def contoso(db):
    return rows.make_tenant()


@pytest.fixture
def allan(contoso):
    """Portal admin of Contoso, and in its directory."""
    rows.make_person(contoso, "Allan Deyoung")
    return rows.make_user(contoso, "Allan Deyoung", "admin")


@pytest.fixture
def admin(client, allan):
    """A browser in which Allan is signed in."""
    client.force_login(allan)
    return client
