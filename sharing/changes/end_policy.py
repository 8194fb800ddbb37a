"""How long access may last where a tenant says so: for people outside, and for delegates."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sharing.models import DELEGATE_ROLES, CalendarPermission, EndDate, Mailbox, Tenant, reach

from .days import today
from .refusals import Refused

FURTHEST_DAYS = 3660  # no end date lies further away, whatever a form sends
OUTSIDE, DELEGATE = "outside", "delegate"


@dataclass(frozen=True, slots=True)
class Limit:
    """Access must end within `days`; `why` is OUTSIDE or DELEGATE."""

    days: int
    why: str

    def latest(self, mailbox: Mailbox, now: datetime) -> date:
        """The last day that it may last, counted from today."""
        return today(mailbox, now) + timedelta(days=min(self.days, FURTHEST_DAYS))


class EndsTooSoon(Refused):
    """The day is over already, or today."""


class EndsTooLate(Refused):
    """The day lies after `latest`; `limit` says which rule of the tenant's that is, None where it is ours."""

    def __init__(self, latest: date, limit: Limit | None) -> None:
        super().__init__(latest)
        self.latest, self.limit = latest, limit


class EndDateRequired(Refused):
    """This access needs an end date, on `latest` or before; `limit` says why."""

    def __init__(self, latest: date, limit: Limit) -> None:
        super().__init__(latest)
        self.latest, self.limit = latest, limit


def limit_for(tenant: Tenant, role: str, inside: bool | None) -> Limit | None:
    """The shortest limit on `role` for somebody; `inside` None counts as outside, as nobody vouches for it."""
    limits = []
    if tenant.longest_days_outside is not None and inside is not True and reach(role) > 0:
        limits.append(Limit(tenant.longest_days_outside, OUTSIDE))
    if tenant.longest_days_delegate is not None and role in DELEGATE_ROLES:
        limits.append(Limit(tenant.longest_days_delegate, DELEGATE))
    return min(limits, key=lambda limit: limit.days, default=None)


def limit_of(permission: CalendarPermission, role: str) -> Limit | None:
    """The limit where `permission` has, or is to have, `role`; none on what everybody at the organization has."""
    if permission.is_organization:
        return None
    return limit_for(permission.mailbox.tenant, role, permission.inside)


def check_day(mailbox: Mailbox, day: date, now: datetime, limit: Limit | None) -> None:
    """Raises EndsTooSoon or EndsTooLate."""
    first = today(mailbox, now)
    if day <= first:
        raise EndsTooSoon
    if limit and day > limit.latest(mailbox, now):
        raise EndsTooLate(limit.latest(mailbox, now), limit)
    furthest = first + timedelta(days=FURTHEST_DAYS)
    if day > furthest:
        raise EndsTooLate(furthest, None)


def check_raise(permission: CalendarPermission, role: str, now: datetime, *, ends_on: date | None = None) -> None:
    """Raises EndDateRequired where access raised to `role` must end some day, and nothing says when.

    `ends_on` is the day that whoever asks sees to themselves.
    """
    limit = limit_of(permission, role)
    if limit is None or reach(role) <= reach(permission.role):
        return
    latest = limit.latest(permission.mailbox, now)
    if ends_on is not None and ends_on <= latest:
        return
    live = EndDate.objects.filter(permission=permission.pk, state=EndDate.LIVE, ends_on__lte=latest)
    if not live.exists():
        raise EndDateRequired(latest, limit)


def check_create(mailbox: Mailbox, role: str, inside: bool | None, now: datetime, *, ends_on: date | None) -> None:
    """Is `ends_on` a day on which access given anew may end? Raises EndDateRequired, EndsTooSoon or EndsTooLate."""
    limit = limit_for(mailbox.tenant, role, inside)
    if ends_on is not None:
        check_day(mailbox, ends_on, now, limit)
    elif limit is not None:
        raise EndDateRequired(limit.latest(mailbox, now), limit)
