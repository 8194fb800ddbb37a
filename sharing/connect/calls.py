"""Counts what the portal asked Microsoft for: summed up in memory, added to the day's rows when a task ends."""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import Error, transaction
from django.db.models import F, Sum

from sharing import graph
from sharing.graph import calls as listed
from sharing.graph.calls import KINDS, MEETINGS, ORDINARY, REFUSED_HERE, Kind
from sharing.graph.entra_calls import AUTHORIZE, BY_BROWSER, CONSENT, ENTRA_KINDS, entra_kind_of
from sharing.models import CallCount, Tenant

__all__ = [
    "AUTHORIZE", "BY_BROWSER", "BY_NAME", "CONSENT", "ENTRA_KINDS", "KINDS", "MEETINGS", "ORDINARY",
    "REFUSED_HERE", "Kind", "counted", "drop", "events_read", "flush", "forget", "heard", "made_in", "sent_browser",
    "take",
]  # fmt: skip

log = logging.getLogger(__name__)

MOST_UNTOLD = 20  # calls of one sign-in, with room
SHOWN = timedelta(days=30)
BY_NAME = {kind.name: kind for kind in (*KINDS, *ENTRA_KINDS)}

_lock = threading.Lock()
_made: Counter[tuple[str, str]] = Counter()
_refused: Counter[tuple[str, str]] = Counter()
# What this thread asked of Entra before it was known for which tenant: somebody signs in, of whatever organization.
_untold = threading.local()


def counted(tid: str) -> Callable[[graph.Call], None]:
    """What a client of this tenant tells its calls to."""

    def count(call: graph.Call) -> None:
        _count(tid, call.kind.name, 200 <= call.status < 300)

    return count


def heard(method: str, url: str, status: int) -> None:
    """What the session tells of calls to Entra."""
    kind, tid = entra_kind_of(method, url)
    if kind is None:
        return
    if _is_tid(tid):
        _count(tid, kind.name, 200 <= status < 300)
    else:
        _untold.made = [*getattr(_untold, "made", []), (kind.name, 200 <= status < 300)][-MOST_UNTOLD:]


def sent_browser(tid: str, kind: Kind) -> None:
    """A browser is on its way to Entra because we sent it there."""
    _count(tid, kind.name, True)


def take(tid: str) -> None:
    """What this thread asked of Entra without saying of which tenant was about this one."""
    for kind, is_good in getattr(_untold, "made", []):
        _count(tid, kind, is_good)
    drop()


def drop() -> None:
    """Nobody signed in: it belongs to no tenant."""
    _untold.made = []


def _count(tid: str, kind: str, is_good: bool) -> None:
    with _lock:
        _made[tid, kind] += 1
        if not is_good:
            _refused[tid, kind] += 1


def _is_tid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def flush(now: datetime) -> None:
    """Add what was counted since the last time to today's rows; where that fails it is kept for the next time.

    What was asked of a tenant that is not listed has no row to be counted in. Never raises: what is counted is done.
    """
    with _lock:
        made, refused = dict(_made), dict(_refused)
        _made.clear()
        _refused.clear()
    if not made:
        return
    try:
        with transaction.atomic():
            _add(made, refused, now.date())
    except Error as error:
        log.warning("calls are counted later", extra={"cause": type(error).__name__})
        with _lock:
            _made.update(made)
            _refused.update(refused)


def _add(made: dict[tuple[str, str], int], refused: dict[tuple[str, str], int], day: date) -> None:
    tenants = {str(t): pk for t, pk in Tenant.objects.filter(tid__in={t for t, _ in made}).values_list("tid", "pk")}
    # In one order everywhere, or two workers wait for each other.
    for (tid, kind), count in sorted(made.items()):
        if tid not in tenants:
            continue
        row, _ = CallCount.objects.get_or_create(tenant_id=tenants[tid], day=day, kind=kind)
        more = {"calls": F("calls") + count, "refused": F("refused") + refused.get((tid, kind), 0)}
        CallCount.objects.filter(pk=row.pk).update(**more)


def forget() -> None:
    """Drop what was not added yet: between tests."""
    drop()
    with _lock:
        _made.clear()
        _refused.clear()


def made_in(tenant: Tenant, now: datetime) -> dict[str, tuple[int, int]]:
    """Calls and refusals of the last 30 days by kind, kinds that are no longer listed included."""
    rows = CallCount.objects.filter(tenant=tenant, day__gt=(now - SHOWN).date(), day__lte=now.date())
    summed = rows.values_list("kind").annotate(made=Sum("calls"), refused=Sum("refused")).order_by("kind")
    return {kind: (made, refused) for kind, made, refused in summed}


def events_read(made: dict[str, tuple[int, int]]) -> int:
    """How many of these calls were of a path that holds events or mail; the client sends none of them."""
    return sum(count for kind, (count, _) in made.items() if listed.holds_events(kind))
