"""Events that an app makes: once per transaction, found by the mark they carry, and nothing else is ever opened."""

import json
from urllib.parse import quote, urlencode

import pytest

from sandbox import cast
from sandbox.caller import Caller
from sandbox.cloud import Cloud
from sandbox.graph import kind
from sandbox.http import Request
from sandbox.log import RequestLog
from tests.sandbox.calls import ALEX, PRIMARY, USERS, code
from tests.sandbox.steps import app_token, ask_token, control, graph, send

EVENTS = f"{ALEX}/events"
MARK = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Booking"
VALUE = "7e163156-7762-4beb-a1c6-729ea81755a7"
MEGAN, ADAMS, PATTI = "MeganB@contoso.com", "adams@contoso.com", "PattiF@fabrikam.com"
BOOKER = Caller(cast.BOOKER_APP, cast.CONTOSO, None, frozenset({"Calendars.ReadWrite"}), frozenset())
OTHER_APP = Caller(cast.PORTAL_APP, cast.CONTOSO, None, frozenset({"Calendars.ReadWrite"}), frozenset())
IMMUTABLE = {"prefer": 'IdType="ImmutableId", outlook.timezone="UTC"'}
LATER = {"start": {"dateTime": "2026-11-25T08:00:00", "timeZone": "UTC"},
         "end": {"dateTime": "2026-11-25T08:30:00", "timeZone": "UTC"}}  # fmt: skip


def found_by(mark=MARK, value=VALUE, expand=True, **more):
    """The path of the one question about events that is answered."""
    options = {"$filter": f"singleValueExtendedProperties/any(ep: ep/id eq '{mark}' and ep/value eq '{value}')"}
    if expand:
        options["$expand"] = f"singleValueExtendedProperties($filter=id eq '{mark}')"
    return f"{EVENTS}?{urlencode({**options, **more}, quote_via=quote, safe='$,')}"


def meeting(*attendees, **more):
    return {
        "subject": "Planning",
        "body": {"contentType": "text", "content": "Booked."},
        "start": {"dateTime": "2026-11-24T17:00:00", "timeZone": "India Standard Time"},
        "end": {"dateTime": "2026-11-24T18:00:00", "timeZone": "India Standard Time"},
        "attendees": [
            {"type": "required", "emailAddress": {"address": each, "name": each.split("@")[0]}} for each in attendees
        ],
        "transactionId": "7E163156-7762-4BEB-A1C6-729EA81755A7",
        "singleValueExtendedProperties": [{"id": MARK, "value": VALUE}],
        **more,
    }


@pytest.fixture
def book(cloud, call):
    """Make a meeting in Alex's calendar; gives its JSON."""
    cloud.switches.appointments = "none"

    def make(*attendees, by=BOOKER, headers=None, **more):
        response = call("POST", EVENTS, meeting(*attendees, **more), caller=by, headers=headers)
        assert response.status == 201, response.body
        return json.loads(response.body)

    return make


@pytest.fixture
def found(call):
    """What is found by the mark."""

    def make(path=None, by=BOOKER, headers=None):
        response = call("GET", path or found_by(), caller=by, headers=headers)
        assert response.status == 200, response.body
        return json.loads(response.body)["value"]

    return make


@pytest.fixture
def view(cloud, call):
    """Half hours of Tuesday morning, 11 to 14 UTC."""

    def make(who):
        day = {"timeZone": "UTC"}
        body = {"schedules": [who], "startTime": {"dateTime": "2026-11-24T11:00:00", **day},
                "endTime": {"dateTime": "2026-11-24T14:00:00", **day}}  # fmt: skip
        tid = cast.FABRIKAM if who == PATTI else cast.CONTOSO
        asker = Caller(cast.PORTAL_APP, tid, None, frozenset({"Calendars.Read"}), frozenset())
        response = call("POST", f"{USERS}/{who}/calendar/getSchedule", body, caller=asker)
        return json.loads(response.body)["value"][0]["availabilityView"]

    return make


# Made


def test_the_answer_has_the_documented_members_and_not_the_property(book):
    event = book(MEGAN)
    assert event.keys() >= {
        "@odata.context", "@odata.etag", "id", "createdDateTime", "lastModifiedDateTime", "changeKey", "categories",
        "originalStartTimeZone", "originalEndTimeZone", "iCalUId", "reminderMinutesBeforeStart", "isReminderOn",
        "hasAttachments", "hideAttendees", "subject", "bodyPreview", "importance", "sensitivity", "isAllDay",
        "isCancelled", "isDraft", "isOrganizer", "responseRequested", "seriesMasterId", "transactionId", "showAs",
        "type", "webLink", "onlineMeetingUrl", "isOnlineMeeting", "onlineMeetingProvider", "onlineMeeting",
        "allowNewTimeProposals", "responseStatus", "body", "start", "end", "location", "locations", "recurrence",
        "attendees", "organizer",
    }  # fmt: skip
    assert "singleValueExtendedProperties" not in event
    assert event["start"] == {"dateTime": "2026-11-24T11:30:00.0000000", "timeZone": "UTC"}
    assert event["originalStartTimeZone"] == "India Standard Time"
    assert event["organizer"]["emailAddress"] == {"name": "Alex Wilber", "address": "AlexW@contoso.com"}
    assert event["attendees"][0]["status"]["response"] == "none"
    assert event["changeKey"] in event["@odata.etag"]


def test_an_event_without_a_transaction_id_says_none(call):
    body = meeting(MEGAN)
    del body["transactionId"]
    assert "transactionId" not in json.loads(call("POST", EVENTS, body, caller=BOOKER).body)


def test_everybody_with_a_calendar_here_gets_a_copy_and_an_invitation(cloud, book, view):
    book(MEGAN, ADAMS, PATTI, "someone@adatum.com")
    assert view("AlexW@contoso.com") == "022000"
    assert [view(who) for who in (MEGAN, ADAMS, PATTI)] == ["011000", "022000", "011000"]
    sent = cloud.state.invitations
    assert [each["to"] for each in sent] == [MEGAN, ADAMS, PATTI, "someone@adatum.com"]
    assert {(each["what"], each["from"], each["subject"]) for each in sent} == {
        ("meeting", "AlexW@contoso.com", "Planning")
    }


def test_an_attendee_who_accepts_is_busy_and_the_organizer_sees_it(cloud, book, found, view):
    ical_uid = book(MEGAN, ADAMS)["iCalUId"]
    answer = {"do": "answer_event", "mailbox": MEGAN, "event": ical_uid}
    control(cloud, "POST", "change", {**answer, "response": "accepted"})
    assert view(MEGAN) == "022000"
    assert [each["status"]["response"] for each in found()[0]["attendees"]] == ["accepted", "accepted"]
    control(cloud, "POST", "change", {**answer, "response": "declined"})
    assert view(MEGAN) == "000000"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"end": {"dateTime": "2026-11-24T11:30:00", "timeZone": "UTC"}}, "ErrorPropertyValidationFailure"),
        ({"start": {"dateTime": "2026-11-24T17:00:00", "timeZone": "Nowhere"}}, "TimeZoneNotSupportedException"),
        ({"start": None}, "RequestBodyRead"),
        ({"subject": 1}, "RequestBodyRead"),
        ({"nonsense": 1}, "RequestBodyRead"),
        ({"showAs": "asleep"}, "RequestBodyRead"),
        ({"attendees": [{"emailAddress": {"address": "nobody"}}]}, "ErrorInvalidRecipients"),
        ({"attendees": [1]}, "RequestBodyRead"),
        ({"singleValueExtendedProperties": [{"id": "Fun", "value": "Food"}]}, "ErrorInvalidProperty"),
    ],
)  # fmt: skip
def test_what_makes_no_event_is_refused_and_makes_none(cloud, call, more, expected):
    before = cloud.state.dump()["tenants"]
    response = call("POST", EVENTS, meeting(MEGAN, **more), caller=BOOKER)
    assert (response.status, code(response)) == (400, expected)
    assert cloud.state.dump()["tenants"] == before


# Made twice


def test_the_same_transaction_makes_one_event_and_invites_once(cloud, book, found):
    first, second = book(MEGAN), book(MEGAN)
    assert (second["id"], second["iCalUId"]) == (first["id"], first["iCalUId"])
    assert len(found()) == len(cloud.state.invitations) == 1


def test_the_same_transaction_may_be_a_conflict(cloud, book, call, found):
    book(MEGAN)
    cloud.switches.duplicate_transaction = "refused"
    assert call("POST", EVENTS, meeting(MEGAN), caller=BOOKER).status == 409
    assert len(found()) == 1


def test_the_same_transaction_may_make_a_second_event(cloud, book, found):
    book(MEGAN)
    cloud.switches.duplicate_transaction = "made_again"
    book(MEGAN)
    assert len(found()) == 2


# Found


def test_it_is_found_by_its_mark_which_only_an_expansion_shows(book, found):
    id = book(MEGAN)["id"]
    (event,) = found()
    assert event["id"] == id
    assert event["singleValueExtendedProperties"] == [{"id": MARK, "value": VALUE}]
    assert "singleValueExtendedProperties" not in found(found_by(expand=False))[0]


def test_of_a_property_the_name_minds_its_case_and_the_value_does_not(book, found):
    book(MEGAN)
    assert len(found(found_by(value=VALUE.upper()))) == 1
    assert len(found(found_by(mark=MARK.replace("66f5", "66F5")))) == 1
    assert found(found_by(mark=MARK.replace("Booking", "booking"))) == []
    assert found(found_by(value="another")) == []


def test_an_answer_may_be_narrowed_down_and_in_pages(book, found, cloud):
    cloud.switches.duplicate_transaction = "made_again"
    for _ in range(12):
        book(MEGAN)
    assert len(found()) == 10
    assert len(found(found_by(**{"$skip": "10"}))) == 2
    (event,) = found(found_by(**{"$select": "iCalUId", "$top": "1"}))
    assert event.keys() == {"@odata.etag", "id", "iCalUId", "singleValueExtendedProperties"}


def test_immutable_ids_are_asked_for_and_both_kinds_lead_to_the_event(book, found, call):
    plain = book(MEGAN)
    (immutable,) = found(headers=IMMUTABLE)
    assert immutable["id"] != plain["id"]
    for id in (plain["id"], immutable["id"]):
        response = call("PATCH", f"{EVENTS}/{quote(id, safe='')}", LATER, caller=BOOKER, headers=IMMUTABLE)
        assert json.loads(response.body)["id"] == immutable["id"]
        assert response.headers["Preference-Applied"] == 'outlook.timezone="UTC", IdType="ImmutableId"'


def test_a_copy_made_in_outlook_carries_the_mark_too(cloud, book, found):
    id = book(MEGAN)["iCalUId"]
    control(cloud, "POST", "change", {"do": "copy_event", "mailbox": cast.ALEX, "event": VALUE})
    assert {each["iCalUId"] == id for each in found()} == {True, False}


@pytest.mark.parametrize(("switch", "copies"), [("dropped", 0), ("kept", 1)])
def test_an_attendees_copy_may_keep_the_mark(cloud, book, call, switch, copies):
    cloud.switches.attendee_copy_properties = switch
    book(MEGAN)
    there = found_by().replace("AlexW", "MeganB")
    rows = json.loads(call("GET", there, caller=BOOKER).body)["value"]
    assert [each["isOrganizer"] for each in rows] == [False] * copies
    for each in rows:
        path = f"{USERS}/{MEGAN}/events/{each['id']}/cancel"
        assert call("POST", path, {}, caller=BOOKER).status == 400


# Moved and cancelled


def test_a_moved_event_moves_for_everybody_and_asks_again(cloud, book, call, found, view):
    event = book(MEGAN)
    control(cloud, "POST", "change", {"do": "answer_event", "mailbox": MEGAN, "event": VALUE, "response": "accepted"})
    response = call("PATCH", f"{EVENTS}/{event['id']}", LATER, caller=BOOKER)
    assert response.status == 200
    assert json.loads(response.body)["end"]["dateTime"] == "2026-11-25T08:30:00.0000000"
    assert found()[0]["start"]["dateTime"] == "2026-11-25T08:00:00.0000000"
    assert found()[0]["attendees"][0]["status"]["response"] == "none"
    assert (view("AlexW@contoso.com"), view(MEGAN)) == ("000000", "000000")
    assert [each["what"] for each in cloud.state.invitations] == ["meeting", "meeting_moved"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"subject": "Other"},
        {"transactionId": "x"},
        {"end": {"dateTime": "2026-11-23T08:00:00", "timeZone": "UTC"}},
        {"start": {"dateTime": "soon", "timeZone": "UTC"}},
    ],
)
def test_only_another_time_is_written_and_a_possible_one(book, call, found, body):
    event = book(MEGAN)
    assert call("PATCH", f"{EVENTS}/{event['id']}", body, caller=BOOKER).status == 400
    assert found()[0]["start"] == event["start"]
    assert found()[0]["changeKey"] == event["changeKey"]


@pytest.mark.parametrize(("method", "way", "status"), [("POST", "/cancel", 202), ("DELETE", "", 204)])
def test_a_cancelled_event_gives_everybody_their_time_back(cloud, book, call, found, view, method, way, status):
    event = book(MEGAN)
    body = {"comment": "Sorry."} if way else None
    assert call(method, f"{EVENTS}/{event['id']}{way}", body, caller=BOOKER).status == status
    assert found() == []
    assert (view("AlexW@contoso.com"), view(MEGAN)) == ("000000", "000000")
    assert cloud.state.invitations[-1]["what"] == "meeting_cancelled"
    again = call(method, f"{EVENTS}/{event['id']}{way}", body, caller=BOOKER)
    assert (again.status, code(again)) == (404, "ErrorItemNotFound")


def test_a_cancelled_event_may_stay_marked_as_such(cloud, book, call, found, view):
    cloud.switches.cancelled_event = "kept"
    event = book(MEGAN)
    assert call("POST", f"{EVENTS}/{event['id']}/cancel", {}, caller=BOOKER).status == 202
    assert found()[0]["isCancelled"] is True
    assert view("AlexW@contoso.com") == "000000"
    assert call("POST", f"{EVENTS}/{event['id']}/cancel", {}, caller=BOOKER).status == 400


def test_an_event_that_changed_meanwhile_is_left_alone(cloud, book, call):
    event = book(MEGAN)
    seen = {"if-match": event["@odata.etag"]}
    control(cloud, "POST", "change", {"do": "move_event", "mailbox": cast.ALEX, "event": VALUE,
                                      "start": "2026-11-26T08:00:00Z", "end": "2026-11-26T09:00:00Z"})  # fmt: skip
    response = call("PATCH", f"{EVENTS}/{event['id']}", LATER, caller=BOOKER, headers=seen)
    assert (response.status, code(response)) == (412, "ErrorIrresolvableConflict")
    assert call("PATCH", f"{EVENTS}/{event['id']}", LATER, caller=BOOKER).status == 200


def test_exchange_may_change_a_new_event_at_once(cloud, book, call, found):
    cloud.switches.event_settles = True
    event = book(MEGAN)
    seen = {"if-match": event["@odata.etag"]}
    assert call("PATCH", f"{EVENTS}/{event['id']}", LATER, caller=BOOKER, headers=seen).status == 412
    assert found()[0]["@odata.etag"] != event["@odata.etag"]


def test_what_was_deleted_in_outlook_is_gone(cloud, book, call, found):
    event = book(MEGAN)
    control(cloud, "POST", "change", {"do": "delete_event", "mailbox": cast.ALEX, "event": VALUE})
    assert found() == []
    for method, way in (("PATCH", ""), ("POST", "/cancel"), ("DELETE", "")):
        assert call(method, f"{EVENTS}/{event['id']}{way}", LATER, caller=BOOKER).status == 404


def test_a_write_may_take_a_while_to_be_seen(cloud, book, call, found):
    cloud.switches.events_visible_after_seconds = 30
    event = book(MEGAN)
    assert found() == []
    cloud.advance(31)
    assert len(found()) == 1
    call("PATCH", f"{EVENTS}/{event['id']}", LATER, caller=BOOKER)
    assert found()[0]["start"] == event["start"]
    cloud.advance(31)
    assert found()[0]["start"]["dateTime"].startswith("2026-11-25")
    call("POST", f"{EVENTS}/{event['id']}/cancel", {}, caller=BOOKER)
    assert len(found()) == 1
    cloud.advance(31)
    assert found() == []


# What stays closed


def test_nobody_without_calendars_readwrite_makes_or_changes_events(book, call):
    event = book(MEGAN)
    reads = Caller(cast.BOOKER_APP, cast.CONTOSO, None, frozenset({"Calendars.Read"}), frozenset())
    basics = Caller(cast.BOOKER_APP, cast.CONTOSO, None, frozenset({"Calendars.ReadBasic.All"}), frozenset())
    assert call("GET", found_by(), caller=reads).status == 200
    assert call("GET", found_by(), caller=basics).status == 403
    assert call("POST", EVENTS, meeting(), caller=reads).status == 403
    assert call("PATCH", f"{EVENTS}/{event['id']}", LATER, caller=reads).status == 403


def test_a_person_books_in_the_own_calendar_only(call):
    def person(oid):
        return Caller(cast.BOOKER_APP, cast.CONTOSO, oid, frozenset(), frozenset({"Calendars.ReadWrite"}))

    assert call("POST", "/v1.0/me/events", meeting(MEGAN), caller=person(cast.ALEX)).status == 201
    assert call("POST", EVENTS, meeting(MEGAN), caller=person(cast.ALEX)).status == 201
    assert call("POST", EVENTS, meeting(MEGAN), caller=person(cast.MEGAN)).status == 403
    mine = found_by().replace(EVENTS, "/v1.0/me/events")
    assert len(json.loads(call("GET", mine, caller=person(cast.ALEX)).body)["value"]) == 1


def closed(id="AAMk="):
    """Every way to ask for events that nobody here may go."""
    filter = quote(f"singleValueExtendedProperties/any(ep: ep/id eq '{MARK}' and ep/value eq '{VALUE}')")
    wider = (
        "", "?$top=1", f"?$filter={quote('isCancelled eq true')}", f"?$filter={filter}{quote(' or true')}",
        f"?$filter={filter.replace('eq', 'ne')}", f"?$filter={filter}&$orderby=start", f"?$filter={filter}&$search=x",
        f"?$filter={quote('singleValueExtendedProperties/any(ep: true)')}", f"?filter={filter}",
    )  # fmt: skip
    yield from (("GET", EVENTS + query) for query in wider)
    yield from (("GET", f"{EVENTS}/{id}{rest}") for rest in ("/instances", "/attachments", "/calendar"))
    yield from (
        ("POST", f"{EVENTS}/{id}/{act}") for act in ("accept", "forward", "tentativelyAccept", "snoozeReminder")
    )
    yield from (("GET", f"{PRIMARY}/{name}") for name in ("events", "calendarView", "events/" + id))
    yield ("POST", f"{PRIMARY}/events")
    yield ("PUT", f"{EVENTS}/{id}")
    yield ("GET", found_by().replace("/v1.0/", "/beta/"))
    yield ("POST", EVENTS.replace("/v1.0/", "/beta/"))
    yield ("GET", f"{ALEX}/calendarView?startDateTime=2026-11-24&endDateTime=2026-11-25")
    yield ("GET", f"{ALEX}/microsoft.graph.reminderView(StartDateTime='1',EndDateTime='2')")


@pytest.mark.parametrize(("method", "path"), list(closed()))
def test_every_other_way_to_events_stays_closed_and_is_known_for_what_it_is(cloud, book, call, method, path):
    id = book(MEGAN)["id"]
    path = path.replace("AAMk=", id)
    assert call(method, path, meeting() if method == "POST" else None, caller=BOOKER).status == 403
    address, _, query = path.partition("?")
    assert kind(Request(method, address, query)) == "events"
    assert cloud.graph.kind(BOOKER, Request(method, address, query)) == "events"


def ways(id):
    return [("GET", f"{EVENTS}/{id}"), ("PATCH", f"{EVENTS}/{id}"), ("DELETE", f"{EVENTS}/{id}"),
            ("POST", f"{EVENTS}/{id}/cancel")]  # fmt: skip


def test_an_event_of_somebody_else_is_neither_read_nor_touched_and_counted(cloud, book, call):
    control(cloud, "POST", "change", {"do": "appointment", "mailbox": cast.ALEX,
                                      "start": "2026-11-24T09:00:00Z", "end": "2026-11-24T10:00:00Z"})  # fmt: skip
    (theirs,) = cloud.state.tenants[cast.CONTOSO].users[cast.ALEX].mailbox.events.values()
    before = cloud.state.dump()["tenants"]
    for id in (theirs.id, theirs.immutable_id):
        for method, path in ways(id):
            assert call(method, path, LATER, caller=BOOKER).status == 403
            assert cloud.graph.kind(BOOKER, Request(method, path)) == "events"
    assert cloud.state.dump()["tenants"] == before


def test_an_event_of_another_app_is_somebody_elses(cloud, book, call):
    id = book(MEGAN, by=OTHER_APP)["id"]
    for method, path in ways(id):
        assert call(method, path, LATER, caller=BOOKER).status == 403
    assert call("GET", found_by(), caller=BOOKER).status == 403
    address, _, query = found_by().partition("?")
    assert cloud.graph.kind(BOOKER, Request("GET", address, query)) == "events"
    assert call("GET", f"{EVENTS}/{id}", caller=OTHER_APP).status == 200


# Over the wire


def booker_token(cloud):
    control(cloud, "POST", "consent", {"client_id": cast.BOOKER_APP})
    asked = {"client_id": cast.BOOKER_APP, "client_secret": "sandbox-secret-of-the-booker"}
    scope = "https://graph.microsoft.com/.default"
    return ask_token(cloud, grant_type="client_credentials", scope=scope, **asked)[1]["access_token"]


def test_the_log_tells_schedules_own_events_and_reads_of_others_apart(cloud):
    token, portal = booker_token(cloud), app_token(cloud)
    control(cloud, "DELETE", "log")
    short = found_by().removeprefix("/v1.0")
    made = json.loads(graph(cloud, "/users/AlexW@contoso.com/events", token, "POST", meeting(MEGAN)).body)
    assert graph(cloud, short, token).status == 200
    assert graph(cloud, f"/users/AlexW@contoso.com/events/{made['id']}", token, "PATCH", LATER).status == 200
    body = {"schedules": [MEGAN], "startTime": LATER["start"], "endTime": LATER["end"]}
    assert graph(cloud, "/users/AlexW@contoso.com/calendar/getSchedule", portal, "POST", body).status == 200
    stats = control(cloud, "GET", "stats")
    assert (stats["by_kind"], stats["event_reads"]) == ({"own_event": 3, "schedule": 1}, 0)
    assert [each.method for each in cloud.log.writes()] == ["POST", "PATCH"]
    assert graph(cloud, f"/users/AlexW@contoso.com/events/{made['id']}", portal, "DELETE").status == 403
    assert graph(cloud, "/users/AlexW@contoso.com/events", token).status == 403
    assert control(cloud, "GET", "stats")["event_reads"] == 2


def test_a_deleted_event_is_logged_as_the_own_one_it_was(cloud):
    token = booker_token(cloud)
    made = json.loads(graph(cloud, "/users/AlexW@contoso.com/events", token, "POST", meeting(MEGAN)).body)
    assert graph(cloud, f"/users/AlexW@contoso.com/events/{made['id']}", token, "DELETE").status == 204
    assert control(cloud, "GET", "stats")["event_reads"] == 0


def test_events_and_what_was_sent_outlive_the_process(tmp_path):
    cloud = Cloud(state_file=tmp_path / "state.json")
    token = booker_token(cloud)
    graph(cloud, "/users/AlexW@contoso.com/events", token, "POST", meeting(MEGAN))
    again = Cloud(state_file=tmp_path / "state.json")
    assert again.state.dump() == cloud.state.dump()
    assert len(json.loads(graph(again, found_by().removeprefix("/v1.0"), token).body)["value"]) == 1


def test_reads_of_others_events_are_counted_for_good(cloud):
    before, token = RequestLog.event_reads_ever, booker_token(cloud)
    graph(cloud, f"/users/{MEGAN}/events", token)
    steps = [{"id": "1", "method": "GET", "url": f"/users/{MEGAN}/calendarView"}]
    graph(cloud, "/$batch", token, "POST", {"requests": steps})
    send(cloud, "GET", f"http://127.0.0.1/v1.0/users/{MEGAN}/messages")
    control(cloud, "DELETE", "log")
    control(cloud, "POST", "reset")
    assert RequestLog.event_reads_ever == before + 3
    assert control(cloud, "GET", "stats")["event_reads"] == 0
