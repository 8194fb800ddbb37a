"""How long the past is kept, and since when it is known."""

from datetime import datetime

from sharing.models import AuditEvent, Calendar, Tenant

PRUNED = "history.pruned"


def history_begins_at(tenant: Tenant) -> datetime | None:
    """Since when the past of a tenant is kept here; None where it was never read.

    The first reading, or the moment up to which the past was let go.
    """
    seen = Calendar.objects.filter(tenant=tenant).order_by("pk").values_list("first_seen_at", flat=True)
    first = seen.first()  # rows are made as they are first seen, and never deleted one by one
    pruned = AuditEvent.objects.filter(tenant=tenant, verb=PRUNED).order_by("-at", "-pk").values_list("after").first()
    cut = datetime.fromisoformat(pruned[0]) if pruned else None
    return max(first, cut) if first and cut else first
