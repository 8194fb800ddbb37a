"""`export access`: every permission, nothing left out, now and as of a day."""

import csv
import io
import json
import stat
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils.timezone import now

from sharing.exports import ACCESS_COLUMNS
from sharing.management.commands.export import moment
from sharing.models import (
    AuditEvent,
    Calendar,
    CalendarPermission,
    Mailbox,
    PastValues,
    PermissionPeriod,
    ShardReading,
    SyncShard,
)
from tests.cloud import CONTOSO


@pytest.fixture
def export(run, synced, tmp_path):
    """The rows of the JSON export."""

    def rows(**options):
        path = tmp_path / "out.json"
        run("export", "access", format="json", output=path, **options)
        return json.loads(path.read_text())

    return rows


def truth(cloud):
    """(owner's oid, calendar id, permission id): role, as the sandbox has it for every mailbox it shows."""
    readable = set(Mailbox.objects.filter(state="ok").values_list("person__oid", flat=True))
    return {
        (oid, calendar.id, row.id): row.role
        for oid, user in cloud.state.tenants[CONTOSO].users.items()
        if any(str(each) == oid for each in readable)
        for calendar in user.mailbox.calendars.values()
        if not calendar.is_copy
        for row in calendar.permissions.values()
    }


def test_the_rows_have_exactly_the_promised_names(export):
    promised = (
        "tenant_id owner owner_oid calendar_id calendar_name is_default_calendar permission_id name address role "
        "allowed_roles is_inside_organization is_removable first_seen_at read_at mailbox_state delivery_option"
    )
    assert " ".join(ACCESS_COLUMNS) == promised
    assert all(list(row) == promised.split() for row in export())


def test_it_says_what_the_sandbox_says(export, cloud):
    rows = {(r["owner_oid"], r["calendar_id"], r["permission_id"]): r["role"] for r in export() if r["permission_id"]}
    assert rows == truth(cloud)
    assert len(rows) > 200


def test_alex_shares_as_in_the_seed(export):
    alex = [r for r in export() if r["owner"] == "AlexW@contoso.com"]
    assert {(r["name"], r["calendar_name"], r["role"]) for r in alex if r["address"]} == {
        ("Megan Bowen", "Calendar", "delegateWithPrivateEventAccess"),
        ("Adele Vance", "Kids parties", "read"),
        ("Megan Bowen", "Kids parties", "read"),
    }
    organization = next(r for r in alex if r["permission_id"] == "RGVmYXVsdA==" and r["is_default_calendar"])
    assert (organization["address"], organization["is_removable"]) == (None, False)
    assert organization["delivery_option"] == "sendToDelegateOnly"


def test_a_mailbox_that_could_never_be_read_has_one_row_without_a_permission(export):
    unread = [row for row in export() if row["mailbox_state"] != "ok"]
    assert len(unread) == Mailbox.objects.exclude(state="ok").count() > 3
    assert all(row["permission_id"] is row["role"] is row["allowed_roles"] is None for row in unread)
    assert all(row["owner"] and row["owner_oid"] for row in unread)


def test_a_mailbox_that_can_no_longer_be_read_keeps_its_rows_and_says_so(export, run, cloud):
    before = [row for row in export() if row["owner"] == "AlexW@contoso.com"]
    cloud.state.apply({"do": "mailbox_state", "mailbox": "AlexW@contoso.com", "state": "on_premises"})
    run("sync")
    after = [row for row in export() if row["owner"] == "AlexW@contoso.com"]
    assert {row["mailbox_state"] for row in after} == {"no_mailbox"}
    assert [row["role"] for row in after] == [row["role"] for row in before]
    assert [row["read_at"] for row in after] <= [row["read_at"] for row in before]


def put_back(days):
    """Let everything that was read so far have been read `days` earlier."""
    shift = timedelta(days=days)
    for model, names in (
        (CalendarPermission, ("first_seen_at", "began_at")),
        (Mailbox, ("first_seen_at", "read_at", "state_since")),
        (SyncShard, ("read_at",)),
        (Calendar, ("read_at",)),
        (PastValues, ("ended_at",)),
        (ShardReading, ("read_at", "stored_at")),
    ):
        for row in model.objects.all():
            for name in names:
                value = getattr(row, name)
                setattr(row, name, value - shift if value else None)
            row.save(update_fields=names)


def as_of(rows):
    return {
        (r["calendar_name"], r["address"] or "Default"): r["role"] for r in rows if r["owner"] == "AlexW@contoso.com"
    }


def test_the_day_before_a_change_still_shows_the_old_role(export, run, cloud):
    put_back(days=10)
    kids = {"tenant": CONTOSO, "mailbox": "AlexW@contoso.com", "calendar": "Kids parties"}
    cloud.state.apply({"do": "role", "who": "AdeleV@contoso.com", "role": "write", **kids})
    cloud.state.apply({"do": "unshare", "who": "MeganB@contoso.com", **kids})
    cloud.state.apply({"do": "share", "who": "CharlieR@contoso.com", "role": "read", **kids})
    run("sync")
    old = as_of(export(as_of=now() - timedelta(days=1)))
    new = as_of(export())
    adele, megan, charlie = (("Kids parties", f"{who}@contoso.com") for who in ("AdeleV", "MeganB", "CharlieR"))
    assert (old[adele], old[megan], old.get(charlie)) == ("read", "read", None)
    assert (new[adele], new.get(megan), new[charlie]) == ("write", None, "read")
    period = PermissionPeriod.objects.get(permission__name="Adele Vance", role="read")
    row = next(r for r in export(as_of=now() - timedelta(days=1)) if r["name"] == "Adele Vance" and r["role"] == "read")
    assert datetime.fromisoformat(row["read_at"]) == period.ended_after_at


def test_who_got_the_meeting_requests_then(export, run, cloud):
    put_back(days=10)
    change = {"do": "delivery", "mailbox": "AlexW@contoso.com", "option": "sendToDelegateAndPrincipal"}
    cloud.state.apply(change)
    run("sync")
    for when, option in ((now() - timedelta(days=1), "sendToDelegateOnly"), (None, "sendToDelegateAndPrincipal")):
        row = next(r for r in export(as_of=when) if r["owner"] == "AlexW@contoso.com")
        assert row["delivery_option"] == option


def test_before_the_first_reading_nothing_is_claimed_and_the_command_says_so(synced, tmp_path):
    path, said = tmp_path / "out.json", io.StringIO()
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    call_command("export", "access", format="json", output=path, as_of=long_ago, stderr=said)
    assert json.loads(path.read_text()) == []
    assert "Of Contoso nothing is known before " in said.getvalue()


def test_csv_is_the_same_rows_and_runs_no_formula(run, synced, tmp_path):
    CalendarPermission.objects.filter(name="Adele Vance").update(name="=HYPERLINK(1)")
    path = tmp_path / "out.csv"
    run("export", "access", output=path)
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    assert tuple(rows[0]) == ACCESS_COLUMNS
    assert len(rows) == synced["permissions"]["total"] + len(synced["not_ok"])
    assert "'=HYPERLINK(1)" in {row["name"] for row in rows}
    assert next(row["role"] for row in rows if row["owner"] == "NoorA@contoso.com") == ""


def test_xlsx_is_a_workbook(run, synced, tmp_path):
    path = tmp_path / "out.xlsx"
    run("export", "access", format="xlsx", output=path)
    assert path.read_bytes().startswith(b"PK")


def test_only_its_owner_reads_a_new_file_and_one_that_was_there_keeps_its_mode(run, synced, tmp_path):
    new, old = tmp_path / "new.csv", tmp_path / "old.csv"
    old.write_text("from last week")
    old.chmod(0o640)
    for path in (new, old):
        run("export", "access", output=path)
        assert path.read_bytes().count(b"\n") > 200
    assert [stat.S_IMODE(path.stat().st_mode) for path in (new, old)] == [0o600, 0o640]


def test_the_rows_can_be_piped(synced, capfdbinary):
    call_command("export", "access", format="json")
    out, err = capfdbinary.readouterr()
    assert len(json.loads(out)) == synced["permissions"]["total"] + len(synced["not_ok"])
    assert b"rows of Contoso." in err


def test_exporting_is_in_the_activity_log(export):
    export()
    event = AuditEvent.objects.get(verb="access.exported")
    assert event.subject["format"] == "json"
    assert event.subject["rows"] > 200
    assert event.actor.startswith("cli:")


def test_many_mailboxes_cost_no_more_queries_a_mailbox(export, django_assert_max_num_queries):
    with django_assert_max_num_queries(25):
        export()


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "14.3.2026"])
def test_a_day_that_is_none_is_said(run, synced, day):
    with pytest.raises(CommandError, match="is no date"):
        run("export", "access", f"--as-of={day}")


def test_a_day_means_its_end():
    assert moment("2026-03-14") == datetime(2026, 3, 14, 23, 59, 59, 999999, tzinfo=UTC)
    assert moment("2026-03-14T12:00:00+02:00") == datetime(2026, 3, 14, 10, tzinfo=UTC)
    assert moment("2026-03-14T12:00:00") == datetime(2026, 3, 14, 12, tzinfo=UTC)


def test_a_file_that_cannot_be_written_is_said(run, synced, tmp_path):
    with pytest.raises(CommandError, match="cannot be written: No such file or directory"):
        run("export", "access", output=tmp_path / "nowhere" / "out.csv")
