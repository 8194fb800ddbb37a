"""What is new, gone and changed between two exports, and what nobody can say."""

import pytest

from sharing.federation.differences import Field, compare
from sharing.federation.export import parse_export
from tests.cloud import CONTOSO
from tests.federation.exports import NOW, POLICY, RELATIONSHIP, encoded, policy, relationship, whole

PUBLISHED = whole()["publishedCalendars"][0]


def compared(before, after):
    older, newer = (parse_export(encoded(export), tid=CONTOSO, now=NOW) for export in (before, after))
    return compare(older, newer)


def cut(export, section):
    export["counts"][section] = None
    return export


def test_nothing_changed_where_only_the_order_and_the_date_did():
    before = whole(organizationRelationships=[RELATIONSHIP, relationship(DomainNames=["a.com", "b.com"])])
    after = whole(
        exportedAt="2026-11-21T10:00:00Z",
        organizationRelationships=[
            relationship(DomainNames=["b.com", "A.com"], WhenChangedUTC=None),
            RELATIONSHIP | {"Guid": RELATIONSHIP["Guid"].upper()},
        ],
        sharingPolicies=[policy(Domains=[*reversed(policy()["Domains"])]), POLICY],
    )  # fmt: skip
    assert compared(before, after) == []


def test_a_row_is_known_by_its_guid_so_a_new_name_is_a_change():
    (found,) = compared(whole(), whole(organizationRelationships=[RELATIONSHIP | {"Name": "Fab"}, relationship()]))
    assert (found.kind, found.name, found.key) == ("changed", "Fab", RELATIONSHIP["Guid"])
    assert found.fields == (Field("name", "Fabrikam", "Fab"),)


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({"FreeBusyAccessLevel": "LimitedDetails"}, Field("level", "AvailabilityOnly", "LimitedDetails")),
        ({"Enabled": False}, Field("is_enabled", True, False)),
        ({"FreeBusyAccessScope": "Joint venture"}, Field("scope_group", "", "Joint venture")),
        ({"DomainNames": ["northwind.com", "b.com"]}, Field("domains", ("northwind.com",), ("b.com", "northwind.com"))),
        ({"MailboxMoveEnabled": True}, Field("has_mailbox_move", False, True)),
    ],
)
def test_every_value_of_a_relationship_is_compared(fields, changed):
    (found,) = compared(whole(), whole(organizationRelationships=[RELATIONSHIP, relationship(**fields)]))
    assert (found.section, found.kind, found.fields) == ("organizationRelationships", "changed", (changed,))


def test_a_value_that_became_unknown_has_not_changed():
    assert (
        compared(whole(), whole(organizationRelationships=[RELATIONSHIP, relationship(MailboxMoveEnabled=None)])) == []
    )


def test_rows_of_each_section_come_and_go():
    bare = whole(
        acceptedDomains=[], organizationRelationships=[], sharingPolicies=[], sharingPolicyAssignments=[],
        publishedCalendars=[],
    )  # fmt: skip
    sections = [
        "acceptedDomains", "acceptedDomains", "organizationRelationships", "organizationRelationships",
        "sharingPolicies", "sharingPolicies", "sharingPolicyAssignments", "publishedCalendars",
    ]  # fmt: skip
    assert [(d.section, d.kind) for d in compared(bare, whole())] == [(section, "new") for section in sections]
    assert [(d.section, d.kind) for d in compared(whole(), bare)] == [(section, "gone") for section in sections]


def test_a_policy_that_lets_people_share_more_has_changed():
    after = policy(Domains=["*:CalendarSharingFreeBusyReviewer"])
    (found,) = compared(whole(), whole(sharingPolicies=[POLICY, after]))
    assert found.fields == (
        Field(
            "entries",
            (("*", "freeBusyRead", "CalendarSharingFreeBusySimple"),
             ("fabrikam.com", "limitedRead", "CalendarSharingFreeBusyDetail, ContactsSharing")),
            (("*", "read", "CalendarSharingFreeBusyReviewer"),),
        ),
    )  # fmt: skip


def test_customization_and_published_detail_are_compared():
    after = whole(
        organizationConfig={"Name": "x", "IsDehydrated": True},
        publishedCalendars=[PUBLISHED | {"detail": "FullDetails"}],
    )
    assert [(d.section, d.fields) for d in compared(whole(), after)] == [
        ("organizationConfig", (Field("is_dehydrated", False, True),)),
        ("publishedCalendars", (Field("level", "LimitedDetails", "FullDetails"),)),
    ]


def test_of_two_published_folders_with_one_name_one_can_go():
    found = compared(whole(publishedCalendars=[PUBLISHED, PUBLISHED]), whole())
    assert [(d.kind, d.name) for d in found] == [("gone", "AdeleV@contoso.com, Calendar")]


@pytest.mark.parametrize("section", ["organizationRelationships", "sharingPolicies", "publishedCalendars"])
def test_nothing_is_gone_from_a_section_that_either_export_does_not_hold_whole(section):
    assert compared(whole(), cut(whole(**{section: []}), section)) == []
    assert compared(whole(), whole(**{section: None})) == []
    assert compared(cut(whole(), section), whole(**{section: []})) == []


def test_nothing_is_new_since_a_section_that_was_not_whole_but_what_changed_in_it_is_said():
    before = cut(whole(organizationRelationships=[RELATIONSHIP]), "organizationRelationships")
    after = whole(organizationRelationships=[RELATIONSHIP | {"Enabled": False}, relationship()])
    assert [(d.kind, d.name) for d in compared(before, after)] == [("changed", "Fabrikam")]
    assert compared(whole(organizationRelationships=None), whole()) == []
