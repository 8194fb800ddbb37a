"""What was done here and is undone outside, as any later reading shows it: from the mirror alone, asking nobody."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from sharing.models import CalendarPermission, Change, ChangeQuerySet, Mailbox, Tenant, reach

from .checking import is_overtaken, revert

WATCHED = timedelta(days=30)  # for so long a change is watched
LATELY = timedelta(days=2)
SETTLED = timedelta(minutes=1)
AT_ONCE = 200  # mailboxes in one question
MOST = 500  # so many at once; the rest is found a minute later


def notice_reversals(now: datetime, tenant: Tenant | None = None) -> list[Change]:
    """Note each applied change of the last 30 days that readings since show undone outside; those noted. Repeatable.

    Undone is the former value, or more than was left; access that is back under another id is back, too.
    """
    if tenant is None:
        return [change for each in Tenant.objects.exclude(state=Tenant.ENDED) for change in notice_reversals(now, each)]
    # Who runs this runs the readings, too: what they found is looked at within a day or two.
    altered = Mailbox.objects.filter(tenant=tenant, changed_at__gt=now - LATELY)
    ids = list(altered.values_list("pk", flat=True))  # beside constants the database takes the right index
    return [change for some in batched(ids) for change in _notice(some, now)]


def _notice(mailboxes: list[int], now: datetime) -> list[Change]:
    rows = Change.objects.filter(mailbox__in=mailboxes, requested_at__gt=now - 2 * WATCHED)
    rows = rows.filter(state=Change.APPLIED, reverted_at=None, finished_at__gt=now - WATCHED)
    rows = rows.filter(mailbox__changed_at__gt=F("finished_at"))
    found = []
    for change in _suspects(rows).select_related("mailbox__person", "calendar", "permission", "tenant"):
        value = _undone(change)
        if value is None or is_overtaken(change):
            continue
        with transaction.atomic():
            if revert(change, now, value):
                found.append(change)
    return found


def batched(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]


def _suspects(rows: ChangeQuerySet) -> ChangeQuerySet:
    """Changes whose thing was altered since, and not by a change of ours."""
    since = {"permission__change": None, "permission__began_at__gt": F("finished_at"), "permission__ended_at": None}
    ended = Q(kind=Change.CREATE, permission__ended_at__gt=F("finished_at"))
    delivery = Q(kind=Change.DELIVERY, mailbox__delivery_option=F("before"))
    back = Q(kind=Change.REMOVE) & Exists(_back(OuterRef("calendar"), OuterRef("finished_at"), OuterRef("address"),
                                                OuterRef("permission"), OuterRef("permission__grantee")))  # fmt: skip
    return rows.filter(Q(kind=Change.ROLE, **since) | ended | delivery | back).order_by("pk")


def _back(calendar, since, address, permission, grantee):
    """Entries of the same holder that came up since, from outside."""
    rows = CalendarPermission.objects.open().filter(calendar=calendar, change=None, began_at__gt=since)
    return rows.filter(Q(pk=permission) | Q(grantee=grantee) | (Q(address=address) & ~Q(address="")))


def _undone(change: Change) -> str | None:
    """What is true instead of what was done; None where that is no undoing."""
    permission = change.permission
    if change.kind == Change.DELIVERY:
        return change.mailbox.delivery_option
    if change.kind == Change.CREATE:
        return ""
    if change.kind == Change.REMOVE:
        grantee = permission.grantee_id if permission else None
        rows = _back(change.calendar, change.finished_at, change.address, change.permission_id, grantee)
        return rows.values_list("role", flat=True).first()
    if permission is None:
        return None
    is_former = permission.role == change.before
    is_more = is_revocation(change) and reach(permission.role) >= reach(change.before)
    return permission.role if is_former or is_more else None


def is_revocation(change: Change) -> bool:
    """Did it take something away?"""
    if change.kind == Change.REMOVE:
        return True
    return change.kind == Change.ROLE and reach(change.after) < reach(change.before)


def came_back(now: datetime, tenant: Tenant) -> list[Change]:
    """Access that was taken away here and is back, of the last days and not dealt with since; the newest first."""
    rows = Change.objects.filter(tenant=tenant, state=Change.APPLIED, reverted_at__gt=now - timedelta(days=7))
    rows = rows.filter(requested_at__gt=now - 2 * WATCHED, kind__in=[Change.ROLE, Change.REMOVE])
    rows = rows.select_related("mailbox__person", "mailbox__tenant", "calendar__mailbox__person", "permission")
    found = [change for change in rows.order_by("-reverted_at", "-pk")[:MOST] if is_revocation(change)]
    return [change for change in found if not is_overtaken(change)]


def undone_outside(now: datetime, tenant: Tenant) -> list[Change]:
    """What was given or chosen here and is otherwise again, of the last days and not dealt with since, by mailbox.

    What was noted within the last minute waits: one reading may still be noting more.
    """
    kinds = [Change.ROLE, Change.CREATE, Change.DELIVERY]
    rows = Change.objects.filter(tenant=tenant, state=Change.APPLIED, kind__in=kinds, reverted_at__lte=now - SETTLED)
    rows = rows.filter(reverted_at__gt=now - LATELY, requested_at__gt=now - 2 * WATCHED)
    rows = rows.select_related("mailbox__person", "mailbox__tenant", "calendar", "permission", "tenant")
    found = [change for change in rows.order_by("mailbox", "reverted_at", "pk")[:MOST] if not is_revocation(change)]
    return [change for change in found if not is_overtaken(change)]
