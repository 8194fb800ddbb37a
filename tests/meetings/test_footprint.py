"""Everything that was asked of Microsoft stands on the disclosure page, call by call, and no event of others."""

import re
import uuid
from collections import Counter
from datetime import timedelta
from html import escape

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from sharing import graph
from sharing.changes import booking_steps, bookings
from sharing.connect import calls, client_for_meetings, prober_for
from sharing.meetings import volunteers
from sharing.meetings.finding import find_times
from sharing.meetings.probing import try_partner
from sharing.models import Booking, Partner, RoleAssignment, Volunteer
from tests.booking import let_people_book
from tests.cloud import CONTOSO, FABRIKAM
from tests.contoso import contoso, mailbox, sync, user

from .conftest import federate, take

__all__ = ["contoso", "sync"]

MEGAN, ALEX, ALLAN = "MeganB@contoso.com", "AlexW@contoso.com", "AllanD@contoso.com"
PATTI = "PattiF@fabrikam.com"
_KEYED = re.compile(r"/(users|calendars|calendarPermissions|events|groups|queries)/(?!delta\b)[^/]+")


@pytest.fixture
def megan(contoso, sync, cloud, settings):
    """Megan, after a whole reading of Contoso, where meetings are approved and on."""
    tenant = let_people_book(contoso, cloud, settings)
    sync()
    return user(tenant, MEGAN)


def probe(cloud, clock, tenant):
    """Two tests with a partner, one of which is refused by the other side."""
    alex, allan = user(tenant, ALEX), user(tenant, ALLAN)
    partner = Partner.objects.create(
        tenant=tenant, name="Fabrikam", domains=["fabrikam.com"], made_by=allan, made_at=clock()
    )
    volunteers.lend(mailbox=mailbox(ALEX), actor=alex, now=clock())
    given = {"volunteer": Volunteer.objects.get(), "partner": partner, "actor": allan, "now": clock()}
    federate(cloud, Enabled=False)
    assert try_partner(client=prober_for(tenant), address=PATTI, **given).verdict.outcome == "theirs"
    federate(cloud)
    take(cloud, PATTI, "2026-11-04T09:00:00Z", "2026-11-04T10:00:00Z", tenant=FABRIKAM, subject="Layoffs")
    assert try_partner(client=prober_for(tenant), address=PATTI, **given).verdict.outcome == "seen"


def meet(megan, clock):
    """A time is looked for, a meeting booked there, looked at, moved and cancelled."""
    at = clock() + timedelta(days=2, hours=8)
    client = client_for_meetings(megan)
    find_times(
        client=client, mailbox=mailbox(MEGAN), people=[ALEX, PATTI], start=at, end=at + timedelta(days=3),
        length=timedelta(hours=1), now=clock(),
    )  # fmt: skip
    booking = bookings.book(
        user=megan, form_key=uuid.uuid4(), subject="Budget", starts_at=at, ends_at=at + timedelta(hours=1),
        zone="Europe/Berlin", attendees=[(PATTI.casefold(), "Patti")], now=clock(),
    )  # fmt: skip
    for step in (
        lambda: None,
        lambda: bookings.move(
            booking=booking, starts_at=at + timedelta(hours=2), ends_at=at + timedelta(hours=3), now=clock()
        ),
        lambda: bookings.cancel(booking=booking, now=clock()),
    ):
        step()
        booking.refresh_from_db()
        booking_steps.carry_on(client=client, booking=booking, clock=clock)
        booking.refresh_from_db()
    assert booking.state == Booking.CANCELLED


def reached(cloud, tid):
    """What reached Microsoft's Graph for a tenant, by the sandbox's own log: method and path with the keys left out."""
    found = Counter()
    for entry in cloud.log.since():
        if entry.caller and entry.caller.tid == tid and entry.path.startswith("/v1.0/"):
            path = _KEYED.sub(r"/\1/{id}", entry.path.removeprefix("/v1.0"))
            found[
                f"{entry.method} {path}" + ("?$filter={our mark}" if path.endswith("/events") and entry.query else "")
            ] += 1
    return found


def test_every_call_that_reached_microsoft_stands_on_the_page_with_its_number(megan, clock, cloud, contoso):
    probe(cloud, clock, megan.tenant)
    meet(megan, clock)
    with pytest.raises(graph.IdRefused):
        prober_for(megan.tenant).get(f"/users/{megan.oid}/events")
    calls.flush(clock())
    made = calls.made_in(contoso, clock())
    assert made.pop(calls.REFUSED_HERE.name) == (1, 1)
    of_graph = {kind: count for kind, (count, _) in made.items() if "{tenant}" not in kind}
    there = reached(cloud, CONTOSO)
    assert of_graph == dict(there)
    assert there["POST /users/{id}/calendar/getSchedule"] == 3
    assert {"POST /users/{id}/events", "PATCH /users/{id}/events/{id}", "POST /users/{id}/events/{id}/cancel",
            "GET /users/{id}/events?$filter={our mark}"} <= set(there)  # fmt: skip
    assert calls.events_read(made) == 0 and cloud.log.counts["event_reads"] == 0

    allan, browser = user(megan.tenant, ALLAN), Client(headers={"host": "localhost:8000"})
    RoleAssignment.objects.create(user=allan, tenant=contoso, role=RoleAssignment.ADMIN, given_at=clock())
    with time_machine.travel(clock(), tick=False):
        browser.force_login(allan)
        shown = " ".join(browser.get(reverse("setup:disclosure")).content.decode().split())
    for kind, count in there.items():
        number = f'<code class="strong">{escape(kind)}</code><span class="end num">{count:,}'
        assert re.search(rf"{re.escape(number)}\b", shown), kind
    assert "<strong>0</strong> in the last 30 days" in shown and "tried such a call once" in shown
    of_time = sum(count for kind, count in there.items() if "getSchedule" in kind or "/events" in kind)
    assert f"{of_time} in 30 days" in shown
