"""One change at Microsoft: written once, read back, and true afterwards, whatever goes wrong between."""

from datetime import timedelta

import pytest

from sharing import changes, tasks
from sharing.connect import client_for
from sharing.models import AuditEvent, CalendarPermission, Change, PermissionPeriod, Tenant, User
from tests.contoso import control, mailbox, permission, user

ALEX, ADELE, MEGAN = "AlexW@contoso.com", "AdeleV@contoso.com", "MeganB@contoso.com"
KIDS = "Kids parties"
WRITES = r"/calendarPermissions/[^/]+$"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alex(sync, contoso, cloud):
    sync()
    cloud.log.clear()
    return user(contoso, ALEX)


@pytest.fixture
def work(contoso, clock):
    """What a worker does with a change, once, now."""

    def once(change):
        change = Change.objects.select_related("actor", "mailbox__person", "mailbox__tenant", "permission").get(
            pk=change.pk
        )
        if change.calendar:
            change.calendar.mailbox = change.mailbox
        changes.apply(client=client_for(contoso), change=change, clock=clock)
        change.refresh_from_db()
        return change

    return once


@pytest.fixture
def raised(alex, clock):
    """Alex asked that Adele may edit."""
    row = permission(ALEX, ADELE, KIDS)
    return changes.request_role(permission=row, role="write", seen="read", actor=alex, now=clock())


@pytest.fixture
def removal(alex, clock):
    """Alex asked that Megan loses Kids parties."""
    row = permission(ALEX, MEGAN, KIDS)
    return changes.request_removal(permission=row, seen="read", actor=alex, now=clock())


def truth(cloud, who, calendar=KIDS):
    """The role that the sandbox holds, or None."""
    users = cloud.state.tenants["1717622f-1d94-4d0c-9d74-709fad664b77"].users
    box = users["64339082-ed84-4b0b-b4ab-004ae54f3747"].mailbox
    rows = next(c for c in box.calendars.values() if c.name == calendar).permissions.values()
    return next((row.role for row in rows if (row.address or "").casefold() == who.casefold()), None)


def test_a_raised_role_is_written_once_and_read_back(raised, work, cloud, clock):
    change = work(raised)
    assert (change.state, change.cause) == ("applied", "")
    assert truth(cloud, ADELE) == "write"
    assert [(w.method, w.request_id) for w in cloud.log.writes()] == [("PATCH", str(change.request_id))]
    row = permission(ALEX, ADELE, KIDS)
    assert (row.role, row.change, row.began_at) == ("write", change, clock())
    period = PermissionPeriod.objects.get(permission=row)
    assert (period.role, period.after, period.change) == ("read", "write", change)
    assert [e.verb for e in AuditEvent.objects.filter(verb__startswith="change").order_by("seq")] == [
        "change.requested",
        "change.applied",
    ]


def test_a_removal_is_one_delete_and_one_reading_after_it(removal, work, cloud):
    assert work(removal).state == "applied"
    assert truth(cloud, MEGAN) is None
    after = cloud.log.since(cloud.log.writes()[-1].n)
    assert [w.method for w in cloud.log.writes()] == ["DELETE"]
    assert [entry.method for entry in after] == ["GET"]
    assert permission(ALEX, MEGAN, KIDS).ended_at is not None
    assert permission(ALEX, MEGAN).ended_at is None  # she is still his delegate


def test_a_delivery_option_is_one_patch(alex, clock, work, cloud):
    change = changes.request_delivery(
        mailbox=mailbox(ALEX), option="sendToDelegateAndPrincipal", seen="sendToDelegateOnly", actor=alex, now=clock()
    )
    assert work(change).state == "applied"
    assert mailbox(ALEX).delivery_option == "sendToDelegateAndPrincipal"
    assert [w.method for w in cloud.log.writes()] == ["PATCH"]


def test_what_is_so_already_is_applied_without_a_write(raised, work, cloud, outside):
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="write")
    change = work(raised)
    assert (change.state, change.sent_at) == ("applied", None)
    assert not cloud.log.writes()


def test_what_changed_outside_is_a_conflict_and_never_overwritten(raised, work, cloud, outside):
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="limitedRead")
    change = work(raised)
    assert (change.state, change.found) == ("conflict", "limitedRead")
    assert truth(cloud, ADELE) == "limitedRead"
    assert permission(ALEX, ADELE, KIDS).role == "limitedRead"
    assert not cloud.log.writes()


def test_who_is_gone_already_cannot_be_raised(raised, work, cloud, outside):
    outside("unshare", mailbox=ALEX, calendar=KIDS, who=ADELE)
    change = work(raised)
    assert (change.state, change.cause) == ("conflict", "already_gone")
    assert not cloud.log.writes()


# Answers that never come, come late, or lie --------------------------------------------------------------

EFFECT_WITHOUT_ANSWER = [
    [{"match": {"path": WRITES}, "do": "drop_after", "times": 1}],
    [{"match": {"path": WRITES}, "do": "status", "status": 500, "code": "UnknownError", "applied": True, "times": 1}],
    [{"match": {"path": WRITES}, "do": "html_200", "times": 1}],
]


@pytest.mark.parametrize("faults", EFFECT_WITHOUT_ANSWER, ids=["dropped", "500", "html"])
@pytest.mark.parametrize("wish", ["raised", "removal"])
def test_a_lost_answer_is_settled_by_reading_never_by_sending_again(request, wish, faults, work, cloud):
    change = request.getfixturevalue(wish)
    cloud.faults.set(faults)
    assert work(change).state == "applied"
    assert len([w for w in cloud.log.writes() if w.status != 503]) == 1


def test_a_write_that_was_not_carried_out_is_sent_again_after_the_quiet_period(raised, work, cloud, clock):
    fault = {"do": "status", "status": 503, "code": "ErrorServerBusy", "times": 1}
    cloud.faults.set([{"match": {"path": WRITES}, **fault}])
    change = work(raised)
    assert change.state == "open"
    assert change.due_at >= clock() + timedelta(seconds=30)
    clock.forward(seconds=45)
    assert work(change).state == "applied"
    assert truth(cloud, ADELE) == "write"


def test_an_unclear_outcome_older_than_three_minutes_goes_to_a_person(raised, work, cloud, clock):
    cloud.faults.set([{"match": {"path": WRITES}, "do": "drop"}])
    change = work(raised)
    for _ in range(8):
        clock.forward(seconds=45)
        change = work(change)
    assert (change.state, change.cause) == ("unknown", "not_confirmed")
    assert truth(cloud, ADELE) == "read"


def test_an_owner_who_reverted_after_a_crash_is_not_overruled(raised, work, cloud, clock, outside):
    """The write landed, the worker died, the owner went back in Outlook, hours later a worker looks."""
    Change.objects.filter(pk=raised.pk).update(sent_at=clock(), due_at=clock())
    clock.forward(hours=2)
    assert work(raised).state == "unknown"
    assert truth(cloud, ADELE) == "read"


def test_a_crash_between_writing_and_settling_is_settled_by_reading(raised, work, cloud, clock, outside):
    Change.objects.filter(pk=raised.pk).update(sent_at=clock())
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="write")
    clock.forward(seconds=60)
    change = work(raised)
    assert change.state == "applied"
    assert not cloud.log.writes()


def test_a_change_seen_late_is_waited_for(raised, work, cloud, clock):
    """Microsoft may show a change only after a while."""
    control(cloud, "switches", {"visible_after_seconds": 40})
    change = work(raised)
    assert change.state == "open"
    control(cloud, "clock", {"offset_seconds": 60})
    clock.forward(seconds=60)
    assert work(change).state == "applied"
    assert len(cloud.log.writes()) == 1


@pytest.mark.parametrize("code", ["ErrorInvalidRequest", "ErrorInvalidArgument", "ErrorAccessDenied"])
def test_a_definite_no_is_a_failure_with_its_code(raised, work, cloud, code):
    status = 403 if code == "ErrorAccessDenied" else 400
    cloud.faults.set([{"match": {"path": WRITES, "method": "PATCH"}, "do": "status", "status": status, "code": code}])
    change = work(raised)
    assert (change.state, change.cause) == ("failed", code)
    assert len(cloud.log.writes()) == 1


def test_a_throttled_write_waits_as_long_as_microsoft_says(raised, work, cloud, clock):
    fault = {"do": "status", "status": 429, "code": "ApplicationThrottled", "retry_after": "120", "times": 1}
    cloud.faults.set([{"match": {"path": WRITES}, **fault}])
    change = work(raised)
    assert (change.state, change.sent_at, change.due_at) == ("open", None, clock() + timedelta(seconds=120))
    control(cloud, "clock", {"offset_seconds": 130})
    clock.forward(seconds=130)
    assert work(change).state == "applied"
    assert cloud.throttle.early_retries == 0


def test_a_list_that_cannot_be_trusted_is_looked_at_again_and_nothing_is_sent(raised, work, cloud, clock):
    cloud.faults.set([{"match": {"path": "calendarPermissions$"}, "do": "empty_list"}])
    change = work(raised)
    assert (change.state, change.sent_at) == ("open", None)
    assert change.due_at > clock()
    assert not cloud.log.writes()
    for _ in range(10):
        clock.forward(minutes=10)
        change = work(change)
    assert change.state == "failed"
    assert CalendarPermission.objects.open().filter(pk=raised.permission_id).exists()


def test_the_role_is_checked_against_the_list_just_read(raised, work, cloud):
    adele = {
        "id": raised.permission.graph_id,
        "role": "read",
        "allowedRoles": ["freeBusyRead", "read"],
        "isRemovable": True,
        "isInsideOrganization": True,
        "emailAddress": {"name": "Adele Vance", "address": ADELE},
    }
    everyone = {"id": "RGVmYXVsdA==", "role": "none", "isRemovable": False, "emailAddress": {"name": "My Organization"}}
    body = {"value": [adele, everyone]}
    cloud.faults.set([{"match": {"path": "calendarPermissions$"}, "do": "body", "json": body}])
    change = work(raised)
    assert (change.state, change.cause) == ("failed", "role_not_allowed")
    assert not cloud.log.writes()


# Who may, and who holds the claim ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alter", "state", "cause"),
    [
        (lambda: Tenant.objects.update(writes_on=False), "cancelled", "writes_off"),
        (lambda: Tenant.objects.update(state=Tenant.LOST), "cancelled", "not_connected"),
        (lambda: User.objects.update(is_active=False), "failed", "not_allowed"),
    ],
)
def test_authority_is_asked_again_right_before_sending(raised, work, cloud, alter, state, cause):
    alter()
    change = work(raised)
    assert (change.state, change.cause) == (state, cause)
    assert not cloud.log.writes()


def test_of_two_workers_one_applies(raised, contoso, clock, cloud):
    tasks_done = [
        changes.apply(client=client_for(contoso), change=Change.objects.get(pk=raised.pk), clock=clock)
        for _ in range(2)
    ]
    assert tasks_done == [True, False]
    assert len(cloud.log.writes()) == 1


def test_a_worker_that_slept_through_its_lease_sends_nothing(raised, contoso, clock, cloud):
    ticks = iter([0.0, 500.0, 500.0, 500.0])
    changes.apply(
        client=client_for(contoso), change=Change.objects.get(pk=raised.pk), clock=clock, monotonic=lambda: next(ticks)
    )
    assert not cloud.log.writes()
    assert Change.objects.get(pk=raised.pk).state == "open"


def test_a_sync_that_ran_meanwhile_does_not_undo_what_the_change_stored(raised, work, sync, clock, outside):
    work(raised)
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="read")  # the owner went back in Outlook
    clock.forward(days=1)
    sync()
    assert permission(ALEX, ADELE, KIDS).role == "read"
    assert permission(ALEX, ADELE, KIDS).change is None


# Ten minutes later ---------------------------------------------------------------------------------------


def test_an_applied_change_is_read_again_after_ten_minutes(raised, work, clock):
    change = work(raised)
    assert change.due_at == clock() + timedelta(minutes=10)
    clock.forward(minutes=10)
    change = work(change)
    assert (change.checked_at, change.reverted_at, change.due_at) == (clock(), None, None)


def test_access_that_came_back_is_noted_and_recorded(removal, work, clock, outside):
    change = work(removal)
    outside("share", mailbox=ALEX, calendar=KIDS, who=MEGAN, role="read")
    clock.forward(minutes=10)
    change = work(change)
    assert change.reverted_at == clock()
    assert AuditEvent.objects.order_by("seq").last().verb == "change.reverted"
    assert permission(ALEX, MEGAN, KIDS).ended_at is None


def test_a_saved_change_waits_for_a_worker_and_is_due_for_one(raised, cloud, clock):
    assert [(task.name, pk) for task, pk in tasks.due_changes(clock())] == [("sharing.tasks.apply_change", raised.pk)]
    assert not cloud.log.writes()
