"""What Exchange said, partners, plans, probes and bookings go with the mirror of a tenant that is erased."""

import uuid
from datetime import timedelta

import pytest
from django.apps import apps

from sharing.connect import ends, erasing_own
from sharing.models import (
    AuditEvent,
    Booking,
    FederationPlan,
    Mailbox,
    Partner,
    Person,
    PolicyAssignment,
    Probe,
    PublishedCalendar,
    SyncShard,
    Tenant,
    Volunteer,
)
from tests.federation.planning import DEFAULT_POLICY, NOW, WITH_FABRIKAM, World

# What stays of an erased tenant: itself, who signs in and what they did, what it was asked and allowed.
STAYS = {"AuditEvent", "User", "RoleAssignment", "ActivationLink", "Grant", "ConsentAttempt", "AppCredential"}


def filled(world):
    """One row of everything there is about partners and meetings."""
    tenant = world.tenant
    person = Person.objects.create(tenant=tenant, oid=uuid.uuid4(), name="Alex Wilber", address="alexw@contoso.com")
    shard = SyncShard.objects.create(tenant=tenant, number=1)
    mailbox = Mailbox.objects.create(tenant=tenant, person=person, shard=shard, state_since=NOW)
    snapshot = world.exported([WITH_FABRIKAM], [DEFAULT_POLICY])
    of = {"tenant": tenant, "snapshot": snapshot, "address": "alexw@contoso.com", "mailbox": mailbox}
    PolicyAssignment.objects.create(**of, policy="Executives")
    PublishedCalendar.objects.create(**of, folder="Calendar", level="LimitedDetails")
    partner = Partner.objects.create(tenant=tenant, name="Fabrikam", made_by=world.lidia, made_at=NOW)
    FederationPlan.objects.create(
        tenant=tenant, kind="suspend", partner=partner, snapshot=snapshot, shown_by=snapshot, made_by=world.lidia,
        made_at=NOW, state_since=NOW,
    )  # fmt: skip
    Volunteer.objects.create(tenant=tenant, mailbox=mailbox, since=NOW)
    Probe.objects.create(
        tenant=tenant, partner=partner, mailbox=mailbox, address="patti@fabrikam.com", asked_by=world.lidia,
        asked_at=NOW, outcome="seen",
    )  # fmt: skip
    Booking.objects.create(
        tenant=tenant, mailbox=mailbox, user=world.lidia, form_key=uuid.uuid4(), subject="Planning", starts_at=NOW,
        ends_at=NOW + timedelta(hours=1), zone="UTC", asked_at=NOW, act_at=NOW,
    )  # fmt: skip
    return mailbox


def left_of(tenant):
    models = apps.get_app_config("sharing").get_models()
    mine = [model for model in models if any(field.name == "tenant" for field in model._meta.fields)]
    counts = {model.__name__: model._base_manager.filter(tenant=tenant).count() for model in mine}
    return {name for name, count in counts.items() if count}


@pytest.fixture
def world(db):
    return World()


def test_all_of_it_is_erased_with_the_mirror(world):
    filled(world)
    ends.disconnect_tenant(tenant=world.tenant, erase=True, actor=world.lidia, now=NOW)
    assert ends.erase_some(tenant=world.tenant, now=NOW)
    assert left_of(world.tenant) == {"AuditEvent", "User", "RoleAssignment"}
    counted = AuditEvent.objects.get(verb="mirror.erased").subject
    names = ("Booking", "Probe", "FederationPlan", "Partner", "ExchangeSnapshot", "OrganizationRelationship")
    assert [counted[name] for name in names] == [1] * len(names)


def test_kept_it_all_stays_but_the_yes_to_ask_from_a_mailbox(world):
    filled(world)
    before = left_of(world.tenant)
    ends.disconnect_tenant(tenant=world.tenant, erase=False, actor=world.lidia, now=NOW)
    assert left_of(world.tenant) == before - {"Volunteer"} | {"AuditEvent"}
    assert before > {"Partner", "ExchangeSnapshot", "Booking"}


def test_every_table_with_a_tenant_is_erased_or_stays_on_purpose():
    models = apps.get_app_config("sharing").get_models()
    mine = {model.__name__ for model in models if any(field.name == "tenant" for field in model._meta.fields)}
    erased = {model.__name__ for model, _ in ends.mirror_of(Tenant(pk=1))}
    assert mine - erased == STAYS & mine


def test_what_a_mailbox_lent_for_meetings_goes_when_its_person_erases_it(world):
    mailbox = filled(world)
    counts = {model.__name__: rows.count() for model, rows in erasing_own._of_mailbox(mailbox.pk)}
    for name in ("Booking", "Probe", "Volunteer", "PublishedCalendar", "PolicyAssignment"):
        assert counts[name] == 1
    for model, rows in erasing_own._of_mailbox(mailbox.pk):
        ends.delete_some(model, rows, 10)
    assert not Mailbox.objects.exists()
