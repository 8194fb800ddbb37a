"""Fabrikam on its way: listed by Vikram, a link made, and nobody at Microsoft asked yet."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sharing import tasks
from sharing.connect import choosing, links
from sharing.models import AuditEvent, RoleAssignment, Tenant, User
from tests.cloud import CONTOSO, FABRIKAM
from tests.web.activate.trip import Trip


@pytest.fixture
def cloud(cloud):
    """As everywhere, but nobody in Fabrikam has ever consented to the app."""
    cloud.state.tenants[FABRIKAM].principals.clear()
    return cloud


@pytest.fixture
def vikram(db):
    """Admin of the whole installation, of Contoso."""
    contoso = Tenant.objects.create(
        tid=CONTOSO, name="Contoso", cloud="sandbox", state=Tenant.CONNECTED, state_since=timezone.now()
    )
    user = User.objects.create(tenant=contoso, oid="0e1f3a52-1111-4aaa-8bbb-123456789abc", name="Vikram Singh")
    RoleAssignment.objects.create(user=user, role="admin", tenant=None, given_at=timezone.now())
    return user


@pytest.fixture
def fabrikam(vikram, cloud):
    return choosing.choose(
        tid=FABRIKAM, name="Fabrikam", mode="domain_wide", scope="everybody", actor=vikram, now=timezone.now()
    )


@pytest.fixture
def make_link(fabrikam, vikram):
    """A link for Fabrikam (or another tenant), and its token."""

    def make(*, tenant=fabrikam, asks="both", ago=timedelta(0)):
        permissions = choosing.permissions_for(asks)
        return links.make_link(tenant=tenant, permissions=permissions, actor=vikram, now=timezone.now() - ago)

    return make


@pytest.fixture
def link(make_link):
    made, token = make_link()
    made.token = token
    return made


@pytest.fixture
def trip_of(cloud, link):
    """Another browser, with the same link or with that of `token`."""
    return lambda token=link.token: Trip(cloud, token)


@pytest.fixture
def trip(trip_of):
    return trip_of()


@pytest.fixture
def prove(link):
    """A worker takes the link a step further."""

    def work():
        for task, pk in list(tasks.due_reads(timezone.now())):
            if task is tasks.prove_link:
                task(pk)
        link.refresh_from_db()
        return link

    return work


@pytest.fixture
def unchanged(link):
    """Afterwards no tenant and no right has changed, and the link is not approved."""

    def picture():
        return list(Tenant.objects.order_by("pk").values()), list(RoleAssignment.objects.order_by("pk").values())

    before, people = picture(), User.objects.count()
    yield
    assert picture() == before
    assert User.objects.count() == people
    link.refresh_from_db()
    assert link.approved_by_oid is None and link.state in ("issued", "revoked")


@pytest.fixture
def outcomes(db):
    """What the activity log says of refused trips."""
    return lambda: list(
        AuditEvent.objects.filter(verb="consent.refused").order_by("pk").values_list("outcome", flat=True)
    )
