"""Cancels changes that must not be carried out any more."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from sharing.models import Change, ChangeBatch, Cover, Tenant

from . import batches, proposals
from .covers import record_cover
from .intent import record

RESTORED = "restored"  # the cause of changes that a backup brought back


def cancel_open(*, tenant: Tenant, cause: str, now: datetime) -> int:
    """Cancel every open change of `tenant`, sent or not, and drop the later looks at applied ones; how many were open.

    Lists that are being handed out and covers that are still to begin would ask for more of them: they end, too. The
    days on which access ends stay. A worker that holds one loses it, as its attempt is not the row's. Safe to repeat.
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
        _cancel_what_would_ask(tenant, cause, now)
    return cancelled


def _cancel_what_would_ask(tenant: Tenant, cause: str, now: datetime) -> None:
    mine = {"due_at": None, "cause": cause, "attempt": F("attempt") + 1}
    for batch in ChangeBatch.objects.filter(tenant=tenant, state=ChangeBatch.RUNNING).select_related("tenant"):
        running = ChangeBatch.objects.filter(pk=batch.pk, state=ChangeBatch.RUNNING)
        if running.update(state=ChangeBatch.CANCELLED, finished_at=now, **mine):
            batches.record(batch, "batch.cancelled", actor=None, now=now, outcome=cause)
    proposals.end_all(tenant=tenant, now=now, cause=cause)
    to_come = Cover.objects.filter(tenant=tenant, state__in=(Cover.WAITING, Cover.BEGINNING))
    for cover in to_come.select_related("tenant", "mailbox", "calendar", "person"):
        if to_come.filter(pk=cover.pk).update(state=Cover.CANCELLED, **mine):
            record_cover(cover, "cover.cancelled", None, now=now, outcome=cause)
