"""What a relationship opens, where policies disagree with it, what is noteworthy, and what the other side says."""

import uuid

import pytest

from sharing.access import organizations
from sharing.access.organizations import MainCalendars, OutsideShares
from sharing.federation import disagreement, flags, sides
from sharing.federation.flags import Flag
from sharing.federation.opens import Opening, opening
from sharing.federation.store import take_export
from sharing.models import FederationPlan, OrganizationRelationship, Person, RoleAssignment, SharingPolicy
from tests.federation.exports import EPR, NOW, RELATIONSHIP, encoded, relationship, whole
from tests.web.it import rows


def related(**fields):
    return OrganizationRelationship(
        **{
            "guid": uuid.uuid4(), "name": "Fabrikam", "domains": ["fabrikam.com"], "is_enabled": True,
            "has_free_busy": True, "level": "LimitedDetails", "target_application_uri": "outlook.com",
            "target_autodiscover_epr": EPR, "has_mailbox_move": False,
        } | fields
    )  # fmt: skip


def ruled(*entries, **fields):
    entries = [{"domain": domain, "actions": "x", "level": level} for domain, level in entries]
    fields = {"guid": uuid.uuid4(), "name": "Default", "is_enabled": True, "is_default": True, **fields}
    return SharingPolicy(entries=entries, **fields)


# What it opens --------------------------------------------------------------------------------------------

CALENDARS = MainCalendars(
    {"none": 5, "freeBusyRead": 60, "limitedRead": 20, "read": 7, "write": 1, "custom": 2, "new": 1}, unknown=4
)


def test_a_calendar_opens_as_far_as_both_the_relationship_and_its_own_row_for_everyone_allow():
    assert opening(related(), CALENDARS) == Opening({"freeBusyRead": 60, "limitedRead": 28}, closed=5, unknown=7)
    busy = opening(related(level="AvailabilityOnly"), CALENDARS)
    assert (busy.by_role, busy.opened, busy.closed, busy.unknown) == ({"freeBusyRead": 88}, 88, 5, 7)


@pytest.mark.parametrize(
    ("fields", "off"),
    [
        ({"is_enabled": False, "scope_group": "Joint venture"}, "disabled"),
        ({"has_free_busy": False, "level": "None"}, "level_none"),
        ({"level": "None"}, "level_none"),
        ({"domains": []}, "no_domains"),
    ],
)
def test_a_relationship_that_is_off_opens_nothing_and_says_why(fields, off):
    assert opening(related(**fields), CALENDARS) == Opening(closed=100, off=off)


def test_with_free_busy_off_nobody_can_say_what_is_open():
    row = related(has_free_busy=False)
    assert opening(row, CALENDARS) == Opening(unknown=100, off="free_busy_off")
    assert disagreement.disagreements(row, [ruled(("*", "read"))], {}) == []


def test_the_calendars_of_a_groups_members_are_not_counted():
    group = Person(name="Joint venture", size=212)
    found = opening(related(scope_group="Joint venture"), CALENDARS, {"Joint venture": group})
    assert (found, found.is_counted) == (Opening(group="Joint venture", size=212), False)
    assert opening(related(scope_group="Else"), CALENDARS, {}).size is None


# Where a policy disagrees ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "code", "allowed"),
    [
        ([("fabrikam.com", "limitedRead")], None, None),
        ([("*", "limitedRead"), ("Anonymous", "read")], None, None),
        ([("*", "freeBusyRead")], "policy_less", "freeBusyRead"),
        ([("*", "freeBusyRead"), ("fabrikam.com", "freeBusyRead")], "policy_less", "freeBusyRead"),
        ([("fabrikam.com", "read")], "policy_more", "read"),
        ([("fabrikam.com", "read"), ("*", "freeBusyRead")], "policy_unclear", "read"),
        ([("fabrikam.com", "unknown")], "policy_unclear", "unknown"),
        ([("northwind.com", "read"), ("Anonymous", "read")], "policy_none", ""),
        ([("fabrikam.com", "")], "policy_none", ""),
        ([], "policy_none", ""),
    ],
)
def test_a_policy_is_compared_with_what_the_relationship_shows(entries, code, allowed):
    found = disagreement.disagreements(related(), [ruled(*entries)], {})
    assert [(d.code, d.allowed, d.shown, d.domains) for d in found] == (
        [(code, allowed, "limitedRead", ("fabrikam.com",))] if code else []
    )


def test_domains_of_which_the_same_is_to_be_said_are_said_together():
    row = related(domains=["a.com", "b.com", "c.com"])
    found = disagreement.disagreements(row, [ruled(("*", "freeBusyRead"), ("b.com", "read"))], {})
    assert [(d.code, d.domains) for d in found] == [("policy_less", ("a.com", "c.com")), ("policy_unclear", ("b.com",))]


def test_a_disabled_policy_lets_nobody_share_what_a_relationship_shows():
    (found,) = disagreement.disagreements(related(), [ruled(("*", "read"), is_enabled=False)], {})
    assert found.code == "policy_off"
    assert not disagreement.disagreements(related(is_enabled=False), [ruled(is_enabled=False)], {})


def test_a_relationship_that_is_off_shows_less_than_people_may_share():
    (found,) = disagreement.disagreements(related(is_enabled=False), [ruled(("*", "freeBusyRead"))], {})
    assert (found.code, found.shown) == ("policy_more", "none")


def test_a_policy_that_no_mailbox_has_disagrees_with_nothing():
    policy = ruled()
    assert not disagreement.disagreements(related(), [policy], {str(policy.guid): 0})
    assert disagreement.disagreements(related(), [policy], {str(policy.guid): None})


# What is noteworthy ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "flag"),
    [
        ({}, None),
        ({"domains": list("abcdef")}, Flag("details_to_many", tuple("abcdef"))),
        ({"domains": list("abcdef"), "level": "AvailabilityOnly"}, None),
        ({"has_mailbox_move": True, "mailbox_move_capability": "Inbound"}, Flag("mailbox_move", ("Inbound",))),
        ({"has_mailbox_move": None}, None),
        ({"is_enabled": False, "has_free_busy": False}, Flag("disabled")),
        ({"has_free_busy": False}, Flag("free_busy_off")),
        ({"target_application_uri": ""}, Flag("no_endpoint")),
        ({"target_autodiscover_epr": ""}, Flag("no_endpoint")),
        ({"target_autodiscover_epr": "", "target_sharing_epr": "https://x/EWS/Exchange.asmx"}, Flag("ews_endpoint")),
        ({"domains": []}, Flag("no_domains")),
        ({"domains": ["contoso.com", "fabrikam.com"]}, Flag("own_domain", ("contoso.com",))),
    ],
)
def test_a_relationship_is_flagged(fields, flag):
    row = related(**fields)
    found = flags.relationship_flags(row, [row], own_domains=["contoso.com"])
    assert found == ([flag] if flag else [])


def test_a_relationship_that_shows_more_than_was_agreed_is_flagged():
    row = related()
    assert flags.relationship_flags(row, [], agreed="AvailabilityOnly") == [
        Flag("more_than_agreed", ("AvailabilityOnly",))
    ]
    assert flags.relationship_flags(row, [], agreed="LimitedDetails") == []


def test_a_domain_in_two_relationships_is_flagged_on_both():
    both = [related(), related(name="Fabrikam again", domains=["fabrikam.com", "b.com"])]
    assert flags.relationship_flags(both[0], both) == [Flag("overlap", ("Fabrikam again",))]
    assert flags.relationship_flags(both[1], both) == [Flag("overlap", ("Fabrikam",))]


def test_domains_of_the_partner_that_are_left_out_are_flagged():
    theirs = ["fabrikam.com", "fabrikam.co.uk", "fabrikam.onmicrosoft.com"]
    assert flags.relationship_flags(related(), [], their_domains=theirs) == [
        Flag("domains_missing", ("fabrikam.co.uk",))
    ]


@pytest.mark.parametrize(
    ("policy", "mailboxes", "found"),
    [
        (ruled(("*", "freeBusyRead"), ("Anonymous", "freeBusyRead"), ("a.com", "read")), 5, []),
        (ruled(("*", "limitedRead")), None, [Flag("everybody_details", ("limitedRead",))]),
        (ruled(("Anonymous", "read"), ("Anonymous", "")), 5, [Flag("anybody_details", ("read",))]),
        (ruled(("*", "read"), is_enabled=False), 5, [Flag("policy_disabled")]),
        (ruled(("a.com", "unknown")), 5, [Flag("unknown_actions", ("a.com",))]),
        (ruled(), 0, [Flag("policy_unused")]),
    ],
)
def test_a_policy_is_flagged(policy, mailboxes, found):
    assert flags.policy_flags(policy, mailboxes=mailboxes) == found


def test_a_planned_policy_waits_for_customization():
    plan = FederationPlan(kind="policy", state="open")
    assert flags.customization_flag(True, [plan]) == Flag("customization_off")
    for is_dehydrated, plans in ((True, []), (False, [plan]), (None, [plan]), (True, [FederationPlan(kind="new")])):
        assert flags.customization_flag(is_dehydrated, plans) is None


def test_who_has_no_policy_of_their_own_has_the_default_one():
    default, managers, unused = ruled(), ruled(name="Managers", is_default=False), ruled(name="Old", is_default=False)
    policies = [default, managers, unused]
    counts = {"Managers": 3, f"{managers.guid}": 1, "CN=managers,CN=Federation,DC=x": 1, "Gone": 2}
    found = flags.mailboxes_of(policies, counts, total=100, is_whole=True)
    assert [found[str(policy.guid)] for policy in policies] == [93, 5, 0]
    assert set(flags.mailboxes_of(policies, counts, total=100, is_whole=False).values()) == {None}


def test_domains_in_use_without_a_relationship_come_with_the_most_shared_first():
    shares = {
        "a.com": OutsideShares(calendars=2),
        "b.com": OutsideShares(calendars=9),
        "": OutsideShares(),
        "fabrikam.com": OutsideShares(),
    }
    assert list(flags.without_relationship(shares, [related()])) == ["b.com", "a.com"]


# The other side -------------------------------------------------------------------------------------------


@pytest.mark.django_db
class TestTheOtherSide:
    @pytest.fixture
    def fabrikam(self, contoso):
        return rows.make_tenant(rows.FABRIKAM, "Fabrikam", ["fabrikam.com", "fabrikam.co.uk"])

    @pytest.fixture
    def both(self, contoso, fabrikam, lidia, take):
        """Both organizations exported; Lidia is IT of both."""
        RoleAssignment.objects.create(user=lidia, tenant=fabrikam, role="reviewer", given_at=NOW)
        take(whole())
        theirs = whole(
            tenant=rows.FABRIKAM, acceptedDomains=[{"DomainName": "fabrikam.de"}],
            organizationRelationships=[
                relationship("Contoso", DomainNames=["contoso.com"]), relationship("N", RELATIONSHIP["Guid"]),
            ],
        )  # fmt: skip
        take_export(tenant=fabrikam, content=encoded(theirs), actor=lidia, now=NOW)

    def test_it_is_what_their_export_says_of_us(self, contoso, fabrikam, lidia, both):
        ours = organizations.relationships_for_it(lidia, contoso).get(name="Fabrikam")
        side = sides.their_side(ours, lidia)
        assert (side.tenant, [row.name for row in side.relationships]) == (fabrikam, ["Contoso"])
        assert side.domains == {"fabrikam.com", "fabrikam.co.uk", "fabrikam.de"}
        assert sides.own_domains(lidia, contoso) == {"contoso.com", "contoso.onmicrosoft.com"}

    def test_it_cannot_be_read_by_who_is_not_it_there(self, contoso, fabrikam, lidia, both):
        RoleAssignment.objects.filter(tenant=fabrikam).delete()
        ours = organizations.relationships_for_it(lidia, contoso)
        assert sides.their_sides(lidia, contoso, ours) == {}

    def test_it_says_nothing_where_they_never_exported(self, contoso, fabrikam, lidia, take):
        RoleAssignment.objects.create(user=lidia, tenant=fabrikam, role="reviewer", given_at=NOW)
        take(whole())
        side = sides.their_side(organizations.relationships_for_it(lidia, contoso).get(name="Fabrikam"), lidia)
        assert (side.known, side.relationships) == (None, ())

    def test_more_relationships_are_no_more_queries(self, contoso, lidia, both, take, django_assert_max_num_queries):
        many = [relationship(f"R{n}", str(uuid.UUID(int=n)), DomainNames=[f"r{n}.com"]) for n in range(1, 60)]
        take(whole(exportedAt="2026-11-21T11:00:00Z", organizationRelationships=[RELATIONSHIP, *many]))
        ours = list(organizations.relationships_for_it(lidia, contoso))
        with django_assert_max_num_queries(14):
            assert list(sides.their_sides(lidia, contoso, ours)) == [RELATIONSHIP["Guid"]]
