"""End dates whose access should be over and is not: late, or given up."""

from datetime import datetime

from sharing.models import CalendarPermission, EndDate, Tenant, reach

from .end_steps import LATE_AFTER, planned_at

MOST = 20


def overdue_ends(tenant: Tenant, now: datetime) -> list[EndDate]:
    """Those of a tenant that are more than a day late, or failed while the access is still there; longest ago first.

    A date that only asks is not late: its owner was asked.
    """
    related = ("permission", "mailbox__person")
    there = EndDate.objects.filter(tenant=tenant, permission__ended_at=None).select_related(*related)
    late = there.filter(state=EndDate.LIVE, asks=False, ends_at__lt=now - LATE_AFTER).order_by("ends_at")
    failed = there.filter(state=EndDate.FAILED).order_by("ends_at")
    found = [row for row in late[: 5 * MOST] if planned_at(row) + LATE_AFTER < now]
    found += [row for row in failed[: 5 * MOST] if _is_still_more(row.permission, row.role_after)]
    return sorted(found, key=lambda row: row.ends_at)[:MOST]


def _is_still_more(permission: CalendarPermission, role_after: str) -> bool:
    return not role_after or reach(permission.role) > reach(role_after)
