"""People's calendars are full: the same every time, in their own time zones, and changed as they do it in Outlook."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from sandbox import cast
from sandbox.appointments import appointments, zone_of
from sandbox.cloud import Cloud
from sandbox.rows import plain, tenant_of
from tests.sandbox.steps import control

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
WEEKS = timedelta(days=14)
NOON = {"start": "2026-11-24T12:00:00+00:00", "end": "2026-11-24T13:00:00Z"}


@pytest.fixture
def contoso(cloud):
    return cloud.state.tenants[cast.CONTOSO]


def of(tenant, who, start=MONDAY, length=WEEKS, **more):
    return appointments(tenant.user(who), start, start + length, **more)


def test_everybody_has_appointments_of_every_kind_in_any_weeks(contoso):
    people = [user for user in contoso.users.values() if user.mailbox]
    for start in (MONDAY, MONDAY + timedelta(days=400), MONDAY - timedelta(days=400)):
        found = [each for user in people for each in appointments(user, start, start + WEEKS)]
        kinds = Counter(each.status for each in found)
        assert set(kinds) == {"free", "tentative", "busy", "oof", "workingElsewhere"}
        assert kinds["busy"] > len(people)
        assert any(each.is_private for each in found)
        assert any(each.place for each in found)
        assert all(each.start < each.end and each.subject for each in found)


def test_they_are_the_same_on_every_run_and_in_whichever_window_one_looks(contoso):
    other = Cloud().state.tenants[cast.CONTOSO]
    all_of_it = of(contoso, cast.ALEX)
    assert of(other, cast.ALEX) == all_of_it != of(contoso, cast.MEGAN)
    days = [of(contoso, cast.ALEX, MONDAY + timedelta(days=n), timedelta(days=1)) for n in range(14)]
    assert sorted({each for day in days for each in day}) == all_of_it


@pytest.mark.parametrize(
    ("who", "hours"),
    [
        ("PradeepG@contoso.com", 5.5),
        ("AishaB@contoso.com", 5.75),
        ("CarmenL@contoso.com", 10.5),
        ("AlexW@contoso.com", -8),
    ],
)
def test_each_works_in_a_time_zone_of_their_own_half_hours_too(contoso, who, hours):
    where = zone_of(contoso.user(who))
    assert MONDAY.astimezone(where).utcoffset() == timedelta(hours=hours)
    local = [each.start.astimezone(where) for each in of(contoso, who) if not each.is_private and each.status == "busy"]
    assert local
    assert all(8 <= each.hour < 19 for each in local)


def test_across_a_change_of_the_clocks_the_day_begins_at_the_same_local_time(contoso):
    where = zone_of(contoso.user(cast.ALEX))
    early = {
        each.start.astimezone(where).time()
        for n in range(30)
        for each in of(contoso, cast.ALEX, datetime(2026, 10, 15, tzinfo=UTC) + timedelta(days=n), timedelta(days=1))
        if each.status == "busy"
    }
    assert min(early).hour >= 8


def test_what_people_do_in_outlook_can_be_taken_back(cloud, contoso):
    before = cloud.state.dump()["tenants"]
    wanted = {"do": "appointment", "mailbox": cast.ALEX, **NOON, "subject": "Dentist", "private": True}
    back = control(cloud, "POST", "change", wanted)["back"]
    (event,) = contoso.users[cast.ALEX].mailbox.events.values()
    assert [each.subject for each in of(contoso, cast.ALEX, with_usual=False)] == ["Dentist"]
    move = {"do": "move_event", "mailbox": cast.ALEX, "event": event.ical_uid}
    later = {"start": "2026-11-25T09:00:00Z", "end": "2026-11-25T09:30:00Z"}
    moved = control(cloud, "POST", "change", {**move, **later})["back"]
    assert of(contoso, cast.ALEX, with_usual=False)[0].start == datetime(2026, 11, 25, 9, tzinfo=UTC)
    control(cloud, "POST", "change", moved)
    assert of(contoso, cast.ALEX, with_usual=False)[0].start == datetime(2026, 11, 24, 12, tzinfo=UTC)
    brought = control(cloud, "POST", "change", back)["back"]
    assert cloud.state.dump()["tenants"] == before
    control(cloud, "POST", "change", brought)
    assert list(contoso.users[cast.ALEX].mailbox.events) == [event.id]


@pytest.mark.parametrize(
    "wrong",
    [
        {"do": "appointment", "start": NOON["end"], "end": NOON["start"]},
        {"do": "appointment", "start": "2026-11-24T12:00:00", "end": NOON["end"]},
        {"do": "appointment", "start": "noon", "end": NOON["end"]},
        {"do": "appointment", **NOON, "status": "asleep"},
        {"do": "appointment", "start": NOON["start"]},
        {"do": "delete_event", "event": "unknown"},
        {"do": "move_event", "event": "unknown", **NOON},
        {"do": "answer_event", "event": "unknown", "response": "accepted"},
    ],
)
def test_what_makes_no_sense_is_refused(cloud, wrong):
    assert "error" in control(cloud, "POST", "change", {"mailbox": cast.ALEX, **wrong})


def test_events_outlive_the_process(cloud, contoso):
    control(cloud, "POST", "change", {"do": "appointment", "mailbox": cast.ALEX, **NOON})
    again = tenant_of(json.loads(json.dumps(plain(contoso))))
    assert again.users[cast.ALEX].mailbox.events == contoso.users[cast.ALEX].mailbox.events
