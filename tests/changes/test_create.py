"""Somebody is given access from here: asked for once, found in the list by address, and never asked for twice."""

from datetime import timedelta

import pytest

from sharing import changes
from sharing.models import AuditEvent, CalendarPermission, Change, Tenant
from tests.contoso import control, mailbox, permission, user

from .doing import invitations, truth

ALEX, ADELE, CHARLIE = "AlexW@contoso.com", "AdeleV@contoso.com", "CharlieR@contoso.com"
KIDS = "Kids parties"
POST = {"match": {"path": r"/calendarPermissions$", "method": "POST"}}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def calendar(sync, contoso, cloud):
    Tenant.objects.update(creates_on=True)
    sync()
    cloud.log.clear()
    row = permission(ALEX, ADELE, KIDS).calendar
    row.mailbox = mailbox(ALEX)
    return row


@pytest.fixture
def alex(calendar, contoso):
    return user(contoso, ALEX)


@pytest.fixture
def ask(calendar, alex, clock):
    """Alex wants somebody on Kids parties."""

    def create(address=CHARLIE, role="read", name="", on=None, **extras):
        return changes.request_create(
            calendar=on or calendar, address=address, name=name, role=role, actor=alex, now=clock(), **extras
        )

    return create


def posts(cloud):
    return [w for w in cloud.log.writes() if w.method == "POST"]


@pytest.mark.parametrize("status", [200, 201])
def test_somebody_is_added_once_and_their_row_is_found_after_the_read_back(ask, do, cloud, clock, status):
    control(cloud, "switches", {"created_status": status})
    change = do(ask())
    assert (change.state, change.cause) == ("applied", "")
    assert (truth(cloud, ALEX, KIDS, CHARLIE), invitations(cloud)) == ("read", [CHARLIE])
    row = permission(ALEX, CHARLIE, KIDS)
    assert (change.permission, row.change, row.began_at) == (row, change, clock())
    assert [w.request_id for w in posts(cloud)] == [str(change.request_id)]
    verbs = AuditEvent.objects.filter(verb__startswith="change").order_by("seq").values_list("verb", flat=True)
    assert list(verbs) == ["change.requested", "change.applied"]


def test_what_is_allowed_is_asked_first(ask, do, cloud):
    do(ask())
    paths = [entry.path for entry in cloud.log.since()]
    asked = next(n for n, path in enumerate(paths) if "allowedCalendarSharingRoles" in path)
    assert asked < next(
        n for n, entry in enumerate(cloud.log.since()) if entry.method == "POST" and "users" in paths[n]
    )


def test_a_role_that_microsoft_does_not_allow_is_not_sent(ask, do, cloud):
    cloud.faults.set(
        [{"match": {"path": "allowedCalendarSharingRoles"}, "do": "body", "json": {"value": ["freeBusyRead"]}}]
    )
    change = do(ask())
    assert (change.state, change.cause, change.sent_at) == ("failed", "role_not_allowed", None)
    assert not posts(cloud) and not invitations(cloud)


def test_where_microsoft_does_not_say_what_is_allowed_it_is_asked_all_the_same(ask, do, cloud):
    control(cloud, "switches", {"unresolved_address_asked": "refused"})
    assert do(ask("paul@adatum.com")).state == "applied"
    assert truth(cloud, ALEX, KIDS, "paul@adatum.com") == "read"


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "drop_after", "times": 1},
        {"do": "status", "status": 500, "code": "UnknownError", "applied": True, "times": 1},
        {"do": "html_200", "times": 1},
    ],
    ids=["dropped", "500", "html"],
)
def test_a_lost_answer_is_settled_by_the_list(ask, do, cloud, fault):
    cloud.faults.set([{**POST, **fault}])
    change = do(ask())
    assert (change.state, change.permission) == ("applied", permission(ALEX, CHARLIE, KIDS))
    assert invitations(cloud) == [CHARLIE]


@pytest.mark.parametrize(
    "fault", [{"do": "drop"}, {"do": "status", "status": 503, "code": "ErrorServerBusy"}], ids=["dropped", "503"]
)
def test_what_may_have_been_sent_is_never_sent_again(ask, do, cloud, clock, fault):
    cloud.faults.set([{**POST, **fault, "times": 1}])
    change = do(ask())
    for _ in range(6):
        assert change.state == "open"
        clock.forward(seconds=35)
        change = do(change)
    assert (change.state, change.cause) == ("unknown", "not_confirmed")
    assert len(posts(cloud)) == 1 and not invitations(cloud)


def test_a_throttled_one_was_not_carried_out_and_is_sent_again(ask, do, cloud, clock):
    fault = {"do": "status", "status": 429, "code": "ApplicationThrottled", "retry_after": "40", "times": 1}
    cloud.faults.set([{**POST, **fault}])
    change = do(ask())
    assert (change.state, change.sent_at) == ("open", None)
    control(cloud, "clock", {"offset_seconds": 45})
    clock.forward(seconds=45)
    assert do(change).state == "applied"
    assert invitations(cloud) == [CHARLIE]


def test_one_that_is_seen_late_is_waited_for(ask, do, cloud, clock):
    control(cloud, "switches", {"visible_after_seconds": 50})
    change = do(ask())
    assert change.state == "open"
    control(cloud, "clock", {"offset_seconds": 60})
    clock.forward(seconds=60)
    assert do(change).state == "applied"
    assert len(posts(cloud)) == 1


def test_who_has_access_already_is_not_added_a_second_time(ask, do, cloud, outside):
    with pytest.raises(changes.NothingToDo):
        ask(ADELE, "read")
    with pytest.raises(changes.Stale) as refused:
        ask(ADELE, "write")
    assert refused.value.found == "read"
    change = ask()
    outside("share", mailbox=ALEX, calendar=KIDS, who=CHARLIE, role="freeBusyRead")
    change = do(change)
    assert (change.state, change.cause, change.found) == ("conflict", "changed_outside", "freeBusyRead")
    assert not posts(cloud)


def test_who_was_added_outside_with_the_same_role_is_there_already(ask, do, cloud, outside):
    change = ask()
    outside("share", mailbox=ALEX, calendar=KIDS, who=CHARLIE, role="read")
    change = do(change)
    assert (change.state, change.sent_at, change.permission.change) == ("applied", None, None)
    assert not posts(cloud)


def test_another_role_than_asked_for_is_said(ask, do, cloud):
    control(cloud, "switches", {"role_too_high_created": "lowered"})
    cloud.faults.set(
        [{"match": {"path": "allowedCalendarSharingRoles"}, "do": "status", "status": 400, "code": "BadRequest"}]
    )
    change = ask("paul@adatum.com", "read")
    Change.objects.filter(pk=change.pk).update(after="write")
    change = do(change)
    assert (change.state, change.cause, change.found) == ("conflict", "other_role", "read")
    assert change.permission.change == change


@pytest.mark.parametrize(
    ("address", "role", "refusal"),
    [
        ("", "read", changes.BadAddress),
        ("Charlie", "read", changes.BadAddress),
        ("a@b@c.com", "read", changes.BadAddress),
        ("a b@contoso.com", "read", changes.BadAddress),
        ("50%@contoso.com", "read", changes.BadAddress),
        (ALEX.upper(), "read", changes.BadAddress),
        (CHARLIE, "delegateWithPrivateEventAccess", changes.RoleNotAllowed),  # not the main calendar
        (CHARLIE, "none", changes.RoleNotAllowed),
        (CHARLIE, "custom", changes.RoleNotAllowed),
        ("paul@adatum.com", "write", changes.RoleNotAllowed),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(ask, address, role, refusal):
    with pytest.raises(refusal):
        ask(address, role)
    assert not Change.objects.exists()


def test_it_is_a_switch_of_each_tenant(ask):
    Tenant.objects.update(creates_on=False)
    with pytest.raises(changes.NotNow) as refused:
        ask()
    assert refused.value.cause == "creates_off"


def test_two_wishes_for_one_address_are_one_change_at_a_time(ask):
    first = ask()
    with pytest.raises(changes.ChangeOpen) as refused:
        ask(CHARLIE.upper(), "write")
    assert refused.value.change == first


def test_an_address_with_an_apostrophe_is_asked_and_sent_as_it_is(ask, do, cloud):
    address = "sinead.o'connor@contoso.com"
    assert do(ask(address)).state == "applied"
    assert truth(cloud, ALEX, KIDS, address) == "read"


def test_on_the_main_calendar_somebody_inside_may_become_a_delegate(ask, do, alex, cloud, clock):
    main = permission(ALEX, "Default").calendar
    main.mailbox = mailbox(ALEX)
    assert do(ask(CHARLIE, "delegateWithoutPrivateEventAccess", on=main)).state == "applied"
    assert truth(cloud, ALEX, "Calendar", CHARLIE) == "delegateWithoutPrivateEventAccess"


def test_who_was_added_is_still_there_after_ten_minutes_or_it_is_told(ask, do, clock, outside):
    kept, gone = do(ask()), do(ask("LynneR@contoso.com"))
    outside("unshare", mailbox=ALEX, calendar=KIDS, who="LynneR@contoso.com")
    clock.forward(minutes=10)
    assert do(kept).checked_at == clock()
    assert do(gone).reverted_at == clock()


def test_a_role_given_here_afterwards_is_no_reversal(ask, do, alex, clock):
    change = do(ask())
    row = permission(ALEX, CHARLIE, KIDS)
    do(changes.request_role(permission=row, role="write", seen="read", actor=alex, now=clock.forward(minutes=2)))
    clock.forward(minutes=9)
    assert (do(change).reverted_at, CalendarPermission.objects.get(pk=row.pk).role) == (None, "write")


# One person in place of another --------------------------------------------------------------------------


@pytest.fixture
def replace(ask, alex, clock):
    """Charlie in place of Adele."""

    def both():
        given = ask()
        row = permission(ALEX, ADELE, KIDS)
        taken = changes.request_removal(permission=row, seen="read", actor=alex, now=clock(), follows=given)
        return given, taken

    return both


def test_who_is_replaced_loses_access_only_once_the_other_has_it(replace, do, cloud):
    given, taken = replace()
    assert taken.due_at is None
    assert do(taken).state == "open"
    assert do(given).state == "applied"
    taken.refresh_from_db()
    assert taken.due_at is not None
    assert do(taken).state == "applied"
    assert (truth(cloud, ALEX, KIDS, ADELE), truth(cloud, ALEX, KIDS, CHARLIE)) == (None, "read")


def test_who_is_to_be_replaced_keeps_access_where_the_other_got_none(replace, do, cloud):
    given, taken = replace()
    cloud.faults.set([{**POST, "do": "status", "status": 400, "code": "ErrorInvalidRequest"}])
    assert do(given).state == "failed"
    taken.refresh_from_db()
    assert (taken.state, taken.cause) == ("cancelled", "leader_failed")
    assert truth(cloud, ALEX, KIDS, ADELE) == "read"
    outcome = AuditEvent.objects.filter(subject__change=taken.public_id).order_by("seq").last()
    assert (outcome.verb, outcome.outcome) == ("change.cancelled", "leader_failed")


def test_what_follows_something_that_is_done_already_is_due_at_once(replace, ask, do, alex, clock):
    given = do(ask())
    row = permission(ALEX, ADELE, KIDS)
    taken = changes.request_removal(permission=row, seen="read", actor=alex, now=clock(), follows=given)
    assert taken.due_at == clock()
    assert do(taken).state == "applied"


def test_what_follows_something_unconfirmed_is_cancelled(replace, do, cloud, clock):
    given, taken = replace()
    cloud.faults.set([{**POST, "do": "drop", "times": 1}])
    for _ in range(7):
        given = do(given)
        clock.forward(seconds=35)
    assert given.state == "unknown" and given.finished_at <= clock() - timedelta(seconds=35)
    taken.refresh_from_db()
    assert (taken.state, taken.cause) == ("cancelled", "leader_failed")
