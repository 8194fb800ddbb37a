"""What a change looks at beside a calendar's list: which roles there would be, and a person's copies."""

import logging
from datetime import datetime

from sharing import graph
from sharing.models import Calendar, Mailbox
from sharing.models.names import folded

from .compare import is_own
from .look import NotTrusted, swap_version

log = logging.getLogger(__name__)
# Microsoft documents the question nowhere: that it is not answered means that nobody knows, not that there are none.
_NO_ANSWER = (graph.Rejected, graph.NotFound, graph.Denied, graph.Malformed, graph.IdRefused)


def look_at_allowed_roles(client: graph.Client, calendar: Calendar, address: str) -> tuple[str, ...] | None:
    """The roles that may be given to `address` now; None where Microsoft does not say. Raises graph.GraphError."""
    oid = str(calendar.mailbox.person.oid)
    try:
        return graph.allowed_roles(client, oid, None if calendar.is_default else calendar.graph_id, address)
    except _NO_ANSWER as error:
        log.info("allowed roles were not told", extra={"cause": error.cause})
        return None


def look_at_copy(client: graph.Client, calendar: Calendar) -> graph.Calendar | None:
    """A calendar of somebody else's as this mailbox lists it now; None where it is listed no more.

    Raises graph.GraphError, and NotTrusted where the list has no calendar of the mailbox's own: it cannot be whole.
    """
    seen = graph.list_calendars(client, str(calendar.mailbox.person.oid))
    addresses = addresses_of(calendar.mailbox)
    if not any(is_own(each, addresses) for each in seen):
        raise NotTrusted("empty" if not seen else "no_own_calendar")
    return next((each for each in seen if each.id == calendar.graph_id), None)


def addresses_of(mailbox: Mailbox) -> frozenset[str]:
    """The mailbox's own addresses, folded, as the directory has them now."""
    return frozenset(mailbox.person.addresses.values_list("address", flat=True))


def store_copy(*, calendar: Calendar, seen: graph.Calendar | None, version: int, now: datetime) -> bool:
    """Store a copy's name, or its end; False where somebody wrote the mailbox meanwhile. In the caller's transaction.

    Copies keep no history: who renamed or left one here is in the audit alone.
    """
    if not swap_version(calendar.mailbox, version, now):
        return False
    rows = Calendar.objects.filter(pk=calendar.pk)
    if seen is None:
        rows.filter(ended_at=None).update(ended_at=now)
    else:
        name = seen.name or ""
        rows.update(name=name, search=folded(name)[:512], ended_at=None)
    return True
