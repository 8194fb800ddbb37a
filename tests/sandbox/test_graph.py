"""The Graph side, call by call: the directory, calendars and settings."""

from datetime import timedelta
from urllib.parse import quote, urlsplit

import pytest

from sandbox import cast, ids
from sandbox.rows import DELIVERY
from tests.sandbox.calls import ALEX, DEFAULT, KIDS, PRIMARY, USERS, caller, code


@pytest.fixture
def pages(ask):
    """Every page of a collection, by its links."""

    def follow(path, **kwargs):
        while path:
            page = ask("GET", path, **kwargs)
            yield page
            link = page.get("@odata.nextLink")
            assert link is None or link.startswith("http://127.0.0.1:8010/")
            path = link and urlsplit(link)._replace(scheme="", netloc="").geturl()

    return follow


# The directory


def test_users_come_with_the_default_properties_by_hundreds(cloud, pages):
    cloud.state.apply({"do": "add_user", "name": "First", "address": "first@contoso.com"})
    for number in range(40):
        cloud.state.apply({"do": "add_user", "name": f"N {number}", "address": f"n{number}@contoso.com"})
    found = list(pages(USERS))
    assert [len(page["value"]) for page in found][0] == 100
    users = [user for page in found for user in page["value"]]
    assert {user["id"] for user in users} == set(cloud.state.tenants[cast.CONTOSO].users)
    assert len(users) == len({user["id"] for user in users})
    assert set(users[0]) == {
        *("businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone"),
        *("officeLocation", "preferredLanguage", "surname", "userPrincipalName"),
    }


def test_nobody_is_skipped_when_somebody_leaves_between_two_pages(cloud, pages):
    expected = [*cloud.state.tenants[cast.CONTOSO].users][1:]
    walk = pages(f"{USERS}?$top=10")
    found = next(walk)["value"]
    cloud.state.apply({"do": "delete_user", "mailbox": found[0]["id"]})
    found += [user for page in walk for user in page["value"]]
    assert [user["id"] for user in found][1:] == expected


@pytest.mark.parametrize(
    ("query", "status", "expected"),
    [
        ("$top=999", 200, None),
        ("$top=1000", 400, "Request_UnsupportedQuery"),
        ("$top=0", 400, "Request_UnsupportedQuery"),
        ("$top=ten", 400, "BadRequest"),
        ("$skip=10", 400, "Request_UnsupportedQuery"),
        ("$skiptoken=rubbish", 400, "Request_BadRequest"),
        ("$select=mailboxSettings", 501, "NotImplemented"),
        ("$select=shoeSize", 400, "BadRequest"),
        ("$filter=userType ne 'Guest'", 400, "Request_UnsupportedQuery"),
        ("$count=true", 400, "Request_UnsupportedQuery"),
        ("$filter=nonsense", 400, "Request_UnsupportedQuery"),
    ],
)
def test_query_options_of_users_are_taken_or_refused(call, query, status, expected):
    response = call("GET", f"{USERS}?{quote(query, safe='$=&')}")
    assert response.status == status
    assert expected is None or code(response) == expected


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("userType eq 'Guest'", {"Grace Hopper", "Piet de Vries", "Sam Okafor"}),
        ("startswith(displayName,'Alex')", {"Alex Wilber"}),
        ("accountEnabled eq false and jobTitle eq 'HR Assistant'", {"Emily Braun"}),
        ("mail eq 'ALEXW@contoso.com' or id eq '" + cast.MEGAN + "'", {"Alex Wilber", "Megan Bowen"}),
    ],
)
def test_filters_keep_whom_they_say(ask, wanted, names):
    found = ask("GET", f"{USERS}?$select=displayName&$filter={quote(wanted)}")
    assert {user["displayName"] for user in found["value"]} == names


def test_an_advanced_filter_works_with_its_header(ask):
    query = f"$count=true&$filter={quote(chr(39).join(['userType ne ', 'Member', '']))}"
    found = ask("GET", f"{USERS}?{query}", headers={"consistencylevel": "eventual"})
    assert found["@odata.count"] == len(found["value"]) == 3


@pytest.mark.parametrize("key", ["alexw@CONTOSO.com", cast.ALEX, cast.ALEX.upper()])
def test_a_user_is_found_by_upn_or_oid_in_any_case(ask, key):
    assert ask("GET", f"{USERS}/{key}")["displayName"] == "Alex Wilber"
    assert ask("GET", f"/v1.0/users('{key}')")["displayName"] == "Alex Wilber"


def test_a_guest_is_found_by_an_encoded_upn(ask):
    upn = quote("grace_tailspintoys.com#EXT#@contoso.onmicrosoft.com")
    assert ask("GET", f"{USERS}/{upn}?$select=userType,mail") == {
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users(userType,mail)/$entity",
        "id": cast.GRACE,
        "userType": "Guest",
        "mail": "grace@tailspintoys.com",
    }


def test_half_a_surrogate_pair_is_sent_as_an_escape(cloud, call):
    cloud.state.apply({"do": "rename_user", "mailbox": cast.ALEX, "name": "Alex \ud83d Wilber"})
    assert b'"Alex \\ud83d Wilber"' in call("GET", ALEX).body


def test_the_settings_of_one_user_come_with_the_user(ask):
    found = ask("GET", f"{ALEX}?$select=displayName,mailboxSettings")
    assert found["mailboxSettings"][DELIVERY] == "sendToDelegateOnly"


def test_a_manager_is_a_user(ask, call):
    assert ask("GET", f"{USERS}/MeganB@contoso.com/manager")["id"] == cast.ALEX
    assert code(call("GET", f"{ALEX}/manager")) == "Request_ResourceNotFound"


def test_the_organization_is_the_callers_own(ask):
    assert ask("GET", "/v1.0/organization")["value"][0]["id"] == cast.CONTOSO
    fabrikam = caller("Organization.Read.All", "User.Read.All", tid=cast.FABRIKAM)
    assert ask("GET", "/v1.0/organization", caller=fabrikam)["value"][0]["displayName"] == "Fabrikam"
    assert cast.ALEX not in {user["id"] for user in ask("GET", USERS, caller=fabrikam)["value"]}


def test_only_mail_enabled_groups_are_kept_by_the_filter(ask):
    mail = {group["mail"] for group in ask("GET", f"/v1.0/groups?$filter={quote('mailEnabled eq true')}")["value"]}
    assert None not in mail
    assert "executives@contoso.com" in mail
    assert None in {group["mail"] for group in ask("GET", "/v1.0/groups")["value"]}


# The delta of users


def walked(pages, path):
    """All rows of a delta round, and the path of the next one."""
    *_, last = found = list(pages(path))
    link = urlsplit(last["@odata.deltaLink"])
    return [row for page in found for row in page["value"]], f"{link.path}?{link.query}"


def test_the_first_round_of_delta_lists_everybody_and_who_was_deleted(cloud, pages):
    tenant = cloud.state.tenants[cast.CONTOSO]
    rows, _ = walked(pages, f"{USERS}/delta?$select=displayName,accountEnabled")
    present = [row["id"] for row in rows if "@removed" not in row]
    assert sorted(present) == sorted(tenant.users)
    assert {row["id"] for row in rows if "@removed" in row} == set(tenant.deleted)


@pytest.mark.parametrize("switches", [{}, {"delta_empty_pages": True, "delta_replays": True}])
def test_a_later_round_tells_who_changed_came_and_went(cloud, pages, switches):
    cloud.switches.change(switches)
    for number in range(450):
        cloud.state.apply({"do": "add_user", "name": "Extra", "address": f"x{number}@contoso.com"})
    first, link = walked(pages, f"{USERS}/delta?$select=displayName")
    assert {row["id"] for row in first if "@removed" not in row} == set(cloud.state.tenants[cast.CONTOSO].users)
    assert (len(first) > len({row["id"] for row in first})) == bool(switches)
    for change in (
        {"do": "rename_user", "mailbox": cast.ADELE, "name": "Adele Lee"},
        {"do": "delete_user", "mailbox": cast.CHARLIE},
        {"do": "purge_user", "mailbox": cast.MEGAN},
        {"do": "restore_user", "mailbox": "BrianJ@contoso.com"},
        {"do": "purge_user", "mailbox": "IrvinS@contoso.com"},
        {"do": "role", "mailbox": cast.ALEX, "who": "Default", "role": "read"},
    ):
        cloud.state.apply(change)
    rows, again = walked(pages, link)
    found = {row["id"]: row.get("displayName") or row["@removed"]["reason"] for row in rows}
    brian = ids.object_id("brianj@contoso.com")
    assert found == {
        cast.ADELE: "Adele Lee",
        cast.CHARLIE: "changed",
        cast.MEGAN: "deleted",
        brian: "Brian Johnson",
        ids.object_id("irvins@contoso.com"): "deleted",
    }
    assert walked(pages, again)[0] == []


def test_latest_asks_only_for_what_comes_after(cloud, pages):
    rows, link = walked(pages, f"{USERS}/delta?$deltatoken=latest")
    assert rows == []
    cloud.state.apply({"do": "disable_user", "mailbox": cast.ADELE})
    assert [row["id"] for row in walked(pages, link)[0]] == [cast.ADELE]


@pytest.mark.parametrize("way", ["old", "reset", "switched"])
def test_a_delta_token_that_is_gone_says_where_to_begin_again(cloud, call, pages, monkeypatch, way):
    _, link = walked(pages, f"{USERS}/delta")
    if way == "old":
        later = cloud.now() + timedelta(days=8)
        monkeypatch.setattr(cloud, "now", lambda: later)
    elif way == "reset":
        cloud.state.reset()
    else:
        cloud.switches.change({"delta_gone": True})
    response = call("GET", link)
    assert (response.status, code(response)) == (410, "resyncRequired" if way == "switched" else "syncStateNotFound")
    again = urlsplit(response.headers["Location"])
    cloud.switches.change({"delta_gone": False})
    assert len(walked(pages, f"{again.path}?{again.query}")[0]) > 50


@pytest.mark.parametrize("query", ["$top=5", "$search=x", "$orderby=displayName", "$deltatoken=eyJhIjoxfQ"])
def test_delta_refuses_what_it_does_not_know(call, query):
    assert call("GET", f"{USERS}/delta?{query}").status == 400


# Calendars


def test_a_copy_shows_what_the_sharee_may_do(ask):
    megan = ask("GET", f"{USERS}/MeganB@contoso.com/calendars?$top=100")["value"]
    seen = {each["name"]: each for each in megan}
    rights = ("canShare", "canEdit", "canViewPrivateItems", "isRemovable", "isDefaultCalendar")
    assert [seen["Calendar"][name] for name in rights] == [True, True, True, False, True]
    assert [seen["Alex Wilber"][name] for name in rights] == [False, True, True, True, False]
    assert [seen["Nestor Wilke"][name] for name in rights] == [False, True, False, True, False]
    assert [seen["Kids parties"][name] for name in rights] == [False, False, False, True, False]
    assert seen["Kids parties"]["owner"] == {"name": "Alex Wilber", "address": "AlexW@contoso.com"}


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_only_beta_says_whether_a_calendar_is_shared(ask, version):
    calendar = ask("GET", f"/{version}/users/{cast.ALEX}/calendar")
    assert ("isShared" in calendar) == ("isSharedWithMe" in calendar) == (version == "beta")
    assert ("isDefaultCalendar" in calendar) == (version == "v1.0")


@pytest.mark.parametrize(("query", "sizes"), [("", [10, 4]), ("?$top=6", [6, 6, 2]), ("?$top=100", [14])])
def test_calendars_come_by_tens(pages, query, sizes):
    found = list(pages(f"{USERS}/DeliaD@contoso.com/calendars{query}"))
    assert [len(page["value"]) for page in found] == sizes
    assert len({each["id"] for page in found for each in page["value"]}) == 14


def test_select_leaves_only_what_was_asked_for(ask):
    calendar = ask("GET", f"{ALEX}/calendars?$select=name,isDefaultCalendar")["value"][0]
    assert calendar == {"id": cast.ALEX_PRIMARY, "name": "Calendar", "isDefaultCalendar": True}


def test_a_sharee_renames_only_the_own_copy(ask):
    path = f"{USERS}/MeganB@contoso.com/calendars/{cast.MEGANS_COPY_OF_ALEX}"
    assert ask("PATCH", path, {"name": "The boss"})["name"] == "The boss"
    assert ask("GET", PRIMARY)["name"] == "Calendar"


def test_renaming_changes_the_change_key_and_refuses_a_name_in_use(ask, call):
    before = ask("GET", KIDS)["changeKey"]
    assert ask("PATCH", KIDS, {"name": "Parties"})["changeKey"] != before
    assert code(call("PATCH", KIDS, {"name": "calendar"})) == "ErrorFolderExists"
    assert code(call("PATCH", KIDS, {"name": ""})) == "RequestBodyRead"


def test_a_deleted_calendar_leaves_every_list(ask, call):
    assert call("DELETE", KIDS).status == 204
    assert code(call("GET", KIDS)) == "ErrorItemNotFound"
    adele = ask("GET", f"{USERS}/AdeleV@contoso.com/calendars")["value"]
    assert "Kids parties" not in {each["name"] for each in adele}


def test_a_deleted_copy_leaves_the_owners_calendar_alone(ask, call):
    assert call("DELETE", f"{USERS}/MeganB@contoso.com/calendars/{cast.MEGANS_COPY_OF_ALEX}").status == 204
    assert len(ask("GET", f"{PRIMARY}/calendarPermissions")["value"]) == 2


def test_dot_segments_in_an_id_lead_where_servers_let_them(call, ask):
    assert call("DELETE", f"{KIDS}/calendarPermissions/%2e%2e").status == 204
    assert [each["name"] for each in ask("GET", f"{ALEX}/calendars")["value"]] == ["Calendar"]


def test_calendar_groups_lead_to_the_same_calendars(ask, call):
    group = ask("GET", f"{ALEX}/calendarGroups")["value"][0]["id"]
    within = f"{ALEX}/calendarGroups/{group}/calendars"
    assert ask("GET", within)["value"] == ask("GET", f"{ALEX}/calendars")["value"]
    assert call("GET", f"{within}/{cast.ALEX_KIDS_PARTIES}/calendarPermissions").status == 200
    assert code(call("GET", f"{ALEX}/calendarGroups/{group[:-6]}AAAAA=/calendars")) == "ErrorItemNotFound"


def test_a_new_calendar_is_shared_with_nobody(ask):
    made = ask("POST", f"{ALEX}/calendars", {"name": "Board travel"})
    rows = ask("GET", f"{ALEX}/calendars/{made['id']}/calendarPermissions")["value"]
    assert [(row["id"], row["role"]) for row in rows] == [(DEFAULT, "none")]


# Settings


def test_one_setting_is_asked_for_in_any_case(ask):
    assert ask("GET", f"{ALEX}/MAILBOXSETTINGS/{DELIVERY.lower()}")["value"] == "sendToDelegateOnly"
    assert ask("GET", f"{ALEX}/mailboxSettings/userPurpose")["value"] == "user"
    assert ask("GET", f"{ALEX}/mailboxSettings/workingHours")["startTime"] == "08:00:00.0000000"
    assert ask("GET", f"{USERS}/adams@contoso.com/mailboxSettings")["userPurpose"] == "room"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({DELIVERY: "sendToNobody"}, "RequestBodyRead"),
        ({"timeZone": "Middle Earth Standard Time"}, "InvalidTimeZone"),
        ({"workingHours": {"startTime": "08"}}, "RequestBodyRead"),
        ({"workingHours": {"startTime": "18:00:00", "endTime": "09:00:00"}}, "ErrorInvalidTimeSettings"),
        ({"workingHours": {"daysOfWeek": ["RandomDay"]}}, "InvalidArguments"),
        ({"surprise": 1}, "RequestBodyRead"),
        ([], "RequestBodyRead"),
    ],
)
def test_settings_that_make_no_sense_are_refused_whole(call, ask, body, expected):
    before = ask("GET", f"{ALEX}/mailboxSettings")
    assert code(call("PATCH", f"{ALEX}/mailboxSettings", body)) == expected
    assert ask("GET", f"{ALEX}/mailboxSettings") == before


def test_only_changed_settings_come_back(ask):
    changed = ask("PATCH", f"{ALEX}/mailboxSettings", {"timeZone": "UTC", "userPurpose": "room"})
    assert set(changed) == {"@odata.context", "timeZone"}
    assert ask("GET", f"{USERS}/MeganB@contoso.com/mailboxSettings")["timeZone"] == "Pacific Standard Time"
