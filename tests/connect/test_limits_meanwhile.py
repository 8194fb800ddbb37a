"""What happens to a limit while somebody else is at it: another admin, a worker, whoever ran the script."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from sharing.connect import client_for, limits
from sharing.models import AuditEvent, GroupLimit, Person, Tenant
from tests.connect.limiting import EXECUTIVES, MARKETING, members


@pytest.fixture
def meanwhile(cloud, monkeypatch):
    """Do something once, when Microsoft is asked for the first path that ends so."""

    def meanwhile(path, do):
        real, done = cloud.handle, []

        def handle(request):
            answer = real(request)
            if request.path.endswith(path) and not done:
                done.append(True)
                do()
            return answer

        monkeypatch.setattr(cloud, "handle", handle)
        return done

    return meanwhile


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_name_a_group_at_once_end_with_one_limit(contoso, allan, clock):
    group = str(Person.objects.get(tenant=contoso, kind=Person.GROUP, name=EXECUTIVES).oid)
    together = Barrier(4)

    def work(_):
        try:
            tenant = Tenant.objects.get(pk=contoso.pk)
            together.wait(30)
            return limits.declare(tenant=tenant, group=group, actor=allan, now=clock()).pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(work, range(4)))
    assert found == {GroupLimit.objects.get().pk}
    assert AuditEvent.objects.filter(verb="limit.declared").count() == 1


def test_a_test_that_is_asked_for_shortly_before_the_hourly_listing_is_made(verified, clock, test):
    clock.forward(minutes=58)
    limits.ask(limit=verified, now=clock())
    assert limits.is_underway(GroupLimit.objects.get(), clock())
    clock.forward(minutes=2)
    assert test().tested_at == clock()


def test_a_test_that_is_asked_for_while_members_are_listed_comes_right_after(verified, clock, test, meanwhile):
    clock.forward(hours=1)
    done = meanwhile("/members", lambda: limits.ask(limit=GroupLimit.objects.get(), now=clock()))
    test()
    assert done and limits.due(clock()).exists()
    assert test().tested_at == clock()


@pytest.mark.parametrize("name", [EXECUTIVES, MARKETING])
def test_who_was_listed_for_a_lease_that_was_lost_is_nobodys_member(declare, name, clock, contoso, meanwhile):
    limit = declare()

    def lose():
        GroupLimit.objects.update(attempt=limit.attempt + 7)
        declare(name)

    done = meanwhile("/members", lose)
    limits.try_limit(limit=limit, client=client_for(contoso), clock=clock)
    assert done
    assert (GroupLimit.objects.get().members_read_at, members()) == (None, set())
