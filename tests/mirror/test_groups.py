"""A group has the size that Microsoft says, or none; contacts are known by all their addresses."""

import pytest

from sharing.models import CalendarPermission, Person, SyncRun
from tests.cloud import CONTOSO
from tests.contoso import permission

COUNTS = r"/transitiveMembers/"


def group(name):
    return Person.objects.get(kind=Person.GROUP, name=name)


def sizes():
    """The sizes of all groups that hold access, by name."""
    rows = CalendarPermission.objects.open().filter(grantee__kind=Person.GROUP)
    return dict(rows.values_list("grantee__name", "grantee__size"))


TRUE = {"Executives": 6, "Launch Project": 3, "Marketing": 4, "Sales Team": 4, "Works Council": None}


@pytest.fixture
def counted(sync, clock):
    """Two nights: the first finds out which groups hold access, the second counts them."""
    sync()
    clock.forward(days=1)
    sync()


def test_a_group_that_turns_out_to_hold_access_is_counted_within_the_hour(sync, clock):
    sync()
    assert set(sizes().values()) == {None}
    clock.forward(hours=1)
    sync(kind=SyncRun.HOURLY)
    assert sizes() == TRUE
    assert group("Executives").size_at == clock()


def test_only_groups_that_hold_access_are_counted(counted, cloud):
    asked = [entry for entry in cloud.log.since() if "transitiveMembers" in entry.path]
    assert len(asked) == len(TRUE)
    assert group("Everyone at Contoso").size is None


def test_nothing_is_written_and_the_hour_asks_nothing_while_the_numbers_stand(counted, sync, clock, cloud):
    since = group("Executives").size_at
    cloud.log.clear()
    clock.forward(hours=1)
    sync(kind=SyncRun.HOURLY)
    assert not [entry for entry in cloud.log.since() if "/groups" in entry.path]
    clock.forward(days=1)
    sync()
    assert group("Executives").size_at == since


def test_a_new_member_is_seen_the_next_night(counted, sync, clock, cloud):
    tenant = cloud.state.tenants[CONTOSO]
    studio = next(each for each in tenant.groups.values() if each.name == "Studio")
    studio.members.append(tenant.user("HiroT@contoso.com").oid)
    clock.forward(days=1)
    sync()
    assert (group("Marketing").size, group("Marketing").size_at) == (5, clock())


@pytest.mark.parametrize(
    "fault",
    [
        {"match": {"path": COUNTS}, "do": "status", "status": 403, "code": "Authorization_RequestDenied"},
        {"match": {"path": COUNTS}, "do": "status", "status": 429, "retry_after": 3600},
        {"match": {"path": COUNTS}, "do": "wrong_type"},
        {"match": {"path": COUNTS}, "do": "body", "json": {"value": [], "@odata.count": 0}},
        {"match": {"path": "/groups"}, "do": "status", "status": 403, "code": "Authorization_RequestDenied"},
    ],
    ids=["denied", "throttled", "rubbish", "hidden", "all denied"],
)
def test_a_size_that_cannot_be_read_becomes_unknown_and_the_group_stays(counted, sync, clock, cloud, fault):
    before = set(sizes())
    cloud.faults.set([fault])
    clock.forward(days=1)
    run = sync()
    assert run.outcome == SyncRun.DONE
    assert set(sizes()) == before
    assert set(sizes().values()) == {None}
    assert not Person.objects.filter(kind=Person.GROUP, missed_at__isnull=False).exists()


def test_a_group_that_no_longer_holds_access_has_no_old_size(counted, sync, clock, outside):
    outside("unshare", mailbox="LeeG@contoso.com", who="executives@contoso.com")
    for _ in range(2):
        clock.forward(days=1)
        sync()
    assert (group("Executives").size, group("Executives").size_at) == (None, None)


@pytest.mark.parametrize(
    ("role", "kind"), [("GroupMember.Read.All", Person.GROUP), ("OrgContact.Read.All", Person.CONTACT)]
)
def test_without_an_optional_permission_the_rest_is_read(sync, cloud, role, kind):
    cloud.state.apply({"do": "revoke", "tenant": CONTOSO, "role": role})
    assert sync().outcome == SyncRun.DONE
    assert not Person.objects.filter(kind=kind).exists()
    agency = permission("MiriamG@contoso.com", "agency@tailspintoys.com", "Campaigns")
    assert agency.grantee.kind == ("outside" if kind == Person.CONTACT else "contact")


def test_a_contact_is_known_by_any_of_their_addresses(sync):
    sync()
    desk = permission("TarekH@contoso.com", "orders@northwindtraders.com", "Sales visits").grantee
    assert (desk.kind, desk.name, desk.address) == ("contact", "Northwind Order Desk", "hello@northwindtraders.com")
    assert set(desk.addresses.values_list("address", flat=True)) == {
        "hello@northwindtraders.com",
        "orders@northwindtraders.com",
    }
    assert not desk.mailboxes.exists()


def test_who_was_a_stranger_is_the_contact_once_contacts_may_be_read(sync, clock, cloud):
    cloud.state.apply({"do": "revoke", "tenant": CONTOSO, "role": "OrgContact.Read.All"})
    sync()
    cloud.state.apply({"do": "grant", "tenant": CONTOSO, "role": "OrgContact.Read.All"})
    cloud.advance(7200)  # until there is a new token
    clock.forward(days=1)
    sync()
    agency = permission("MiriamG@contoso.com", "agency@tailspintoys.com", "Campaigns")
    assert agency.grantee.kind == "contact"


@pytest.mark.parametrize("do", ["truncate", "loop", "wrong_type", "foreign_link"])
@pytest.mark.parametrize("path", ["/contacts$", "/groups$"])
def test_half_a_list_of_groups_or_contacts_ends_nobody_and_stops_nothing(counted, sync, clock, cloud, path, do):
    cloud.faults.set([{"match": {"path": path}, "do": do}])
    for _ in range(3):
        clock.forward(days=1)
        assert sync().outcome == SyncRun.DONE
    assert not Person.objects.filter(missed_at__isnull=False).exists()


def test_a_contact_missing_from_two_whole_lists_has_left(counted, sync, clock, cloud):
    tenant = cloud.state.tenants[CONTOSO]
    agency = next(each for each in tenant.contacts.values() if each.name == "Tailspin Agency")
    del tenant.contacts[agency.oid]
    clock.forward(days=1)
    sync()
    person = Person.objects.get(oid=agency.oid)
    assert (person.missed_at, person.ended_at) == (clock(), None)
    clock.forward(days=1)
    sync()
    person.refresh_from_db()
    assert person.ended_at == clock()


def test_a_group_is_known_by_the_addresses_it_has_now(sync, clock, cloud):
    sync()
    tenant = cloud.state.tenants[CONTOSO]
    executives = next(each for each in tenant.groups.values() if each.name == "Executives")
    executives.name, executives.mail = "Board", "board@contoso.com"
    clock.forward(days=1)
    sync()
    person = group("Board")
    assert str(person.oid) == executives.oid
    assert list(person.addresses.values_list("address", flat=True)) == ["board@contoso.com"]
    assert person.search == "board\nboard@contoso.com"
