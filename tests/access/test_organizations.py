"""What IT reads of other organizations: who may, which snapshot is believed, and what the numbers count."""

import uuid
from datetime import timedelta

import pytest
from django.http import Http404

from sharing.access import organizations
from sharing.models import ExchangeSnapshot, Mailbox, OrganizationRelationship, Person, Role, RoleAssignment
from tests.web.it import rows

pytestmark = pytest.mark.django_db

RELATIONSHIPS, POLICIES = ExchangeSnapshot.RELATIONSHIPS, ExchangeSnapshot.POLICIES


@pytest.fixture
def contoso(db):
    return rows.make_tenant()


@pytest.fixture
def isaiah(contoso):
    return rows.make_user(contoso, "Isaiah Langer", "reviewer")


def snapshot(tenant, actor, days_ago, **sections):
    return ExchangeSnapshot.objects.create(
        tenant=tenant, exported_at=rows.NOW - timedelta(days=days_ago), taken_at=rows.NOW, taken_by=actor,
        digest=uuid.uuid4().hex, sections=sections,
    )  # fmt: skip


def relationship(of, name="Fabrikam", **fields):
    return OrganizationRelationship.objects.create(
        tenant=of.tenant, snapshot=of, guid=uuid.uuid4(), name=name, is_enabled=True, has_free_busy=True,
        level="AvailabilityOnly", **fields,
    )  # fmt: skip


ASKED = [
    organizations.snapshots_for_it, organizations.last_known, organizations.relationships_for_it,
    organizations.policies_for_it, organizations.assignments_for_it, organizations.policy_counts,
    organizations.published_for_it, organizations.partners_for_it, organizations.plans_for_it,
    organizations.probes_for_it, organizations.volunteers_for_it, organizations.their_tenants,
    organizations.main_calendars_by_role, organizations.outside_shares,
    lambda user, tenant: organizations.shared_outside(user, tenant, ["fabrikam.com"]),
    lambda user, tenant: organizations.groups_named(user, tenant, ["Joint venture"]),
]  # fmt: skip


@pytest.mark.parametrize("ask", ASKED)
def test_only_it_of_the_tenant_is_answered(contoso, isaiah, ask):
    fabrikam = rows.make_tenant(rows.FABRIKAM, "Fabrikam", ["fabrikam.com"])
    patti = rows.make_user(fabrikam, "Patti Fernandez", "reviewer", "operator", "admin")
    allan = rows.make_user(contoso, "Allan Deyoung", "admin")
    ask(isaiah, contoso)
    for other in (patti, allan, rows.make_user(contoso, "Charlie Reed")):
        with pytest.raises(Http404):
            ask(other, contoso)


def test_of_each_section_the_newest_whole_snapshot_is_believed(contoso, isaiah):
    first = snapshot(contoso, isaiah, 9, **{RELATIONSHIPS: "read", POLICIES: "cut"})
    relationship(first)
    last = snapshot(contoso, isaiah, 2, **{RELATIONSHIPS: "cut", POLICIES: "missing"})
    relationship(last, "Half")
    known = organizations.last_known(isaiah, contoso)
    assert known == {RELATIONSHIPS: (first, True), POLICIES: (first, False)}
    assert [r.name for r in organizations.relationships_for_it(isaiah, contoso)] == ["Fabrikam"]
    assert organizations.snapshots_for_it(isaiah, contoso)[0] == last
    assert not organizations.published_for_it(isaiah, contoso).exists()


def test_a_cut_section_is_shown_where_it_was_never_whole(contoso, isaiah):
    relationship(snapshot(contoso, isaiah, 2, **{RELATIONSHIPS: "cut"}), "Half")
    assert [r.name for r in organizations.relationships_for_it(isaiah, contoso)] == ["Half"]


def test_a_main_calendar_counts_by_everyones_role_and_as_unknown_where_it_was_not_read(
    contoso, isaiah, django_assert_num_queries
):
    for number in range(12):
        box = rows.make_mailbox(rows.make_person(contoso, f"Somebody {number}"))
        rows.share_with_everyone(rows.make_calendar(box, "Family"), Role.WRITE)
        rows.share_with_everyone(box.calendars.get(is_default=True), Role.NONE if number < 3 else Role.LIMITED_READ)
    Mailbox.objects.filter(person__name="Somebody 11").update(state=Mailbox.DENIED)
    Mailbox.objects.filter(person__name="Somebody 10").update(state=Mailbox.NO_MAILBOX)
    Mailbox.objects.filter(person__name="Somebody 9").update(state=Mailbox.EXCLUDED)
    rows.make_mailbox(rows.make_person(contoso, "New One"), state=Mailbox.NEVER)
    with django_assert_num_queries(3):
        found = organizations.main_calendars_by_role(isaiah, contoso)
    assert (found.by_role, found.unknown, found.total) == ({"none": 3, "limitedRead": 6}, 2, 11)


def test_shares_outside_are_counted_by_the_domain_of_the_address(contoso, isaiah, django_assert_num_queries):
    calendars = [
        rows.make_mailbox(rows.make_person(contoso, f"Owner {n}")).calendars.get() for n in range(3)
    ]  # fmt: skip
    ally = rows.make_person(contoso, "Ally", "Ally@Fabrikam.com", Person.OUTSIDE)
    ben = rows.make_person(contoso, "Ben", "ben@fabrikam.co.uk", Person.GUEST)
    for calendar in calendars:
        rows.give(calendar, ally, Role.LIMITED_READ)
    rows.give(calendars[0], ben, Role.READ, address="ben_fabrikam.co.uk#EXT#@contoso.com")
    rows.give(calendars[1], rows.make_person(contoso, "Nobody", "ghost", Person.OUTSIDE), Role.READ)
    rows.give(calendars[1], rows.make_person(contoso, "Megan Bowen"), Role.WRITE)
    rows.give(calendars[2], ben, Role.READ, ended_at=rows.NOW)
    with django_assert_num_queries(3):
        found = organizations.outside_shares(isaiah, contoso)
    assert found == {
        "fabrikam.com": organizations.OutsideShares({"limitedRead": 3}, 1, 3),
        "fabrikam.co.uk": organizations.OutsideShares({"read": 1}, 1, 1),
        "": organizations.OutsideShares({"read": 1}, 1, 1),
    }
    both = organizations.shared_outside(isaiah, contoso, ["fabrikam.com", "fabrikam.co.uk"])
    assert both == organizations.OutsideShares({"limitedRead": 3, "read": 1}, 2, 3)


def test_a_group_is_found_by_its_name_or_address_unless_there_are_two(contoso, isaiah):
    venture = rows.make_person(contoso, "Joint venture", "jv@contoso.com", Person.GROUP, size=212)
    for n in range(2):
        rows.make_person(contoso, "Twins", f"twins{n}@contoso.com", Person.GROUP)
    ways = ["Joint venture", "JV@contoso.com", "contoso.onmicrosoft.com/Groups/Joint venture", "CN=Joint venture,OU=x"]
    found = organizations.groups_named(isaiah, contoso, [*ways, "Twins", "CN=Twins,OU=x", "Nobody", ""])
    assert found == dict.fromkeys(ways, venture)


def test_the_other_side_is_shown_only_to_who_is_it_there_too(contoso, isaiah):
    fabrikam = rows.make_tenant(rows.FABRIKAM, "Fabrikam", ["fabrikam.com"])
    assert not organizations.their_tenants(isaiah, contoso).exists()
    RoleAssignment.objects.create(user=isaiah, tenant=fabrikam, role="reviewer", given_at=rows.NOW)
    assert organizations.their_tenants(isaiah, contoso).get() == fabrikam
