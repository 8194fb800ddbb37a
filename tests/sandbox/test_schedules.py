"""getSchedule: who is free, what is seen of it, and what stands between two organizations."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from sandbox import cast
from sandbox.caller import Caller
from sandbox.exchange.rows import NEW, Relationship
from sandbox.http import Request
from tests.sandbox.calls import ALEX, USERS, caller, code
from tests.sandbox.steps import control

HERE = f"{ALEX}/calendar/getSchedule"
MEGAN, ADELE, PRADEEP, PATTI = "MeganB@contoso.com", "AdeleV@contoso.com", "PradeepG@contoso.com", "PattiF@fabrikam.com"
READER = caller("Calendars.Read")
TUESDAY = "2026-11-24"
# Two hours of Tuesday are taken: open, then private.
TAKEN = [
    {"start": f"{TUESDAY}T10:00:00Z", "end": f"{TUESDAY}T11:00:00Z", "subject": "Salary talk", "place": "Room 1"},
    {"start": f"{TUESDAY}T12:30:00Z", "end": f"{TUESDAY}T13:00:00Z", "subject": "Therapy", "place": "St Mary’s",
     "private": True, "status": "oof"},
]  # fmt: skip
WHEN = {"status", "start", "end"}


def asked(*schedules, start=f"{TUESDAY}T09:00:00", end=f"{TUESDAY}T14:00:00", zone="UTC", **more):
    times = {"startTime": {"dateTime": start, "timeZone": zone}, "endTime": {"dateTime": end, "timeZone": zone}}
    return {"schedules": list(schedules), **times, **more}


@pytest.fixture
def schedule(cloud, call):
    """Ask, in a world whose calendars are empty but for what the test put there; gives the rows."""
    cloud.switches.appointments = "none"

    def make(*schedules, by=READER, **more):
        response = call("POST", HERE, asked(*schedules, **more), caller=by)
        assert response.status == 200, response.body
        return json.loads(response.body)["value"]

    return make


def take(cloud, who, tenant="contoso.com"):
    for each in TAKEN:
        back = control(cloud, "POST", "change", {"do": "appointment", "tenant": tenant, "mailbox": who, **each})
        assert "error" not in back, back


def person(*scopes, oid=cast.ALEX):
    return caller(*scopes, oid=oid)


# What is answered


def test_a_schedule_says_when_somebody_is_busy_and_works(cloud, schedule):
    take(cloud, MEGAN)
    (row,) = schedule(MEGAN)
    assert row["scheduleId"] == MEGAN
    assert row["availabilityView"] == "0022000300"
    assert row["scheduleItems"] == [
        {
            "isPrivate": False,
            "status": "busy",
            "subject": "Salary talk",
            "location": "Room 1",
            "start": {"dateTime": "2026-11-24T10:00:00.0000000", "timeZone": "UTC"},
            "end": {"dateTime": "2026-11-24T11:00:00.0000000", "timeZone": "UTC"},
        },
        {
            "isPrivate": True,
            "status": "oof",
            "subject": "Therapy",
            "location": "St Mary’s",
            "start": {"dateTime": "2026-11-24T12:30:00.0000000", "timeZone": "UTC"},
            "end": {"dateTime": "2026-11-24T13:00:00.0000000", "timeZone": "UTC"},
        },
    ]
    assert row["workingHours"]["timeZone"] == {"name": "Pacific Standard Time"}
    assert row["workingHours"]["startTime"] == "08:00:00.0000000"


@pytest.mark.parametrize(
    ("minutes", "view"), [(60, "02030"), (15, "00002222000000330000"), (300, "3"), (1440, "3"), (45, "0220330")]
)
def test_one_digit_stands_for_each_interval(cloud, schedule, minutes, view):
    take(cloud, MEGAN)
    assert schedule(MEGAN, availabilityViewInterval=minutes)[0]["availabilityView"] == view


@pytest.mark.parametrize(
    ("status", "digit"), [("free", "0"), ("tentative", "1"), ("busy", "2"), ("oof", "3"), ("workingElsewhere", "4")]
)
def test_every_status_has_its_digit(cloud, schedule, status, digit):
    control(cloud, "POST", "change", {"do": "appointment", "mailbox": MEGAN, **TAKEN[0], "status": status})
    (row,) = schedule(MEGAN)
    assert row["availabilityView"][2] == digit
    assert [each["status"] for each in row["scheduleItems"]] == [status]


def test_working_elsewhere_may_look_free(cloud, schedule):
    cloud.switches.working_elsewhere_digit = "0"
    control(cloud, "POST", "change", {"do": "appointment", "mailbox": MEGAN, **TAKEN[0], "status": "workingElsewhere"})
    assert set(schedule(MEGAN)[0]["availabilityView"]) == {"0"}


def test_times_are_read_in_their_zone_and_answered_in_the_preferred_one(cloud, call):
    cloud.switches.appointments = "none"
    take(cloud, MEGAN)
    zones = {"start": f"{TUESDAY}T15:30:00.0000000", "end": f"{TUESDAY}T16:30:00", "zone": "India Standard Time"}
    prefer = {"prefer": 'outlook.timezone="Tokyo Standard Time"'}
    response = call("POST", HERE, asked(MEGAN, **zones), caller=READER, headers=prefer)
    (row,) = json.loads(response.body)["value"]
    assert row["availabilityView"] == "22"
    (item,) = row["scheduleItems"]
    assert item["start"] == {"dateTime": "2026-11-24T19:00:00.0000000", "timeZone": "Tokyo Standard Time"}
    assert response.headers["Preference-Applied"] == 'outlook.timezone="Tokyo Standard Time"'


def test_each_row_has_the_working_hours_and_the_zone_of_its_person(schedule):
    people = (PRADEEP, "AishaB@contoso.com", "LynneR@contoso.com", "WillemD@contoso.com")
    hours = {row["scheduleId"]: row["workingHours"] for row in schedule(*people)}
    assert hours[PRADEEP]["timeZone"]["name"] == "India Standard Time"
    assert hours["AishaB@contoso.com"]["timeZone"]["name"] == "Nepal Standard Time"
    assert hours["LynneR@contoso.com"]["endTime"] == "13:30:00.0000000"
    assert "friday" not in hours["LynneR@contoso.com"]["daysOfWeek"]
    assert hours["WillemD@contoso.com"]["timeZone"]["@odata.type"] == "#microsoft.graph.customTimeZone"


def test_the_usual_world_is_busy_and_a_group_is_as_busy_as_its_members(call):
    window = {"start": "2026-11-23T00:00:00", "end": "2026-12-05T00:00:00"}
    body = asked(MEGAN, ADELE, "sales@contoso.com", "adams@contoso.com", **window)
    rows = json.loads(call("POST", HERE, body, caller=READER).body)["value"]
    assert all(len(row["availabilityView"]) == 12 * 48 and set(row["availabilityView"]) > {"0"} for row in rows)
    assert "workingHours" not in rows[2]
    assert "subject" not in rows[2]["scheduleItems"][0]


# Whose rights count


def test_an_app_that_reads_basics_alone_sees_no_titles(cloud, schedule):
    take(cloud, MEGAN)
    (row,) = schedule(MEGAN, by=caller("Calendars.ReadBasic.All"))
    assert all(each.keys() == WHEN for each in row["scheduleItems"])


def test_an_app_may_see_no_more_than_the_organization(cloud, schedule):
    cloud.switches.app_schedules = "organization_role"
    take(cloud, MEGAN)
    assert all(each.keys() == WHEN for each in schedule(MEGAN)[0]["scheduleItems"])
    control(cloud, "POST", "change", {"do": "role", "mailbox": MEGAN, "who": "Default", "role": "limitedRead"})
    assert [each.get("subject") for each in schedule(MEGAN)[0]["scheduleItems"]] == ["Salary talk", None]
    control(cloud, "POST", "change", {"do": "role", "mailbox": MEGAN, "who": "Default", "role": "none"})
    assert schedule(MEGAN)[0]["error"]["responseCode"] == "5037"


def test_a_person_sees_what_the_rows_of_a_calendar_show_them(cloud, schedule):
    take(cloud, cast.ALEX)
    reads = "Calendars.ReadBasic"
    rows = {who: schedule_of_alex(cloud, person(reads, oid=who)) for who in (cast.ALEX, cast.MEGAN, cast.CHARLIE)}
    assert [each["subject"] for each in rows[cast.ALEX]] == ["Salary talk", "Therapy"]
    assert [each["subject"] for each in rows[cast.MEGAN]] == ["Salary talk", "Therapy"]
    assert all(each.keys() == WHEN for each in rows[cast.CHARLIE])
    control(cloud, "POST", "change", {"do": "role", "mailbox": cast.ALEX, "who": MEGAN, "role": "read"})
    assert [each.get("subject") for each in schedule_of_alex(cloud, person(reads, oid=cast.MEGAN))] == [
        "Salary talk",
        None,
    ]


def schedule_of_alex(cloud, who):
    body = json.dumps(asked("AlexW@contoso.com")).encode()
    request = Request("POST", "/v1.0/me/calendar/getSchedule", "", {"content-type": "application/json"}, body)
    return json.loads(cloud.graph.answer(who, request).body)["value"][0]["scheduleItems"]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (caller("User.Read.All"), 403),
        (caller("Calendars.ReadBasic.All"), 200),
        (caller("Calendars.ReadWrite"), 200),
        (person("Calendars.ReadBasic"), 200),
        (person("Calendars.ReadBasic", oid=cast.MEGAN), 403),
        (person("User.Read"), 403),
    ],
)
def test_it_needs_a_permission_and_the_own_mailbox(call, by, expected):
    assert call("POST", HERE, asked(MEGAN), caller=by).status == expected


def test_an_app_limited_to_a_group_asks_from_mailboxes_of_the_group(cloud, call):
    limit = {"assignments": [{"role": "Calendars.Read", "group": "sales@contoso.com"}], "entra": "removed"}
    control(cloud, "POST", "exchange", limit)
    bare = Caller(cast.PORTAL_APP, cast.CONTOSO, None, frozenset({"User.Read.All"}), frozenset())
    inside = f"{USERS}/TarekH@contoso.com/calendar/getSchedule"
    assert call("POST", HERE, asked(MEGAN), caller=bare).status == 403
    rows = json.loads(call("POST", inside, asked(MEGAN, "SaraN@contoso.com"), caller=bare).body)["value"]
    assert not any("error" in row for row in rows)
    cloud.switches.schedules_in_scope_only = True
    rows = json.loads(call("POST", inside, asked(MEGAN, "SaraN@contoso.com"), caller=bare).body)["value"]
    assert ["error" in row for row in rows] == [True, False]


# Limits


@pytest.mark.parametrize(
    ("more", "status", "expected"),
    [
        ({"start": f"{TUESDAY}T14:00:00"}, 400, "ErrorInvalidTimeInterval"),
        ({"end": "2027-01-05T09:00:00"}, 400, "ErrorInvalidTimeInterval"),
        ({"availabilityViewInterval": 4}, 400, "ErrorInvalidMergedFreeBusyInterval"),
        ({"availabilityViewInterval": 1441}, 400, "ErrorInvalidMergedFreeBusyInterval"),
        ({"availabilityViewInterval": True}, 400, "ErrorInvalidMergedFreeBusyInterval"),
        ({"availabilityViewInterval": None}, 500, "ErrorInternalServerError"),
        ({"zone": "Middle-earth Standard Time"}, 400, "TimeZoneNotSupportedException"),
        ({"zone": None}, 400, "TimeZoneNotSupportedException"),
        ({"start": "tomorrow"}, 400, "RequestBodyRead"),
        ({"start": "2026-13-24T09:00:00"}, 400, "RequestBodyRead"),
        ({"startTime": None}, 400, "RequestBodyRead"),
        ({"schedules": []}, 400, "ErrorInvalidArgument"),
        ({"schedules": [1]}, 400, "ErrorInvalidArgument"),
    ],
)
def test_what_is_out_of_bounds_is_refused(call, more, status, expected):
    response = call("POST", HERE, {**asked(MEGAN, **more)} | more, caller=READER)
    assert (response.status, code(response)) == (status, expected)


def test_a_window_just_short_of_42_days_is_answered(schedule):
    assert len(schedule(MEGAN, end="2027-01-05T08:59:00", availabilityViewInterval=1440)[0]["availabilityView"]) == 42


def test_a_hundred_mailboxes_are_answered_and_one_more_is_not(cloud, call):
    assert call("POST", HERE, asked(*[MEGAN] * 100), caller=READER).status == 200
    response = call("POST", HERE, asked(*[MEGAN] * 101), caller=READER)
    assert (response.status, code(response)) == (400, "ErrorMailboxDataArrayTooBig")
    cloud.switches.schedule_most = 20
    assert call("POST", HERE, asked(*[MEGAN] * 20), caller=READER).status == 200
    assert code(call("POST", HERE, asked(*[MEGAN] * 21), caller=READER)) == "ErrorMailboxDataArrayTooBig"
    # The four of a group count one by one.
    assert call("POST", HERE, asked(*[MEGAN] * 16, "sales@contoso.com"), caller=READER).status == 200
    assert call("POST", HERE, asked(*[MEGAN] * 17, "sales@contoso.com"), caller=READER).status == 400


def test_only_posting_to_a_primary_calendar_is_answered(call):
    assert call("GET", HERE, caller=READER).status == 403
    assert call("POST", f"/beta/users/{MEGAN}/calendar/getSchedule", asked(MEGAN), caller=READER).status == 403
    other = f"{ALEX}/calendars/{cast.ALEX_KIDS_PARTIES}/getSchedule"
    assert call("POST", other, asked(MEGAN), caller=READER).status == 403


# Rows with an error


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("nobody@contoso.com", "5009"),
        ("nonsense", "5009"),
        ("grace@tailspintoys.com", "5009"),
        ("NoorA@contoso.com", "ErrorMailboxLogonFailed"),
        ("OwenF@contoso.com", "ErrorProxyRequestProcessingFailed"),
        ("BrianJ@contoso.com", "5009"),
        ("someone@adatum.com", "5037"),
        (PATTI, "5009"),
    ],
)
def test_one_bad_address_spoils_only_its_own_row(schedule, address, expected):
    good, bad, again = schedule(MEGAN, address, ADELE)
    assert "error" not in good
    assert "error" not in again
    assert bad.keys() == {"scheduleId", "error"}
    assert bad["scheduleId"] == address
    assert bad["error"]["responseCode"] == expected


def test_errors_come_with_numbers_or_names_short_or_full(cloud, schedule):
    short = f"Unable to resolve e-mail address {PATTI} to an Active Directory object."
    assert schedule(PATTI)[0]["error"] == {"message": short, "responseCode": "5009"}
    cloud.switches.schedule_codes, cloud.switches.schedule_messages = "symbolic", "full"
    cloud.switches.failed_schedule = "empty_view"
    ours, theirs = schedule(PATTI, "someone@adatum.com")
    assert ours["availabilityView"] == ""
    assert ours["error"]["responseCode"] == "ErrorMailRecipientNotFound"
    assert "forest/domain fabrikam.com could not be found" in ours["error"]["message"]
    assert theirs["error"] == {
        "message": "The caller does not have access to free/busy data., LID: 47652",
        "responseCode": "ErrorNoFreeBusyAccess",
    }


# Organizations


def relate(cloud, tid, domain, **values):
    """A relationship of this tenant with `domain`, as New-OrganizationRelationship makes it from the documents."""
    usual = {
        "FreeBusyAccessEnabled": True,
        "FreeBusyAccessLevel": "AvailabilityOnly",
        "TargetAutodiscoverEpr": "https://autodiscover-s.outlook.com/autodiscover/autodiscover.svc/WSSecurity",
    }
    given = {**NEW, "Name": domain, "DomainNames": [domain], **usual, **values}
    kept = cloud.state.exchange[tid]
    kept.relationships = [each for each in kept.relationships if each.name != domain]
    kept.relationships.append(Relationship(f"{tid}-{domain}", given, "", ""))


def both(cloud, **theirs):
    relate(cloud, cast.CONTOSO, "fabrikam.com")
    relate(cloud, cast.FABRIKAM, "contoso.com", **theirs)
    take(cloud, PATTI, "fabrikam.com")


def error_of(row):
    return row.get("error", {}).get("responseCode")


def test_with_a_relationship_on_both_sides_the_others_times_are_seen_and_no_titles(cloud, schedule):
    both(cloud)
    (row,) = schedule(PATTI)
    assert row["availabilityView"] == "0022000300"
    assert all(each.keys() == WHEN for each in row["scheduleItems"])
    assert row["workingHours"]["daysOfWeek"]


def test_limited_details_are_titles_and_places_but_not_of_private_ones(cloud, schedule):
    both(cloud, FreeBusyAccessLevel="LimitedDetails")
    control(
        cloud, "POST", "change",
        {"do": "role", "tenant": "fabrikam.com", "mailbox": PATTI, "who": "Default", "role": "limitedRead"},
    )  # fmt: skip
    open_one, private = schedule(PATTI)[0]["scheduleItems"]
    assert (open_one["subject"], open_one["location"]) == ("Salary talk", "Room 1")
    assert private.keys() == {"isPrivate", *WHEN}


def test_the_lower_of_their_level_and_of_the_calendars_own_row_counts(cloud, schedule):
    both(cloud, FreeBusyAccessLevel="LimitedDetails")
    role = {"do": "role", "tenant": "fabrikam.com", "mailbox": PATTI, "who": "Default"}
    assert all(each.keys() == WHEN for each in schedule(PATTI)[0]["scheduleItems"])
    control(cloud, "POST", "change", {**role, "role": "read"})
    assert "subject" in schedule(PATTI)[0]["scheduleItems"][0]
    relate(cloud, cast.FABRIKAM, "contoso.com")
    assert all(each.keys() == WHEN for each in schedule(PATTI)[0]["scheduleItems"])
    control(cloud, "POST", "change", {**role, "role": "none"})
    assert error_of(schedule(PATTI)[0]) == "5037"


@pytest.mark.parametrize("values", [{"Enabled": False}, {"FreeBusyAccessEnabled": False}, {"DomainNames": ["x.com"]}])
def test_what_our_side_lacks_makes_their_people_unknown(cloud, schedule, values):
    both(cloud)
    relate(cloud, cast.CONTOSO, "fabrikam.com", **values)
    assert error_of(schedule(PATTI)[0]) == "5009"


@pytest.mark.parametrize(
    "values",
    [
        {"Enabled": False},
        {"FreeBusyAccessEnabled": False},
        {"FreeBusyAccessLevel": "None"},
        {"DomainNames": ["contoso.onmicrosoft.com"]},
        {"FreeBusyAccessScope": "a group without members"},
    ],
)
def test_what_their_side_lacks_keeps_their_calendars_closed(cloud, schedule, values):
    both(cloud, **values)
    assert error_of(schedule(PATTI)[0]) == "5037"


def test_one_direction_works_without_the_other(cloud, call):
    relate(cloud, cast.CONTOSO, "fabrikam.com", FreeBusyAccessLevel="None")
    relate(cloud, cast.FABRIKAM, "contoso.com")
    theirs = f"{USERS}/{PATTI}/calendar/getSchedule"
    fabrikam = caller("Calendars.Read", tid=cast.FABRIKAM)
    back = json.loads(call("POST", theirs, asked("AlexW@contoso.com"), caller=fabrikam).body)["value"][0]
    there = json.loads(call("POST", HERE, asked(PATTI), caller=READER).body)["value"][0]
    assert (error_of(there), error_of(back)) == (None, "5037")


def test_an_unknown_person_of_a_partner_cannot_be_resolved(cloud, schedule):
    both(cloud)
    assert error_of(schedule("nobody@fabrikam.com")[0]) == "5009"


@pytest.mark.parametrize(
    ("switch", "code", "words"),
    [
        ("not_app_only", "ErrorProxyRequestNotAllowed", "not allowed"),
        ("unauthorized", "ErrorProxyRequestProcessingFailed", "HTTP status 401: Unauthorized."),
        ("timed_out", "ErrorProxyRequestProcessingFailed", "timed out"),
        ("autodiscover_failed", "ErrorAutodiscoverFailed", "InvalidUser"),
    ],
)
def test_what_fails_between_the_two_is_said_in_the_row(cloud, schedule, switch, code, words):
    both(cloud)
    cloud.switches.federation_answer = switch
    own, row = schedule(MEGAN, PATTI)
    assert "error" not in own
    assert row["error"]["responseCode"] == code
    assert words in row["error"]["message"]


def test_a_relationship_without_addresses_cannot_be_used(cloud, schedule):
    both(cloud)
    relate(cloud, cast.CONTOSO, "fabrikam.com", TargetAutodiscoverEpr=None)
    assert "InvalidOrganizationRelationship" in schedule(PATTI)[0]["error"]["message"]


def test_in_any_weeks_of_a_year_the_view_covers_the_window(call):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for n in range(0, 360, 40):
        at = start + timedelta(days=n)
        window = {"start": f"{at:%Y-%m-%dT00:00:00}", "end": f"{at + timedelta(days=40):%Y-%m-%dT00:00:00}"}
        rows = json.loads(call("POST", HERE, asked(MEGAN, PRADEEP, **window), caller=READER).body)["value"]
        assert [len(row["availabilityView"]) for row in rows] == [40 * 48] * 2
