"""Gives access a last day, moves it, lets it come, or takes it away again: rows of ours, nothing is sent from here."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from django.db import IntegrityError, transaction
from django.db.models import F

from sharing import access
from sharing.models import AuditEvent, CalendarPermission, Change, EndDate, Role, User, reach

from .days import DAY, ends_at, last_day, morning_of, today, zone_of
from .end_policy import EndDateRequired, check_day, limit_of
from .intent import Asking
from .refusals import AlreadyGone, ChangeOpen, NothingToDo, NotNow, NotRemovable, RoleNotAllowed, WouldRaise
from .request import fall_back, would_raise

NOTICES = (14, 1)  # days before the last one on which the owner is told
STANDING = (EndDate.LIVE, EndDate.FAILED)  # a failed one is a person's to settle
ASKED = 3  # notices_sent once the owner was asked on the day itself
# What keeps changes from being made now, but nobody from saying what shall happen some day to a date that is set.
PASSING = {"frozen", "not_connected", "writes_off", "left_out", "grant_lost", "grant_reads"}


class OwnersOnly(NotNow):
    """An operator may bring the end nearer; to move it away is the owner's."""

    def __init__(self) -> None:
        super().__init__("owners_only")


@dataclass(frozen=True, slots=True)
class _Wish:
    ends_on: date
    role_after: str
    asks: bool


def set_end_date(
    *,
    permission: CalendarPermission,
    actor: User,
    now: datetime,
    ends_on: date | None = None,
    ends_at: datetime | None = None,
    role_after: str = "",
    asks: bool | None = None,
    for_role: str = "",
    kind: str = "",
    reason: str = "",
    approved_by: User | None = None,
) -> EndDate:
    """Let access end with a day, back to `role_after` or, where that is empty, removed; replaces a date that is set.

    The day is `ends_on`, or the one that is over at the moment `ends_at`, where the mailbox is. `asks` None asks on the
    day where a delegate would lose something, and ends by itself else. `for_role` is a role that is asked for right
    after this. Raises Refused: NothingToDo where it is so already, EndsTooSoon, EndsTooLate, RoleNotAllowed,
    NotRemovable, WouldRaise, AlreadyGone, ChangeOpen once the end is underway, NotNow.
    """
    asking = Asking(actor, now, kind=kind, approved_by=approved_by, reason=reason)
    row = _fresh(permission)
    asking.check(row.mailbox, permission=row, role=role_after or None)
    if row.ended_at is not None:
        raise AlreadyGone
    day = ends_on or last_day(ends_at or now, zone_of(row.mailbox))
    role = for_role if reach(for_role) > reach(row.role) and for_role else row.role
    was_delegate = row.is_delegate or CalendarPermission(role=role).is_delegate
    wish = _Wish(day, role_after, was_delegate if asks is None else asks)
    _check(row, role, wish, now)
    return _replace(row, role, wish, asking)


def extend_end_date(
    *, end_date: EndDate, ends_on: date, actor: User, now: datetime, kind: str = "", reason: str = ""
) -> EndDate:
    """Move the day; the row that comes back is a new one. Raises as `set_end_date`, and NotNow where it is over."""
    if end_date.state not in STANDING:
        raise AlreadyGone
    return set_end_date(
        permission=end_date.permission, ends_on=ends_on, role_after=end_date.role_after, asks=end_date.asks,
        actor=actor, kind=kind, reason=reason or end_date.reason, now=now,
    )  # fmt: skip


def cancel_end_date(*, end_date: EndDate, actor: User, now: datetime, kind: str = "", reason: str = "") -> None:
    """Let access go on without an end. Raises EndDateRequired, AlreadyGone, ChangeOpen or NotNow."""
    asking = Asking(actor, now, kind=kind, reason=reason)
    row = _fresh(end_date.permission)
    _check_later(row, asking, keeps=row.role)
    if kind == Change.OPERATOR and end_date.by_kind != Change.OPERATOR:
        raise OwnersOnly
    if (limit := limit_of(row, row.role)) and row.ended_at is None:
        raise EndDateRequired(limit.latest(row.mailbox, now), limit)
    with transaction.atomic():
        end_row(end_date, EndDate.CANCELLED, now)
        record(end_date, "end_date.cancelled", asking, before=str(end_date.ends_on))


def accept_end(*, end_date: EndDate, actor: User, now: datetime, kind: str = "") -> EndDate:
    """The owner says: let it end. No more mail; where the day has come already it ends now. Safe to repeat.

    Raises AlreadyGone, ChangeOpen or NotNow.
    """
    asking = Asking(actor, now, kind=kind)
    row = _fresh(end_date.permission)
    _check_later(row, asking)
    if row.ended_at is not None or end_date.state != EndDate.LIVE:
        raise AlreadyGone
    with transaction.atomic():
        mine = EndDate.objects.filter(pk=end_date.pk, state=EndDate.LIVE, change=None)
        fields = {"is_accepted": True, "asks": False, "cause": "", "role": row.role, "due_at": now}
        fields["attempt"] = F("attempt") + 1
        if is_over(end_date, now):
            fields["notices_sent"] = ASKED  # somebody says so now: no reason to wait for working hours
        if not mine.update(**fields):
            raise ChangeOpen(_change_of(end_date))
        record(end_date, "end_date.accepted", asking, after=str(end_date.ends_on))
    end_date.refresh_from_db()
    return end_date


def record(
    end_date: EndDate, verb: str, asking: Asking | None, *, now: datetime | None = None, before: str = "",
    after: str = "", outcome: str = "",
) -> None:  # fmt: skip
    """One audit line about an end date; `asking` is None where the day itself does it, at `now`."""
    at = asking.now if asking else now
    assert at is not None
    permission = end_date.permission
    subject = {
        "end_date": end_date.public_id, "mailbox": end_date.mailbox.public_id,
        "calendar": permission.calendar.public_id, "permission": permission.pk,
    }  # fmt: skip
    as_what = asking.kind or access.actor_kind(asking.actor, end_date.mailbox) if asking else ""
    if as_what:
        subject["as"] = as_what
    on_behalf = end_date.mailbox.person if as_what == Change.DEPUTY else None
    AuditEvent.objects.record(
        now=at, verb=verb, tenant=end_date.tenant, actor=asking.actor if asking else None, subject=subject,
        before=before[:80], after=after[:80], outcome=outcome[:80], on_behalf=on_behalf,
    )  # fmt: skip


def notices_past(ends_on: date, moment: datetime, zone: tzinfo) -> int:
    """How many of the two mails about `ends_on` would have been due by `moment`: nobody gets them late."""
    return sum(morning_of(ends_on - DAY * days, zone) <= moment for days in NOTICES)


def _fresh(permission: CalendarPermission) -> CalendarPermission:
    related = ("calendar", "mailbox__tenant", "mailbox__person", "mailbox__shard__grant", "grantee")
    return CalendarPermission.objects.select_related(*related).get(pk=permission.pk)


def _check(row: CalendarPermission, role: str, wish: _Wish, now: datetime) -> None:
    """Could what is to happen on that day be asked for now? Microsoft may still say something else then."""
    check_day(row.mailbox, wish.ends_on, now, limit_of(row, role))
    if not wish.role_after:
        if row.removable is False:
            raise NotRemovable
        if would_raise(row, None):
            raise WouldRaise(fall_back(row) or "")
        return
    if wish.role_after not in (*row.choices(), row.role) or reach(wish.role_after) >= reach(role):
        raise RoleNotAllowed


def _check_later(row: CalendarPermission, asking: Asking, *, keeps: str | None = None) -> None:
    """May the actor say what becomes of a date that is set? Also while changes are off. Raises NotNow.

    `keeps` is the role that goes on by it: who may not give that may not keep it either.
    """
    try:
        asking.check(row.mailbox, permission=row, role=keeps)
    except NotNow as never:
        if never.cause not in PASSING:
            raise


def _replace(row: CalendarPermission, role: str, wish: _Wish, asking: Asking) -> EndDate:
    """The new row in place of the live one, in one transaction; somebody else's at the same moment is replaced too."""
    for _ in range(3):
        before = EndDate.objects.filter(permission=row, state__in=STANDING).order_by("-pk").first()
        if before and before.state == EndDate.LIVE:
            _stop_if_no_news(before, role, wish, asking)
        try:
            with transaction.atomic():
                if before:
                    before.permission, before.mailbox = row, row.mailbox
                    end_row(before, EndDate.REPLACED, asking.now)
                end_date = new_end_date(
                    row, role=role, ends_on=wish.ends_on, role_after=wish.role_after, asks=wish.asks, by=asking.actor,
                    by_kind=asking.kind, reason=asking.reason, now=asking.now,
                )  # fmt: skip
                record(
                    end_date, "end_date.moved" if before else "end_date.set", asking,
                    before=str(before.ends_on) if before else "", after=str(wish.ends_on), outcome=what_then(end_date),
                )  # fmt: skip
                return end_date
        except IntegrityError:  # another one came between
            continue
    raise ChangeOpen(None)


def _stop_if_no_news(before: EndDate, role: str, wish: _Wish, asking: Asking) -> None:
    is_same = (before.ends_on, before.role_after, before.asks) == (wish.ends_on, wish.role_after, wish.asks)
    if is_same and not before.is_accepted and before.role == role:
        raise NothingToDo
    if asking.kind == Change.OPERATOR and before.by_kind != Change.OPERATOR:
        if _is_further(wish, before):
            raise OwnersOnly
    if asking.kind == Change.DEPUTY and _is_further(wish, before):
        asking.check(before.mailbox, permission=before.permission, role=role)


def _is_further(wish: _Wish, before: EndDate) -> bool:
    """Does it leave more access, or leave it longer?"""
    leaves_more = reach(wish.role_after or Role.NONE) > reach(before.role_after or Role.NONE)
    return wish.ends_on > before.ends_on or leaves_more or (wish.asks and not before.asks)


def new_end_date(
    row: CalendarPermission, *, role: str, ends_on: date, role_after: str, asks: bool, by: User, by_kind: str,
    reason: str, now: datetime,
) -> EndDate:  # fmt: skip
    """A live one, stored; raises IntegrityError where there is one already."""
    zone = zone_of(row.mailbox)
    end_date = EndDate(
        tenant=row.mailbox.tenant, mailbox=row.mailbox, permission=row, role=role, ends_on=ends_on,
        ends_at=ends_at(ends_on, zone), role_after=role_after, asks=asks, by=by,
        by_kind=by_kind or access.actor_kind(by, row.mailbox), reason=reason[:500], made_at=now,
        notices_sent=notices_past(ends_on, now, zone), due_at=now,
    )  # fmt: skip
    end_date.save(force_insert=True)
    return end_date


def what_then(end_date: EndDate) -> str:
    """What is to happen on the day, as a code for the activity log."""
    return ("asks" if end_date.asks else "") or end_date.role_after or "removed"


def end_row(end_date: EndDate, state: str, now: datetime, *, cause: str = "") -> None:
    """Take it from any worker that holds it; raises ChangeOpen where its change is underway already."""
    mine = EndDate.objects.filter(pk=end_date.pk).exclude(state=EndDate.LIVE, change__isnull=False)
    mine = mine.filter(state__in=STANDING)
    if not mine.update(state=state, cause=cause, over_at=now, due_at=None, attempt=F("attempt") + 1):
        raise ChangeOpen(_change_of(end_date))
    end_date.state, end_date.over_at = state, now


def _change_of(end_date: EndDate) -> Change | None:
    return Change.objects.filter(pk__in=EndDate.objects.filter(pk=end_date.pk).values("change")).first()


def is_over(end_date: EndDate, now: datetime) -> bool:
    """Has its day passed, where the mailbox is?"""
    return today(end_date.mailbox, now) > end_date.ends_on
