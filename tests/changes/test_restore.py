"""A calendar is put back to what it was at a moment: role back, removed again, created again, or why not."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from sharing import changes
from sharing.changes import days, restore
from sharing.models import AuditEvent, Calendar, CalendarPermission, Change, ChangeBatch, EndDate, Tenant
from tests.changes.operating import ADELE, ALEX, CHARLIE, LIDIA, MEGAN, operator, work
from tests.contoso import mailbox, permission, user

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
    now = timezone.now()
    return restore.plan_restore(calendar=kids, as_of=was, actor=actor, actor_kind=kind, kept_from=None, now=now)


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


# Who gets the meeting requests, and the days that a policy asks for ------------------------------------------

ONLY, BOTH = "sendToDelegateOnly", "sendToDelegateAndPrincipal"


@pytest.fixture
def main(kids):
    related = ("mailbox__person", "mailbox__tenant", "mailbox__shard")
    return Calendar.objects.select_related(*related).get(mailbox=kids.mailbox_id, is_default=True, is_own=True)


@pytest.fixture
def sent_on(main, outside, sync, clock):
    """Since then Alex gets his requests himself, too; he found that in Outlook."""
    assert mailbox(ALEX).delivery_option == ONLY
    outside("delivery", mailbox=ALEX, option=BOTH)
    sync()
    clock.forward(days=1)
    main.mailbox.refresh_from_db()


def delivery_of(found):
    return [(item.before, item.after, item.skipped) for item in found.items if item.after in (ONLY, BOTH)]


def test_with_the_main_calendar_comes_who_gets_the_meeting_requests(main, was, sent_on, contoso, clock):
    alex = user(contoso, ALEX)
    found = plan(main, was, alex)
    assert delivery_of(found) == [(BOTH, ONLY, "")] and found.invited == []
    start(main, was, alex, clock)
    work(clock, 6)
    assert mailbox(ALEX).delivery_option == ONLY


def test_another_calendar_and_an_operator_leave_it_as_it_is(kids, main, was, sent_on, contoso, clock):
    assert delivery_of(plan(kids, was, user(contoso, ALEX))) == []
    assert delivery_of(plan(main, was, operator(contoso, LIDIA, clock.now), Change.OPERATOR)) == []


def test_it_stays_where_it_was_unticked(main, was, sent_on, contoso, clock, outside, sync):
    outside("role", mailbox=ALEX, who=MEGAN, role="read")
    sync()
    start(main, was, user(contoso, ALEX), clock, takes_delivery=False)
    work(clock, 6)
    assert mailbox(ALEX).delivery_option == BOTH
    assert permission(ALEX, MEGAN).is_delegate


def test_requests_go_to_delegates_only_where_one_is_there_then(main, was, sent_on, contoso, outside, sync):
    Tenant.objects.update(creates_on=False)
    main.mailbox.tenant.refresh_from_db()
    outside("unshare", mailbox=ALEX, who=MEGAN)
    sync()
    assert delivery_of(plan(main, was, user(contoso, ALEX))) == [(BOTH, ONLY, "no_delegate")]


@pytest.mark.parametrize("do", [{"do": "role", "role": "read"}, {"do": "unshare"}])
def test_what_is_put_back_ends_on_the_last_day_that_the_policy_lets_it(
    main, was, contoso, clock, outside, sync, do
):  # fmt: skip
    outside(**do, mailbox=ALEX, who=MEGAN)
    sync()
    Tenant.objects.update(longest_days_delegate=30)
    main.mailbox.tenant.refresh_from_db()
    alex = user(contoso, ALEX)
    found = plan(main, was, alex)
    (line,) = found.items
    day = days.today(main.mailbox, clock.now) + timedelta(days=30)
    assert (line.skipped, found.last_day(line)) == ("", day)
    assert found.mark != restore.Plan(main, was, found.items, clock.now + timedelta(days=1)).mark
    batch = start(main, was, alex, clock, shown=found.mark)
    work(clock, 12)
    megan = permission(ALEX, MEGAN)
    assert megan.is_delegate
    end = EndDate.objects.get(permission=megan, state=EndDate.LIVE)
    assert (end.ends_on, end.asks) == (day, True)  # a delegate’s owner is asked on the day
    batch.refresh_from_db()
    assert batch.state == ChangeBatch.DONE


def test_what_may_last_gets_no_day(kids, was, contoso):
    Tenant.objects.update(longest_days_delegate=30, longest_days_outside=30)
    kids.mailbox.tenant.refresh_from_db()
    found = plan(kids, was, user(contoso, ALEX))
    assert {found.last_day(item) for item in found.items} == {None}
