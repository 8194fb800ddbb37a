"""A tenant that is read for people known here is tried with them, or with who approved: nobody else is asked about."""

import uuid

import pytest
from django.test import Client
from django.utils import timezone

from sandbox.ids import object_id
from sharing.connect import choosing, client_for, links, prove
from sharing.models import ActivationLink, Invitation, Mailbox, Person, Tenant, User
from tests.cloud import FABRIKAM
from tests.web.activate.trip import PATTI

RUTH, GARTH = object_id("rutha@fabrikam.com"), object_id("garthf@fabrikam.com")


@pytest.fixture
def fabrikam(vikram, cloud):
    return choosing.choose(
        tid=FABRIKAM, name="Fabrikam", mode="domain_wide", scope="people", actor=vikram, now=timezone.now()
    )


@pytest.fixture
def ruth(fabrikam):
    """She has an account here."""
    return User.objects.create(tenant=fabrikam, oid=RUTH, name="Ruth Almeida")


@pytest.fixture
def asked(cloud):
    """Paths of everything that was asked of Graph about people, groups and contacts."""

    def paths():
        told = [f"{each.path}?{each.query}" for each in cloud.log.since(0) if each.caller and each.kind != "batch"]
        return [path for path in told if any(f"/{what}" in path for what in ("users", "groups", "contacts"))]

    return paths


@pytest.fixture
def no_mailbox(cloud):
    def take(*oids):
        for oid in oids:
            cloud.state.tenants[FABRIKAM].users[str(oid)].mailbox_state = "unlicensed"

    return take


def only_about(paths, *whom):
    assert paths
    return [path for path in paths if not any(str(each).casefold() in path.casefold() for each in whom)] == []


def test_it_is_tried_with_who_approved_where_nobody_has_an_account(trip, prove, link, asked):
    trip.go()
    assert prove().state == ActivationLink.PROVED
    assert link.organization["probed"].casefold() == "pattif@fabrikam.com"
    assert only_about(asked(), PATTI)


def test_it_is_tried_with_people_who_have_an_account_before_who_approved(trip, prove, link, asked, ruth):
    trip.go()
    assert prove().state == ActivationLink.PROVED
    assert link.organization["probed"].casefold() == "rutha@fabrikam.com"
    assert only_about(asked(), ruth.oid)


def test_it_is_tried_with_who_was_invited_within_the_domains_of_the_tenant(trip, prove, link, asked, vikram):
    for address in ("garthf@fabrikam.com", "alexw@contoso.com"):
        Invitation.objects.create(
            tenant=link.tenant, address=address, invited_by=vikram, invited_at=timezone.now(),
            state_since=timezone.now(),
        )  # fmt: skip
    trip.go()
    assert prove().state == ActivationLink.PROVED
    assert link.organization["probed"].casefold() == "garthf@fabrikam.com"
    assert only_about(asked(), GARTH, "garthf%40fabrikam.com", "garthf@fabrikam.com")


def test_who_approved_is_tried_where_nobody_known_has_a_mailbox(trip, prove, link, asked, ruth, no_mailbox):
    no_mailbox(ruth.oid)
    trip.go()
    assert prove().state == ActivationLink.PROVED
    assert link.organization["probed"].casefold() == "pattif@fabrikam.com"
    assert only_about(asked(), ruth.oid, PATTI)


def test_without_any_mailbox_it_is_proved_by_the_directory_and_the_page_says_so(
    trip, prove, link, asked, no_mailbox, vikram
):
    no_mailbox(PATTI)
    trip.go()
    assert prove().state == ActivationLink.PROVED
    assert (link.organization["name"], link.organization["probed"]) == ("Fabrikam", "")
    assert only_about(asked(), PATTI)
    browser = Client(headers={"host": "localhost:8000"})
    browser.force_login(vikram)
    page = browser.get(f"/setup/connecting/confirm/?tenant={link.tenant.public_id}").content.decode()
    assert "No mailbox could be tried yet" in page
    links.confirm_link(link=link, actor=vikram, now=timezone.now())
    assert Tenant.objects.get(tid=FABRIKAM).state == Tenant.CONNECTED


@pytest.mark.parametrize("how", ["empty_list", "drop_default_row"])
def test_a_mailbox_that_answers_wrongly_is_not_a_missing_one(how, trip, prove, link, cloud):
    cloud.faults.set([{"match": {"path": "/calendar/calendarPermissions$"}, "do": how}])
    trip.go()
    assert (prove().state, link.cause) == (ActivationLink.APPROVED, "no_mailbox_read")


def test_who_approved_and_is_not_in_the_directory_proves_nothing(trip, prove, link):
    trip.go()
    ActivationLink.objects.update(approved_by_oid=uuid.uuid4())
    assert (prove().state, link.cause) == (ActivationLink.APPROVED, "no_mailbox_read")


def test_a_mailbox_that_its_person_gave_back_is_not_tried(trip, prove, link, asked, ruth):
    person = Person.objects.create(tenant=link.tenant, oid=ruth.oid, kind=Person.USER, name=ruth.name)
    Mailbox.objects.create(
        tenant=link.tenant, person=person, state=Mailbox.EXCLUDED, cause="disconnected", state_since=timezone.now(),
        disconnected_at=timezone.now(),
    )  # fmt: skip
    trip.go()
    assert prove().state == ActivationLink.PROVED
    assert only_about(asked(), PATTI)


def test_whose_mailbox_is_tried_is_said_before_anybody_approves(trip, link, vikram):
    browser = Client(headers={"host": "localhost:8000"})
    browser.force_login(vikram)
    pages = [
        trip.portal.get(trip.path),
        browser.get(f"/setup/connecting/?tenant={link.tenant.public_id}"),
        browser.get("/setup/connect/"),
    ]
    for page in pages:
        assert "the mailbox of the administrator who approves" in page.content.decode()


def test_looking_after_such_a_tenant_later_asks_about_nobody_else(trip, prove, link, asked, ruth, vikram, cloud):
    trip.go()
    links.confirm_link(link=prove(), actor=vikram, now=timezone.now())
    User.objects.filter(pk=ruth.pk).update(is_active=False)
    before = len(asked())
    tenant = Tenant.objects.get(tid=FABRIKAM)
    proof = prove_now(tenant)
    assert (proof.probed, proof.nobody_to_try) == ("", True)
    assert asked()[before:] == []


def prove_now(tenant):
    return prove(client=client_for(tenant), tid=str(tenant.tid), now=timezone.now())
