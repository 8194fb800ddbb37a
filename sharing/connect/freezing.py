"""Stops every write in a tenant until somebody has looked: after a restore the mirror and the wishes are old."""

from datetime import datetime

from django.db import transaction

from sharing.models import AuditEvent, SyncRun, Tenant

from .sentences import NotConnected


def freeze(*, tenant: Tenant, cause: str, now: datetime, by: str) -> None:
    """Let nobody change anything in the tenant until `thaw`; what may be read stays readable."""
    with transaction.atomic():
        Tenant.objects.filter(pk=tenant.pk).update(frozen_at=now)
        AuditEvent.objects.record(now=now, verb="tenant.frozen", tenant=tenant, actor_name=by, outcome=cause)
    tenant.frozen_at = now


def thaw(*, tenant: Tenant, now: datetime, by: str) -> None:
    """End the freeze; nothing where there is none.

    Raises NotConnected where the tenant was not read whole since: owners would decide on an old picture.
    """
    frozen_at = tenant.frozen_at
    if frozen_at is None:
        return
    whole = SyncRun.objects.filter(tenant=tenant, kind=SyncRun.FULL, outcome=SyncRun.DONE, began_at__gte=frozen_at)
    if not whole.exists():
        raise NotConnected(
            f"Writing stays stopped in {tenant}, as it is since {frozen_at:%Y-%m-%d %H:%M} UTC: "
            f"it was not read whole since. Run `manage.py sync --tenant {tenant.tid}`, look at it, then try again."
        )
    with transaction.atomic():
        if Tenant.objects.filter(pk=tenant.pk, frozen_at=frozen_at).update(frozen_at=None):
            AuditEvent.objects.record(now=now, verb="tenant.thawed", tenant=tenant, actor_name=by)
    tenant.frozen_at = None
