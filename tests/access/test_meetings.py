"""Who may book here, and whom a person may ask about."""

from datetime import UTC, datetime

import pytest

from sharing import access
from sharing.federation.store import take_export
from sharing.models import Grant, Mailbox, Person, SyncShard, Tenant
from tests.federation.exports import encoded, relationship, whole
from tests.web.it import rows

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture
def contoso(db):
    tenant = rows.make_tenant()
    Tenant.objects.filter(pk=tenant.pk).update(
        mode=Tenant.DOMAIN_WIDE, scope=Tenant.GROUP, has_booker=True, bookings_on=True
    )
    return Tenant.objects.get(pk=tenant.pk)


def lent(tenant, user, person):
    """The mailbox of somebody outside the group, read with what they lent."""
    grant = Grant.objects.create(
        user=user, tenant=tenant, account_oid=person.oid, state=Grant.CONNECTED, state_since=NOW, connected_at=NOW
    )  # fmt: skip
    shard = SyncShard.objects.create(tenant=tenant, number=99, grant=grant)
    return Mailbox.objects.create(tenant=tenant, person=person, shard=shard, state=Mailbox.OK, state_since=NOW)


def test_a_limit_to_a_group_holds_for_meetings_whatever_somebody_outside_it_lent(contoso):
    alex = rows.make_user(contoso, "Alex Wilber")
    rows.make_mailbox(rows.make_person(contoso, "Alex Wilber", oid=alex.oid))
    megan = rows.make_user(contoso, "Megan Bowen")
    person = rows.make_person(contoso, "Megan Bowen", oid=megan.oid)
    lent(contoso, megan, person)
    assert access.may_book(alex) == "" and access.may_book(megan) == "left_out"
    assert not access.colleagues_of(alex) and not access.find_colleagues(alex, "megan")
    assert not access.chosen_colleagues(alex, [person.public_id])


def test_where_everybody_lends_for_themselves_those_who_did_are_colleagues(contoso):
    Tenant.objects.update(mode=Tenant.INDIVIDUAL)
    alex, megan = rows.make_user(contoso, "Alex Wilber"), rows.make_user(contoso, "Megan Bowen")
    person = rows.make_person(contoso, "Megan Bowen", oid=megan.oid)
    lent(contoso, megan, person)
    assert list(access.colleagues_of(alex)) == [person] == list(Person.objects.all())


def test_a_domain_of_ours_in_a_relationship_is_no_way_around_the_limit(contoso):
    lidia = rows.make_user(contoso, "Lidia Holloway", "operator")
    odd = relationship(DomainNames=["northwind.com", "contoso.com", "contoso.onmicrosoft.com"])
    export = encoded(whole(organizationRelationships=[odd]))
    take_export(tenant=contoso, content=export, actor=lidia, now=datetime(2026, 11, 21, 12, tzinfo=UTC))
    assert access.partner_domains(lidia) == {"northwind.com": "Northwind"}
