"""What others do while a link is on its way: nobody confirms what was not shown, and no trip goes on for ever."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connections
from django.http import Http404
from django.test import Client
from django.utils import timezone

from sharing import access, tasks
from sharing.connect import choosing, links
from sharing.models import ActivationLink, AuditEvent, ConsentAttempt, Grant, Person, RoleAssignment, Tenant, User
from sharing.web import limits
from tests.cloud import FABRIKAM
from tests.connect.lending import lend
from tests.web.activate.trip import PATTI

ALEX = "64339082-ed84-4b0b-b4ab-004ae54f3747"


@pytest.fixture
def choose(vikram):
    def again(*, mode="domain_wide", scope="everybody"):
        return choosing.choose(
            tid=FABRIKAM, name="Fabrikam", mode=mode, scope=scope, actor=vikram, now=timezone.now()
        )  # fmt: skip

    return again


@pytest.fixture
def proved(trip, prove):
    trip.go()
    return prove()


def confirm(link, vikram):
    links.confirm_link(link=link, actor=vikram, now=timezone.now())


# Other choices -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [{"scope": "group"}, {"mode": "individual"}])
def test_what_was_approved_is_not_what_is_chosen_now(other, proved, choose, fabrikam, vikram):
    choose(**other)
    with pytest.raises(links.NotProved):
        confirm(proved, vikram)
    fabrikam.refresh_from_db()
    assert fabrikam.state == Tenant.LISTED


def test_the_same_choices_again_leave_the_link_alone(proved, choose, fabrikam, vikram):
    choose()
    confirm(proved, vikram)
    fabrikam.refresh_from_db()
    assert fabrikam.state == Tenant.CONNECTED


@pytest.mark.django_db(transaction=True)
def test_choosing_again_does_not_take_back_a_yes_of_the_same_moment(proved, choose, fabrikam, vikram):
    def both(act):
        try:
            return act()
        except (links.NotProved, choosing.AlreadyConnected):
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(both, [lambda: confirm(proved, vikram), choose]))
    fabrikam.refresh_from_db()
    proved.refresh_from_db()
    assert (proved.state, fabrikam.state) == (ActivationLink.CONFIRMED, Tenant.CONNECTED)


def test_a_choice_for_a_tenant_that_is_connected_changes_nothing(proved, choose, fabrikam, vikram):
    confirm(proved, vikram)
    events = AuditEvent.objects.count()
    with pytest.raises(choosing.AlreadyConnected):
        choose(scope="people")
    fabrikam.refresh_from_db()
    assert (fabrikam.state, fabrikam.scope) == (Tenant.CONNECTED, "everybody")
    assert AuditEvent.objects.count() == events


# Another link, another end -------------------------------------------------------------------------------


def test_a_yes_is_for_the_link_that_was_shown(proved, fabrikam, vikram, make_link, trip_of):
    browser = Client(headers={"host": "localhost:8000"})
    browser.force_login(vikram)
    path = f"/setup/connecting/confirm/?tenant={fabrikam.public_id}"
    assert f'name="link" value="{proved.public_id}"' in browser.get(path).content.decode()
    other, token = make_link(asks="both")
    trip_of(token).go()
    ActivationLink.objects.filter(pk=other.pk).update(state=ActivationLink.PROVED, organization=proved.organization)
    answer = browser.post(path, {"link": proved.public_id})
    assert answer.status_code == 409 and "Another link was made meanwhile" in answer.content.decode()
    fabrikam.refresh_from_db()
    assert fabrikam.state == Tenant.LISTED
    assert browser.post(path, {"link": other.public_id}).status_code == 302


@pytest.mark.parametrize("state", [Tenant.ENDED, Tenant.PRIVATE])
def test_nothing_is_confirmed_in_a_tenant_that_ended(state, proved, fabrikam, vikram):
    Tenant.objects.filter(pk=fabrikam.pk).update(state=state)
    with pytest.raises(links.NotProved):
        confirm(proved, vikram)
    fabrikam.refresh_from_db()
    assert fabrikam.state == state


def test_cancelling_leaves_people_what_they_connected_themselves(cloud, vikram, choose):
    Tenant.objects.filter(pk=vikram.tenant_id).update(people_may_connect_others=True)
    alex = User.objects.create(tenant=Tenant.objects.get(pk=vikram.tenant_id), oid=ALEX, name="Alex Wilber")
    lend(cloud, alex, now=timezone.now(), other=(FABRIKAM, PATTI))
    links.cancel(tenant=choose(), actor=vikram, now=timezone.now())
    fabrikam = Tenant.objects.get(tid=FABRIKAM)
    assert (fabrikam.state, fabrikam.mode) == (Tenant.PRIVATE, Tenant.INDIVIDUAL)
    again = lend(cloud, alex, now=timezone.now(), other=(FABRIKAM, PATTI))
    assert again.state == Grant.CONNECTED


def test_a_role_that_was_given_meanwhile_shows_nothing_of_what_is_private_again(cloud, vikram, choose):
    Tenant.objects.filter(pk=vikram.tenant_id).update(people_may_connect_others=True)
    alex = User.objects.create(tenant=Tenant.objects.get(pk=vikram.tenant_id), oid=ALEX, name="Alex Wilber")
    lend(cloud, alex, now=timezone.now(), other=(FABRIKAM, PATTI))
    fabrikam = choose()
    for role in ("reviewer", "admin"):
        RoleAssignment.objects.create(user=alex, role=role, tenant=fabrikam, given_at=timezone.now())
    links.cancel(tenant=fabrikam, actor=vikram, now=timezone.now())
    assert not access.tenants_for_it(alex).exists()
    assert not access.tenants_for_setup(alex).exists()


def test_what_somebody_connected_is_theirs_alone_until_the_organization_is_connected(cloud, vikram, choose):
    Tenant.objects.filter(pk=vikram.tenant_id).update(people_may_connect_others=True)
    alex = User.objects.create(tenant=Tenant.objects.get(pk=vikram.tenant_id), oid=ALEX, name="Alex Wilber")
    grant = lend(cloud, alex, now=timezone.now(), other=(FABRIKAM, PATTI))
    for task, pk in list(tasks.due_reads(timezone.now())):
        task(pk)
    grant.refresh_from_db()
    fabrikam = choose()
    for role in ("reviewer", "operator", "admin"):
        RoleAssignment.objects.create(user=vikram, role=role, tenant=fabrikam, given_at=timezone.now())

    def again():
        """Him as the next request loads him."""
        return User.objects.get(pk=vikram.pk)

    def is_seen():
        vikram = again()
        assert fabrikam in access.tenants_for_setup(vikram)
        assert grant.mailbox in access.mailboxes_of(alex)
        mailboxes = access.mailboxes_for_it(vikram, fabrikam)
        tenants = access.tenants_for_it(vikram)
        people = Person.objects.filter(tenant__in=tenants, pk=grant.mailbox.person_id)
        return tenants.exists(), mailboxes.exists(), people.exists()

    assert is_seen() == (False, False, False)
    browser = Client(headers={"host": "localhost:8000"})
    browser.force_login(vikram)
    page = browser.get(f"/setup/users/?tenant={fabrikam.public_id}")
    assert page.status_code == 200 and "No mailbox is known." in page.content.decode()
    with pytest.raises(Http404):
        access.permissions_for_it(vikram, fabrikam)
    with pytest.raises(Http404):
        access.person_for_it(vikram, grant.mailbox.person.public_id)
    Tenant.objects.filter(pk=fabrikam.pk).update(state=Tenant.ENDED)  # and nothing was approved before that, either
    fabrikam.refresh_from_db()
    assert is_seen() == (False, False, False)
    Tenant.objects.filter(pk=fabrikam.pk).update(state=Tenant.CONNECTED)
    fabrikam.refresh_from_db()
    assert is_seen() == (True, True, True)
    assert access.permissions_for_it(again(), fabrikam).exists()


# For ever ------------------------------------------------------------------------------------------------


def test_a_link_whose_workers_never_come_back_fails_in_the_end(trip, prove, cloud):
    trip.go()
    before = len(cloud.log.since(0))
    # All that is left of them: how often it was claimed, and until when.
    later = timezone.now() + timedelta(days=8)
    ActivationLink.objects.update(due_at=later, attempt=9)
    with time_machine.travel(later, tick=False):
        link = prove()
    assert (link.state, link.cause, link.due_at) == (ActivationLink.FAILED, "unreachable", None)
    assert len(cloud.log.since(0)) == before


def test_a_link_that_no_worker_had_time_for_is_still_tried_once(trip, prove):
    trip.go()
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        assert prove().state == ActivationLink.PROVED


def test_nobody_makes_trips_or_repeats_answers_without_end(trip, monkeypatch):
    back = trip.consent(trip.begin())
    monkeypatch.setattr(limits, "MOST", dict.fromkeys(limits.MOST, 1))
    answers = [trip.come_back(back).status_code for _ in range(4)]
    assert answers[-1] == 429
    answers = [trip.portal.post(trip.path) for _ in range(3)]
    assert answers[-1].status_code == 429 and answers[-1]["Retry-After"]
    assert trip.portal.get(trip.path).status_code == 429
    assert ConsentAttempt.objects.count() <= 2
    assert AuditEvent.objects.filter(verb="consent.refused").count() <= 1
    assert not [task for task, _ in tasks.due_reads(timezone.now()) if task is tasks.prove_link]


@pytest.mark.parametrize("how", ["empty_list", "drop_default_row"])
def test_a_list_without_the_row_that_every_calendar_has_proves_nothing(how, trip, prove, cloud):
    cloud.faults.set([{"match": {"path": "/calendar/calendarPermissions$"}, "do": how}])
    trip.go()
    link = prove()
    assert (link.state, link.cause) == (ActivationLink.APPROVED, "no_mailbox_read")
    cloud.faults.set([])
    ActivationLink.objects.update(due_at=timezone.now())
    assert prove().state == ActivationLink.PROVED
