"""Many changes at once: a list frozen when it is checked, confirmed by a person, and handed out piece by piece."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from sharing import access
from sharing.models import (
    AuditEvent,
    BatchItem,
    Calendar,
    CalendarPermission,
    Change,
    ChangeBatch,
    Role,
    Tenant,
    User,
    reach,
)

from . import batch_items
from .refusals import NotNow

GOOD_FOR = timedelta(hours=1)  # a list that was checked; after that too much may have changed
MOST_ITEMS = 5_000  # more is a policy, not a selection
TYPED_FROM = 100  # from so many on the number is typed before anything happens
LOWERED_TO = (Role.FREE_BUSY_READ, Role.LIMITED_READ, Role.READ, Role.WRITE, Role.DELEGATE)


class NoBatch(Exception):
    """The list was not made or not confirmed, and nothing will happen; each subclass says why."""


class TooMany(NoBatch):
    """More entries than one batch may hold; `most` is how many it may."""

    most = MOST_ITEMS


class Expired(NoBatch):
    """The list was checked too long ago, or its maker gave it up: check again."""


class NotTyped(NoBatch):
    """The number typed is not how many entries would change; `count` is."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


class NothingLeft(NoBatch):
    """Every entry is left out."""


def check_batch(
    *, tenant: Tenant, kind: str, permissions: QuerySet[CalendarPermission], actor: User, now: datetime,
    actor_kind: str = Change.OPERATOR, role: str = "", ends_at: datetime | None = None, reason: str = "",
    seen: Mapping[int, str] | None = None, takes_custom: bool = False,
) -> ChangeBatch:  # fmt: skip
    """Freeze a list for its check page: each entry with the role it has, and why it is left out where it is.

    `seen` maps ids to the roles that the page showed; `takes_custom` lets access be removed that was set in detail in
    Outlook, which nothing can put back, where the page is about one entry and says so. Nothing happens before
    `confirm_batch`. Raises TooMany, or NotNow where `actor` may change nothing in the tenant at the moment; ValueError
    for a kind without its role or day.
    """
    if (kind == ChangeBatch.LOWER) != bool(role) or (kind == ChangeBatch.END_DATE) != bool(ends_at):
        raise ValueError(f"{kind} with role {role!r} until {ends_at}")
    if cause := refusal(tenant=tenant, actor=actor, actor_kind=actor_kind):
        raise NotNow(cause)
    related = ("calendar", "mailbox__shard", "mailbox__person", "grantee")
    mine = permissions.filter(tenant=tenant).order_by("owner_sort", "mailbox_id", "calendar_id", "name_sort", "pk")
    rows = list(mine.select_related(*related)[: MOST_ITEMS + 1])
    if len(rows) > MOST_ITEMS:
        raise TooMany
    batch = ChangeBatch(
        tenant=tenant, kind=kind, role=role, ends_at=ends_at, actor=actor, actor_kind=actor_kind, reason=reason[:500],
        made_at=now,
    )  # fmt: skip
    items = batch_items.items_of(batch, rows, seen or {}, takes_custom=takes_custom)
    with transaction.atomic():
        _forget_checks(tenant, actor, now)
        batch.save()
        add_items(batch=batch, items=items)
    return batch


def add_items(*, batch: ChangeBatch, items: Iterable[BatchItem]) -> int:
    """Store the lines of a list that is not confirmed yet; how many. Raises Expired where it is.

    What would give more than is there is left out of an operator's list: it needs the owner's yes.
    """
    if batch.state != ChangeBatch.CHECKED:
        raise Expired
    rows = list(items)
    for row in rows:
        row.batch, row.tenant = batch, batch.tenant
        if not row.skipped and batch.actor_kind == Change.OPERATOR and _raises(row):
            row.skipped = batch_items.NEEDS_YES
    BatchItem.objects.bulk_create(rows, batch_size=500)
    return len(rows)


def _raises(item: BatchItem) -> bool:
    return bool(item.after) and (not item.before or reach(item.after) > reach(item.before))


def refusal(*, tenant: Tenant, actor: User, actor_kind: str, calendar: Calendar | None = None) -> str:
    """Why `actor` may change nothing now, as a cause word; each change is asked about again.

    Operators act in a whole tenant, owners on the one calendar that a list of theirs is about.
    """
    if actor_kind != Change.OPERATOR and calendar is not None:
        return access.may_change(actor, calendar.mailbox)
    tenant = Tenant.objects.get(pk=tenant.pk)
    if actor_kind == Change.OPERATOR and not access.operates(actor, tenant):
        return "not_allowed"
    if tenant.frozen_at:
        return "frozen"
    if tenant.state != Tenant.CONNECTED:
        return "not_connected"
    return "" if tenant.writes_on else "writes_off"


def confirm_batch(*, batch: ChangeBatch, actor: User, now: datetime, typed: str = "", reason: str = "") -> ChangeBatch:
    """Turn a checked list into a job, once: whoever confirms again gets the job that runs.

    Raises Expired, NothingLeft, NotNow, or NotTyped where from 100 on the number typed is another one.
    """
    batch = ChangeBatch.objects.select_related("tenant", "actor").get(pk=batch.pk)
    if batch.actor_id != actor.pk:
        raise NotNow("not_allowed")
    if batch.state in (ChangeBatch.RUNNING, ChangeBatch.DONE):
        return batch
    if batch.state != ChangeBatch.CHECKED or is_expired(batch, now):
        raise Expired
    if cause := refusal(tenant=batch.tenant, actor=actor, actor_kind=batch.actor_kind, calendar=batch.calendar):
        raise NotNow(cause)
    count = BatchItem.objects.filter(batch=batch, skipped="").count()
    if not count:
        raise NothingLeft
    if count >= TYPED_FROM and "".join(c for c in typed if c.isdecimal()) != str(count):
        raise NotTyped(count)
    fields = {"state": ChangeBatch.RUNNING, "confirmed_at": now, "due_at": now}
    if reason.strip():
        fields["reason"] = reason.strip()[:500]
    with transaction.atomic():
        if ChangeBatch.objects.filter(pk=batch.pk, state=ChangeBatch.CHECKED).update(**fields):
            record(batch, "batch.confirmed", actor=actor, now=now, outcome=str(count))
    batch.refresh_from_db()
    return batch


def cancel_batch(*, batch: ChangeBatch, actor: User, now: datetime) -> ChangeBatch:
    """Hand out nothing more; what was handed out goes on. Safe to repeat, and too late once it is done."""
    open_states = [ChangeBatch.CHECKED, ChangeBatch.RUNNING]
    with transaction.atomic():
        mine = ChangeBatch.objects.filter(pk=batch.pk, state__in=open_states)
        is_idle = batch.state == ChangeBatch.CHECKED
        if mine.update(state=ChangeBatch.CANCELLED, cause="cancelled", finished_at=now if is_idle else None):
            record(batch, "batch.cancelled", actor=actor, now=now)
    batch.refresh_from_db()
    return batch


def is_expired(batch: ChangeBatch, now: datetime) -> bool:
    return batch.state == ChangeBatch.CHECKED and now - batch.made_at > GOOD_FOR


def _forget_checks(tenant: Tenant, actor: User, now: datetime) -> None:
    """Lists of this person that were checked and never confirmed are worth nothing after a day."""
    old = ChangeBatch.objects.filter(
        tenant=tenant, actor=actor, state=ChangeBatch.CHECKED, made_at__lt=now - timedelta(days=1)
    )
    ids = list(old.values_list("pk", flat=True))
    BatchItem.objects.filter(batch__in=ids).delete()
    ChangeBatch.objects.filter(pk__in=ids, state=ChangeBatch.CHECKED).delete()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch got: every line is counted once."""

    left_out: int  # on the check page
    waiting: int
    underway: int
    done: int
    refused: int  # when it was their turn
    not_made: int  # conflict, failed, cancelled
    unknown: int

    @property
    def total(self) -> int:
        """What was confirmed, or would be."""
        return self.waiting + self.underway + self.done + self.refused + self.not_made + self.unknown

    @property
    def settled(self) -> int:
        return self.total - self.waiting - self.underway


_ASKED = Q(skipped="", handed_out_at__isnull=False)
OUTCOMES = {  # the part of a batch's lines with each outcome
    "left_out": Q(handed_out_at=None) & ~Q(skipped=""),
    "waiting": Q(skipped="", handed_out_at=None),
    "underway": _ASKED & (Q(change__state=Change.OPEN) | Q(change=None, end_date=None)),
    "done": _ASKED & (Q(change__state=Change.APPLIED) | Q(end_date__isnull=False)),
    "refused": Q(handed_out_at__isnull=False) & ~Q(skipped=""),
    "not_made": _ASKED & Q(change__state__in=[Change.CONFLICT, Change.FAILED, Change.CANCELLED]),
    "unknown": _ASKED & Q(change__state=Change.UNKNOWN),
}


def progress(batch: ChangeBatch) -> Progress:
    return progress_of([batch])[batch.pk]


def progress_of(batches: Sequence[ChangeBatch]) -> dict[int, Progress]:
    """How far each of several batches got, by id; one query."""
    counted = {name: Count("pk", filter=condition) for name, condition in OUTCOMES.items()}
    rows = BatchItem.objects.filter(batch__in=[batch.pk for batch in batches]).order_by()
    found = {pk: Progress(*numbers) for pk, *numbers in rows.values_list("batch").annotate(**counted)}
    nothing = Progress(**dict.fromkeys(OUTCOMES, 0))
    return {batch.pk: found.get(batch.pk, nothing) for batch in batches}


def record(batch: ChangeBatch, verb: str, *, actor: User | None, now: datetime, outcome: str = "") -> None:
    """One audit line about a batch; each of its changes has its own."""
    AuditEvent.objects.record(
        now=now, verb=verb, tenant=batch.tenant, actor=actor, after=batch.role, outcome=outcome[:80],
        subject={"batch": batch.public_id, "kind": batch.kind},
    )  # fmt: skip
