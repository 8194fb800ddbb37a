"""Where everybody connects for themselves: Exchange suggests the times, and books with what one person lent."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sandbox import cast as sandbox_cast
from sandbox.world import BOOKER_SECRET
from sharing import tasks
from sharing.connect import grants
from sharing.models import BOOKER, Booking, Grant, Tenant, User
from tests.cloud import CONTOSO
from tests.connect.lending import lend

from .conftest import ALEX, book, slots, times

pytestmark = pytest.mark.django_db(transaction=True)
MEGANS, ALEXS = "48d31887-5fad-4d73-a9f5-3c356e68a038", "64339082-ed84-4b0b-b4ab-004ae54f3747"


@pytest.fixture(autouse=True)
def time():
    """Time goes on: ID tokens are as old as the sandbox's own clock says."""


@pytest.fixture
def lent(cloud, settings, client):
    """Megan in a browser; she and Alex lent their mailboxes for reading, and she hers for meetings."""
    settings.MICROSOFT_BOOKER_CLIENT_ID, settings.MICROSOFT_BOOKER_SECRET = sandbox_cast.BOOKER_APP, BOOKER_SECRET
    tenant = Tenant.objects.create(
        tid=CONTOSO, name="Contoso", cloud="sandbox", state=Tenant.LISTED, state_since=timezone.now(),
        mode=Tenant.INDIVIDUAL, bookings_on=True,
    )  # fmt: skip
    megan, alex = (User.objects.create(tenant=tenant, oid=oid, name=oid) for oid in (MEGANS, ALEXS))
    for user in (megan, alex):
        lend(cloud, user, now=timezone.now())
    for task, pk in list(tasks.due_reads(timezone.now())):
        task(pk)
    lend(cloud, megan, now=timezone.now(), app=BOOKER)
    cloud.switches.appointments = "none"
    client.force_login(megan)
    return client


def next_week():
    first = timezone.now().date() + timedelta(days=1)
    return {"first": first.isoformat(), "last": (first + timedelta(days=6)).isoformat()}


def test_exchange_suggests_times_and_the_meeting_is_booked_by_what_she_lent(lent, cloud):
    cloud.log.clear()
    answer = times(lent, ALEX, **next_week())
    assert answer.status_code == 200 and slots(answer)
    asked = [entry for entry in cloud.log.since() if entry.kind == "schedule"]
    assert [entry.path.rpartition("/")[2] for entry in asked] == ["findMeetingTimes"]
    assert str(asked[0].caller.oid) == MEGANS, "by her own permission, not by the app's"
    page = book(lent, ALEX, at=slots(answer)[0], **next_week())
    booking = Booking.objects.get()
    assert page.status_code == 200 and (booking.state, booking.act) == (Booking.BOOKED, "")
    writes = [entry for entry in cloud.log.since() if entry.kind == "own_event"]
    assert writes and all(str(entry.caller.oid) == MEGANS for entry in writes)


def test_once_it_is_taken_back_nothing_is_asked_and_the_page_says_why(lent, cloud):
    grants.disconnect(grant=Grant.objects.get(app=BOOKER), now=timezone.now())
    cloud.log.clear()
    answer = times(lent, ALEX, **next_week())
    assert "Your connection" in answer.text and not slots(answer)
    assert not [entry for entry in cloud.log.since() if entry.kind in ("schedule", "own_event")]
