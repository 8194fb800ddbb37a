"""Who may ask Graph for what, and how each refusal reads."""

import json

import pytest

from sandbox import cast, ids
from sandbox.graph import kind
from sandbox.http import Request
from tests.sandbox.calls import ALEX, DEFAULT, KIDS, PRIMARY, USERS, caller, code

SALES = f"/v1.0/groups/{ids.object_id('group', 'Sales Team')}"
ROLES_NEEDED = [
    ("GET", USERS, "User.Read.All", "Authorization_RequestDenied"),
    ("GET", f"{USERS}/delta", "User.Read.All", "Authorization_RequestDenied"),
    ("GET", "/v1.0/organization", "Organization.Read.All", "Authorization_RequestDenied"),
    ("GET", "/v1.0/groups", "GroupMember.Read.All", "Authorization_RequestDenied"),
    ("GET", f"{SALES}/members", "GroupMember.Read.All", "Authorization_RequestDenied"),
    ("GET", f"{SALES}/transitiveMembers", "GroupMember.Read.All", "Authorization_RequestDenied"),
    ("GET", "/v1.0/contacts", "OrgContact.Read.All", "Authorization_RequestDenied"),
    ("GET", f"{ALEX}/calendars", "Calendars.ReadBasic.All", "ErrorAccessDenied"),
    ("GET", f"{PRIMARY}/calendarPermissions", "Calendars.ReadBasic.All", "ErrorAccessDenied"),
    ("GET", f"{PRIMARY}/calendarPermissions/{DEFAULT}", "Calendars.Read", "ErrorAccessDenied"),
    ("GET", PRIMARY, "Calendars.Read", "ErrorAccessDenied"),
    ("DELETE", f"{KIDS}/calendarPermissions/{cast.MEGANS_ROW}", "Calendars.ReadWrite", "ErrorAccessDenied"),
    ("DELETE", KIDS, "Calendars.ReadWrite", "ErrorAccessDenied"),
    ("GET", f"{ALEX}/mailboxSettings", "MailboxSettings.Read", "ErrorAccessDenied"),
]


@pytest.mark.parametrize(("method", "path", "role", "refusal"), ROLES_NEEDED)
def test_a_call_needs_its_role(call, method, path, role, refusal):
    response = call(method, path, caller=caller("Mail.Read"))
    assert (response.status, code(response)) == (403, refusal)
    assert call(method, path, caller=caller(role)).status in (200, 204)


def test_reading_is_not_writing(call):
    reader = caller("Calendars.Read", "MailboxSettings.Read")
    row = f"{KIDS}/calendarPermissions/{cast.ADELES_ROW}"
    assert call("PATCH", row, {"role": "write"}, caller=reader).status == 403
    assert call("PATCH", f"{ALEX}/mailboxSettings", {"timeZone": "UTC"}, caller=reader).status == 403


def test_the_basic_profile_hides_the_rest(call):
    basic = caller("User.ReadBasic.All")
    assert call("GET", f"{USERS}?$select=displayName", caller=basic).status == 200
    assert code(call("GET", f"{USERS}?$select=accountEnabled", caller=basic)) == "Authorization_RequestDenied"


def test_a_person_reaches_the_own_mailbox_and_no_other(call, ask):
    alex = caller("Calendars.ReadWrite", "MailboxSettings.ReadWrite", "User.Read", oid=cast.ALEX)
    assert ask("GET", "/v1.0/me", caller=alex)["id"] == cast.ALEX
    assert len(ask("GET", "/v1.0/me/calendar/calendarPermissions", caller=alex)["value"]) == 2
    assert call("GET", PRIMARY, caller=alex).status == 200
    assert code(call("GET", f"{USERS}/{cast.MEGAN}/calendar", caller=alex)) == "ErrorAccessDenied"
    assert code(call("GET", f"{USERS}/{cast.MEGAN}", caller=alex)) == "Authorization_RequestDenied"


def test_an_application_has_no_me(call):
    assert call("GET", "/v1.0/me/calendar").status == 400


@pytest.mark.parametrize(
    "path",
    [
        *(f"{ALEX}/{name}" for name in ("events", "calendarView", "messages", "mailFolders", "events/AAMk=")),
        *(f"{PRIMARY}/events", f"{KIDS}/events", f"{KIDS}/calendarView", f"{PRIMARY}/getSchedule"),
        f"{ALEX}/calendarGroups/x/calendars/{cast.ALEX_KIDS_PARTIES}/events",
        "/v1.0/me/events",
        "/beta/users('AlexW@contoso.com')/events",
    ],
)
def test_events_are_refused_and_known_for_what_they_are(call, path):
    everything = caller("Calendars.ReadWrite", "Mail.ReadWrite", "Directory.Read.All")
    assert call("GET", path, caller=everything).status == 403
    assert kind(Request("GET", path)) == "events"


def test_a_calendar_key_that_is_called_events_is_no_event_read():
    assert kind(Request("GET", f"{ALEX}/calendars/events/calendarPermissions")) == "permissions"


@pytest.mark.parametrize(
    ("method", "path", "status", "expected"),
    [
        ("GET", f"{USERS}/nobody@contoso.com", 404, "Request_ResourceNotFound"),
        ("GET", f"{USERS}/nobody@contoso.com/calendars", 404, "ErrorInvalidUser"),
        ("GET", f"{USERS}/PattiF@fabrikam.com/calendars", 404, "ErrorInvalidUser"),
        ("GET", f"{USERS}/{ids.object_id('group', 'Executives')}/calendars", 400, "ErrorGroupIsUsedInNonGroupURI"),
        ("GET", f"{ALEX}/calendars/AAMkADAwAABf02bBBBB=", 404, "ErrorItemNotFound"),
        ("GET", f"{ALEX}/calendars/{cast.MEGANS_COPY_OF_ALEX}", 404, "ErrorItemNotFound"),
        ("GET", f"{ALEX}/calendars/short", 400, "ErrorInvalidIdMalformed"),
        ("PUT", PRIMARY, 405, "Request_BadRequest"),
        ("DELETE", PRIMARY, 405, "Request_BadRequest"),
        ("POST", USERS, 405, "Request_BadRequest"),
        ("GET", "/v1.0/planets", 400, "BadRequest"),
        ("GET", "/v1.0/", 400, "BadRequest"),
        ("GET", f"{PRIMARY}/secrets", 400, "BadRequest"),
    ],
)
def test_what_is_not_there_is_refused_in_graphs_words(call, method, path, status, expected):
    response = call(method, path, headers={"client-request-id": "mine"})
    assert (response.status, code(response)) == (status, expected)
    assert response.headers["client-request-id"] == "mine"
    assert json.loads(response.body)["error"]["innerError"]["request-id"] == response.headers["request-id"]


@pytest.mark.parametrize(
    ("who", "status", "expected"),
    [
        ("AlexW@contoso.com", 200, None),
        ("reception@contoso.com", 200, None),
        ("EmilyB@contoso.com", 200, None),
        (cast.GRACE, 404, "MailboxNotEnabledForRESTAPI"),
        ("NoorA@contoso.com", 404, "MailboxNotEnabledForRESTAPI"),
        ("OwenF@contoso.com", 404, "MailboxNotEnabledForRESTAPI"),
        ("BenW@contoso.com", 404, "MailboxNotSupportedForRESTAPI"),
        ("BiancaP@contoso.com", 403, "ErrorAccessDenied"),
        ("CameronW@contoso.com", 404, "ErrorItemNotFound"),
        ("BrianJ@contoso.com", 404, "ErrorInvalidUser"),
        ("MarkK@contoso.com", 404, "ErrorInvalidUser"),
    ],
)
@pytest.mark.parametrize("what", ["calendars", "calendar/calendarPermissions", "mailboxSettings"])
def test_every_mailbox_state_answers_as_the_contract_says(call, who, status, expected, what):
    response = call("GET", f"{USERS}/{who}/{what}")
    assert response.status == status
    assert expected is None or code(response) == expected


def test_a_mailbox_being_made_flips_between_two_refusals_until_it_is_there(cloud, call):
    path = f"{USERS}/PriyaR@contoso.com/calendars"
    assert [code(call("GET", path)) for _ in range(4)] == ["ResourceNotFound", "MailboxNotEnabledForRESTAPI"] * 2
    cloud.state.apply({"do": "mailbox_state", "mailbox": "PriyaR@contoso.com", "state": "ok"})
    assert call("GET", path).status == 200


def test_a_policy_leaves_basic_reading_open(call):
    both = caller("Calendars.ReadBasic.All", "Calendars.Read")
    path = f"{USERS}/BiancaP@contoso.com"
    assert call("GET", f"{path}/calendar/calendarPermissions", caller=both).status == 200
    assert "OData is disabled" in call("GET", f"{path}/calendar", caller=both).body.decode()
