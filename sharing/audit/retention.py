"""How long the past is kept, and since when it is known: old periods and events are let go, and the chain stays whole.

Nothing that stands today is touched, and no change that somebody made: those say what was done, and are few.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from sharing.models import (
    AuditChain,
    AuditEvent,
    Booking,
    Calendar,
    DeliveryPeriod,
    OutsideAct,
    PastValues,
    PermissionPeriod,
    Probe,
    ShardReading,
    Tenant,
    User,
)

from .verify import PRUNED as EVENTS_PRUNED

PRUNED, KEPT = "history.pruned", "history.kept"
SHORTEST_DAYS, LONGEST_DAYS = 90, 3650
AT_ONCE, BATCH = 500, 20_000  # rows of one statement, and of one transaction
CONFIRMED = timedelta(days=3)  # what was true on the first day kept was confirmed by readings shortly before it


class NotThatLong(Exception):
    """The past is kept for SHORTEST_DAYS at least, and for LONGEST_DAYS at most where it is not kept always."""


def keep_history(*, tenant: Tenant, days: int | None, actor: User, now: datetime) -> None:
    """From now on keep the past of a tenant so many days, None: always. Raises NotThatLong."""
    if days is not None and not SHORTEST_DAYS <= days <= LONGEST_DAYS:
        raise NotThatLong
    with transaction.atomic():
        before = Tenant.objects.select_for_update().values_list("history_days", flat=True).get(pk=tenant.pk)
        if before == days:
            return
        Tenant.objects.filter(pk=tenant.pk).update(history_days=days)
        said = [str(value) if value else "always" for value in (before, days)]
        AuditEvent.objects.record(
            now=now, verb=KEPT, tenant=tenant, actor=actor, before=said[0], after=said[1]
        )  # fmt: skip
    tenant.history_days = days


def history_begins_at(tenant: Tenant) -> datetime | None:
    """Since when the past of a tenant is kept here; None where it was never read.

    The first reading, or the moment up to which the past was let go.
    """
    seen = Calendar.objects.filter(tenant=tenant).order_by("pk").values_list("first_seen_at", flat=True)
    first = seen.first()  # rows are made as they are first seen, and never deleted one by one
    pruned = AuditEvent.objects.filter(tenant=tenant, verb=PRUNED).order_by("-at", "-pk").values_list("after").first()
    cut = datetime.fromisoformat(pruned[0]) if pruned else None
    return max(first, cut) if first and cut else first


def due(now: datetime) -> QuerySet[Tenant]:
    """Tenants whose past is not kept always."""
    return Tenant.objects.filter(history_days__isnull=False)


def prune(*, tenant: Tenant, now: datetime) -> bool:
    """Let go at most BATCH rows that are older than the tenant keeps; True once nothing is left. Safe to repeat.

    Counts and deletions are one transaction. Where the database's role may not delete events they stay.
    """
    days = Tenant.objects.values_list("history_days", flat=True).get(pk=tenant.pk)
    if days is None:
        return True
    cut = now - timedelta(days=days)
    left = _prune_past(tenant, cut, now)
    return _prune_events(str(tenant.tid), tenant, cut, now) and not left


def _past(tenant: Tenant, cut: datetime) -> Iterator[tuple[str, QuerySet[Any]]]:
    for model in (PermissionPeriod, DeliveryPeriod, PastValues):
        mine = {"mailbox__tenant": tenant} if model is DeliveryPeriod else {"tenant": tenant}
        yield model.__name__, model._default_manager.filter(**mine, ended_at__lt=cut)
    yield OutsideAct.__name__, OutsideAct.objects.filter(tenant=tenant, at__lt=cut)
    yield Booking.__name__, Booking.objects.filter(tenant=tenant, ends_at__lt=cut, act="")
    yield Probe.__name__, Probe.objects.filter(tenant=tenant, asked_at__lt=cut)
    yield ShardReading.__name__, ShardReading.objects.filter(tenant=tenant, stored_at__lt=cut - CONFIRMED)


def _prune_past(tenant: Tenant, cut: datetime, now: datetime) -> bool:
    """Whether there is more than one transaction's worth."""
    counts: dict[str, int] = {}
    with transaction.atomic():
        for name, rows in _past(tenant, cut):
            while (room := BATCH - sum(counts.values())) > 0:
                pks = list(rows.values_list("pk", flat=True)[: min(AT_ONCE, room)])
                if not pks:
                    break
                rows.model._default_manager.filter(pk__in=pks).delete()
                counts[name] = counts.get(name, 0) + len(pks)
        if counts:
            AuditEvent.objects.record(
                now=now, verb=PRUNED, tenant=tenant, after=cut.isoformat(timespec="microseconds"), subject=counts
            )  # fmt: skip
    return sum(counts.values()) >= BATCH


def _prune_events(key: str, tenant: Tenant, cut: datetime, now: datetime) -> bool:
    """Everything before the first event that is kept. What is let go is said in the chain itself, with its last hash.

    Deleting may break off: what `pruned_to` covers is deleted next time.
    """
    if not may_delete_events():
        return True
    chain = AuditChain.objects.filter(key=key).first()
    if chain is None:
        return True
    events = AuditEvent.objects.filter(chain=key)
    # Events stand in the order in which they were written, and clocks may differ a little: the first one kept counts.
    kept = events.filter(at__gte=cut, seq__gt=chain.pruned_to).order_by("seq").values_list("seq", flat=True).first()
    last = events.filter(seq=(kept or chain.seq + 1) - 1, seq__gt=chain.pruned_to).first()
    if last is not None:
        with transaction.atomic():
            AuditEvent.objects.record(
                now=now, verb=EVENTS_PRUNED, tenant=tenant, subject={"to": last.seq, "hash": last.hash}
            )  # fmt: skip
            AuditChain.objects.filter(key=key).update(pruned_to=last.seq)
    gone = 0
    pruned_to = last.seq if last else chain.pruned_to
    while gone < BATCH and (pks := list(events.filter(seq__lte=pruned_to).values_list("pk", flat=True)[:AT_ONCE])):
        AuditEvent.objects.filter(pk__in=pks).delete()
        gone += len(pks)
    return gone < BATCH


def may_delete_events() -> bool:
    """Whether the database lets us: on PostgreSQL the portal's role may have no right to."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(current_user, %s, 'DELETE')", [AuditEvent._meta.db_table])
        return bool(cursor.fetchone()[0])
