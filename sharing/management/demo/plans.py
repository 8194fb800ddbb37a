"""What the demo's Alex has planned: an end date that is near, and a colleague who covers a leave."""

from datetime import datetime, timedelta

from sharing import changes
from sharing.changes import days
from sharing.models import CalendarPermission, Tenant, User

ALEX, COLLEAGUE, CALENDAR = "AlexW@contoso.com", "AdeleV@contoso.com", "Kids parties"
NEAR, LEAVE = timedelta(days=12), (timedelta(days=20), timedelta(days=31))


def make_plans(*, tenant: Tenant, now: datetime) -> int:
    """Set a date in twelve days and plan a cover after it, as Alex would; how many of both there are now.

    Nothing where the world has no such people, as a generated one may not.
    """
    rows = CalendarPermission.objects.open().filter(tenant=tenant, mailbox__person__address__iexact=ALEX)
    rows = rows.filter(calendar__name=CALENDAR, calendar__is_own=True).select_related(
        "mailbox__person", "calendar", "grantee"
    )
    row = rows.filter(address__iexact=COLLEAGUE).first()
    if row is None:
        return 0
    me = row.mailbox.person
    alex, _ = User.objects.get_or_create(
        tenant=tenant, oid=me.oid, defaults={"name": me.name, "address": me.address}
    )  # fmt: skip
    day = days.today(row.mailbox, now)
    changes.set_end_date(
        permission=row, ends_on=day + NEAR, actor=alex, now=now, reason="Helps with the party in December"
    )
    other = rows.exclude(pk=row.pk).filter(is_organization=False, grantee__isnull=False, role="read").first()
    if other is None or other.grantee is None or "write" not in other.choices():
        return 1
    changes.plan_cover(
        calendar=row.calendar, person=other.grantee, role="write", starts_on=day + LEAVE[0], ends_on=day + LEAVE[1],
        actor=alex, now=now, reason="My leave",
    )  # fmt: skip
    return 2
