"""The rules of the change protocol, each by its sentence; what other files of this room show is not repeated here."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F

from sharing import changes
from sharing.models import AuditEvent, Change, Tenant, User
from tests.contoso import mailbox, permission, user

from .doing import invitations, truth

ALEX, ADELE, MEGAN, CHARLIE = "AlexW@contoso.com", "AdeleV@contoso.com", "MeganB@contoso.com", "CharlieR@contoso.com"
KIDS = "Kids parties"
OPTION = "sendToDelegateAndPrincipal"
ENTRY = {"path": r"/calendarPermissions/[^/]+$"}
STEPS = ("claimed", "looked", "marked", "written", "read")
KINDS = ("role", "remove", "delivery", "create")
METHODS = {"role": "PATCH", "remove": "DELETE", "delivery": "PATCH"}
pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """The process ended here, as far as the database can tell."""


@pytest.fixture
def alex(sync, contoso, cloud):
    Tenant.objects.update(creates_on=True)
    sync()
    cloud.log.clear()
    return user(contoso, ALEX)


@pytest.fixture
def ask(alex, clock):
    """`ask("remove")`: one wish of each kind."""

    def of(kind):
        row, common = permission(ALEX, ADELE, KIDS), {"actor": alex, "now": clock()}
        if kind == "role":
            return changes.request_role(permission=row, role="write", seen="read", **common)
        if kind == "remove":
            return changes.request_removal(permission=row, seen="read", **common)
        if kind == "delivery":
            box = mailbox(ALEX)
            return changes.request_delivery(mailbox=box, option=OPTION, seen=box.delivery_option, **common)
        return changes.request_create(calendar=row.calendar, address=CHARLIE, name="", role="read", **common)

    return of


@pytest.fixture
def is_made(cloud):
    """Is the effect of a wish there, at Microsoft?"""

    def look(kind):
        if kind == "delivery":
            return mailbox(ALEX).delivery_option == OPTION
        who, role = (CHARLIE, "read") if kind == "create" else (ADELE, {"role": "write", "remove": None}[kind])
        return truth(cloud, ALEX, KIDS, who) == role

    return look


def at(step, then):
    """A worker to whom something happens at one step."""

    def reached(name):
        if name == step:
            then()

    return reached


def kill():
    raise Killed


def put_back(outside, change):
    """The owner wants in Outlook what was there before."""
    where = {"mailbox": ALEX} if change.kind == "delivery" else {"mailbox": ALEX, "calendar": KIDS, "who": ADELE}
    act = {"role": "role", "remove": "share", "delivery": "delivery"}[change.kind]
    outside(act, **where, **({"option": change.before} if change.kind == "delivery" else {"role": "read"}))


def outcomes(change):
    rows = AuditEvent.objects.filter(subject__change=change.public_id).order_by("seq")
    return [row.verb for row in rows]


def test_intent_and_audit_are_committed_before_anything_else_happens(ask, cloud):
    change = ask("role")
    assert Change.objects.get(pk=change.pk).is_open and outcomes(change) == ["change.requested"]
    assert not cloud.log.since()
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        ask("remove")


def test_that_it_was_sent_is_committed_before_it_is_sent(ask, do, cloud, clock):
    change = ask("role")
    with pytest.raises(Killed):
        do(change, reached=at("marked", kill))
    row = Change.objects.get(pk=change.pk)
    assert (row.sent_at, row.attempt, row.due_at) == (clock(), 1, clock() + timedelta(seconds=120))
    assert not cloud.log.writes()


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_process_killed_at_any_step_leaves_one_effect_and_one_outcome(ask, do, is_made, cloud, clock, kind, step):
    change = ask(kind)
    with pytest.raises(Killed):
        do(change, reached=at(step, kill))
    assert not Change.objects.due(clock()).filter(pk=change.pk).exists()
    clock.forward(seconds=121)
    change = do(change)
    if step == "marked":  # nobody can know that it was not sent, and it is not sent again
        clock.forward(seconds=61)
        assert (do(change).state, is_made(kind), invitations(cloud)) == ("unknown", False, [])
        return
    assert change.state == "applied" and is_made(kind)
    assert len(cloud.log.writes()) == 1
    assert outcomes(change) == ["change.requested", "change.applied"]


def test_the_lease_is_checked_right_before_the_call(ask, do, cloud):
    """A worker that is stopped after it said "sent" and before it sends."""
    time = iter([0.0])
    change = do(ask("role"), monotonic=lambda: next(time, 96.0))
    assert (change.state, change.sent_at) == ("open", None)
    assert not cloud.log.writes()


@pytest.mark.parametrize("kind", ["role", "remove", "delivery"])
def test_what_microsoft_said_was_done_is_never_sent_again(ask, do, is_made, cloud, clock, outside, kind):
    """The owner put it back in the very moment after; that is not to be overruled."""
    change = ask(kind)
    change = do(change, reached=at("written", lambda: put_back(outside, change)))
    for _ in range(5):
        assert (change.state, change.sent_at is None) == ("open", False)
        clock.forward(seconds=35)
        change = do(change)
    clock.forward(seconds=35)
    assert (do(change).state, is_made(kind), len(cloud.log.writes())) == ("unknown", False, 1)


@pytest.mark.parametrize("kind", ["role", "remove", "delivery"])
def test_nor_where_the_worker_died_after_that_yes(ask, do, is_made, cloud, clock, outside, kind):
    """Nobody noted the yes; the old value stands because the owner put it back, not because nothing was sent."""
    change = ask(kind)
    with pytest.raises(Killed):
        do(change, reached=at("written", kill))
    put_back(outside, change)
    for _ in range(3):
        clock.forward(seconds=121)
        change = do(change)
    assert (change.state, is_made(kind), len(cloud.log.writes())) == ("unknown", False, 1)


@pytest.mark.parametrize("kind", ["role", "remove", "delivery"])
@pytest.mark.parametrize("fault", [{"do": "drop"}, {"do": "late", "seconds": 240}, {"do": "status", "status": 504}])
def test_what_may_still_land_is_never_sent_again(ask, do, is_made, cloud, clock, kind, fault):
    code = {"code": "UnknownError"} if "status" in fault else {}
    cloud.faults.set([{"match": {"method": METHODS[kind]}, "times": 1, **fault, **code}])
    change = do(ask(kind))
    for _ in range(5):
        assert (change.state, change.sent_at is None) == ("open", False)
        clock.forward(seconds=35)
        change = do(change)
    clock.forward(seconds=35)
    assert (do(change).state, is_made(kind), len(cloud.log.writes())) == ("unknown", False, 1)


@pytest.mark.parametrize("kind", ["role", "remove", "delivery"])
def test_what_microsoft_said_was_not_carried_out_is_sent_again_when_it_allows(ask, do, is_made, cloud, clock, kind):
    fault = {"do": "status", "status": 503, "code": "serviceNotAvailable", "retry_after": "50", "times": 1}
    cloud.faults.set([{"match": {"method": METHODS[kind]}, **fault}])
    change = do(ask(kind))
    assert (change.state, change.due_at) == ("open", clock() + timedelta(seconds=50))
    clock.forward(seconds=51)
    assert (do(change).state, is_made(kind), len(cloud.log.writes())) == ("applied", True, 2)


def test_a_worker_that_dies_in_its_second_try_knows_no_more_than_in_its_first(ask, do, cloud, clock, outside):
    cloud.faults.set([{"match": ENTRY, "do": "status", "status": 503, "code": "serviceNotAvailable", "times": 1}])
    change = do(ask("role"))
    clock.forward(seconds=31)
    with pytest.raises(Killed):
        do(change, reached=at("written", kill))
    put_back(outside, change)
    clock.forward(seconds=121)
    assert (do(change).state, len(cloud.log.writes())) == ("open", 2)
    clock.forward(seconds=31)
    assert (do(change).state, len(cloud.log.writes())) == ("unknown", 2)


def test_a_worker_whose_claim_was_taken_stores_nothing(ask, do, is_made):
    change = ask("role")

    def somebody_else():
        Change.objects.filter(pk=change.pk).update(attempt=F("attempt") + 1)

    change = do(change, reached=at("read", somebody_else))
    assert (change.state, is_made("role")) == ("open", True)
    assert permission(ALEX, ADELE, KIDS).role == "read"  # the mirror is the other worker's to write
    assert outcomes(change) == ["change.requested"]


def test_the_next_wish_waits_until_an_unconfirmed_one_can_no_longer_land(ask, do, cloud, clock):
    cloud.faults.set([{"match": ENTRY, "do": "drop"}])
    change = ask("role")
    for _ in range(8):
        change = do(change)
        clock.forward(seconds=45)
    assert change.state == "unknown"
    clock.now = change.finished_at + timedelta(seconds=10)
    assert ask("remove").due_at == change.finished_at + timedelta(minutes=3)


@pytest.mark.parametrize(("applied", "state"), [(True, "applied"), (False, "failed")])
def test_not_found_is_a_success_only_where_the_list_lacks_the_entry(ask, do, cloud, applied, state):
    fault = {"do": "status", "status": 404, "code": "ErrorItemNotFound", "applied": applied}
    cloud.faults.set([{"match": ENTRY | {"method": "DELETE"}, **fault}])
    change = do(ask("remove"))
    assert change.state == state
    assert (permission(ALEX, ADELE, KIDS).ended_at is not None) is applied


def test_somebody_who_was_let_in_anew_is_not_taken_for_gone(ask, do, cloud, clock, outside):
    """Their entry has another id by now: it is not the one that somebody wanted to end."""
    change = ask("remove")
    calendars = cloud.state.tenants["1717622f-1d94-4d0c-9d74-709fad664b77"].user(ALEX).mailbox.calendars.values()
    rows = next(c for c in calendars if c.name == KIDS).permissions
    old = next(row for row in rows.values() if (row.address or "").casefold() == ADELE.casefold())
    del rows[old.id]
    old.id = "QU5FV0lE"
    rows[old.id] = old
    change = do(change)
    assert (change.state, change.cause, change.found) == ("conflict", "changed_outside", "read")
    assert not cloud.log.writes()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_stopped_while_it_is_looked_at_is_not_sent(ask, do, cloud, clock, kind):
    change = do(ask(kind), reached=at("looked", lambda: Tenant.objects.update(frozen_at=clock())))
    assert (change.state, change.cause, change.sent_at) == ("cancelled", "frozen", None)
    assert not cloud.log.writes()


def test_what_is_stopped_before_it_is_sent_again_is_only_read(ask, do, cloud, clock):
    cloud.faults.set([{"match": ENTRY, "do": "status", "status": 503, "code": "serviceNotAvailable", "times": 1}])
    change = do(ask("role"))
    clock.forward(seconds=40)
    change = do(change, reached=at("looked", lambda: Tenant.objects.update(frozen_at=clock())))
    assert change.state == "open" and len(cloud.log.writes()) == 1
    clock.forward(minutes=3)
    assert do(change).state == "unknown"
    assert len(cloud.log.writes()) == 1


def test_whoever_may_no_longer_is_stopped_while_it_is_looked_at(ask, do, cloud):
    change = do(ask("role"), reached=at("looked", lambda: User.objects.update(is_active=False)))
    assert (change.state, change.cause) == ("failed", "not_allowed")
    assert not cloud.log.writes()


def test_slowed_down_again_and_again_it_ends_with_nothing_changed(ask, do, cloud, clock):
    cloud.faults.set([{"match": ENTRY, "do": "status", "status": 429, "code": "ApplicationThrottled"}])
    change = ask("role")
    for _ in range(12):
        change = do(change)
        clock.forward(minutes=5)
    assert (change.state, change.sent_at) == ("failed", None)
    assert truth(cloud, ALEX, KIDS, ADELE) == "read"


# An outcome that nobody confirmed -------------------------------------------------------------------------


@pytest.fixture
def unconfirmed(ask, clock):
    def of(kind):
        change = ask(kind)
        fields = {"state": "unknown", "cause": "not_confirmed", "due_at": None, "attempt": 5}
        Change.objects.filter(pk=change.pk).update(sent_at=clock(), finished_at=clock(), **fields)
        clock.forward(minutes=5)
        return Change.objects.get(pk=change.pk)

    return of


@pytest.mark.parametrize("kind", KINDS)
def test_a_person_has_it_looked_at_and_nothing_is_sent(unconfirmed, alex, do, cloud, clock, kind):
    change = unconfirmed(kind)
    changes.ask_what_became(change=change, actor=alex, now=clock())
    change = do(change)
    assert (change.state, change.cause) == ("failed", "as_it_was")
    assert outcomes(change) == ["change.requested", "change.looked_again", "change.settled"]
    assert not cloud.log.writes()


def test_what_was_made_after_all_is_applied_and_checked_later(unconfirmed, alex, do, cloud, clock, outside):
    change = unconfirmed("create")
    outside("share", mailbox=ALEX, calendar=KIDS, who=CHARLIE, role="read")
    changes.ask_what_became(change=change, actor=alex, now=clock())
    change = do(change)
    assert (change.state, change.permission.address) == ("applied", CHARLIE)
    clock.forward(minutes=10)
    assert do(change).checked_at == clock()


def test_something_else_is_said_as_it_is(unconfirmed, alex, do, clock, outside):
    change = unconfirmed("role")
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="limitedRead")
    changes.ask_what_became(change=change, actor=alex, now=clock())
    change = do(change)
    assert (change.state, change.found) == ("conflict", "limitedRead")


def test_what_cannot_be_read_stays_unknown(unconfirmed, alex, do, cloud, clock):
    change = unconfirmed("role")
    cloud.faults.set([{"match": {"path": "calendarPermissions$"}, "do": "empty_list"}])
    changes.ask_what_became(change=change, actor=alex, now=clock())
    for _ in range(14):
        change = do(change)
        clock.forward(minutes=5)
    assert (change.state, change.due_at) == ("unknown", None)
    cloud.faults.set([])
    changes.ask_what_became(change=change, actor=alex, now=clock())
    assert do(change).state == "failed"


def test_only_an_unconfirmed_one_is_asked_about_and_once_at_a_time(unconfirmed, ask, alex, clock):
    change = unconfirmed("role")
    changes.ask_what_became(change=change, actor=alex, now=clock())
    for other in (change, ask("delivery")):
        with pytest.raises(changes.NothingToDo):
            changes.ask_what_became(change=other, actor=alex, now=clock())
