"""What must hold before a restored database is used: nothing is written, nobody is signed in, all is read again."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F

from sharing import changes, mirror
from sharing.connect import freezing
from sharing.models import ActivationLink, AuditEvent, Notice, SyncRun, Tenant

RESTORED = changes.RESTORED


@dataclass(frozen=True, slots=True)
class Settled:
    """How many tenants were frozen and how many open changes were cancelled."""

    tenants: int
    cancelled: int


def settle(*, made_at: str, version: str, now: datetime, by: str) -> Settled:
    """Freeze every tenant, cancel what waits, sign everybody out, stop old runs and plan new ones; safe to repeat.

    Activation links end, because one that was used up since is whole again, and mail that waits is not sent twice.

    `made_at` and `version` are the backup's, for the activity log.
    """
    with transaction.atomic():
        Session.objects.all().delete()
        cancelled = 0
        tenants = list(Tenant.objects.order_by("pk"))
        for tenant in tenants:
            freezing.freeze(tenant=tenant, cause=RESTORED, now=now, by=by)
            cancelled += changes.cancel_open(tenant=tenant, cause=RESTORED, now=now)
            changes.ask_anew(tenant=tenant, now=now)
        for run in SyncRun.objects.filter(finished_at=None).select_related("tenant"):
            mirror.stop_run(run=run, cause=RESTORED, now=now)
        for link in ActivationLink.objects.filter(state__in=ActivationLink.OPEN).select_related("tenant"):
            _revoke(link, now, by)
        Notice.objects.filter(due_at__isnull=False).update(due_at=None, cause=RESTORED, attempt=F("attempt") + 1)
        Tenant.objects.asked().update(next_full_at=now, next_hourly_at=now)
        AuditEvent.objects.record(
            now=now, verb="installation.restored", actor_name=by, subject={"made_at": made_at, "version": version}
        )
    return Settled(len(tenants), cancelled)


def _revoke(link: ActivationLink, now: datetime, by: str) -> None:
    fields = {"state": ActivationLink.REVOKED, "cause": RESTORED, "state_since": now, "due_at": None}
    ActivationLink.objects.filter(pk=link.pk).update(**fields, attempt=F("attempt") + 1)
    AuditEvent.objects.record(
        now=now, verb="link.revoked", tenant=link.tenant, actor_name=by, subject={"link": link.public_id},
        outcome=RESTORED,
    )  # fmt: skip
