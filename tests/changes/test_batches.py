"""A list is frozen when it is checked, confirmed once, handed out piece by piece, and ends honestly."""

from datetime import timedelta

import pytest
import time_machine

from sharing import changes
from sharing.changes import batch_steps
from sharing.models import AuditEvent, BatchItem, Change, ChangeBatch, EndDate, RoleAssignment, Tenant
from tests.contoso import permission

from .operating import ADELE, ALEX, CHARLIE, LIDIA, MEGAN, check, operator, rows_of, work

pytestmark = pytest.mark.django_db(transaction=True)


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
def lidia(contoso, sync, clock):
    sync()
    contoso.refresh_from_db()
    return operator(contoso, LIDIA, clock())


@pytest.fixture
def adele(lidia):
    return permission(ALEX, ADELE, "Kids parties")


@pytest.fixture
def megan(lidia):
    return permission(ALEX, MEGAN, "Kids parties")


def outcomes(batch):
    return {item.name: item.skipped or (item.change.state if item.change else "") for item in batch.items.all()}


def test_a_checked_list_changes_nothing(contoso, lidia, adele, megan, clock, cloud):
    cloud.log.clear()
    batch = check(contoso, lidia, clock(), [adele, megan])
    assert batch.state == ChangeBatch.CHECKED
    assert [(item.before, item.after, item.skipped) for item in batch.items.order_by("pk")] == [("read", "", "")] * 2
    work(clock, 3)
    assert not Change.objects.exists()
    assert not cloud.log.since()


def test_a_confirmed_list_becomes_changes_that_are_read_back(contoso, lidia, adele, megan, clock):
    batch = check(contoso, lidia, clock(), [adele, megan])
    changes.confirm_batch(batch=batch, actor=lidia, now=clock(), reason="Party is over")
    made = work(clock, 4)
    assert [(c.kind, c.state, c.actor_kind, c.reason) for c in made] == [
        ("remove", "applied", "operator", "Party is over")
    ] * 2
    batch.refresh_from_db()
    assert (batch.state, changes.progress(batch).done) == (ChangeBatch.DONE, 2)
    adele.refresh_from_db()
    assert adele.ended_at
    verbs = AuditEvent.objects.filter(verb__startswith="batch").order_by("seq").values_list("verb", flat=True)
    assert list(verbs) == ["batch.confirmed", "batch.done"]


def test_lowering_takes_the_role_that_was_chosen(contoso, lidia, adele, clock):
    batch = check(contoso, lidia, clock(), [adele], ChangeBatch.LOWER, role="limitedRead")
    changes.confirm_batch(batch=batch, actor=lidia, now=clock())
    work(clock, 3)
    adele.refresh_from_db()
    assert adele.role == "limitedRead"


def test_a_day_for_many_is_an_end_date_for_each(contoso, lidia, adele, clock):
    ends_at = clock.now.replace(hour=0) + timedelta(days=30)
    batch = check(contoso, lidia, clock(), [adele], ChangeBatch.END_DATE, ends_at=ends_at)
    changes.confirm_batch(batch=batch, actor=lidia, now=clock())
    work(clock, 2)
    end_date = EndDate.objects.get(permission=adele)
    assert (end_date.state, end_date.by, end_date.by_kind) == (EndDate.LIVE, lidia, "operator")
    batch.refresh_from_db()
    assert (batch.state, changes.progress(batch).done) == (ChangeBatch.DONE, 1)
    again = check(contoso, lidia, clock(), [adele], ChangeBatch.END_DATE, ends_at=ends_at + timedelta(days=9))
    assert again.items.get().skipped == "ends_sooner"


def why(batch):
    return batch.items.get().skipped


def test_what_ended_or_changed_since_the_page_is_left_out(contoso, lidia, adele, megan, clock):
    assert why(check(contoso, lidia, clock(), [adele], seen={adele.pk: "write"})) == "changed_since"
    rows_of(megan).update(ended_at=clock())
    assert why(check(contoso, lidia, clock(), [megan])) == "already_gone"


@pytest.mark.parametrize(
    ("fields", "kind", "role", "cause"),
    [
        ({"removable": False}, ChangeBatch.REMOVE, "", "not_removable"),
        ({"role": "custom", "reach": 7}, ChangeBatch.REMOVE, "", "custom"),
        ({}, ChangeBatch.LOWER, "read", "nothing_to_do"),
        ({}, ChangeBatch.LOWER, "write", "needs_yes"),
        ({"allowed_roles": ["read"]}, ChangeBatch.LOWER, "limitedRead", "role_not_allowed"),
        ({}, ChangeBatch.LOWER, "limitedRead", ""),
    ],
)
def test_what_cannot_be_is_left_out_and_says_why(contoso, lidia, adele, clock, fields, kind, role, cause):
    rows_of(adele).update(**fields)
    assert why(check(contoso, lidia, clock(), [adele], kind, role=role)) == cause


def test_whoever_would_then_have_more_as_everybody_is_left_out(contoso, lidia, adele, clock):
    everyone = permission(ALEX, "Default", "Kids parties")
    rows_of(everyone).update(role="write", reach=4)
    assert why(check(contoso, lidia, clock(), [adele])) == "would_raise"


def test_a_mailbox_that_was_not_read_is_left_out(contoso, lidia, adele, clock):
    adele.mailbox.state = "denied"
    adele.mailbox.save(update_fields=["state"])
    assert why(check(contoso, lidia, clock(), [adele])) == "mailbox_not_ok"


def test_what_is_being_changed_already_is_left_out(contoso, lidia, adele, clock):
    changes.request_removal(permission=adele, seen="read", actor=lidia, kind="operator", now=clock())
    assert why(check(contoso, lidia, clock(), [adele])) == "change_open"


def test_what_is_the_operators_own_is_left_out(contoso, clock, lidia, adele):
    rows_of(adele).update(grantee=rows_of(permission(ALEX, MEGAN)).get().grantee)
    megan = operator(contoso, MEGAN, clock())
    assert why(check(contoso, megan, clock(), [adele])) == "own_access"


def test_a_change_made_after_the_check_wins_over_the_list(contoso, lidia, adele, clock, outside, sync):
    batch = check(contoso, lidia, clock(), [adele])
    outside("role", mailbox=ALEX, calendar="Kids parties", who=ADELE, role="write")
    sync()
    changes.confirm_batch(batch=batch, actor=lidia, now=clock())
    work(clock, 2)
    assert outcomes(batch) == {"Adele Vance": "changed_since"}
    assert changes.progress(batch).refused == 1
    assert not Change.objects.exists()


def test_confirming_twice_makes_one_job(contoso, lidia, adele, clock):
    batch = check(contoso, lidia, clock(), [adele])
    first = changes.confirm_batch(batch=batch, actor=lidia, now=clock())
    again = changes.confirm_batch(batch=batch, actor=lidia, now=clock.forward(seconds=1))
    assert first.confirmed_at == again.confirmed_at
    work(clock, 4)
    changes.confirm_batch(batch=batch, actor=lidia, now=clock())
    work(clock, 2)
    assert Change.objects.count() == 1
    assert AuditEvent.objects.filter(verb="batch.confirmed").count() == 1


def test_a_list_is_good_for_an_hour(contoso, lidia, adele, clock):
    batch = check(contoso, lidia, clock(), [adele])
    with pytest.raises(changes.Expired):
        changes.confirm_batch(batch=batch, actor=lidia, now=clock.forward(minutes=61))


def test_only_its_maker_confirms_a_list(contoso, lidia, adele, clock):
    batch = check(contoso, lidia, clock(), [adele])
    with pytest.raises(changes.NotNow):
        changes.confirm_batch(batch=batch, actor=operator(contoso, CHARLIE, clock()), now=clock())


def test_a_list_of_nothing_is_not_confirmed(contoso, lidia, adele, clock):
    rows_of(adele).update(removable=False)
    with pytest.raises(changes.NothingLeft):
        changes.confirm_batch(batch=check(contoso, lidia, clock(), [adele]), actor=lidia, now=clock())


def many(contoso, lidia, clock, count):
    """A list as long as that: the same entry may stand in it once, so the lines are of nobody."""
    batch = check(contoso, lidia, clock(), [])
    lines = [BatchItem(name=f"Person {n}", address=f"p{n}@contoso.com", before="read") for n in range(count)]
    changes.add_items(batch=batch, items=lines)
    return batch


def test_from_a_hundred_on_the_number_is_typed(contoso, lidia, clock):
    batch = many(contoso, lidia, clock, 100)
    for typed in ("", "99", "a hundred"):
        with pytest.raises(changes.NotTyped) as wrong:
            changes.confirm_batch(batch=batch, actor=lidia, now=clock(), typed=typed)
    assert wrong.value.count == 100
    assert changes.confirm_batch(batch=batch, actor=lidia, now=clock(), typed=" 100 ").state == ChangeBatch.RUNNING
    short = many(contoso, lidia, clock, 99)
    assert changes.confirm_batch(batch=short, actor=lidia, now=clock()).state == ChangeBatch.RUNNING


def test_an_operators_list_never_gives_more(contoso, lidia, adele, clock):
    batch = check(contoso, lidia, clock(), [])
    changes.add_items(batch=batch, items=[
        BatchItem(permission=adele, name="raise", before="read", after="write"),
        BatchItem(name="anew", address="x@contoso.com", before="", after="freeBusyRead"),
    ])  # fmt: skip
    assert set(outcomes(batch).values()) == {"needs_yes"}


def test_at_most_twenty_are_underway_and_so_many_an_hour(contoso, lidia, adele, clock, monkeypatch):
    batch = check(contoso, lidia, clock(), [adele])
    assert batch_steps.room(batch, clock()) == 20
    monkeypatch.setattr(batch_steps, "HOURLY", 3)
    assert batch_steps.room(batch, clock()) == 3
    changes.confirm_batch(batch=batch, actor=lidia, now=clock())
    changes.step(batch=batch, now=clock())
    assert batch_steps.room(batch, clock()) == 2
    monkeypatch.setattr(batch_steps, "AT_ONCE", 1)
    assert batch_steps.room(batch, clock()) == 0
    clock.forward(minutes=61)
    assert Change.objects.open().count() == 1
    work(clock, 1)
    assert batch_steps.room(batch, clock()) == 1


def test_what_was_not_handed_out_stays_undone_after_cancelling(contoso, lidia, adele, megan, clock, monkeypatch):
    monkeypatch.setattr(batch_steps, "AT_ONCE", 1)
    batch = check(contoso, lidia, clock(), [adele, megan])
    changes.confirm_batch(batch=batch, actor=lidia, now=clock())
    changes.step(batch=batch, now=clock())
    changes.cancel_batch(batch=batch, actor=lidia, now=clock())
    work(clock, 5)
    batch.refresh_from_db()
    found = changes.progress(batch)
    assert (batch.state, found.done, found.waiting) == (ChangeBatch.CANCELLED, 1, 1)
    assert batch.finished_at and batch.due_at is None


def test_a_worker_that_died_between_asking_and_noting_asks_for_nothing_twice(contoso, lidia, adele, megan, clock):
    batch = check(contoso, lidia, clock(), [adele, megan])
    changes.confirm_batch(batch=batch, actor=lidia, now=clock())
    changes.step(batch=batch, now=clock())
    BatchItem.objects.filter(permission=adele).update(change=None)  # died before it noted the change
    BatchItem.objects.filter(permission=megan).update(change=None)  # died before it asked
    Change.objects.filter(permission=megan).delete()
    work(clock, 5)
    assert [(c.name, c.state) for c in Change.objects.order_by("pk")] == [
        ("Adele Vance", "applied"), ("Megan Bowen", "applied"),
    ]  # fmt: skip
    batch.refresh_from_db()
    assert batch.state == ChangeBatch.DONE
    assert not BatchItem.objects.filter(batch=batch, change=None).exists()


def test_a_worker_that_slept_through_its_lease_hands_out_nothing(contoso, lidia, adele, clock):
    batch = check(contoso, lidia, clock(), [adele])
    changes.confirm_batch(batch=batch, actor=lidia, now=clock())
    slept = ChangeBatch.objects.select_related("tenant", "actor").get(pk=batch.pk)
    assert slept.claim(now=clock(), lease=batch_steps.LEASE)
    clock.forward(minutes=3)
    other = ChangeBatch.objects.select_related("tenant", "actor").get(pk=batch.pk)
    assert other.claim(now=clock(), lease=batch_steps.LEASE)
    assert batch_steps._hand_out_some(slept, clock()) == ""
    assert not Change.objects.exists()


def test_a_job_waits_while_changes_are_stopped_and_then_goes_on(contoso, lidia, adele, clock):
    batch = check(contoso, lidia, clock(), [adele])
    changes.confirm_batch(batch=batch, actor=lidia, now=clock())
    Tenant.objects.filter(pk=contoso.pk).update(frozen_at=clock())
    work(clock, 2)
    batch.refresh_from_db()
    assert (batch.state, batch.cause) == (ChangeBatch.RUNNING, "frozen")
    assert not Change.objects.exists()
    Tenant.objects.filter(pk=contoso.pk).update(frozen_at=None)
    clock.forward(minutes=2)
    work(clock, 3)
    batch.refresh_from_db()
    assert (batch.state, batch.cause, changes.progress(batch).done) == (ChangeBatch.DONE, "", 1)


def test_a_job_ends_when_who_confirmed_it_is_no_operator_any_more(contoso, lidia, adele, clock):
    batch = check(contoso, lidia, clock(), [adele])
    changes.confirm_batch(batch=batch, actor=lidia, now=clock())
    RoleAssignment.objects.filter(user=lidia).delete()
    work(clock, 2)
    batch.refresh_from_db()
    assert (batch.state, batch.cause) == (ChangeBatch.CANCELLED, "not_allowed")
    assert not Change.objects.exists()


def test_a_job_that_was_paused_for_days_does_not_go_on_by_itself(contoso, lidia, adele, clock):
    batch = check(contoso, lidia, clock(), [adele])
    changes.confirm_batch(batch=batch, actor=lidia, now=clock())
    clock.forward(days=2, seconds=1)
    work(clock, 2)
    batch.refresh_from_db()
    assert (batch.state, batch.cause) == (ChangeBatch.CANCELLED, "too_old")
    assert not Change.objects.exists()


def test_who_is_no_operator_makes_no_list(contoso, lidia, adele, clock):
    RoleAssignment.objects.filter(user=lidia).delete()
    with pytest.raises(changes.NotNow) as never:
        check(contoso, lidia, clock(), [adele])
    assert never.value.cause == "not_allowed"


def test_numbers_name_whom_it_concerns_and_who_has_no_delegate_then(contoso, lidia, adele, clock):
    delegates = list(rows_of(*permission(ALEX, MEGAN).mailbox.permissions.open().delegates()))
    found = changes.numbers(check(contoso, lidia, clock(), [adele, *delegates]))
    assert (found.count, found.owners, found.delegates) == (1 + len(delegates), 1, len(delegates))
    assert found.last_delegates == 1
    assert dict(found.by_role)["read"] == 1


def test_lists_nobody_confirmed_are_forgotten_after_a_day(contoso, lidia, adele, clock):
    check(contoso, lidia, clock(), [adele])
    clock.forward(days=2)
    new = check(contoso, lidia, clock(), [adele])
    assert list(ChangeBatch.objects.all()) == [new]
