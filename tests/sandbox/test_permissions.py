"""calendarPermissions: what lists show, what changes do, and every way Appendix A of the contract leaves open."""

from datetime import timedelta

import pytest

from sandbox import cast, ids
from sandbox.graph.switches import BOUNDS, CHOICES, Switches
from sandbox.rows import DELEGATE_ROLES, ROLES
from tests.sandbox.calls import ALEX, DEFAULT, KIDS, PRIMARY, USERS, caller, code

ROWS = f"{KIDS}/calendarPermissions"
ADELE = f"{ROWS}/{cast.ADELES_ROW}"
MEGAN = f"{PRIMARY}/calendarPermissions/{cast.MEGANS_ROW}"
PEOPLE = list(ROLES[1:5])


def named(ask, owner, name):
    """The path of somebody's calendar."""
    calendars = ask("GET", f"{USERS}/{owner}@contoso.com/calendars?$top=100")["value"]
    id = next(each["id"] for each in calendars if each["name"] == name)
    return f"{USERS}/{owner}@contoso.com/calendars/{id}"


def rows(ask, path):
    return {
        row["emailAddress"].get("address") or row["emailAddress"]["name"]: row
        for row in ask("GET", f"{path}/calendarPermissions")["value"]
    }


def test_allowed_roles_depend_on_the_holder_and_the_calendar(ask):
    primary = rows(ask, f"{USERS}/LeeG@contoso.com/calendar")
    assert primary["RebekaS@contoso.com"]["allowedRoles"] == list(ROLES[1:7])
    assert primary["executives@contoso.com"]["allowedRoles"] == list(ROLES[1:7])
    lab = rows(ask, named(ask, "GradyA", "Shared lab"))
    assert lab["AishaB@contoso.com"]["allowedRoles"] == PEOPLE
    assert lab["piet@tailspintoys.com"]["allowedRoles"] == ["freeBusyRead", "limitedRead", "read"]
    assert lab["My Organization"]["allowedRoles"] == list(ROLES[:5])


def test_a_guest_and_a_stranger_are_outside_the_organization(ask):
    plan = rows(ask, named(ask, "PradeepG", "Launch plan"))
    assert plan["grace@tailspintoys.com"]["id"] == ids.outside_id("grace@tailspintoys.com")
    outside = {name for name, row in plan.items() if not row["isInsideOrganization"]}
    assert outside == {"grace@tailspintoys.com", "tomas.rey@tailspintoys.com"}


def test_the_organization_row_has_one_id_everywhere_and_cannot_be_removed(ask):
    for path in (PRIMARY, KIDS, f"{USERS}/adams@contoso.com/calendar"):
        row = rows(ask, path)["My Organization"]
        assert (row["id"], row["isRemovable"], "address" in row["emailAddress"]) == (DEFAULT, False, False)


def test_the_row_of_a_deleted_person_has_no_address_and_gets_it_back(cloud, ask):
    shifts = named(ask, "LeeG", "Factory shifts")
    gone = [row for row in rows(ask, shifts).values() if row["emailAddress"]["name"].startswith("NT:S-1-5-21-")]
    assert [set(row["emailAddress"]) for row in gone] == [{"name"}]
    cloud.state.apply({"do": "restore_user", "mailbox": "IrvinS@contoso.com"})
    assert rows(ask, shifts)["IrvinS@contoso.com"]["id"] == gone[0]["id"]


def test_a_row_is_found_by_an_id_with_every_character(ask):
    path = f"{USERS}/renee@contoso.com/calendar/calendarPermissions/L289RXhjaGFuZ2VMYWJz%2F3R%2BaGluZw%3D%3D"
    assert ask("GET", path)["emailAddress"]["address"] == "zalgo@contoso.com"


def test_sixty_sharees_come_on_one_page(ask):
    answer = ask("GET", f"{named(ask, 'LynneR', 'Autumn conference')}/calendarPermissions")
    assert len(answer["value"]) == 61
    assert "@odata.nextLink" not in answer


def test_select_and_count_work(ask, call):
    first = ask("GET", f"{ROWS}?$select=role")["value"][0]
    assert first == {"id": cast.ADELES_ROW, "role": "read"}
    assert call("GET", f"{ROWS}/$count").body == b"3"


def test_a_change_is_read_back_at_once_and_the_sharee_sees_it_too(ask):
    adele = f"{USERS}/AdeleV@contoso.com/calendars"
    assert ask("PATCH", ADELE, {"role": "write"})["role"] == "write"
    assert rows(ask, KIDS)["AdeleV@contoso.com"]["role"] == "write"
    copy = next(each for each in ask("GET", adele)["value"] if each["name"] == "Kids parties")
    assert copy["canEdit"]


def test_a_removed_sharee_is_gone_from_the_list_and_loses_the_copy(cloud, ask, call):
    version = cloud.state.version
    assert call("DELETE", ADELE).status == 204
    assert "AdeleV@contoso.com" not in rows(ask, KIDS)
    assert "Kids parties" not in {each["name"] for each in ask("GET", f"{USERS}/{cast.ADELE}/calendars")["value"]}
    assert cloud.state.version > version


def test_removing_a_delegate_takes_them_out_of_the_meeting_rule(cloud, call):
    alex = cloud.state.tenants[cast.CONTOSO].users[cast.ALEX].mailbox
    assert alex.rule == [cast.MEGAN]
    call("DELETE", MEGAN)
    assert alex.rule == []


def test_the_organization_may_be_given_any_of_its_roles(ask):
    for role in ROLES[:5]:
        assert ask("PATCH", f"{ROWS}/{DEFAULT}", {"role": role})["role"] == role


def test_an_invitation_makes_a_row_and_no_copy_until_it_is_accepted(cloud, ask):
    body = {"emailAddress": {"address": "leeg@contoso.com"}, "role": "read", "isRemovable": False}
    made = ask("POST", ROWS, body)
    assert (made["emailAddress"], made["isRemovable"]) == ({"name": "Lee Gu", "address": "LeeG@contoso.com"}, True)
    sent = cloud.state.invitations
    assert [(each["what"], each["from"], each["to"]) for each in sent] == [
        ("invited", "AlexW@contoso.com", "LeeG@contoso.com")
    ]
    lee = ask("GET", f"{USERS}/LeeG@contoso.com/calendars?$top=100")["value"]
    assert "Kids parties" not in {each["name"] for each in lee}


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("PATCH", ADELE, {"role": "bogus"}, "RequestBodyRead"),
        ("PATCH", ADELE, {"role": 4}, "RequestBodyRead"),
        ("PATCH", ADELE, {"surprise": 1}, "RequestBodyRead"),
        ("PATCH", ADELE, ["role"], "RequestBodyRead"),
        ("PATCH", ADELE, {"role": "custom"}, "ErrorInvalidRequest"),
        ("PATCH", ADELE, {"role": "delegateWithoutPrivateEventAccess"}, "ErrorInvalidRequest"),
        ("POST", ROWS, {"emailAddress": {"address": "leeg@contoso.com"}}, "ErrorInvalidRequest"),
        ("POST", ROWS, {"role": "read"}, "ErrorInvalidRequest"),
        ("POST", ROWS, {"emailAddress": {"address": "lee"}, "role": "read"}, "ErrorInvalidRequest"),
        ("POST", ROWS, {"emailAddress": {"address": "leeg@contoso.com"}, "role": "none"}, "ErrorInvalidRequest"),
    ],
)
def test_a_change_that_cannot_be_is_refused_and_changes_nothing(cloud, call, method, path, body, expected):
    before = cloud.state.dump()
    response = call(method, path, body)
    assert (response.status, code(response)) == (400, expected)
    assert cloud.state.dump() == before


# Switches: name, value, call, status and code it must lead to. The first value of each is the default.
SHARE_ADELE = {"emailAddress": {"address": "adelev@contoso.com"}, "role": "write"}
SHARE_LEE = {"emailAddress": {"address": "LeeG@contoso.com"}}
NONE = {"role": "none"}
COPY = f"{USERS}/MeganB@contoso.com/calendars/{cast.MEGANS_COPY_OF_ALEX}/calendarPermissions"
DELEGATE = {"role": DELEGATE_ROLES[0]}
STRANGER = {"emailAddress": {"address": "aunt@example.com"}, "role": "read"}
ALLOWED_FOR_STRANGER = f"{PRIMARY}/allowedCalendarSharingRoles(User='aunt%40example.com')"
DEFAULT_CALENDAR = f"{ALEX}/calendars/{cast.ALEX_PRIMARY}"
OWEN = f"{USERS}/OwenF@contoso.com/calendar"
UNKNOWN = f"{ROWS}/L289RXhjaGFuZ2VMYWJub2JvZHk="
OUTCOMES = [
    ("role_not_allowed", "ErrorInvalidRequest", "PATCH", ADELE, DELEGATE, 400, "ErrorInvalidRequest"),
    ("role_not_allowed", "ErrorInvalidArgument", "PATCH", ADELE, DELEGATE, 400, "ErrorInvalidArgument"),
    ("role_not_allowed", "ErrorAccessDenied", "PATCH", ADELE, DELEGATE, 403, "ErrorAccessDenied"),
    ("role_not_allowed", "ErrorInternalServerError", "PATCH", ADELE, NONE, 500, "ErrorInternalServerError"),
    ("read_only_member_patched", "ignored", "PATCH", ADELE, {"isRemovable": False, "role": "write"}, 200, None),
    ("read_only_member_patched", "refused", "PATCH", ADELE, {"isRemovable": False, "role": "write"}, 400, None),
    ("none_for_a_person", "refused", "PATCH", ADELE, NONE, 400, "ErrorInvalidRequest"),
    ("none_for_a_person", "deleted", "PATCH", ADELE, NONE, 204, None),
    ("organization_row_deleted", "ErrorInvalidRequest", "DELETE", f"{ROWS}/{DEFAULT}", None, 400, None),
    ("organization_row_deleted", "ErrorAccessDenied", "DELETE", f"{ROWS}/{DEFAULT}", None, 403, None),
    ("organization_row_deleted", "ErrorInternalServerError", "DELETE", f"{ROWS}/{DEFAULT}", None, 500, None),
    *(
        ("unknown_permission", answer, method, UNKNOWN, body, status, answer)
        for method, body in (("GET", None), ("PATCH", {"role": "read"}), ("DELETE", None))
        for answer, status in (
            ("ErrorInternalServerError", 500),
            ("ErrorItemNotFound", 404),
            ("ErrorNotSupported", 400),
        )
    ),
    ("duplicate_share", "updated", "POST", ROWS, SHARE_ADELE, 201, None),
    ("duplicate_share", "refused", "POST", ROWS, SHARE_ADELE, 400, None),
    ("delegate_created", "accepted", "POST", f"{PRIMARY}/calendarPermissions", SHARE_LEE | DELEGATE, 201, None),
    ("delegate_created", "refused", "POST", f"{PRIMARY}/calendarPermissions", SHARE_LEE | DELEGATE, 400, None),
    ("role_too_high_created", "refused", "POST", ROWS, SHARE_LEE | DELEGATE, 400, "ErrorInvalidRequest"),
    ("role_too_high_created", "lowered", "POST", ROWS, SHARE_LEE | DELEGATE, 201, None),
    ("unresolved_address_created", "accepted", "POST", ROWS, STRANGER, 201, None),
    ("unresolved_address_created", "refused", "POST", ROWS, STRANGER, 400, "ErrorInvalidRequest"),
    ("created_status", 201, "POST", ROWS, STRANGER, 201, None),
    ("created_status", 200, "POST", ROWS, STRANGER, 200, None),
    ("default_calendar_deleted", "ErrorDeleteDistinguishedFolder", "DELETE", DEFAULT_CALENDAR, None, 400, None),
    ("default_calendar_deleted", "ErrorAccessDenied", "DELETE", DEFAULT_CALENDAR, None, 403, None),
    ("calendar_alias", "refused", "GET", f"{ALEX}/calendars/primary", None, 400, "ErrorInvalidIdMalformed"),
    ("calendar_alias", "works", "GET", f"{ALEX}/calendars/primary", None, 200, None),
    ("unresolved_address_asked", "outside", "GET", ALLOWED_FOR_STRANGER, None, 200, None),
    ("unresolved_address_asked", "refused", "GET", ALLOWED_FOR_STRANGER, None, 400, "ErrorInvalidRequest"),
    ("permissions_of_a_copy", "empty", "GET", COPY, None, 200, None),
    ("permissions_of_a_copy", "ErrorNotSupported", "GET", COPY, None, 400, "ErrorNotSupported"),
    ("on_premises_answer", "MailboxNotEnabledForRESTAPI", "GET", OWEN, None, 404, None),
    ("on_premises_answer", "extensionError", "GET", OWEN, None, 403, "extensionError"),
    ("store_error_answer", "ErrorItemNotFound", "GET", f"{USERS}/CameronW@contoso.com/calendar", None, 404, None),
    ("store_error_answer", "ErrorAccessDenied", "GET", f"{USERS}/CameronW@contoso.com/calendar", None, 403, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("switch", "value", "method", "path", "body", "status", "expected"),
    OUTCOMES,
    ids=[f"{each[0]}={each[1]} {each[2]}" for each in OUTCOMES],
)
def test_a_switch_decides_what_the_documents_leave_open(
    cloud, call, switch, value, method, path, body, status, expected
):
    cloud.switches.change({switch: value})
    response = call(method, path, body)
    assert response.status == status
    assert expected is None or code(response) == expected


def test_every_switch_has_its_default_first_and_its_choices_known():
    defaults = Switches().plain()
    assert all(CHOICES[name][0] == defaults[name] for name in CHOICES)
    assert set(defaults) - set(CHOICES) == {"organization_name", "consent_lag_requests", "refused_command", *BOUNDS}


@pytest.mark.parametrize(
    "wanted",
    [
        {"no_such_switch": 1},
        {"created_status": 418},
        {"visible_after_seconds": 61},
        {"visible_after_seconds": "5"},
        {"anonymous_row": "yes"},
        {"organization_name": None},
    ],
)
def test_a_switch_refuses_what_it_does_not_know_and_nothing_is_set(cloud, wanted):
    before = cloud.switches.plain()
    with pytest.raises(ValueError, match="."):
        cloud.switches.change({"delta_gone": True, **wanted})
    assert cloud.switches.plain() == before


def test_rows_of_a_list_follow_the_switches(cloud, ask):
    change = cloud.switches.change
    lab, experiments = named(ask, "GradyA", "Shared lab"), named(ask, "GradyA", "Experiments")
    everything = len(rows(ask, lab))
    change({"organization_row_on_named_calendars": "absent"})
    assert "My Organization" not in rows(ask, lab)
    assert "My Organization" in rows(ask, f"{USERS}/GradyA@contoso.com/calendar")
    change({"organization_row_on_named_calendars": "present", "anonymous_row": True})
    assert rows(ask, lab)["Anonymous"]["role"] == "none"
    change({"anonymous_row": False, "orphaned_row": "dropped"})
    assert len(rows(ask, lab)) == everything - 1
    change({"orphaned_row": "shown", "organization_name": "Mi organización"})
    assert rows(ask, lab)["Mi organización"]["id"] == DEFAULT
    assert rows(ask, experiments)["RaulR@contoso.com"]["allowedRoles"] == PEOPLE
    change({"custom_in_allowed_roles": True})
    assert rows(ask, experiments)["RaulR@contoso.com"]["allowedRoles"] == [*PEOPLE, "custom"]


def test_rooms_may_have_no_delegates(cloud, ask):
    room = f"{USERS}/adams@contoso.com/calendar"
    assert set(DELEGATE_ROLES) < set(rows(ask, room)["FionaM@contoso.com"]["allowedRoles"])
    cloud.switches.change({"resource_owner_delegates": False})
    assert rows(ask, room)["FionaM@contoso.com"]["allowedRoles"] == PEOPLE


def test_permissions_may_come_by_tens(cloud, ask):
    cloud.switches.change({"permission_pages": "tens"})
    path = f"{named(ask, 'LynneR', 'Autumn conference')}/calendarPermissions"
    found = []
    for _ in range(7):
        page = ask("GET", path)
        found += page["value"]
        path = page.get("@odata.nextLink", "").removeprefix("http://127.0.0.1:8010")
    assert path == ""
    assert len({row["id"] for row in found}) == 61


def test_calendars_may_all_come_at_once(cloud, ask):
    cloud.switches.change({"calendar_page_size": 0})
    assert len(ask("GET", f"{USERS}/DeliaD@contoso.com/calendars")["value"]) == 14


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "POST"])
def test_a_change_may_be_seen_later(cloud, ask, call, monkeypatch, method):
    cloud.switches.change({"visible_after_seconds": 30})
    before = rows(ask, KIDS)
    path, body = (ROWS, STRANGER) if method == "POST" else (ADELE, {"role": "write"})
    assert call(method, path, body).status in (200, 201, 204)
    assert rows(ask, KIDS) == before
    later = cloud.now() + timedelta(seconds=31)
    monkeypatch.setattr(cloud, "now", lambda: later)
    assert rows(ask, KIDS) != before


def test_mail_may_be_sent_for_changes(cloud, call):
    call("PATCH", ADELE, {"role": "write"})
    assert cloud.state.invitations == []
    cloud.switches.change({"mail_on_change": True})
    call("PATCH", ADELE, {"role": "read"})
    call("DELETE", ADELE)
    assert [each["what"] for each in cloud.state.invitations] == ["changed", "removed"]


@pytest.mark.parametrize(("value", "same"), [("stable", True), ("regenerated", False)])
def test_a_person_shared_with_again_has_the_same_id_or_another(cloud, ask, call, value, same):
    cloud.switches.change({"permission_ids": value})
    call("DELETE", ADELE)
    made = ask("POST", ROWS, {"emailAddress": {"address": "AdeleV@contoso.com"}, "role": "read"})
    assert (made["id"] == cast.ADELES_ROW) == same


def test_the_meeting_rule_may_be_left_behind(cloud, call):
    cloud.switches.change({"rule_left_behind": True})
    call("DELETE", MEGAN)
    assert cloud.state.tenants[cast.CONTOSO].users[cast.ALEX].mailbox.rule == [cast.MEGAN]


def test_a_policy_may_cover_basic_reading(cloud, call):
    basic = caller("Calendars.ReadBasic.All")
    path = f"{USERS}/BiancaP@contoso.com/calendars"
    assert call("GET", path, caller=basic).status == 200
    cloud.switches.change({"policy_covers_read_basic": True})
    assert "OData is disabled" in call("GET", path, caller=basic).body.decode()


def test_a_second_share_changes_the_first_and_a_role_too_high_may_be_lowered(cloud, ask):
    assert ask("POST", ROWS, SHARE_ADELE)["id"] == cast.ADELES_ROW
    assert rows(ask, KIDS)["AdeleV@contoso.com"]["role"] == "write"
    assert cloud.state.invitations == []
    cloud.switches.change({"role_too_high_created": "lowered"})
    assert ask("POST", ROWS, SHARE_LEE | DELEGATE)["role"] == "write"
    assert ask("POST", ROWS, STRANGER | {"role": "write"})["role"] == "read"


@pytest.mark.parametrize(("value", "expected"), [("text", "shared"), ("object", {"value": "shared"}), ("absent", None)])
def test_the_purpose_of_a_mailbox_has_three_shapes(cloud, ask, value, expected):
    cloud.switches.change({"user_purpose": value})
    assert ask("GET", f"{USERS}/press@contoso.com/mailboxSettings").get("userPurpose") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("truthful", [True, False]),
        ("absent", [None, None]),
        ("never_true", [False, False]),
        ("always_true", [True, True]),
    ],
)
def test_the_default_calendar_may_be_unmarked(cloud, ask, value, expected):
    cloud.switches.change({"is_default_calendar": value})
    calendars = ask("GET", f"{ALEX}/calendars")["value"]
    assert [each.get("isDefaultCalendar") for each in calendars] == expected
    assert ask("GET", PRIMARY)["id"] == cast.ALEX_PRIMARY
