"""Writes down what a person asked for, before anything is sent."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from sharing import access
from sharing.models import DELIVERY_OPTIONS, AuditEvent, CalendarPermission, Change, Mailbox, Role, User, reach

from .decide import Wish
from .decide import would_raise as _would_raise

AFTER_UNKNOWN = timedelta(minutes=3)  # lease and deadline of a change whose outcome nobody confirmed


class Refused(Exception):
    """The wish was not written down and nothing will happen; each subclass says why."""


class Stale(Refused):
    """The form showed another value than is true now; `found` is the one that is."""

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found


class AlreadyGone(Refused):
    """The access ended meanwhile."""


class RoleNotAllowed(Refused):
    """Not among the entry's allowedRoles."""


class NotRemovable(Refused):
    """isRemovable is false: it can be lowered, not removed."""


class NothingToDo(Refused):
    """It is so already."""


class WouldRaise(Refused):
    """The person would fall back to more than they have; `role` is what everybody has."""

    def __init__(self, role: str) -> None:
        super().__init__(role)
        self.role = role


class ChangeOpen(Refused):
    """Another change of the same thing is underway; `change` is that one (None where it just ended)."""

    def __init__(self, change: Change | None) -> None:
        super().__init__("a change is underway")
        self.change = change


class NotNow(Refused):
    """Changes are not possible now; `cause`: not_allowed, frozen, not_connected or writes_off."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


def request_role(*, permission: CalendarPermission, role: str, seen: str, actor: User, now: datetime) -> Change:
    """Ask for another role within allowedRoles; `seen` is what the form showed. Raises Refused."""
    row = _fresh(permission, seen, actor)
    if role == row.role:
        raise NothingToDo
    if role not in row.choices():
        raise RoleNotAllowed
    _stop_if_more(row, role)
    return _write_down(Change.ROLE, row, role, actor, now)


def request_removal(*, permission: CalendarPermission, seen: str, actor: User, now: datetime) -> Change:
    """Ask for the access to end; `seen` is the role the page showed. Raises Refused."""
    row = _fresh(permission, seen, actor)
    if row.removable is False:
        raise NotRemovable
    _stop_if_more(row, None)
    return _write_down(Change.REMOVE, row, "", actor, now)


def request_delivery(*, mailbox: Mailbox, option: str, seen: str, actor: User, now: datetime) -> Change:
    """Ask for another recipient of meeting requests; `seen` is the option the form showed. Raises Refused."""
    _check_authority(actor, mailbox)
    row = Mailbox.objects.select_related("tenant", "person").get(pk=mailbox.pk)
    if option not in DELIVERY_OPTIONS:
        raise RoleNotAllowed
    if row.delivery_option != seen:
        raise Stale(row.delivery_option)
    if row.delivery_option == option:
        raise NothingToDo
    return _store(
        now, actor,
        Change(
            kind=Change.DELIVERY, tenant=row.tenant, mailbox=row, before=row.delivery_option, after=option,
            target=f"delivery:{row.pk}",
        ),
    )  # fmt: skip


def fall_back(permission: CalendarPermission) -> str | None:
    """The role the holder keeps as one of the organisation once their own entry is gone; None where that is unknown.

    People outside, and the organisation itself, fall back to nothing.
    """
    if permission.is_organization or permission.inside is False:
        return Role.NONE.value
    rows = CalendarPermission.objects.open().filter(calendar_id=permission.calendar_id, is_organization=True)
    return rows.values_list("role", flat=True).first()


def would_raise(permission: CalendarPermission, role: str | None) -> bool:
    """Would lowering to `role` (None: removing) give the person more than they have?"""
    common = fall_back(permission)
    return _would_raise(_wish(permission, role), None if common is None else reach(common))


def is_last_delegate(permission: CalendarPermission) -> bool:
    """Is this the only delegate of the mailbox?"""
    if not permission.is_delegate:
        return False
    others = CalendarPermission.objects.open().delegates().filter(mailbox_id=permission.mailbox_id)
    return not others.exclude(pk=permission.pk).exists()


def _wish(permission: CalendarPermission, role: str | None) -> Wish:
    after = None if role is None else reach(role)
    return Wish(permission.role, role, before_rank=reach(permission.role), after_rank=after)


def _fresh(permission: CalendarPermission, seen: str, actor: User) -> CalendarPermission:
    _check_authority(actor, permission.mailbox)
    related = ("calendar", "mailbox", "mailbox__tenant", "mailbox__person", "grantee")
    row = CalendarPermission.objects.select_related(*related).get(pk=permission.pk)
    if row.ended_at is not None:
        raise AlreadyGone
    if row.role != seen:
        raise Stale(row.role)
    return row


def _check_authority(actor: User, mailbox: Mailbox) -> None:
    if cause := access.may_change(actor, mailbox):
        raise NotNow(cause)


def _stop_if_more(row: CalendarPermission, role: str | None) -> None:
    if would_raise(row, role):
        raise WouldRaise(fall_back(row) or "")


def _write_down(kind: str, row: CalendarPermission, after: str, actor: User, now: datetime) -> Change:
    return _store(
        now, actor,
        Change(
            kind=kind, tenant=row.mailbox.tenant, mailbox=row.mailbox, calendar=row.calendar, permission=row,
            name=row.name, address=row.address, before=row.role, after=after, target=f"permission:{row.pk}",
        ),
    )  # fmt: skip


def _store(now: datetime, actor: User, change: Change) -> Change:
    """Intent and audit commit together and durably; ringing is the caller's, after this returned."""
    change.actor, change.actor_kind = actor, access.actor_kind(actor, change.mailbox)
    change.requested_at = now
    change.due_at = _first_try(change.target, now)
    try:
        with transaction.atomic(durable=True):
            change.save(force_insert=True)
            record(change, "change.requested", actor=actor, now=now)
    except IntegrityError as error:
        raise ChangeOpen(Change.objects.open().filter(target=change.target).first()) from error
    return change


def _first_try(target: str, now: datetime) -> datetime:
    """A change after one whose outcome is unknown waits until that one can no longer land."""
    unknown = Change.objects.filter(target=target, state=Change.UNKNOWN, finished_at__gt=now - AFTER_UNKNOWN)
    last = unknown.order_by("-finished_at").values_list("finished_at", flat=True).first()
    return last + AFTER_UNKNOWN if last else now


def record(change: Change, verb: str, *, actor: User | None, now: datetime, outcome: str = "") -> None:
    """One audit line about a change: ids and codes only."""
    AuditEvent.objects.record(
        now=now, verb=verb, tenant=change.tenant, actor=actor, outcome=outcome, before=change.before,
        after=change.after, request_id=str(change.request_id),
        subject={"change": change.public_id, "kind": change.kind, "mailbox": change.mailbox.public_id,
                 "calendar": change.calendar.public_id if change.calendar else "", "permission": change.permission_id},
    )  # fmt: skip
