"""Contoso as IT finds it, and the people who look."""

import pytest
import time_machine

from . import rows


@pytest.fixture(autouse=True)
def on_21_november():
    with time_machine.travel(rows.NOW, tick=False):
        yield


@pytest.fixture
def contoso(db):
    return rows.make_tenant()


@pytest.fixture
def alex(contoso):
    """Alex's mailbox with "Calendar" (Megan is his delegate) and "Kids parties" (Adele and Megan read it)."""
    mailbox = rows.make_mailbox(rows.make_person(contoso, "Alex Wilber"))
    megan, adele = (rows.make_person(contoso, name) for name in ("Megan Bowen", "Adele Vance"))
    calendar = mailbox.calendars.get()
    rows.share_with_everyone(calendar)
    rows.give(calendar, megan, rows.Role.PRIVATE_DELEGATE)
    parties = rows.make_calendar(mailbox, "Kids parties")
    rows.give(parties, adele, rows.Role.READ)
    rows.give(parties, megan, rows.Role.READ, began_at=rows.NOW - rows.timedelta(days=3))
    return mailbox


@pytest.fixture
def it(client, contoso):
    """A browser in which Isaiah, reviewer of Contoso, is signed in."""
    client.force_login(rows.make_user(contoso, "Isaiah Langer", "reviewer"))
    return client
