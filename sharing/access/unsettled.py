"""Changes that want a person: nobody confirmed them, or they are undone outside."""

from datetime import datetime, timedelta

from django.db.models import Q

from sharing.models import Change, ChangeQuerySet, Tenant, User

from .operators import operates
from .tenants import one, reads

KEPT = timedelta(days=30)


def unsettled_for_it(user: User, tenant: Tenant, now: datetime) -> ChangeQuerySet:
    """Those of the last 30 days in a tenant that `user` may read, the newest first."""
    reads(user, tenant)
    wants = Q(state=Change.UNKNOWN) | Q(state=Change.APPLIED, reverted_at__gt=now - KEPT)
    rows = Change.objects.filter(wants, tenant=tenant, requested_at__gt=now - 2 * KEPT)
    # What a person lent to have their own mailbox read is theirs alone.
    rows = rows.filter(mailbox__shard__grant=None)
    return rows.select_related("mailbox__person", "calendar", "permission", "actor").order_by("-requested_at", "-pk")


def unsettled_for_operator(user: User, tenant: Tenant, public_id: str, now: datetime) -> Change:
    """One of them, for an operator to have looked at again; 404 for reviewers."""
    rows = unsettled_for_it(user, tenant, now).filter(public_id=public_id)
    return one(rows if operates(user, tenant) else rows.none())
