"""A partnership that ends: who is mailed, once at each stage, and what the mail says."""

import uuid
from datetime import date, timedelta

import pytest

from sharing import notices, tasks
from sharing.federation import partners
from sharing.models import FederationPlan, Notice, Person, PersonAddress, RoleAssignment
from tests.federation.planning import NOW, World


@pytest.fixture
def world(db):
    found = World()
    found.allan = found.user("Allan Deyoung")
    RoleAssignment.objects.create(user=found.allan, role="admin", tenant=found.tenant, given_at=NOW)
    alex = Person.objects.create(tenant=found.tenant, oid=uuid.uuid4(), name="Alex Wilber", address="AlexW@contoso.com")
    PersonAddress.objects.create(tenant=found.tenant, person=alex, address="alexw@contoso.com")
    return found


def make(world, **given):
    return partners.make_partner(
        tenant=world.tenant, name="Fabrikam", domains=["fabrikam.com", "fabrikam.co.uk"], actor=world.lidia, now=NOW,
        **{"contact": "alexw@contoso.com", "purpose": "Joint venture", "ends_on": date(2026, 12, 20), **given},
    )  # fmt: skip


def test_admins_operators_and_the_contact_are_mailed_once_at_each_stage(world):
    make(world)
    assert notices.tell_of_partners(NOW) == 0
    for days, subject in (
        (20, "The partnership with Fabrikam ends on 20 December 2026"),
        (28, "The partnership with Fabrikam ends tomorrow"),
        (30, "The partnership with Fabrikam was to end on 20 December 2026"),
    ):
        now = NOW + timedelta(days=days)
        assert [notices.tell_of_partners(now) for _ in range(2)] == [4, 0]
        sent = Notice.objects.filter(made_at=now)
        assert set(sent.values_list("subject", flat=True)) == {subject}
        names = {str(notice.user or notice.person) for notice in sent}
        assert names == {"Allan Deyoung", "Lidia Holloway", "Miriam Graham", "Alex Wilber"}
    assert notices.tell_of_partners(NOW + timedelta(days=90)) == 0
    assert not FederationPlan.objects.exists()  # nothing is suspended by itself


def test_it_gets_a_link_and_the_contact_a_sentence(world):
    make(world)
    notices.tell_of_partners(NOW + timedelta(days=20))
    to_it, to_contact = Notice.objects.get(user=world.lidia).body, Notice.objects.get(person__isnull=False).body
    assert f"/it/organizations/?tenant={world.tenant.public_id}" in to_it and "plan to suspend" in to_it
    assert "http" not in to_contact and "Tell Contoso’s IT" in to_contact
    for body in (to_it, to_contact):
        assert "fabrikam.com, fabrikam.co.uk" in body and "Joint venture" in body and "20 December 2026" in body
        assert "Nothing ends by itself" in body


@pytest.mark.parametrize("contact", ["", "somebody@contoso.com", "lidia@contoso.com"])
def test_a_contact_who_is_nobody_here_or_is_told_as_it_gets_no_mail_of_their_own(world, contact):
    lidia = Person.objects.create(tenant=world.tenant, oid=world.lidia.oid, name="Lidia", address="lidia@contoso.com")
    PersonAddress.objects.create(tenant=world.tenant, person=lidia, address="lidia@contoso.com")
    make(world, contact=contact)
    assert notices.tell_of_partners(NOW + timedelta(days=20)) == 3


def test_another_day_is_told_of_anew(world):
    partner = make(world)
    notices.tell_of_partners(NOW + timedelta(days=20))
    partners.change_partner(partner=partner, actor=world.lidia, now=NOW, ends_on=date(2026, 12, 24))
    assert notices.tell_of_partners(NOW + timedelta(days=20)) == 4


def test_the_clock_tells_of_it(world):
    make(world)
    list(tasks.due(NOW + timedelta(days=20)))
    assert Notice.objects.filter(kind="partner_ends").count() == 4
