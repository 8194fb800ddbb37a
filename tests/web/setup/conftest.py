"""Contoso as its portal admin finds it."""

import pytest

from tests.web.it import rows
from tests.web.it.conftest import contoso, on_21_november

__all__ = ["contoso", "on_21_november"]


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
