"""The sandbox's Contoso, read by the real mirror; Alex signed in; time stands still until a test moves it."""

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY

from sharing import tasks
from sharing.models import Change, User
from tests.contoso import clock, contoso, outside, sync, user

__all__ = ["clock", "contoso", "outside", "sync"]

ALEX = "AlexW@contoso.com"


@pytest.fixture(autouse=True)
def time(clock):
    with time_machine.travel(clock.now, tick=False) as machine:
        yield machine


@pytest.fixture
def later(clock, time, client):
    """`later(minutes=6)`: so much later; whoever was signed in signed in again."""

    def move(**span):
        who = client.session.get(SESSION_KEY)
        time.move_to(clock.forward(**span))
        if who:
            client.force_login(User.objects.get(pk=who))

    return move


@pytest.fixture
def alex(contoso, sync):
    """Alex, whose mailbox was just read."""
    sync()
    contoso.refresh_from_db()
    return user(contoso, ALEX)


@pytest.fixture
def owner(client, alex):
    """A browser in which Alex is signed in."""
    client.force_login(alex)
    return client


@pytest.fixture
def work(clock):
    """A worker does what is due among the changes; returns them all, newest first."""

    def once():
        for task, pk in list(tasks.due_changes(clock.now)):
            task(pk)
        return list(Change.objects.order_by("-pk"))

    return once


@pytest.fixture
def as_owner(client, alex):
    """`as_owner(address)`: the same browser, in which somebody else of Contoso is signed in."""

    def sign_in(address):
        client.force_login(user(alex.tenant, address))
        return client

    return sign_in


@pytest.fixture
def frozen(alex):
    alex.tenant.frozen_at = alex.tenant.state_since
    alex.tenant.save(update_fields=["frozen_at"])
