"""How long the past is kept: what is let go, what stays, and that the log still proves itself."""

import uuid
from datetime import timedelta

import pytest

from sharing import audit, tasks
from sharing.audit import retention
from sharing.models import (
    AuditChain,
    AuditEvent,
    Booking,
    CalendarPermission,
    DeliveryPeriod,
    OutsideAct,
    PermissionPeriod,
    Probe,
    Role,
)
from tests.audit.chains import head_of
from tests.web.it import rows
from tests.web.it.rows import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def contoso(db):
    return rows.make_tenant()


@pytest.fixture
def megan(contoso):
    alex = rows.make_mailbox(rows.make_person(contoso, "Alex Wilber"))
    return rows.give(alex.calendars.get(), rows.make_person(contoso, "Megan Bowen"), Role.READ)


def period(permission, days_ago):
    at = NOW - timedelta(days=days_ago)
    common = {"tenant": permission.tenant, "ended_at": at, "ended_after_at": at - timedelta(days=1)}
    PermissionPeriod.objects.create(permission=permission, role=Role.WRITE, began_at=at - timedelta(days=9), **common)
    DeliveryPeriod.objects.create(mailbox=permission.mailbox, delivery_option="a", after="b", **common)
    OutsideAct.objects.create(tenant=permission.tenant, record_id=f"{days_ago}", at=at, operation="x", taken_at=at)


def meeting(contoso, mailbox, megan, days_ago, act=""):
    at = NOW - timedelta(days=days_ago)
    Booking.objects.create(
        tenant=contoso, mailbox=mailbox, user=megan, form_key=uuid.uuid4(), subject="x", starts_at=at,
        ends_at=at + timedelta(hours=1), state=Booking.BOOKED, act=act, asked_at=at, act_at=at,
    )  # fmt: skip
    Probe.objects.create(
        tenant=contoso, mailbox=mailbox, address="ally@fabrikam.com", asked_by=megan, asked_at=at, outcome=Probe.SEEN
    )


def record(contoso, days_ago, count=1):
    for _ in range(count):
        AuditEvent.objects.record(now=NOW - timedelta(days=days_ago), verb="signin.done", tenant=contoso)


def test_the_past_is_let_go_after_so_many_days_and_the_present_is_not(contoso, megan):
    for days in (500, 401, 399, 1):
        period(megan, days)
    record(contoso, 450, 3)
    record(contoso, 100, 2)
    audit.keep_history(tenant=contoso, days=400, actor=rows.make_user(contoso, "Allan Deyoung"), now=NOW)
    assert audit.prune(tenant=contoso, now=NOW)
    for model in (PermissionPeriod, DeliveryPeriod):
        assert model.objects.count() == 2
    assert OutsideAct.objects.count() == 2
    assert CalendarPermission.objects.get() == megan
    verbs = AuditEvent.objects.order_by("seq").values_list("seq", "verb")
    assert list(verbs) == [
        (4, "signin.done"), (5, "signin.done"), (6, "history.kept"), (7, "history.pruned"), (8, "audit.pruned")
    ]  # fmt: skip
    assert AuditEvent.objects.get(verb="history.pruned").subject == {
        "PermissionPeriod": 2, "DeliveryPeriod": 2, "OutsideAct": 2
    }  # fmt: skip


def test_meetings_that_are_over_and_tests_with_partners_are_let_go_too(contoso, megan):
    allan = rows.make_user(contoso, "Allan Deyoung")
    for days, act in ((401, ""), (401, Booking.MOVE), (399, ""), (-1, "")):
        meeting(contoso, megan.mailbox, allan, days, act)
    audit.keep_history(tenant=contoso, days=400, actor=allan, now=NOW)
    assert audit.prune(tenant=contoso, now=NOW)
    assert Booking.objects.count() == 3, "one with something on its way stays"
    assert Probe.objects.count() == 2


def test_the_log_proves_itself_before_and_after(contoso, megan):
    record(contoso, 450, 30)
    record(contoso, 10, 5)
    heads = [head_of(contoso)]
    audit.keep_history(tenant=contoso, days=90, actor=rows.make_user(contoso, "Allan Deyoung"), now=NOW)
    for later in (0, 30, 81, 200):
        assert audit.prune(tenant=contoso, now=NOW + timedelta(days=later))
        record(contoso, 10 - later)
        heads.append(head_of(contoso))
        assert [v.faults for v in audit.verify(heads=heads)] == [[]], later
    assert AuditChain.objects.get().pruned_to > 35


def test_a_prune_that_broke_off_goes_on_where_it_was(contoso, megan, monkeypatch):
    record(contoso, 450, 25)
    contoso.history_days = 100
    contoso.save(update_fields=["history_days"])
    monkeypatch.setattr(retention, "AT_ONCE", 5)
    monkeypatch.setattr(retention, "BATCH", 10)
    assert not audit.prune(tenant=contoso, now=NOW)
    assert AuditEvent.objects.count() == 16
    assert [v.faults for v in audit.verify()] != [[]]  # half of it is still there, and should not be
    while not audit.prune(tenant=contoso, now=NOW):
        pass
    assert list(AuditEvent.objects.values_list("verb", flat=True)) == ["audit.pruned"]
    assert [v.faults for v in audit.verify()] == [[]]


def test_where_nothing_is_said_the_past_is_kept_always(contoso, megan):
    period(megan, 4000)
    record(contoso, 4000)
    assert audit.prune(tenant=contoso, now=NOW)
    assert (PermissionPeriod.objects.count(), AuditEvent.objects.count()) == (1, 1)


@pytest.mark.parametrize("days", [0, 89, 3651])
def test_the_past_is_kept_for_three_months_at_least(contoso, days):
    with pytest.raises(audit.NotThatLong):
        audit.keep_history(tenant=contoso, days=days, actor=rows.make_user(contoso, "Allan Deyoung"), now=NOW)
    assert not AuditEvent.objects.exists()


def test_since_when_the_past_is_kept_is_known(contoso, megan):
    assert audit.history_begins_at(contoso) == rows.FIRST
    period(megan, 200)
    contoso.history_days = 90
    contoso.save(update_fields=["history_days"])
    later = NOW + timedelta(days=60)
    audit.prune(tenant=contoso, now=later)
    assert audit.history_begins_at(contoso) == later - timedelta(days=90)
    assert audit.history_begins_at(rows.make_tenant(rows.FABRIKAM, "Fabrikam")) is None


def test_the_worker_lets_go_of_what_is_old(contoso, megan):
    period(megan, 500)
    assert [task for task, _ in tasks.due_reads(NOW) if task is tasks.prune_history] == []
    contoso.history_days = 400
    contoso.save(update_fields=["history_days"])
    jobs = [(task, pk) for task, pk in tasks.due_reads(NOW) if task is tasks.prune_history]
    assert [pk for _, pk in jobs] == [contoso.pk]
    assert [task for task, _ in tasks.due_reads(NOW) if task is tasks.prune_history] == []  # not twice a second
    tasks.prune_history(contoso.pk)
    assert not PermissionPeriod.objects.exists()
