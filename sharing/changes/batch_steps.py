"""Carries a confirmed batch on: hands out a few changes at a time, sees how they end, and knows when it is done."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, Q, QuerySet

from sharing.models import BatchItem, Calendar, Change, ChangeBatch, EndDate

from . import request
from .batch_items import ALREADY_GONE, CHANGED_SINCE
from .batches import record, refusal
from .end_dates import set_end_date
from .refusals import (
    AlreadyGone,
    ChangeOpen,
    NothingToDo,
    NotNow,
    NotRemovable,
    Refused,
    RoleNotAllowed,
    Stale,
    WouldRaise,
)
from .restore_more import NO_DELEGATE, TO_DELEGATES_ONLY, has_delegate, is_delivery, last_day

AT_ONCE = 20  # changes of batches underway in a tenant: what people change themselves is never far behind them
# Handed out in an hour, in a tenant: a list that was a mistake is noticed and cancelled before most of it happened.
HOURLY = 600
GOOD_FOR = timedelta(days=2)  # what was confirmed longer ago, and paused since, is looked at afresh by a person
LEASE = timedelta(seconds=120)
SOON = timedelta(seconds=3)  # until the next step of a batch whose changes are underway
LATER = timedelta(seconds=60)  # while nothing may be changed at all
PAUSES = ("frozen", "writes_off", "not_connected")  # what may be over again; anything else ends the batch


def step(*, batch: ChangeBatch, now: datetime) -> bool:
    """Take a batch one step further, safe to call at any time and twice; False where it is not ours to do.

    A line is marked before its change is asked for, at the same moment that the change then carries: after a crash the
    next step finds the change by it, or asks for it again. So no line is asked for twice, and none is forgotten.
    """
    if not batch.claim(now=now, lease=LEASE):
        return False
    batch.refresh_from_db(fields=["state", "cause", "reason"])
    _find_what_was_made(batch)
    pause = _hand_out_some(batch, now) if batch.state == ChangeBatch.RUNNING else ""
    batch.refresh_from_db(fields=["state"])
    waits = batch.state == ChangeBatch.RUNNING and waiting_in(batch).exists()
    if not _set_last_days(batch, now) or waits or underway_in(batch).exists():
        return _come_back(batch, now, pause)
    return _finish(batch, now)


def waiting_in(batch: ChangeBatch) -> QuerySet[BatchItem]:
    return BatchItem.objects.filter(batch=batch, skipped="", handed_out_at=None).order_by("pk")


def underway_in(batch: ChangeBatch) -> QuerySet[BatchItem]:
    return BatchItem.objects.filter(batch=batch, change__state=Change.OPEN)


def _in_doubt(batch: ChangeBatch) -> QuerySet[BatchItem]:
    """Marked, and then nobody noted what came of it."""
    marked = BatchItem.objects.filter(batch=batch, skipped="", handed_out_at__isnull=False)
    return marked.filter(change=None, end_date=None).order_by("pk")


def _hand_out_some(batch: ChangeBatch, now: datetime) -> str:
    """As many lines as the caps let; why none at all, as a cause word."""
    cause = refusal(
        tenant=batch.tenant, actor=batch.actor, actor_kind=batch.actor_kind, calendar=batch.calendar
    )  # fmt: skip
    if batch.confirmed_at and now - batch.confirmed_at > GOOD_FOR:
        cause = "too_old"
    if cause:
        if cause not in PAUSES:
            _give_up(batch, cause, now)
        return cause
    for item in waiting_in(batch)[: room(batch, now)]:
        if is_delivery(item) and underway_in(batch).exists():
            break  # it is the last line: who gets the requests is put back once the delegates are
        # Somebody may have cancelled the batch, or taken it over from a worker that slept.
        mine = ChangeBatch.objects.filter(pk=batch.pk, attempt=batch.attempt, state=ChangeBatch.RUNNING)
        marked = BatchItem.objects.filter(Exists(mine), pk=item.pk, handed_out_at=None)
        if not marked.update(handed_out_at=now):
            break
        item.handed_out_at = now
        if pause := _ask(batch, item, now):
            return pause
    return ""


def room(batch: ChangeBatch, now: datetime) -> int:
    """How many lines may be handed out now, of all batches of the tenant together."""
    of_tenant = BatchItem.objects.filter(batch__tenant=batch.tenant_id)
    underway = Change.objects.open().filter(tenant=batch.tenant_id, batch_item__isnull=False).count()
    lately = of_tenant.filter(
        batch__confirmed_at__isnull=False, batch__confirmed_at__gt=now - timedelta(days=30),
        handed_out_at__gt=now - timedelta(hours=1),
    )  # fmt: skip
    return max(0, min(AT_ONCE - underway, HOURLY - lately.count()))


def _ask(batch: ChangeBatch, item: BatchItem, now: datetime) -> str:
    """Ask for what one line wants; a refusal is noted on it. A cause word where the whole batch has to wait."""
    try:
        fields = _request(batch, item, now)
    except NotNow as never:
        if never.cause in PAUSES:
            BatchItem.objects.filter(pk=item.pk, change=None).update(handed_out_at=None)
            return never.cause
        fields = {"skipped": never.cause[:80]}
    except ChangeOpen as other:
        made = other.change
        if made and made.actor_id == batch.actor_id and made.requested_at == item.handed_out_at:
            fields = {"change": made}
        else:
            fields = {"skipped": _WORDS[ChangeOpen]}
    except Refused as refused:
        fields = {"skipped": _WORDS.get(type(refused), type(refused).__name__.lower()[:80])}
    BatchItem.objects.filter(pk=item.pk, change=None, end_date=None).update(**fields)
    return ""


_WORDS = {
    Stale: CHANGED_SINCE,
    AlreadyGone: ALREADY_GONE,
    RoleNotAllowed: "role_not_allowed",
    NotRemovable: "not_removable",
    NothingToDo: "nothing_to_do",
    WouldRaise: "would_raise",
    ChangeOpen: "change_open",
}


def _request(batch: ChangeBatch, item: BatchItem, now: datetime) -> dict[str, object]:
    """Write the wish of one line down; raises Refused. What it may do is asked of `access` there, and at sending."""
    kind = batch.actor_kind if batch.actor_kind not in (Change.OWNER, Change.STEWARD) else ""
    who: dict[str, Any] = {"actor": batch.actor, "kind": kind, "reason": batch.reason, "now": now}
    day = None
    if batch.kind == ChangeBatch.RESTORE and batch.calendar:
        day = last_day(batch.calendar, item, batch.made_at)
    if item.permission is None:
        if batch.calendar is None:
            raise AlreadyGone
        if is_delivery(item):
            return _deliver(batch.calendar, item, who)
        made = request.request_create(
            calendar=batch.calendar, address=item.address, name=item.name, role=item.after, ends_on=day, **who
        )
        return {"change": made}
    if batch.kind == ChangeBatch.END_DATE:
        return {"end_date": _set_end(batch, item, who)}
    if item.after:
        made = request.request_role(permission=item.permission, role=item.after, seen=item.before, ends_on=day, **who)
        return {"change": made}
    return {"change": request.request_removal(permission=item.permission, seen=item.before, **who)}


def _deliver(calendar: Calendar, item: BatchItem, who: dict[str, Any]) -> dict[str, object]:
    """Only to delegates where one is there by now: whoever was to be put back may not have been."""
    if item.after == TO_DELEGATES_ONLY and not has_delegate(calendar):
        return {"skipped": NO_DELEGATE}
    mailbox = calendar.mailbox
    return {"change": request.request_delivery(mailbox=mailbox, option=item.after, seen=item.before, **who)}


def _set_last_days(batch: ChangeBatch, now: datetime) -> bool:
    """What was put back for longer than the tenant lets it last gets its day; False where that has to wait."""
    calendar = batch.calendar
    if batch.kind != ChangeBatch.RESTORE or calendar is None:
        return True
    given = BatchItem.objects.filter(batch=batch, change__state=Change.APPLIED, end_date=None).exclude(after="")
    for item in given.select_related("permission", "change__permission"):
        entry = item.permission or (item.change.permission if item.change else None)
        day = last_day(calendar, item, batch.made_at)
        if day is None or entry is None:
            continue
        kind = "" if batch.actor_kind in (Change.OWNER, Change.STEWARD) else batch.actor_kind
        try:
            set_end_date(permission=entry, ends_on=day, actor=batch.actor, kind=kind, reason=batch.reason, now=now)
        except NotNow as never:
            if never.cause in PAUSES:
                return False
        except ChangeOpen:
            return False
        except Refused:
            continue  # it ended, or somebody set a day meanwhile
    return True


def _set_end(batch: ChangeBatch, item: BatchItem, who: dict[str, Any]) -> EndDate:
    permission = item.permission
    if permission is None or batch.ends_at is None or permission.ended_at:
        raise AlreadyGone
    if permission.role != item.before:
        raise Stale(permission.role)
    return set_end_date(permission=permission, ends_on=batch.ends_at.date(), **who)


def _find_what_was_made(batch: ChangeBatch) -> None:
    """Lines that were marked before a crash: their change was made, or they wait again."""
    for item in _in_doubt(batch):
        mine: dict[str, Any] = {
            "actor": batch.actor_id, "requested_at": item.handed_out_at, "batch_item": None,
        }  # fmt: skip
        same: dict[str, Any] = {"permission": item.permission_id} if item.permission_id else {"address": item.address}
        same |= {"kind": Change.DELIVERY} if is_delivery(item) else {}
        change = Change.objects.filter(**mine, **same, tenant=batch.tenant_id).first()
        set_then: dict[str, Any] = {"permission": item.permission_id, "made_at": item.handed_out_at}
        end_date = EndDate.objects.filter(**set_then, by=batch.actor_id).first() if item.permission_id else None
        row = BatchItem.objects.filter(pk=item.pk, change=None, end_date=None, skipped="")
        if change:
            row.update(change=change)
        elif end_date:
            row.update(end_date=end_date)
        else:
            row.update(handed_out_at=None)


def _come_back(batch: ChangeBatch, now: datetime, pause: str) -> bool:
    due_at = now + (LATER if pause else SOON)
    mine = ChangeBatch.objects.filter(pk=batch.pk, attempt=batch.attempt)
    with transaction.atomic():
        mine.filter(state=ChangeBatch.RUNNING).update(cause=pause)
        return bool(mine.update(due_at=due_at))


def _give_up(batch: ChangeBatch, cause: str, now: datetime) -> None:
    """Who confirmed it may not any more: nothing more is handed out."""
    with transaction.atomic():
        mine = ChangeBatch.objects.filter(pk=batch.pk, attempt=batch.attempt, state=ChangeBatch.RUNNING)
        if mine.update(state=ChangeBatch.CANCELLED, cause=cause):
            record(batch, "batch.cancelled", actor=None, now=now, outcome=cause)


def _finish(batch: ChangeBatch, now: datetime) -> bool:
    with transaction.atomic():
        mine = ChangeBatch.objects.filter(pk=batch.pk, attempt=batch.attempt)
        if mine.filter(state=ChangeBatch.RUNNING).update(
            state=ChangeBatch.DONE, cause="", due_at=None, finished_at=now
        ):
            record(batch, "batch.done", actor=None, now=now)
            return True
        return bool(mine.update(due_at=None, finished_at=now))


def settled_mailboxes(batch: ChangeBatch) -> QuerySet[Any, Any]:
    """Ids of mailboxes in which nothing of this batch waits or is underway any more, and something was asked for."""
    asked = BatchItem.objects.filter(batch=batch, skipped="", handed_out_at__isnull=False)
    still = Q(change=None, end_date=None) | Q(change__state=Change.OPEN)
    if batch.state == ChangeBatch.CANCELLED:
        still &= Q(handed_out_at__isnull=False)
    unsettled = BatchItem.objects.filter(still, batch=batch, skipped="", permission__isnull=False)
    rows = asked.filter(permission__isnull=False)
    rows = rows.exclude(permission__mailbox__in=unsettled.values("permission__mailbox"))
    return rows.values_list("permission__mailbox", flat=True).distinct()
