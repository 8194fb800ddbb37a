"""Covers a leave: access from one day to another, planned now, and put back when it is over."""

from datetime import date, datetime, timedelta, tzinfo

from django.db import transaction
from django.db.models import F

from sharing import access
from sharing.models import (
    AuditEvent,
    Calendar,
    CalendarPermission,
    Change,
    Cover,
    EndDate,
    Person,
    User,
    reach,
)

from . import days
from .days import DAY, last_day, today, zone_of
from .end_dates import PASSING, accept_end
from .end_policy import EndsTooLate, EndsTooSoon, Limit, check_day, limit_for
from .holders import holder_at, roles_to_give
from .intent import Asking
from .refusals import AlreadyGone, BadAddress, ChangeOpen, NothingToDo, NotNow, Refused, RoleNotAllowed

ACTIVE = (Cover.WAITING, Cover.BEGINNING, Cover.BEGUN)


class CoverExists(Refused):
    """The same person covers the same calendar on some of these days; `cover` is that one."""

    def __init__(self, cover: Cover) -> None:
        super().__init__(cover.public_id)
        self.cover = cover


def plan_cover(
    *,
    calendar: Calendar,
    person: Person,
    role: str,
    actor: User,
    now: datetime,
    starts_on: date | None = None,
    ends_on: date | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    kind: str = "",
    reason: str = "",
    approved_by: User | None = None,
) -> Cover:
    """Give `person` a role from one day to another, both included; today begins at once.

    The days are `starts_on` and `ends_on`, or those in which the moments lie where the mailbox is. Whoever has an entry
    gets more than they have and later exactly that back; whoever has none needs a tenant in which people may be added.
    Raises Refused: EndsTooSoon, EndsTooLate, RoleNotAllowed, NothingToDo where they have as much already, CoverExists,
    AlreadyGone, BadAddress, NotNow.
    """
    asking = Asking(actor, now, kind=kind, approved_by=approved_by, reason=reason)
    row = Calendar.objects.select_related("mailbox__tenant", "mailbox__person", "mailbox__shard__grant").get(
        pk=calendar.pk
    )
    zone = zone_of(row.mailbox)
    first = starts_on or _day_of(starts_at or now, zone)
    last = ends_on or last_day(ends_at or now, zone)
    if row.ended_at is not None or not row.is_own:
        raise AlreadyGone
    entry = entry_of(row, person)
    asking.check(row.mailbox, permission=entry, role=role, address="" if entry else person.address)
    _check_days(row, first, last, now)
    _check_role(row, person, entry, role)
    inside = entry.inside if entry else holder_at(row.mailbox, person.address, str(person)).is_inside
    check_length(row, role, inside, first, last, now)
    with transaction.atomic():
        cover = Cover(
            tenant=row.mailbox.tenant, mailbox=row.mailbox, calendar=row, person=person, role=role, starts_on=first,
            ends_on=last, starts_at=days.starts_at(first, zone), ends_at=days.ends_at(last, zone), by=actor,
            by_kind=kind or access.actor_kind(actor, row.mailbox), reason=reason[:500], made_at=now,
            due_at=max(now, days.starts_at(first, zone)),
        )  # fmt: skip
        # Whoever plans for this calendar at the same moment waits here, and then sees the other's.
        Calendar.objects.filter(pk=row.pk).update(state=F("state"))
        _stop_if_planned(cover)
        cover.save(force_insert=True)
        record_cover(cover, "cover.planned", asking, after=f"{first} {last} {role}")
    return cover


def cancel_cover(*, cover: Cover, actor: User, now: datetime, kind: str = "") -> Cover:
    """Call it off: before its start nothing happens any more; after it the access goes back to what it was, now.

    Raises AlreadyGone where it is over, ChangeOpen while its start is underway, NotNow.
    """
    asking = Asking(actor, now, kind=kind)
    try:
        asking.check(cover.mailbox)
    except NotNow as never:
        if never.cause not in PASSING:
            raise
    with transaction.atomic():
        waiting = Cover.objects.filter(pk=cover.pk, state=Cover.WAITING, change=None)
        fields = {"state": Cover.CANCELLED, "due_at": None, "attempt": F("attempt") + 1}
        if waiting.update(**fields):
            record_cover(cover, "cover.cancelled", asking, before=f"{cover.starts_on} {cover.ends_on} {cover.role}")
            cover.refresh_from_db()
            return cover
    cover.refresh_from_db()
    if cover.state in (Cover.WAITING, Cover.BEGINNING):
        raise ChangeOpen(cover.change)
    if cover.state != Cover.BEGUN or cover.end_date is None:
        raise AlreadyGone
    with transaction.atomic():
        end_now(cover.end_date, asking)
        # Looked at as soon as that may be so, not only after its last day.
        Cover.objects.filter(pk=cover.pk).update(due_at=now + timedelta(minutes=1), attempt=F("attempt") + 1)
        record_cover(cover, "cover.cancelled", asking, before=f"{cover.starts_on} {cover.ends_on} {cover.role}")
    cover.refresh_from_db()
    return cover


def end_now(end_date: EndDate, asking: Asking) -> None:
    """Let a date be today's: somebody wants it over, so it does not wait for the day, nor for working hours.

    Raises AlreadyGone or ChangeOpen.
    """
    yesterday = today(end_date.mailbox, asking.now) - DAY
    mine = EndDate.objects.filter(pk=end_date.pk, state=EndDate.LIVE, change=None)
    over = days.ends_at(yesterday, zone_of(end_date.mailbox))
    if not mine.update(ends_on=yesterday, ends_at=over, attempt=F("attempt") + 1):
        end_date.refresh_from_db()
        raise ChangeOpen(end_date.change) if end_date.state == EndDate.LIVE else AlreadyGone
    end_date.refresh_from_db()
    accept_end(end_date=end_date, actor=asking.actor, now=asking.now, kind=asking.kind)


def entry_of(calendar: Calendar, person: Person) -> CalendarPermission | None:
    """What `person` has on `calendar` now, of their own."""
    rows = CalendarPermission.objects.open().filter(calendar=calendar, is_organization=False)
    return rows.filter(grantee=person).select_related("grantee", "mailbox__tenant").order_by("-reach", "pk").first()


def check_length(
    calendar: Calendar, role: str, inside: bool | None, first: date, last: date, now: datetime
) -> Limit | None:
    """Raises EndsTooLate where it would last longer than the tenant lets such access last."""
    limit = limit_for(calendar.mailbox.tenant, role, inside)
    if limit and last > first + DAY * limit.days:
        raise EndsTooLate(first + DAY * limit.days, limit)
    return limit


def record_cover(
    cover: Cover, verb: str, asking: Asking | None, *, now: datetime | None = None, before: str = "", after: str = "",
    outcome: str = "",
) -> None:  # fmt: skip
    """One audit line about a cover; `asking` is None where the day itself does it, at `now`."""
    at = asking.now if asking else now
    assert at is not None
    subject = {
        "cover": cover.public_id, "mailbox": cover.mailbox.public_id, "calendar": cover.calendar.public_id,
        "person": cover.person.public_id,
    }  # fmt: skip
    as_what = asking.kind or access.actor_kind(asking.actor, cover.mailbox) if asking else ""
    if as_what:
        subject["as"] = as_what
    on_behalf = cover.mailbox.person if as_what == Change.DEPUTY else None
    AuditEvent.objects.record(
        now=at, verb=verb, tenant=cover.tenant, actor=asking.actor if asking else None, subject=subject,
        before=before[:80], after=after[:80], outcome=outcome[:80], on_behalf=on_behalf,
    )  # fmt: skip


def _check_days(calendar: Calendar, first: date, last: date, now: datetime) -> None:
    if first < today(calendar.mailbox, now) or last < first:
        raise EndsTooSoon
    check_day(calendar.mailbox, min(last, date.max - DAY) + DAY, now, None)  # one day more: it may be over tonight


def _check_role(calendar: Calendar, person: Person, entry: CalendarPermission | None, role: str) -> None:
    """Could the start be asked for now?"""
    if person.ended_at is not None or person.enabled is False or person.pk == calendar.mailbox.person_id:
        raise BadAddress
    if entry is not None:
        if reach(role) <= reach(entry.role):
            raise NothingToDo
        if role not in entry.choices():
            raise RoleNotAllowed
        return
    if not calendar.mailbox.tenant.creates_on:
        raise NotNow("creates_off")
    if role not in roles_to_give(calendar, holder_at(calendar.mailbox, person.address, str(person))):
        raise RoleNotAllowed


def _stop_if_planned(cover: Cover) -> None:
    others = Cover.objects.filter(calendar=cover.calendar, person=cover.person, state__in=ACTIVE)
    other = others.filter(starts_on__lte=cover.ends_on, ends_on__gte=cover.starts_on).first()
    if other:
        raise CoverExists(other)


def _day_of(moment: datetime, zone: tzinfo) -> date:
    return moment.astimezone(zone).date()
