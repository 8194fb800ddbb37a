"""findMeetingTimes: suggestions in the organizer's hours, for a person who signed in and for no app."""

import json

import pytest

from sandbox import cast
from sandbox.graph import kind
from sandbox.http import Request
from tests.sandbox.calls import ALEX, caller, code
from tests.sandbox.steps import control

HERE = f"{ALEX}/findMeetingTimes"
ME = "/v1.0/me/findMeetingTimes"
MEGAN, ADELE = "MeganB@contoso.com", "AdeleV@contoso.com"
ALEX_SIGNED_IN = caller("Calendars.Read.Shared", oid=cast.ALEX)


def utc(text):
    return {"dateTime": f"2026-11-{text}:00", "timeZone": "UTC"}


def asked(*attendees, start="24T00:00", end="25T00:00", domain="work", **more):
    people = [{"type": "required", "emailAddress": {"address": each}} for each in attendees]
    slots = [{"start": utc(start), "end": utc(end)}]
    constraint = {"activityDomain": domain, "timeSlots": slots}
    return {"attendees": people, "timeConstraint": constraint, "meetingDuration": "PT1H", "maxCandidates": 100, **more}


@pytest.fixture
def times(cloud, call):
    """Ask as Alex, in a world of empty calendars; gives the answer."""
    cloud.switches.appointments = "none"

    def make(*attendees, by=ALEX_SIGNED_IN, path=ME, **more):
        response = call("POST", path, asked(*attendees, **more), caller=by)
        assert response.status == 200, response.body
        return json.loads(response.body)

    return make


def take(cloud, who, start, end, status="busy"):
    taken = {"start": f"2026-11-{start}:00Z", "end": f"2026-11-{end}:00Z", "status": status}
    assert "error" not in control(cloud, "POST", "change", {"do": "appointment", "mailbox": who, **taken})


def starts(answer):
    return [each["meetingTimeSlot"]["start"]["dateTime"][8:16] for each in answer["meetingTimeSuggestions"]]


def test_suggestions_lie_in_the_organizers_working_hours_nearest_first(times):
    answer = times(MEGAN)
    assert answer["emptySuggestionsReason"] == ""
    first = answer["meetingTimeSuggestions"][0]
    assert first == {
        "confidence": 100.0,
        "order": 1,
        "organizerAvailability": "free",
        "attendeeAvailability": [{"availability": "free", "attendee": {"emailAddress": {"address": MEGAN}}}],
        "locations": [],
        "meetingTimeSlot": {
            "start": {"dateTime": "2026-11-24T00:00:00.0000000", "timeZone": "UTC"},
            "end": {"dateTime": "2026-11-24T01:00:00.0000000", "timeZone": "UTC"},
        },
    }
    # 8 to 17 at the Pacific is 16 to 1 in UTC.
    assert starts(answer)[:3] == ["24T00:00", "24T16:00", "24T16:30"]
    assert starts(answer)[-1] == "24T23:00"
    assert "reason" in json.dumps(times(MEGAN, returnSuggestionReasons=True)["meetingTimeSuggestions"][0]).lower()


def test_a_weekend_is_for_personal_meetings_and_a_night_for_unrestricted_ones(times):
    saturday = {"start": "28T08:00", "end": "29T00:00"}
    assert times(MEGAN, **saturday)["meetingTimeSuggestions"] == []
    assert starts(times(MEGAN, **saturday, domain="personal"))[0] == "28T16:00"
    assert starts(times(MEGAN, **saturday, domain="unrestricted"))[0] == "28T08:00"


def test_the_surest_come_first_then_the_earliest(cloud, times):
    take(cloud, MEGAN, "24T16:00", "24T22:00")
    take(cloud, cast.ALEX, "24T00:00", "24T01:00")
    answer = times(MEGAN, ADELE, start="24T16:00", minimumAttendeePercentage=50)
    assert [each["confidence"] for each in answer["meetingTimeSuggestions"]][:4] == [100.0, 100.0, 100.0, 50.0]
    assert starts(answer)[:4] == ["24T22:00", "24T22:30", "24T23:00", "24T16:00"]
    assert len(times(MEGAN, ADELE, maxCandidates=2)["meetingTimeSuggestions"]) == 2
    everybody = times(MEGAN, ADELE, start="24T16:00", minimumAttendeePercentage=100)
    assert starts(everybody) == ["24T22:00", "24T22:30", "24T23:00"]


@pytest.mark.parametrize(("status", "confidence"), [("tentative", None), ("oof", None), ("workingElsewhere", 100.0)])
def test_only_who_works_elsewhere_is_as_good_as_free(cloud, times, status, confidence):
    take(cloud, MEGAN, "24T00:00", "25T00:00", status)
    found = times(MEGAN)["meetingTimeSuggestions"]
    assert (found[0]["confidence"] if found else None) == confidence


def test_why_there_is_nothing(cloud, times):
    stranger = "someone@northwindtraders.com"
    assert times(stranger, minimumAttendeePercentage=100)["emptySuggestionsReason"] == "attendeesUnavailableOrUnknown"
    take(cloud, MEGAN, "24T00:00", "25T00:00")
    assert times(MEGAN)["emptySuggestionsReason"] == "attendeesUnavailable"
    take(cloud, cast.ALEX, "24T00:00", "25T00:00")
    assert times(ADELE)["emptySuggestionsReason"] == "organizerUnavailable"
    assert times(ADELE, isOrganizerOptional=True)["meetingTimeSuggestions"]
    assert times(MEGAN, start="24T08:00", end="24T08:30")["emptySuggestionsReason"] == "unknown"


def test_whoever_is_unknown_is_neither_free_nor_busy(times):
    (first, *_) = times("someone@northwindtraders.com", minimumAttendeePercentage=0)["meetingTimeSuggestions"]
    assert first["confidence"] == 49.0
    assert first["attendeeAvailability"][0]["availability"] == "unknown"


def test_the_usual_world_has_time_and_the_default_is_half_an_hour_of_the_next_week(call):
    answer = json.loads(call("POST", ME, {"attendees": []}, caller=ALEX_SIGNED_IN).body)
    slot = answer["meetingTimeSuggestions"][0]["meetingTimeSlot"]
    assert len(answer["meetingTimeSuggestions"]) == 20
    assert slot["start"]["dateTime"] < slot["end"]["dateTime"]


@pytest.mark.parametrize(
    "more",
    [
        {"meetingDuration": "an hour"},
        {"meetingDuration": "PT0M"},
        {"domain": "leisure"},
        {"start": "25T00:00"},
        {"attendees": [{"emailAddress": {}}]},
    ],
)
def test_what_makes_no_sense_is_refused(call, more):
    assert call("POST", ME, {**asked(MEGAN, **more), **more}, caller=ALEX_SIGNED_IN).status == 400


def test_no_app_asks_for_itself_unless_switched(cloud, call):
    app = caller("Calendars.ReadWrite", "Calendars.Read")
    response = call("POST", HERE, asked(MEGAN), caller=app)
    assert (response.status, code(response)) == (403, "ErrorAccessDenied")
    cloud.switches.meeting_times_app_only = "works"
    assert call("POST", HERE, asked(MEGAN), caller=app).status == 200
    assert call("POST", HERE, asked(MEGAN), caller=caller("User.Read.All")).status == 403


@pytest.mark.parametrize(
    ("by", "path", "status"),
    [
        (ALEX_SIGNED_IN, HERE, 200),
        (caller("Calendars.ReadWrite.Shared", oid=cast.ALEX), HERE, 200),
        (caller("Calendars.Read", oid=cast.ALEX), HERE, 403),
        (caller("Calendars.Read.Shared", oid=cast.MEGAN), HERE, 403),
        (ALEX_SIGNED_IN, HERE.replace("v1.0", "beta"), 403),
    ],
)
def test_a_person_asks_with_the_shared_scope_for_the_own_mailbox(call, by, path, status):
    assert call("POST", path, asked(MEGAN), caller=by).status == status


def test_it_counts_as_a_question_about_schedules(call):
    assert kind(Request("POST", ME)) == "schedule"
    assert kind(Request("GET", ME)) == "events"
    assert call("GET", ME, caller=ALEX_SIGNED_IN).status == 403
