"""One calendar's or one mailbox's truth right now, for a change: look, and store what was read."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import F

from sharing import graph
from sharing.models import Calendar, Change, DeliveryPeriod, Mailbox

from .compare import compare_calendar, trust_permissions
from .known import load_calendars
from .past import calendar_row, keep
from .write import Entry, write_permissions

HOUR = timedelta(hours=1)


class NotTrusted(Exception):
    """The list was answered but cannot be the whole truth; `cause` is the state's cause."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


def look_at_calendar(client: graph.Client, calendar: Calendar, *, without: str = "") -> tuple[graph.Permission, ...]:
    """The calendar's complete list, under the sync's own trust rule. Raises graph.GraphError, NotTrusted.

    Absence counts when it was seen twice, except that of `without`, the entry (Graph id) that was just removed.
    """
    known = dict(calendar.permissions.open().values_list("graph_id", "is_organization"))
    seen = _list(client, calendar, had_organization_row=any(known.values()))
    ids = {p.id for p in seen}
    if set(known) - ids - {without}:
        seen = _list(client, calendar, had_organization_row=any(known.values()))
        if ids - {p.id for p in seen}:
            raise NotTrusted("cut_off")  # one of the two was short, and nobody can say of what
    return seen


def _list(client: graph.Client, calendar: Calendar, *, had_organization_row: bool) -> tuple[graph.Permission, ...]:
    oid = str(calendar.mailbox.person.oid)
    seen = graph.list_permissions(client, oid, None if calendar.is_default else calendar.graph_id)
    state = trust_permissions(seen, is_default=calendar.is_default, had_organization_row=had_organization_row)
    if not state.is_ok:
        raise NotTrusted(state.cause)
    return seen


def look_at_delivery(client: graph.Client, mailbox: Mailbox) -> str:
    """Who gets the meeting requests, as Microsoft says now. Raises graph.GraphError."""
    return graph.read_settings(client, str(mailbox.person.oid)).delivery_option or ""


def noted_version(mailbox: Mailbox) -> int:
    """The fence: note it before asking, hand it back when storing."""
    return Mailbox.objects.values_list("version", flat=True).get(pk=mailbox.pk)


def store_calendar(
    *,
    calendar: Calendar,
    seen: Sequence[graph.Permission],
    version: int,
    asked_at: datetime,
    now: datetime,
    change: Change | None = None,
) -> bool:
    """Store one calendar's complete list in the caller's transaction; False where somebody wrote the mailbox meanwhile.

    `asked_at` is when Microsoft was asked: what is shown is as fresh as that, however long storing took to come.
    Empties the mailbox's digest, so that the next reading compares every row, and has it read within the hour.
    """
    if Calendar.objects.filter(pk=calendar.pk, ended_at__isnull=False).exists():
        return False  # a sync found the calendar gone; what was read is another one's list
    if not swap_version(calendar.mailbox, version, now):
        return False
    known = load_calendars([calendar.mailbox_id])[calendar.mailbox_id][calendar.graph_id]
    diff = compare_calendar(known.permissions, seen, may_end=True)
    if diff:
        owner_sort = calendar.mailbox.person.name.casefold()[:128]
        entry = Entry(calendar.mailbox_id, calendar.pk, owner_sort, known.read_at, diff)
        write_permissions(tenant=calendar.mailbox.tenant, entries=[entry], now=now, change=change)
    keep(tenant=calendar.tenant_id, rows=[calendar_row(calendar.mailbox_id, known)], now=now)
    Calendar.objects.filter(pk=calendar.pk).update(state=Mailbox.OK, cause="", read_at=asked_at)
    return True


def store_delivery(*, mailbox: Mailbox, option: str, version: int, now: datetime, change: Change | None = None) -> bool:
    """Store who gets the meeting requests; False as in `store_calendar`."""
    if not swap_version(mailbox, version, now):
        return False
    row = Mailbox.objects.get(pk=mailbox.pk)
    if row.delivery_option and row.delivery_option != option:
        DeliveryPeriod.objects.create(
            tenant_id=row.tenant_id, mailbox=row, delivery_option=row.delivery_option, after=option,
            ended_after_at=row.read_at, ended_at=now, change=change,
        )  # fmt: skip
    Mailbox.objects.filter(pk=mailbox.pk).update(delivery_option=option)
    return True


def swap_version(mailbox: Mailbox, version: int, now: datetime) -> bool:
    """The fence: take the mailbox's next version, and have it read afresh; False where somebody else took it."""
    mine = Mailbox.objects.filter(pk=mailbox.pk, version=version)
    return bool(mine.update(version=F("version") + 1, digest="", changed_at=now, due_at=now + HOUR))
