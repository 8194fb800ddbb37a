"""What an export of Exchange says, in all the ways PowerShell writes it; and what is refused, by which name."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from sharing.federation.export import Assignment, PolicyEntry, Published, parse_export
from sharing.federation.uploaded import LARGEST, ExportRefused
from tests.cloud import CONTOSO, FABRIKAM
from tests.federation import exports
from tests.federation.exports import NOW, POLICY, RELATIONSHIP, encoded, policy, relationship, whole

ALL_READ = {
    "organizationConfig": "read", "acceptedDomains": "read", "organizationRelationships": "read",
    "sharingPolicies": "read", "sharingPolicyAssignments": "read", "publishedCalendars": "read",
}  # fmt: skip


def parse(export, now=NOW):
    return parse_export(export if isinstance(export, bytes) else encoded(export), tid=CONTOSO, now=now)


def refusal(export):
    with pytest.raises(ExportRefused) as refused:
        parse(export)
    return refused.value.cause, refused.value.hint


def one(**fields):
    """An export of one relationship, so changed."""
    return whole(organizationRelationships=[relationship(**fields)])


def without(row, *names):
    return {name: value for name, value in row.items() if name not in names}


def test_what_cmdlets_really_gave_is_read_as_it_is():
    export = parse(whole())
    assert export.sections == ALL_READ
    assert (export.exported_at, export.is_dehydrated) == (datetime(2026, 11, 21, 9, 30, 0, 123456, UTC), False)
    assert export.domains == ("contoso.com", "contoso.onmicrosoft.com")
    fabrikam, northwind = export.relationships
    assert (fabrikam.guid, fabrikam.name) == (UUID(exports.FABRIKAM_GUID), "Fabrikam")
    assert (fabrikam.domains, fabrikam.level, fabrikam.scope_group) == (("fabrikam.com",), "LimitedDetails", "")
    assert (fabrikam.is_enabled, fabrikam.has_free_busy, fabrikam.has_mailbox_move) == (True, True, False)
    assert (fabrikam.has_archive_access, fabrikam.mailbox_move_capability) == (False, "None")
    assert (fabrikam.target_application_uri, fabrikam.target_autodiscover_epr) == ("outlook.com", exports.EPR)
    assert (fabrikam.target_sharing_epr, fabrikam.mail_tips_level) == ("", "None")
    assert fabrikam.changed_at == datetime(2026, 4, 16, 6, 14, 46, tzinfo=UTC)
    assert (northwind.level, northwind.changed_at.microsecond) == ("AvailabilityOnly", 123456)
    default, managers = export.policies
    assert (default.guid, default.is_enabled, default.is_default) == (UUID(exports.DEFAULT_GUID), False, True)
    assert default.entries == (
        PolicyEntry("fabrikam.com", "CalendarSharingFreeBusySimple", "freeBusyRead"),
        PolicyEntry("Anonymous", "CalendarSharingFreeBusyReviewer", "read"),
    )
    assert managers.entries == (
        PolicyEntry("*", "CalendarSharingFreeBusySimple", "freeBusyRead"),
        PolicyEntry("fabrikam.com", "CalendarSharingFreeBusyDetail, ContactsSharing", "limitedRead"),
    )
    assert export.assignments == (Assignment("AlexW@contoso.com", "Managers"),)
    assert export.published == (
        Published("AdeleV@contoso.com", "Calendar", "LimitedDetails", False, "ThreeMonths", "ThreeMonths"),
    )


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_every_encoding_of_powershell_says_the_same(coding, ends):
    export = whole(organizationRelationships=[relationship("Tschüß AG", DomainNames=["x.de"])])
    text = json.dumps(export, ensure_ascii=False, indent=4).replace("\n", ends) + ends
    assert parse(text.encode(coding)) == parse(export)
    assert parse(b"\xfe\xff" + text.encode("utf-16-be")) == parse(export)


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("/Date(1776320086000)/", datetime(2026, 4, 16, 6, 14, 46, tzinfo=UTC)),
        ("/Date(1776320086000+0200)/", datetime(2026, 4, 16, 6, 14, 46, tzinfo=UTC)),
        ("2026-04-16T06:14:46.0000000Z", datetime(2026, 4, 16, 6, 14, 46, tzinfo=UTC)),
        ("2026-04-16T06:14:46", datetime(2026, 4, 16, 6, 14, 46, tzinfo=UTC)),
        ("2026-04-16T08:14:46.1234567+02:00", datetime(2026, 4, 16, 6, 14, 46, 123456, UTC)),
        ({"value": "/Date(1776320086000)/", "DisplayHint": 2, "DateTime": "Thursday"},
         datetime(2026, 4, 16, 6, 14, 46, tzinfo=UTC)),
        (None, None),
        ("", None),
    ],
)  # fmt: skip
def test_a_date_is_read_in_each_of_its_forms(given, moment):
    assert parse(one(WhenChangedUTC=given)).relationships[0].changed_at == moment


@pytest.mark.parametrize(
    "given",
    [
        "16.04.2026 08:14",
        "/Date(9999999999999999)/",
        "/Date(999999999999999)/",
        5,
        True,
        {"DateTime": "x"},
        "/Date(-62135596800000)/",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ],
)
def test_another_date_is_refused(given):
    assert refusal(one(WhenChangedUTC=given)) == ("malformed", "organizationRelationships[1].WhenChangedUTC")


def test_when_it_was_exported_must_say_its_zone():
    assert refusal(whole(exportedAt="2026-11-21T09:30:00")) == ("malformed", "exportedAt")


def test_one_object_and_one_text_stand_for_a_list_of_one():
    listed = parse(
        whole(organizationRelationships=[RELATIONSHIP], sharingPolicies=[policy(Domains=["*:ContactsSharing"])])
    )
    export = whole(organizationRelationships=[RELATIONSHIP], sharingPolicies=[policy()])
    export["organizationRelationships"] = RELATIONSHIP | {"DomainNames": "fabrikam.com"}
    export["sharingPolicies"] = policy(Domains="*:ContactsSharing")
    assert parse(export) == listed
    export["organizationRelationships"] = {"value": [RELATIONSHIP], "Count": 1}
    assert parse(export) == listed


def test_marks_of_the_wire_and_unknown_keys_are_passed_over():
    row = {"Guid@data.type": "System.Guid", "@odata.type": "#x", "EnabledNextYear": [{"a": 1}]} | RELATIONSHIP
    assert parse(whole(organizationRelationships=[row], news="x")) == parse(
        whole(organizationRelationships=[RELATIONSHIP])
    )


def test_the_case_of_keys_and_words_does_not_matter():
    swapped = {key.swapcase(): value for key, value in relationship(FreeBusyAccessLevel="aVAILABILITYoNLY").items()}
    assert parse(whole(organizationRelationships=[swapped])) == parse(whole(organizationRelationships=[relationship()]))


# Levels: never guessed ------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1, 2, 1.0, "2", "-1"])
def test_a_level_as_a_number_is_refused_with_what_to_do(number):
    assert refusal(one(FreeBusyAccessLevel=number)) == (
        "number_for_word", "organizationRelationships[1].FreeBusyAccessLevel",
    )  # fmt: skip


@pytest.mark.parametrize("level", ["", None, "Full", "FullDetails", "LimitedDetails, None", "Availability Only"])
def test_a_level_that_is_not_known_is_refused(level):
    assert refusal(one(FreeBusyAccessLevel=level)) == (
        "unknown_level", "organizationRelationships[1].FreeBusyAccessLevel",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("actions", "level"),
    [
        ("CalendarSharingFreeBusySimple", "freeBusyRead"),
        ("CalendarSharingFreeBusySimple,CalendarSharingFreeBusyDetail", "limitedRead"),
        ("CalendarSharingFreeBusyReviewer, CalendarSharingFreeBusySimple", "read"),
        ("calendarsharingfreebusydetail", "limitedRead"),
        ("ContactsSharing", ""),
        ("0", "unknown"),
        ("CalendarSharingFreeBusyReviewer, CalendarSharingEverything", "unknown"),
    ],
)
def test_an_entry_of_a_policy_has_the_level_of_its_strongest_action(actions, level):
    for entry in (f"Anonymous:{actions}", f"anonymous : {actions} "):
        export = parse(whole(sharingPolicies=[policy(Domains=[entry])]))
        assert export.policies[0].entries == (PolicyEntry("Anonymous", actions, level),)


@pytest.mark.parametrize(
    ("domains", "cause"),
    [
        (["fabrikam.com"], "malformed"),
        (["fabrikam.com:"], "malformed"),
        ([":CalendarSharingFreeBusySimple"], "malformed"),
        (["*:CalendarSharingFreeBusySimple Anonymous:CalendarSharingFreeBusyReviewer"], "too_shallow"),
        ("*:CalendarSharingFreeBusySimple Anonymous:CalendarSharingFreeBusyReviewer", "too_shallow"),
        ("System.Collections.ArrayList", "too_shallow"),
        ([{"Domain": "*", "Actions": 1}], "malformed"),
        ([7], "malformed"),
        (None, "malformed"),
    ],
)
def test_an_entry_that_is_none_is_refused(domains, cause):
    assert refusal(whole(sharingPolicies=[policy(Domains=domains)])) == (cause, "sharingPolicies[1].Domains")


# Rows -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Enabled", "FreeBusyAccessEnabled"])
@pytest.mark.parametrize("value", [None, "True", "false", 0, 1, []])
def test_what_is_neither_true_nor_false_is_refused(name, value):
    assert refusal(one(**{name: value})) == ("malformed", f"organizationRelationships[1].{name}")


def test_null_is_not_false():
    row = parse(one(MailboxMoveEnabled=None, ArchiveAccessEnabled=None)).relationships[0]
    assert (row.has_mailbox_move, row.has_archive_access) == (None, None)


@pytest.mark.parametrize(
    "name", [key for key in relationship() if key not in ("DeliveryReportEnabled", "MailTipsAccessEnabled")]
)
def test_a_row_without_one_of_its_members_is_refused(name):
    row = without(relationship(), name)
    assert refusal(whole(organizationRelationships=[row])) == ("malformed", f"organizationRelationships[1].{name}")


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"DomainNames": "System.Collections.Generic.List`1[System.String]"}, "too_shallow"),
        ({"DomainNames": ["System.Object[]"]}, "too_shallow"),
        ({"DomainNames": "fabrikam.com fabrikam.co.uk"}, "too_shallow"),
        ({"DomainNames": ["fabrikam.com:x"]}, "malformed"),
        ({"DomainNames": [{"Domain": "fabrikam.com"}]}, "malformed"),
        ({"DomainNames": None}, "malformed"),
        ({"DomainNames": {}}, "malformed"),
        ({"Guid": "1062cb0b"}, "malformed"),
        ({"Guid": "{1062cb0b-c477-4378-a111-ff7b920163f0}"}, "malformed"),
        ({"Name": "x" * 257}, "malformed"),
        ({"Name": ""}, "malformed"),
        ({"Name": "a\x00b"}, "malformed"),
        ({"Name": 5}, "malformed"),
        ({"FreeBusyAccessScope": ["Joint venture"]}, "malformed"),
        ({"MailboxMoveCapability": 3}, "number_for_word"),
    ],
)
def test_a_member_that_is_not_what_it_must_be_is_refused(fields, cause):
    assert refusal(one(**fields)) == (cause, f"organizationRelationships[1].{[*fields][0]}")


def test_a_half_of_a_letter_is_refused():
    text = encoded(one(Name="HERE")).replace(b"HERE", b"\\ud83d")
    assert refusal(text) == ("malformed", "organizationRelationships[1].Name")


def test_rows_written_as_texts_are_refused():
    export = whole(organizationRelationships=["@{Name=Fabrikam; Guid=1062cb0b}"])
    assert refusal(export) == ("too_shallow", "organizationRelationships[1]")


def test_two_rows_of_one_relationship_are_refused():
    assert refusal(whole(sharingPolicies=[POLICY, POLICY])) == ("twice", "sharingPolicies")


def test_two_published_folders_may_have_one_name():
    row = whole()["publishedCalendars"][0]
    assert len(parse(whole(publishedCalendars=[row, row])).published) == 2


# What there is of it --------------------------------------------------------------------------------------


def test_what_was_not_asked_for_is_missing():
    export = parse(whole(sharingPolicyAssignments=None, publishedCalendars=None))
    assert export.sections == ALL_READ | {"sharingPolicyAssignments": "missing", "publishedCalendars": "missing"}


def test_a_section_that_failed_or_has_fewer_rows_than_were_counted_is_cut():
    export = whole(sharingPolicies=[])
    export["counts"] |= {"organizationRelationships": 3, "sharingPolicies": None}
    export["errors"] = {"sharingPolicies": "Not allowed"}
    found = parse(export)
    assert found.sections == ALL_READ | {"organizationRelationships": "cut", "sharingPolicies": "cut"}
    assert len(found.relationships) == 2
    assert parse(without(export, "sharingPolicies")).sections["sharingPolicies"] == "cut"


def test_a_section_of_nothing_is_read_where_nothing_was_counted():
    export = parse(whole(organizationRelationships=[], sharingPolicies=[]))
    assert (export.sections, export.relationships) == (ALL_READ, ())


def test_without_counts_nothing_proves_that_a_section_is_whole():
    for rest in (without(whole(), "counts"), without(whole(), "counts", "end")):
        assert set(parse(rest).sections.values()) == {"cut"}


@pytest.mark.parametrize(
    "counts", [[], "x", {"sharingPolicies": "2"}, {"sharingPolicies": True}, {"sharingPolicies": -1}]
)
def test_counts_that_are_none_are_refused(counts):
    assert refusal(whole() | {"counts": counts})[0] == "malformed"


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_that_ends_in_its_middle_is_said_to(coding):
    content = encoded(whole(organizationRelationships=[relationship("Tschüß")]), coding)
    for end in range(len(content) // 50, len(content) - 4, 53):
        assert refusal(content[:end])[0] == "cut_short"


# Whole files that are refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "not_json"),
        (b"PK\x03\x04\x00\x00", "not_text"),
        (b"\xe4\xf6", "not_text"),
        ('{"schema"'.encode("utf-16-le"), "not_text"),
        (b"hello", "not_json"),
        (b'{"a": }', "not_json"),
        (b'{"a": NaN}', "not_json"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not_json"),
        (b"[" * 100_000 + b"]" * 100_000, "not_json"),
        (b'{"schema": 1, "Schema": 2}', "twice"),
        (b"[]", "other_schema"),
        (b"null", "other_schema"),
        (b'{"schema": "calwarden/exchange-export/2"}', "other_schema"),
        (b'{"schema": "calendar-portal/exchange-export/1"}', "other_schema"),
        (b" " * (LARGEST + 1), "too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_export_is_refused_by_name(content, cause):
    assert refusal(content)[0] == cause


def test_the_bare_output_of_a_cmdlet_is_no_export():
    for rows in ([RELATIONSHIP], RELATIONSHIP, [POLICY], POLICY):
        assert refusal(encoded(rows)) == ("other_schema", "")


def test_of_another_tenant_nothing_is_read():
    assert refusal(whole(tenant=FABRIKAM)) == ("other_organization", "")
    assert parse(whole(tenant=CONTOSO.upper())) == parse(whole())
    assert refusal(whole(tenant=None)) == ("malformed", "tenant")


def test_a_key_that_stands_twice_is_refused():
    assert refusal(encoded(one()).replace(b'"Enabled"', b'"enabled": false, "Enabled"')) == ("twice", "Enabled")


def test_an_export_of_the_future_is_refused_and_an_old_one_says_so():
    assert not parse(whole(exportedAt="2026-11-22T11:59:00Z")).is_old(NOW)
    assert refusal(whole(exportedAt="2026-11-22T12:01:00Z")) == ("from_future", "")
    assert parse(whole(exportedAt="2026-10-22T11:59:00Z")).is_old(NOW)
    assert not parse(whole(exportedAt="2026-10-22T12:01:00Z")).is_old(NOW)


@pytest.mark.parametrize(
    "extra",
    [
        {"PublishedCalendarUrl": None},
        {"publishedicalurl": "x"},
        {"PublishedICalUrl@data.type": "System.String"},
        {"note": "https://outlook.office365.com/owa/calendar/abc@contoso.com/def/calendar.ics"},
        {"note": "https://outlook.office365.com/owa/calendar/abc@contoso.com/def/S-1-8-1/reachcalendar.ics"},
        {"notes": ["HTTPS://outlook.office365.com/owa/calendar/abc@contoso.com/def/Calendar.HTML"]},
    ],
)
def test_the_address_of_a_published_calendar_is_refused_wherever_it_stands(extra):
    row = whole()["publishedCalendars"][0] | extra
    assert refusal(whole(publishedCalendars=[row])) == ("secret_address", "")
    assert refusal(whole() | {"other": [{"deep": extra}]}) == ("secret_address", "")


def test_a_domain_in_letters_of_its_own_stays_that_domain():
    found = parse(one(DomainNames=["Straße.de"])).relationships[0]
    assert found.domains == ("straße.de",), "strasse.de is somebody else's"


@pytest.mark.parametrize("filling", [b"{},", b"[],", b"0,", b"[" * 500 + b"]" * 500 + b","])
def test_a_file_of_nothing_but_brackets_is_refused_before_it_fills_the_memory(filling):
    content = b"[" + filling * (19 * 1024 * 1024 // len(filling)) + b"0]"
    with pytest.raises(ExportRefused) as refused:
        parse_export(content, tid=CONTOSO, now=NOW)
    assert refused.value.cause == "too_large"
