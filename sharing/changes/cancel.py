"""Cancels changes that must not be carried out any more."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from sharing.models import Change, Tenant

from .intent import record

RESTORED = "restored"  # the cause of changes that a backup brought back


def cancel_open(*, tenant: Tenant, cause: str, now: datetime) -> int:
    """Cancel every open change of `tenant`, sent or not, and drop the later looks at applied ones; how many were open.

    A worker that holds one loses it: its attempt is no longer the row's. Safe to repeat.
    """
    fields = {"state": Change.CANCELLED, "cause": cause, "finished_at": now, "due_at": None}
    cancelled = 0
    with transaction.atomic():
        for change in Change.objects.open().filter(tenant=tenant).select_related("mailbox", "calendar"):
            mine = Change.objects.open().filter(pk=change.pk)
            if mine.update(**fields, attempt=F("attempt") + 1):
                record(change, "change.cancelled", actor=None, now=now, outcome=cause)
                cancelled += 1
        waiting = Change.objects.filter(tenant=tenant, due_at__isnull=False)
        waiting.update(due_at=None, attempt=F("attempt") + 1)
    return cancelled
