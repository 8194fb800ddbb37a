"""Free and busy times arrive as start, end and status; what they are about is dropped, and nobody is guessed free."""

import json
from datetime import UTC, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharing.graph import Client, GraphError, Malformed, make_session, samples
from sharing.graph.meeting_times import MeetingTimes, find_meeting_times, meeting_times
from sharing.graph.schedules import Busy, Schedule, get_schedules, instant, moment, schedules, working_hours

from .conftest import ALEX, AT, Answer, FakeTokens

START = datetime(2026, 11, 23, 8, tzinfo=UTC)
END = START + timedelta(days=7)
ADELE, MEGAN = "adelev@contoso.com", "meganb@contoso.com"


@pytest.fixture
def client(fake, clock):
    session = make_session(AT)
    for prefix in list(session.adapters):
        session.mount(prefix, fake)
    return Client(
        endpoints=AT, tokens=FakeTokens(), session=session, monotonic=clock, sleep=clock.sleep, for_meetings=True
    )


def stamp(hour, minute=0, zone="UTC", day="2026-11-23"):
    return {"dateTime": f"{day}T{hour:02}:{minute:02}:00.0000000", "timeZone": zone}


def entry(start=9, end=10, status="busy", **more):
    return {"status": status, "start": stamp(start), "end": stamp(end), **more}


def row(address=ADELE, *entries, view="0000", **more):
    return {"scheduleId": address, "availabilityView": view, "scheduleItems": list(entries), **more}


def one(given_row):
    return schedules([given_row], addresses=[ADELE], start=START, interval_minutes=30)[0]


def at(hour, minute=0):
    return datetime(2026, 11, 23, hour, minute, tzinfo=UTC)


def test_the_question_is_in_utc_and_the_answers_are_in_the_order_of_the_addresses(client, fake):
    fake.script(Answer({"value": [row(MEGAN.upper()), row(ADELE, entry(9, 11, "Tentative"))]}))
    east = timezone(timedelta(hours=5, minutes=30))
    found = get_schedules(
        client, mailbox_id=ALEX, addresses=["AdeleV@contoso.com", MEGAN], start=START.astimezone(east), end=END
    )
    assert fake.sent[0].path == f"/users/{ALEX}/calendar/getSchedule"
    assert fake.sent[0].body == {
        "schedules": ["AdeleV@contoso.com", MEGAN], "availabilityViewInterval": 30,
        "startTime": {"dateTime": "2026-11-23T08:00:00", "timeZone": "UTC"},
        "endTime": {"dateTime": "2026-11-30T08:00:00", "timeZone": "UTC"},
    }  # fmt: skip
    assert [each.address for each in found] == [ADELE, MEGAN]
    assert found[0].items == (Busy(at(9), at(11), "tentative"),) and found[1].items == ()


def test_subjects_and_places_are_dropped_and_only_that_there_were_some_stays():
    secret = {"subject": "Layoffs", "location": "Room 7", "isPrivate": True}
    seen = one(row(ADELE, entry(**secret), entry(10, 11)))
    assert seen.has_details and "Layoffs" not in repr(seen) and "Room 7" not in repr(seen)
    assert not one(row(ADELE, entry(isPrivate=True), entry(subject="", location=""))).has_details


def test_an_address_without_an_answer_or_with_an_error_is_not_free():
    found = schedules(
        [{"scheduleId": ADELE, "error": {"message": "No\x00 such\n" + "x" * 900, "responseCode": 5009}}],
        addresses=[ADELE, MEGAN], start=START, interval_minutes=30,
    )  # fmt: skip
    assert found[0].error.code == "5009" and found[0].error.message.startswith("No  such xx")
    assert len(found[0].error.message) <= 500 and found[0].error.message.isprintable()
    assert found[1].error.code == "missing"
    assert one(row(view="")).error.code == "empty"
    assert one({"scheduleId": ADELE}).error.code == "empty"
    assert one({"scheduleId": ADELE, "error": "broken"}).error.code == "unknown"
    assert one({"scheduleId": ADELE, "error": {}}).error is not None


def test_a_busy_picture_without_entries_is_busy():
    seen = one({"scheduleId": ADELE, "availabilityView": "012349", "scheduleItems": None})
    assert [(each.start - START, each.status) for each in seen.items] == [
        (timedelta(minutes=30), "tentative"), (timedelta(minutes=60), "busy"), (timedelta(minutes=90), "oof"),
        (timedelta(minutes=120), "workingElsewhere"), (timedelta(minutes=150), "unknown"),
    ]  # fmt: skip


def test_free_entries_are_left_out_and_unknown_words_are_unknown():
    seen = one(row(ADELE, entry(status="free"), entry(status="OOF"), entry(10, 11, "asleep")))
    assert [each.status for each in seen.items] == ["oof", "unknown"]


@pytest.mark.parametrize("bad", [
    None, [], "x", {"start": stamp(9)}, entry(10, 9), entry() | {"start": stamp(9, zone="Pacific Standard Time")},
    entry() | {"start": {"dateTime": "2026-02-30T00:00:00", "timeZone": "UTC"}}, entry() | {"end": "2026-11-23"},
    entry() | {"status": 7}, entry() | {"start": stamp(9, day="0001-01-01")},
    entry() | {"end": stamp(9, day="9999-12-31")},
])  # fmt: skip
def test_an_entry_that_cannot_be_read_is_malformed(bad):
    with pytest.raises(Malformed):
        one(row(ADELE, bad))


@pytest.mark.parametrize("rows", [
    None, {}, "x", [7], [row(MEGAN)], [row(), row()], [row(view="0x")], [row(scheduleItems={})],
    [row(scheduleItems=[entry()] * 1001)],
])  # fmt: skip
def test_an_answer_that_is_no_list_of_what_was_asked_is_malformed(rows):
    with pytest.raises(Malformed):
        schedules(rows, addresses=[ADELE], start=START, interval_minutes=30)


@pytest.mark.parametrize("asked", [
    {"addresses": []}, {"addresses": [ADELE] * 21}, {"end": START}, {"end": START + timedelta(days=42)},
    {"interval_minutes": 4}, {"interval_minutes": 1441}, {"start": START.replace(tzinfo=None)},
])  # fmt: skip
def test_what_exchange_would_refuse_is_not_asked(client, fake, asked):
    with pytest.raises((ValueError, TypeError)):
        get_schedules(client, **{"mailbox_id": ALEX, "addresses": [ADELE], "start": START, "end": END, **asked})
    assert not fake.sent


def hours(**more):
    return {
        "daysOfWeek": ["monday", "Friday"], "startTime": "08:00:00.0000000", "endTime": "17:30:00.0000000",
        "timeZone": {"name": "India Standard Time"}, **more,
    }  # fmt: skip


def test_working_hours_are_days_times_and_a_zone():
    seen = working_hours(hours())
    assert seen.days == {0, 4} and (seen.start, seen.end) == (time(8), time(17, 30))
    assert seen.zone == "India Standard Time"
    assert working_hours(hours(endTime="24:00:00")).end == time(0)


@pytest.mark.parametrize("more", [
    {"timeZone": {"@odata.type": "#microsoft.graph.customTimeZone", "name": "Customized Time Zone", "bias": 480}},
    {"timeZone": {}}, {"timeZone": None}, {"timeZone": "UTC"}, {"timeZone": {"name": ""}}, {"daysOfWeek": ["noday"]},
    {"daysOfWeek": None}, {"daysOfWeek": [1]}, {"startTime": "8"}, {"endTime": "25:00:00"}, {"endTime": None},
])  # fmt: skip
def test_working_hours_of_a_kind_that_nobody_reads_are_not_known(more):
    assert working_hours(hours(**more)) is None
    assert one(row(ADELE, entry(), workingHours=hours(**more))).items


def test_moments_lose_fractions_only():
    assert instant({"dateTime": "2026-11-23T09:00:00.9999999", "timeZone": "utc"}) == at(9)
    assert moment(at(9).astimezone(timezone(timedelta(hours=-8)))) == {
        "dateTime": "2026-11-23T09:00:00", "timeZone": "UTC",
    }  # fmt: skip
    with pytest.raises(ValueError):
        moment(datetime(2026, 11, 23))


def test_the_documented_answers_are_understood():
    seen = schedules(
        json.loads(samples.SCHEDULE)["value"], addresses=[ADELE], start=START, interval_minutes=60
    )[0]  # fmt: skip
    assert seen.has_details and seen.items[0].status == "busy" and seen.working_hours.days == set(range(5))
    assert meeting_times(json.loads(samples.MEETING_TIMES)).times[0].confidence == 100


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30)
    | st.sampled_from([ADELE, stamp(9), stamp(10), "busy", "0000", hours()]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["scheduleId", "availabilityView", "scheduleItems", "error", "start", "end", "status",
                         "workingHours", "meetingTimeSuggestions", "meetingTimeSlot", "confidence", "subject",
                         "attendeeAvailability", "organizerAvailability", "responseCode", "message"]), inner,
        max_size=6),
    max_leaves=20,
)  # fmt: skip


@given(_JSON)
def test_foreign_json_is_a_schedule_or_malformed_and_nothing_else(value):
    try:
        for seen in schedules([value], addresses=[ADELE], start=START, interval_minutes=30):
            assert isinstance(seen, Schedule)
    except Malformed:
        pass
    try:
        assert isinstance(meeting_times(value if isinstance(value, dict) else {}), MeetingTimes)
    except Malformed:
        pass


# Suggestions of Exchange's own ----------------------------------------------------------------------------


def suggestion(**more):
    return {
        "confidence": 74.5, "organizerAvailability": "free", "meetingTimeSlot": {"start": stamp(9), "end": stamp(10)},
        "attendeeAvailability": [
            {"availability": "unknown", "attendee": {"emailAddress": {"address": "AdeleV@contoso.com"}}}
        ], "locations": [{"displayName": "Secret room"}], **more,
    }  # fmt: skip


def test_suggestions_are_times_with_who_is_free(client, fake):
    fake.script(Answer({"emptySuggestionsReason": "", "meetingTimeSuggestions": [suggestion()]}))
    found = find_meeting_times(client, mailbox_id=ALEX, attendees=[ADELE], start=START, end=END, minutes=45)
    assert fake.sent[0].path == f"/users/{ALEX}/findMeetingTimes"
    assert fake.sent[0].body["meetingDuration"] == "PT45M" and fake.sent[0].body["minimumAttendeePercentage"] == 49
    assert found.times[0].availability == {"": "free", ADELE: "unknown"}
    assert (found.times[0].start, found.times[0].end) == (at(9), at(10))
    assert "Secret" not in repr(found)


def test_where_nothing_suits_there_is_a_reason(client, fake):
    fake.script(Answer({"emptySuggestionsReason": "attendeesUnavailable", "meetingTimeSuggestions": []}))
    found = find_meeting_times(client, mailbox_id=ALEX, attendees=[ADELE], start=START, end=END, minutes=30)
    assert found == MeetingTimes((), "attendeesUnavailable")


@pytest.mark.parametrize("bad", [
    7, {}, suggestion(confidence="high"), suggestion(meetingTimeSlot={"start": stamp(9), "end": stamp(9)}),
    suggestion(attendeeAvailability=[{"availability": "free"}]), suggestion(attendeeAvailability={}),
    suggestion(meetingTimeSlot=None),
])  # fmt: skip
def test_a_suggestion_that_cannot_be_read_is_malformed(bad):
    with pytest.raises(Malformed):
        meeting_times({"meetingTimeSuggestions": [bad]})


def test_too_many_people_are_not_asked_for(client, fake):
    for people, minutes in (([], 30), ([ADELE] * 21, 30), ([ADELE], 0), ([ADELE], 1441)):
        with pytest.raises(ValueError):
            find_meeting_times(client, mailbox_id=ALEX, attendees=people, start=START, end=END, minutes=minutes)
    assert not fake.sent and issubclass(Malformed, GraphError)
