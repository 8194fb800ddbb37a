"""What Microsoft says becomes rows, and what it said before becomes history."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from sharing.models import (
    Calendar,
    CalendarPermission,
    DeliveryPeriod,
    Mailbox,
    PermissionPeriod,
    SyncRun,
    role_as_of,
)
from tests.contoso import mailbox, permission

ALEX, ADELE, MEGAN = "AlexW@contoso.com", "AdeleV@contoso.com", "MeganB@contoso.com"


def test_the_first_sync_stores_what_the_first_document_prints(sync):
    run = sync()
    assert run.outcome == SyncRun.DONE
    alex = mailbox(ALEX)
    assert (alex.state, alex.delivery_option, alex.purpose) == (Mailbox.OK, "sendToDelegateOnly", "user")
    assert alex.settings["time_zone"] == "Pacific Standard Time"
    own = Calendar.objects.filter(mailbox=alex, is_own=True).order_by("-is_default")
    assert [(c.name, c.is_default, c.graph_id) for c in own] == [
        ("Calendar", True, "AQMkADAw7QAAAJfygAAAA=="),
        ("Kids parties", False, "AAMkADAwAABf02bAAAA="),
    ]
    delegate = permission(ALEX, MEGAN)
    assert delegate.role == "delegateWithPrivateEventAccess"
    assert delegate.grantee.address.casefold() == MEGAN.casefold()
    assert delegate.allowed_roles[-1] == "delegateWithPrivateEventAccess"
    assert permission(ALEX, "Default").role == "freeBusyRead"
    assert permission(ALEX, "Default").grantee is None
    assert permission(ALEX, ADELE, "Kids parties").role == "read"
    assert permission(ALEX, ADELE, "Kids parties").began_after_at is None


def test_a_sharees_copy_is_kept_but_its_list_never_asked(sync, cloud):
    sync()
    copy = Calendar.objects.get(mailbox=mailbox(MEGAN), graph_id="AAMkADlAABhbftjAAA=")
    assert not copy.is_own
    assert copy.owner_address == ALEX
    assert not copy.permissions.exists()
    assert not [entry for entry in cloud.log.since() if "AAMkADlAABhbftjAAA" in entry.path]


def test_a_run_in_which_nothing_changed_writes_no_row_of_what_is_mirrored(sync, clock):
    sync()
    clock.forward(days=1)
    readable = Mailbox.objects.filter(state=Mailbox.OK)
    mirrored = (readable, Calendar.objects, CalendarPermission.objects, PermissionPeriod.objects)
    before = [list(rows.order_by("pk").values()) for rows in mirrored]
    with CaptureQueriesContext(connection) as queries:
        run = sync()
    assert run.outcome == SyncRun.DONE
    assert [list(rows.order_by("pk").values()) for rows in mirrored] == before
    written = [q["sql"] for q in queries if "INSERT" in q["sql"] or "UPDATE" in q["sql"]]
    assert written  # the run and its shard, and the mailbox that is still being made
    assert not [sql for sql in written if '"sharing_calendar' in sql or '"sharing_permission' in sql]


def test_a_role_changed_outside_keeps_what_it_was(sync, clock, outside):
    sync()
    clock.forward(days=1)
    sync()
    checked_at = clock()
    outside("role", mailbox=ALEX, calendar="Kids parties", who=ADELE, role="write")
    clock.forward(days=1)
    run = sync()
    row = permission(ALEX, ADELE, "Kids parties")
    period = PermissionPeriod.objects.get(permission=row)
    assert run.changed == 1
    assert row.role == "write"
    assert row.change is None
    assert (row.began_after_at, row.began_at) == (checked_at, clock())
    assert (period.role, period.after) == ("read", "write")
    assert (period.ended_after_at, period.ended_at) == (checked_at, clock())
    assert role_as_of(row, clock() - timedelta(hours=1)) == "read"
    assert role_as_of(row, clock()) == "write"


def test_access_that_ended_and_came_back_is_one_row_with_a_gap(sync, clock, outside):
    sync()
    outside("unshare", mailbox=ALEX, calendar="Kids parties", who=ADELE)
    clock.forward(days=1)
    assert sync().ended == 1
    row = permission(ALEX, ADELE, "Kids parties")
    assert row.ended_at == clock()
    assert role_as_of(row, clock()) is None
    outside("share", mailbox=ALEX, calendar="Kids parties", who=ADELE, role="write")
    clock.forward(days=1)
    assert sync().added == 1
    row = permission(ALEX, ADELE, "Kids parties")
    assert (row.role, row.ended_at) == ("write", None)
    assert row.began_after_at == clock() - timedelta(days=1)
    assert [p.end for p in row.periods.all()] == ["removed"]


def test_a_delivery_option_changed_outside_is_history(sync, clock, outside):
    sync()
    outside("delivery", mailbox=ALEX, option="sendToDelegateAndPrincipal")
    clock.forward(days=1)
    sync()
    period = DeliveryPeriod.objects.get()
    assert (period.delivery_option, period.after) == ("sendToDelegateOnly", "sendToDelegateAndPrincipal")
    assert mailbox(ALEX).delivery_option == "sendToDelegateAndPrincipal"


def test_a_deleted_calendar_ends_with_its_access(sync, clock, outside):
    sync()
    outside("delete_calendar", mailbox=ALEX, calendar="Kids parties")
    clock.forward(days=1)
    sync()
    calendar = Calendar.objects.get(mailbox=mailbox(ALEX), name="Kids parties")
    assert calendar.ended_at == clock()
    assert set(PermissionPeriod.objects.filter(permission__calendar=calendar).values_list("end", flat=True)) == {
        "calendar_removed"
    }
    assert not calendar.permissions.open().exists()


def test_a_new_calendar_is_read_in_the_same_run(sync, clock, outside):
    sync()
    outside("add_calendar", mailbox=ALEX, name="Board travel")
    outside("share", mailbox=ALEX, calendar="Board travel", who=ADELE, role="read")
    clock.forward(days=1)
    sync()
    row = permission(ALEX, ADELE, "Board travel")
    assert row.role == "read"
    assert row.began_after_at == clock() - timedelta(days=1)  # yesterday it was not there


def test_a_renamed_calendar_is_the_same_calendar(sync, clock, outside):
    sync()
    outside("rename_calendar", mailbox=ALEX, calendar="Kids parties", name="Birthday parties")
    clock.forward(days=1)
    run = sync()
    assert Calendar.objects.get(graph_id="AAMkADAwAABf02bAAAA=").name == "Birthday parties"
    assert (run.added, run.ended) == (0, 0)


def test_no_event_is_ever_read(sync, cloud):
    sync()
    assert cloud.log.stats()["event_reads"] == 0
