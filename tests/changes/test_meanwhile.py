"""What happens beside a change: it is not the change's doing, and it does not make the change forget itself."""

import pytest
from django.db import transaction

from sharing import changes
from sharing.changes.targets import target_of
from sharing.connect import client_for
from sharing.models import AuditEvent, Change, PermissionPeriod, Tenant
from tests.contoso import control, permission, user

ALEX, ADELE, MEGAN = "AlexW@contoso.com", "AdeleV@contoso.com", "MeganB@contoso.com"
KIDS = "Kids parties"
PATCH = {"match": {"path": r"/calendarPermissions/[^/]+$", "method": "PATCH"}, "do": "status", "times": 1}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ask(sync, contoso, clock):
    """Alex asks for another role on Kids parties."""
    sync()
    alex = user(contoso, ALEX)

    def role(who, role):
        row = permission(ALEX, who, KIDS)
        return changes.request_role(permission=row, role=role, seen=row.role, actor=alex, now=clock())

    return role


@pytest.fixture
def work(contoso, clock):
    def once(change):
        related = ("actor", "mailbox__person", "mailbox__tenant", "permission", "calendar")
        change = Change.objects.select_related(*related).get(pk=change.pk)
        change.calendar.mailbox = change.mailbox
        changes.apply(client=client_for(contoso), change=change, clock=clock)
        change.refresh_from_db()
        return change

    return once


def test_somebody_who_lost_access_outside_did_not_lose_it_by_our_change(ask, work, outside):
    change = ask(ADELE, "write")
    outside("unshare", mailbox=ALEX, calendar=KIDS, who=MEGAN)
    assert work(change).state == "applied"
    assert PermissionPeriod.objects.get(permission=permission(ALEX, MEGAN, KIDS)).change is None
    assert PermissionPeriod.objects.get(permission=permission(ALEX, ADELE, KIDS)).change == change


def test_a_throttled_second_try_does_not_forget_the_first(ask, work, cloud, clock):
    change = ask(ADELE, "write")
    cloud.faults.set([{**PATCH, "status": 503, "code": "UnknownError"}])
    sent_at = work(change).sent_at
    clock.forward(seconds=40)
    cloud.faults.set([{**PATCH, "status": 429, "code": "ApplicationThrottled", "retry_after": "60"}])
    assert work(change).sent_at == sent_at is not None
    Tenant.objects.update(writes_on=False)
    control(cloud, "clock", {"offset_seconds": 70})
    clock.forward(seconds=70)
    assert work(change).state == "open"  # it may still land: only reading settles it


def test_a_stale_row_in_a_workers_hand_is_read_again_after_the_claim(ask, contoso, clock, cloud):
    change = ask(ADELE, "write")
    stale = Change.objects.select_related("actor", "mailbox__person", "mailbox__tenant", "permission").get(pk=change.pk)
    stale.calendar.mailbox = stale.mailbox
    Change.objects.filter(pk=change.pk).update(sent_at=clock())
    Tenant.objects.update(writes_on=False)
    changes.apply(client=client_for(contoso), change=stale, clock=clock)
    assert Change.objects.get(pk=change.pk).state == "open"


def test_a_look_is_as_fresh_as_its_question_however_late_it_is_stored(ask, contoso, clock):
    change = Change.objects.select_related("mailbox__person", "mailbox__tenant", "calendar", "permission").get(
        pk=ask(ADELE, "write").pk
    )
    target = target_of(change)
    asked_at = clock.forward(hours=1)
    look = target.look(client_for(contoso), now=asked_at)
    with transaction.atomic():
        assert target.store(look, now=clock.forward(minutes=2), by=None)
    assert permission(ALEX, ADELE, KIDS).calendar.read_at == asked_at


def test_a_later_change_that_failed_does_not_silence_the_alarm(ask, work, cloud, clock, outside):
    first = work(ask(MEGAN, "freeBusyRead"))
    clock.forward(minutes=2)
    second = ask(MEGAN, "write")
    cloud.faults.set([{**PATCH, "status": 400, "code": "ErrorInvalidRequest"}])
    assert work(second).state == "failed"
    outside("role", mailbox=ALEX, calendar=KIDS, who=MEGAN, role="write")
    clock.forward(minutes=11)
    assert work(first).reverted_at == clock()
    assert AuditEvent.objects.filter(verb="change.reverted").exists()


def test_a_change_on_a_calendar_that_is_gone_leads_to_no_other(ask, work, clock, cloud, outside, sync):
    change = ask(ADELE, "write")
    outside("delete_calendar", mailbox=ALEX, calendar=KIDS)
    clock.forward(days=1)
    sync()
    cloud.log.clear()
    change = work(change)
    assert (change.state, change.cause) == ("conflict", "already_gone")
    assert not cloud.log.since()
