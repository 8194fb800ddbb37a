"""A Contoso that is read for one security group only: declared, tested, tested again, and what a test left behind."""

import pytest

from sharing.connect import client_for, limits
from sharing.models import AuditEvent, GroupLimit, GroupMember, Person
from tests.contoso import control, user

EXECUTIVES, MARKETING = "Executives", "Marketing"
BY_ROLE = {"assignments": [{"role": "Calendars.Read", "group": EXECUTIVES, "custom": True}]}


@pytest.fixture
def allan(contoso, sync):
    sync()
    return user(contoso, "AllanD@contoso.com")


@pytest.fixture
def declare(contoso, clock, allan):
    def declare(name=EXECUTIVES):
        group = Person.objects.get(tenant=contoso, kind=Person.GROUP, name=name)
        return limits.declare(tenant=contoso, group=str(group.oid), actor=allan, now=clock())

    return declare


@pytest.fixture
def test(contoso, clock):
    """Test whatever is due at this moment, as the task does."""

    def test():
        for limit in limits.due(clock()).select_related("tenant", "inside", "outside"):
            limits.try_limit(limit=limit, client=client_for(contoso), clock=clock)
        return GroupLimit.objects.get()

    return test


@pytest.fixture
def again(clock, test):
    """Test because somebody asks for it, so much later."""

    def again(**span):
        clock.forward(**span)
        limits.ask(limit=GroupLimit.objects.get(), now=clock())
        return test()

    return again


@pytest.fixture
def verified(declare, test, cloud):
    """A limit that works; returns it."""
    control(cloud, "exchange", BY_ROLE | {"entra": "removed"})
    declare()
    limit = test()
    assert limit.verdict == GroupLimit.VERIFIED
    return limit


def probes():
    return [(e.subject["side"], e.outcome) for e in AuditEvent.objects.filter(verb="limit.probed").order_by("seq")]


def members():
    return set(GroupMember.objects.values_list("oid", flat=True))
