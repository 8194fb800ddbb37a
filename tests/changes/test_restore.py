"""A calendar is put back to what it was at a moment: role back, removed again, created again, or why not."""

from datetime import timedelta

import pytest
import time_machine

from sharing import changes
from sharing.changes import restore
from sharing.models import AuditEvent, Calendar, CalendarPermission, Change, ChangeBatch, Tenant
from tests.changes.operating import ADELE, ALEX, CHARLIE, LIDIA, MEGAN, operator, work
from tests.contoso import permission, user

KIDS = "Kids parties"


@pytest.fixture(autouse=True)
def time(clock):
    """The clock that the tasks read is the one that a test sets."""
    with time_machine.travel(clock.now, tick=False) as machine:
        forward = clock.forward

        def move(**span):
            machine.move_to(forward(**span))
            return clock.now

        clock.forward = move
        yield


@pytest.fixture
def was(contoso, clock, sync, outside):
    """Kids parties was read twice; then Adele lost it, Megan got more, Charlie came; `was` is the moment between."""
    Tenant.objects.update(creates_on=True)
    contoso.refresh_from_db()
    sync()
    moment = clock.forward(hours=1)
    clock.forward(hours=1)
    sync()
    clock.forward(days=1)
    outside("unshare", mailbox=ALEX, calendar=KIDS, who=ADELE)
    outside("role", mailbox=ALEX, calendar=KIDS, who=MEGAN, role="write")
    outside("share", mailbox=ALEX, calendar=KIDS, who=CHARLIE, role="read")
    sync()
    clock.forward(days=1)
    sync()
    return moment


@pytest.fixture
def kids(contoso, was):
    related = ("mailbox__person", "mailbox__tenant", "mailbox__shard")
    return Calendar.objects.select_related(*related).get(name=KIDS, is_own=True, mailbox__person__address=ALEX)


def plan(kids, was, actor, kind=Change.OWNER):
    return restore.plan_restore(calendar=kids, as_of=was, actor=actor, actor_kind=kind, kept_from=None)


def lines(found):
    return {item.address.lower(): (item.before, item.after, item.skipped) for item in found.items}


def roles(kids):
    rows = CalendarPermission.objects.open().filter(calendar=kids)
    return {row.address.lower() or "everyone": row.role for row in rows}


def start(kids, was, actor, clock, kind=Change.OWNER, **fields):
    batch = restore.check_restore(
        calendar=kids, as_of=was, actor=actor, actor_kind=kind, kept_from=None, now=clock.now, **fields
    )
    return changes.confirm_batch(batch=batch, actor=actor, now=clock.now)


def test_every_difference_is_listed_and_nothing_else(kids, was, contoso):
    found = plan(kids, was, user(contoso, ALEX))
    assert lines(found) == {
        ADELE.lower(): ("", "read", ""),
        MEGAN.lower(): ("write", "read", ""),
        CHARLIE.lower(): ("read", "", ""),
    }
    assert (found.invited, found.invited_outside) == ([ADELE], [])


def test_what_was_confirmed_is_carried_out_and_the_calendar_is_as_it_was(kids, was, contoso, clock, sync):
    batch = start(kids, was, user(contoso, ALEX), clock)
    work(clock, 12)
    sync()
    assert set(Change.objects.values_list("state", flat=True)) == {Change.APPLIED}
    now = roles(kids)
    assert (now[ADELE.lower()], now[MEGAN.lower()]) == ("read", "read")
    assert CHARLIE.lower() not in now
    batch.refresh_from_db()
    assert batch.state == ChangeBatch.DONE
    assert lines(plan(kids, was, user(contoso, ALEX))) == {}
    assert AuditEvent.objects.filter(verb="batch.confirmed").count() == 1


def test_who_cannot_be_added_is_said_before_anything_happens(kids, was, contoso):
    Tenant.objects.update(creates_on=False)
    kids.mailbox.tenant.refresh_from_db()
    assert lines(plan(kids, was, user(contoso, ALEX)))[ADELE.lower()] == ("", "read", restore.CREATES_OFF)


def test_an_operator_puts_back_only_what_gives_less(kids, was, contoso, clock):
    lidia = operator(contoso, LIDIA, clock.now)
    batch = start(kids, was, lidia, clock, Change.OPERATOR)
    kept = {item.address.lower(): item.skipped for item in batch.items.all()}
    assert kept == {ADELE.lower(): "needs_yes", MEGAN.lower(): "", CHARLIE.lower(): ""}
    work(clock, 8)
    assert roles(kids)[MEGAN.lower()] == "read"
    assert ADELE.lower() not in roles(kids)


def test_what_changed_between_two_checks_around_the_moment_is_left_alone(kids, was, contoso):
    moment = was + timedelta(hours=12)  # after the last reading that showed the old roles
    assert {skipped for _, _, skipped in lines(plan(kids, moment, user(contoso, ALEX))).values()} == {restore.BETWEEN}


def test_before_the_first_reading_nothing_can_be_put_back(kids, was, contoso):
    with pytest.raises(restore.NotKnown) as caught:
        plan(kids, was - timedelta(days=9), user(contoso, ALEX))
    assert caught.value.why == "not_read"


def test_a_list_that_changed_since_it_was_shown_is_not_confirmed(kids, was, contoso, clock, sync, outside):
    alex = user(contoso, ALEX)
    shown = plan(kids, was, alex).mark
    outside("unshare", mailbox=ALEX, calendar=KIDS, who=CHARLIE)
    sync()
    with pytest.raises(restore.MovedOn):
        restore.check_restore(
            calendar=kids, as_of=was, actor=alex, actor_kind=Change.OWNER, kept_from=None, now=clock.now, shown=shown
        )
    assert not ChangeBatch.objects.exists()


def test_somebody_who_was_added_again_meanwhile_only_gets_the_role_back(kids, was, contoso, sync, outside, clock):
    outside("share", mailbox=ALEX, calendar=KIDS, who=ADELE, role="write")
    sync()
    found = plan(kids, was, user(contoso, ALEX))
    assert lines(found)[ADELE.lower()] == ("write", "read", "")
    assert found.invited == []


def test_nobody_puts_back_what_is_not_theirs(kids, was, contoso, clock):
    for who, kind in ((CHARLIE, Change.OWNER), (CHARLIE, Change.OPERATOR)):
        with pytest.raises(changes.NotNow) as caught:
            start(kids, was, user(contoso, who), clock, kind)
        assert caught.value.cause == "not_allowed"
    assert not ChangeBatch.objects.exists()


def test_a_frozen_tenant_is_not_put_back(kids, was, contoso, clock):
    Tenant.objects.update(frozen_at=clock.now)
    kids.mailbox.tenant.refresh_from_db()
    with pytest.raises(changes.NotNow) as caught:
        start(kids, was, user(contoso, ALEX), clock)
    assert caught.value.cause == "frozen"


def test_an_entry_with_a_change_underway_is_left_alone(kids, was, contoso, clock):
    alex = user(contoso, ALEX)
    charlie = permission(ALEX, CHARLIE, KIDS)
    changes.request_removal(permission=charlie, seen=charlie.role, actor=alex, now=clock.now)
    assert lines(plan(kids, was, alex))[CHARLIE.lower()] == ("read", "", "change_open")
