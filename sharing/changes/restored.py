"""What a database from a backup still plans: nobody knows what its people decided since it was made."""

from datetime import datetime

from django.db.models import F, Q

from sharing.models import EndDate, Tenant

from .cancel import RESTORED


def ask_anew(*, tenant: Tenant, now: datetime) -> int:
    """Have end dates whose day is over ask instead of ending: they may have been moved since; how many. Safe to repeat.

    Those to come stay as they are: their owners are told before the day, as always.
    """
    live = EndDate.objects.filter(tenant=tenant, state=EndDate.LIVE)
    due = live.filter(Q(ends_at__lte=now) | Q(change__isnull=False))
    fields = {"asks": True, "is_accepted": False, "change": None, "cause": RESTORED, "due_at": now}
    return due.update(**fields, attempt=F("attempt") + 1)
