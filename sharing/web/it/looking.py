"""Who looked at whose access: once an hour for each viewer and thing, so that it is a log and not noise."""

from datetime import datetime, timedelta

from sharing.models import AuditEvent, Tenant
from sharing.web.asked import Asked

AN_HOUR = timedelta(hours=1)


def note_looking(request: Asked, tenant: Tenant, verb: str, now: datetime, **subject: str) -> None:
    """Write down that this person looked: a log says who looked, not how often they came back."""
    actor = f"{request.user.tenant.tid}.{request.user.oid}"
    lately = AuditEvent.objects.filter(tenant=tenant, actor=actor, verb=verb, at__gt=now - AN_HOUR)
    if subject not in lately.values_list("subject", flat=True):
        AuditEvent.objects.record(now=now, verb=verb, tenant=tenant, actor=request.user, subject=subject)
