"""A connected Contoso, a clock that is set by hand, the sandbox's back door, and rows by the people they belong to."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.http import Request
from sharing import mirror
from sharing.connect import client_for
from sharing.models import CalendarPermission, Mailbox, Tenant, User
from tests.cloud import CONTOSO


class Clock:
    """The time as a test wants it; `forward` moves it."""

    def __init__(self):
        self.now = datetime(2026, 11, 2, 1, tzinfo=UTC)

    def __call__(self):
        return self.now

    def forward(self, **kwargs):
        self.now += timedelta(**kwargs)
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def contoso(db, cloud, clock):
    return Tenant.objects.create(
        tid=CONTOSO, cloud="sandbox", state=Tenant.CONNECTED, state_since=clock(), writes_on=True
    )


@pytest.fixture
def sync(contoso, clock):
    """Reads the whole tenant now, or only `mailboxes`; returns the run."""

    def run(**kwargs):
        contoso.refresh_from_db()
        return mirror.run_here(
            tenant=contoso,
            client=client_for(contoso),
            clock=clock,
            wait=lambda seconds: clock.forward(minutes=30),
            **kwargs,
        )

    return run


@pytest.fixture
def outside(cloud):
    """A change made in Outlook, not by us: `outside("role", mailbox=…, calendar=…, who=…, role=…)`."""

    def change(do, **fields):
        return cloud.state.apply({"do": do, "tenant": CONTOSO, **fields})

    return change


def mailbox(address):
    return Mailbox.objects.get(person__address__iexact=address)


def permission(owner, who, calendar="Calendar"):
    """The permission of `who` (an address, or "Default") on one of `owner`'s own calendars."""
    rows = CalendarPermission.objects.filter(mailbox=mailbox(owner), calendar__is_own=True)
    rows = rows.filter(calendar__is_default=True) if calendar == "Calendar" else rows.filter(calendar__name=calendar)
    return rows.get(is_organization=True) if who == "Default" else rows.get(address__iexact=who)


def user(tenant, address):
    """The portal user of somebody in the mirrored directory, as after a first sign-in."""
    person = mailbox(address).person
    row, _ = User.objects.get_or_create(
        tenant=tenant, oid=person.oid, defaults={"name": person.name, "address": person.address}
    )
    return row


def control(cloud, path, body):
    """Tell the sandbox's control room, as an operator of it would."""
    headers = {"content-type": "application/json"}
    answer = cloud.handle(Request("POST", f"/__control__/{path}", headers=headers, body=json.dumps(body).encode()))
    assert answer.status == 200, answer.body
