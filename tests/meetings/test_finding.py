"""Times that suit several people are found by what Microsoft says of their time, and nobody is guessed free."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from sandbox import cast as sandbox_cast
from sharing import graph
from sharing.connect import client_for_meetings
from sharing.connect.clients import booker_for
from sharing.meetings.finding import FindingRefused, find_times
from sharing.models import BOOKER, Tenant, User
from tests.cloud import CONTOSO
from tests.connect.lending import lend

from .conftest import federate, take

ALEX, ADELE, PRADEEP, JOHANNA = (
    f"{name}@contoso.com" for name in ("AlexW", "AdeleV", "PradeepG", "JohannaL")
)  # fmt: skip
TUESDAY = datetime(2026, 11, 3, 6, tzinfo=UTC)  # in the west of America it is still Monday night


@pytest.fixture
def find(megan, clock):
    def run(*people, start=TUESDAY, end=TUESDAY + timedelta(days=1), minutes=60, **more):
        given = {"client": booker_for(megan.tenant), "mailbox": megan, "now": clock(), **more}
        return find_times(people=people, start=start, end=end, length=timedelta(minutes=minutes), **given)

    return run


def hours(found):
    return [slot.start.strftime("%H:%M") for slot in found.slots]


def test_a_time_is_one_at_which_everybody_works_and_nobody_is_taken(cloud, find):
    # In winter people in the west of America work from 16:00 to 01:00 by UTC's clock.
    take(cloud, "MeganB@contoso.com", "2026-11-03T16:00:00Z", "2026-11-03T18:30:00Z")
    take(cloud, ALEX, "2026-11-03T19:00:00Z", "2026-11-03T22:00:00Z", status="tentative")
    take(cloud, ALEX, "2026-11-03T22:00:00Z", "2026-11-03T23:00:00Z", status="workingElsewhere")
    found = find(ALEX, "alexw@CONTOSO.com", "meganb@contoso.com")
    assert hours(found) == ["22:00", "22:30", "23:00", "23:30", "00:00"] and found.organizer == "meganb@contoso.com"
    assert not found.unknown and not found.without_hours
    assert hours(find(ALEX, start=TUESDAY + timedelta(hours=16, minutes=31)))[0] == "23:00"
    assert [party.address for party in found.parties] == ["meganb@contoso.com", "alexw@contoso.com"]
    assert found.parties[0].taken[0].start.hour == 16


def test_working_hours_that_do_not_meet_leave_no_time(find):
    for who in (JOHANNA, PRADEEP):
        found = find(who, minutes=30)
        assert not found.slots and not found.unknown


def test_of_whom_nothing_is_known_is_told_with_why_and_is_free_at_no_time(cloud, find):
    found = find(ALEX, "nobodyx@contoso.com", "benw@contoso.com", "someone@adatum.com")
    assert [each.address for each in found.unknown] == [
        "nobodyx@contoso.com", "benw@contoso.com", "someone@adatum.com",
    ]  # fmt: skip
    assert all(each.code for each in found.unknown)
    assert all(slot.unknown == tuple(each.address for each in found.unknown) for slot in found.slots) and found.slots


def test_a_person_at_a_partner_comes_like_a_colleague(cloud, find):
    federate(cloud)
    take(cloud, "PattiF@fabrikam.com", "2026-11-03T16:00:00Z", "2026-11-04T00:00:00Z", tenant="fabrikam.com")
    found = find("PattiF@fabrikam.com")
    assert not found.unknown and hours(found) == ["00:00"]


def test_twenty_people_are_asked_about_in_questions_of_twenty_and_one_more_is_too_many(cloud, find, megan):
    users = [
        each for each in cloud.state.tenants[CONTOSO].users.values() if each.mailbox and each.mailbox_state == "ok"
    ]
    crowd = [each.upn for each in users if each.upn != "MeganB@contoso.com"][:21]
    before = len(cloud.log.since())
    find(*crowd[:20], end=TUESDAY + timedelta(days=14))
    asked = [entry for entry in cloud.log.since()[before:] if "getSchedule" in entry.path]
    assert len(asked) == 2 and cloud.log.counts["event_reads"] == 0
    with pytest.raises(FindingRefused) as caught:
        find(*crowd)
    assert caught.value.cause == "too_many"


@pytest.mark.parametrize(("asked", "more", "cause"), [
    ([], {}, "nobody"), (["meganb@contoso.com"], {}, "nobody"), (["alex"], {}, "not_an_address"),
    ([ALEX], {"minutes": 0}, "length"), ([ALEX], {"minutes": 721}, "length"), ([ALEX], {"end": TUESDAY}, "past"),
    ([ALEX], {"start": TUESDAY - timedelta(days=9), "end": TUESDAY - timedelta(days=2)}, "past"),
    ([ALEX], {"start": TUESDAY + timedelta(minutes=40), "end": TUESDAY + timedelta(minutes=59)}, "past"),
    ([ALEX], {"start": TUESDAY + timedelta(minutes=40), "end": TUESDAY + timedelta(minutes=60)}, "past"),
    ([ALEX], {"end": TUESDAY + timedelta(days=43)}, "window"),
])  # fmt: skip
def test_what_cannot_be_asked_is_refused_by_name(cloud, find, asked, more, cause):
    with pytest.raises(FindingRefused) as caught:
        find(*asked, **more)
    assert caught.value.cause == cause
    assert not [entry for entry in cloud.log.since() if "getSchedule" in entry.path]


def test_times_begin_on_the_half_hour_of_the_organizers_own_clock_and_not_in_the_past(find, megan, clock):
    megan.settings = {"time_zone": "Nepal Standard Time"}
    found = find(ALEX, start=TUESDAY + timedelta(hours=10, minutes=1))
    assert hours(found)[0] == "16:15"
    clock.now = TUESDAY + timedelta(hours=14, minutes=20)
    megan.settings = {}
    assert hours(find(ALEX, start=TUESDAY))[0] == "20:30"


def test_where_no_working_hours_are_known_the_usual_ones_are_kept_to(cloud, find, megan):
    for user in cloud.state.tenants[CONTOSO].users.values():
        if user.mailbox:
            custom = {"@odata.type": "#microsoft.graph.customTimeZone", "name": "Customized Time Zone", "bias": 480}
            user.mailbox.settings["workingHours"] = {**user.mailbox.settings["workingHours"], "timeZone": custom}
    found = find(ALEX, end=TUESDAY + timedelta(days=6), most=500)
    assert set(found.without_hours) == {"meganb@contoso.com", "alexw@contoso.com"}
    assert hours(found)[0] == "16:00", "eight in the morning, by the organizer’s own clock"
    west = [slot.start.astimezone(ZoneInfo("America/Los_Angeles")) for slot in found.slots]
    assert {at.weekday() for at in west} == {1, 2, 3, 4} and max(at.hour for at in west) == 17


@pytest.fixture
def lent(megan, cloud):
    """Megan, where everybody lends their own mailbox, and lent hers for meetings."""
    Tenant.objects.update(mode=Tenant.INDIVIDUAL)
    megan.tenant.refresh_from_db()
    user = User.objects.create(tenant=megan.tenant, oid=sandbox_cast.MEGAN, name="Megan Bowen")
    lend(cloud, user, now=timezone.now(), app=BOOKER)
    return client_for_meetings(user)


def test_where_people_lend_their_own_mailbox_exchange_suggests_the_times(cloud, find, lent):
    take(cloud, ALEX, "2026-11-03T16:00:00Z", "2026-11-03T22:30:00Z")
    found = find(ALEX, client=lent)
    asked = [entry.path for entry in cloud.log.since() if "findMeetingTimes" in entry.path]
    assert len(asked) == 1 and not [entry for entry in cloud.log.since() if "getSchedule" in entry.path]
    assert hours(found) == ["22:30", "23:00", "23:30", "00:00"] and not found.unknown


def test_whoever_exchange_knows_nothing_of_is_not_called_free(cloud, find, lent):
    take(cloud, ALEX, "2026-11-03T16:00:00Z", "2026-11-03T22:30:00Z")
    found = find(ALEX, "someone@adatum.com", client=lent)
    assert [(each.address, each.code) for each in found.unknown] == [("someone@adatum.com", "unknown")]
    assert hours(found)[0] == "22:30" and {slot.unknown for slot in found.slots} == {("someone@adatum.com",)}
    alone = find("someone@adatum.com", client=lent)
    assert alone.slots and alone.slots[0].unknown == ("someone@adatum.com",)


def test_where_exchange_finds_nothing_it_says_why(cloud, find, lent):
    take(cloud, "MeganB@contoso.com", "2026-11-03T08:00:00Z", "2026-11-04T08:00:00Z")
    found = find(ALEX, client=lent)
    assert not found.slots and found.reason == "organizerUnavailable"


def test_nobody_finds_times_for_somebody_else_with_what_they_lent(cloud, find, lent, people):
    with pytest.raises(graph.GraphError):
        find(ADELE, client=lent, mailbox=people["Alex"])
