"""What a database from a backup still plans: nobody knows what its people decided since it was made."""

from datetime import datetime

from django.db.models import F, Q

from sharing.models import Cover, EndDate, Tenant

from .cancel import RESTORED


def ask_anew(*, tenant: Tenant, now: datetime) -> int:
    """End dates whose day is over ask instead of ending, and covers that should have begun do not; how many of both.

    Safe to repeat.
    """
    live = EndDate.objects.filter(tenant=tenant, state=EndDate.LIVE)
    due = live.filter(Q(ends_at__lte=now) | Q(change__isnull=False))
    asked = due.update(
        asks=True, is_accepted=False, change=None, cause=RESTORED, due_at=now, attempt=F("attempt") + 1
    )  # fmt: skip
    begun = Cover.objects.filter(tenant=tenant, state__in=[Cover.WAITING, Cover.BEGINNING], starts_at__lte=now)
    failed = begun.update(state=Cover.FAILED, cause=RESTORED, due_at=None, attempt=F("attempt") + 1)
    return asked + failed
