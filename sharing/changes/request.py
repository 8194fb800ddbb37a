"""Writes down what a person asked for, before anything is sent."""

from collections.abc import Callable
from datetime import date, datetime
from typing import TypedDict, Unpack

from sharing import graph
from sharing.models import DELIVERY_OPTIONS, Calendar, CalendarPermission, Change, Mailbox, Role, User, reach

from .decide import Wish
from .decide import would_raise as _would_raise
from .end_policy import check_create, check_raise
from .holders import Holder, holder_at, roles_to_give
from .intent import Asking, create_target, new_change, write_down
from .refusals import AlreadyGone, NothingToDo, NotNow, NotRemovable, RoleNotAllowed, Stale, WouldRaise


class Extras(TypedDict, total=False):
    """What every verb takes besides: as what the actor acts (a kind of Change), whose yes it has, why, and for what."""

    kind: str
    approved_by: User | None
    reason: str
    undoes: Change | None
    follows: Change | None
    also: Callable[[Change], None] | None
    ends_on: date | None


def request_role(
    *, permission: CalendarPermission, role: str, seen: str, actor: User, now: datetime, **extras: Unpack[Extras]
) -> Change:
    """Ask for another role within allowedRoles; `seen` is what the form showed. Raises Refused."""
    asking = Asking(actor, now, **extras)
    row = _fresh(permission, seen, role, asking)
    if role == row.role:
        raise NothingToDo
    if role not in row.choices():
        raise RoleNotAllowed
    _stop_if_more(row, role)
    if asking.undoes is None:  # what is only put back needed no date before either
        check_raise(row, role, asking.now, ends_on=asking.ends_on)
    return _write_down(Change.ROLE, row, role, asking)


def request_removal(
    *, permission: CalendarPermission, seen: str, actor: User, now: datetime, **extras: Unpack[Extras]
) -> Change:
    """Ask for the access to end; `seen` is the role the page showed. Raises Refused."""
    asking = Asking(actor, now, **extras)
    row = _fresh(permission, seen, None, asking)
    if row.removable is False:
        raise NotRemovable
    _stop_if_more(row, None)
    return _write_down(Change.REMOVE, row, "", asking)


def request_delivery(
    *, mailbox: Mailbox, option: str, seen: str, actor: User, now: datetime, **extras: Unpack[Extras]
) -> Change:
    """Ask for another recipient of meeting requests; `seen` is the option the form showed. Raises Refused."""
    asking = Asking(actor, now, **extras)
    asking.check(mailbox)
    row = Mailbox.objects.select_related("tenant", "person").get(pk=mailbox.pk)
    if option not in DELIVERY_OPTIONS:
        raise RoleNotAllowed
    if row.delivery_option != seen:
        raise Stale(row.delivery_option)
    if row.delivery_option == option:
        raise NothingToDo
    change = new_change(Change.DELIVERY, row, f"delivery:{row.pk}", before=row.delivery_option, after=option)
    return write_down(change, asking)


def request_create(
    *, calendar: Calendar, address: str, name: str, role: str, actor: User, now: datetime, **extras: Unpack[Extras]
) -> Change:
    """Ask for access for somebody who has none; Outlook sends them an invitation. Raises Refused.

    Which roles may be given is asked of Microsoft right before it is sent; here only what is never allowed is refused.
    With `undoes`, a removal, it is that removal's undo: possible wherever changes are, and never more than there was.
    """
    asking = Asking(actor, now, **extras)
    related = ("mailbox", "mailbox__tenant", "mailbox__person")
    row = Calendar.objects.select_related(*related).get(pk=calendar.pk)
    holder = holder_at(row.mailbox, address, name)
    asking.check(row.mailbox, role=role, address=holder.address)
    removal = asking.undoes if asking.undoes and asking.undoes.kind == Change.REMOVE else None
    if removal is None and not row.mailbox.tenant.creates_on:
        raise NotNow("creates_off")
    if row.ended_at is not None or not row.is_own:
        raise AlreadyGone
    _stop_if_there(row, holder, role)
    most = _former(removal, row, holder) if removal else None
    if role not in roles_to_give(row, holder) or (most is not None and reach(role) > reach(most)):
        raise RoleNotAllowed
    if removal is None:
        check_create(row.mailbox, role, holder.is_inside, asking.now, ends_on=asking.ends_on)
    change = new_change(
        Change.CREATE, row.mailbox, create_target(row, holder.address), before="", after=role, calendar=row,
        name=holder.name, address=holder.address,
    )  # fmt: skip
    return write_down(change, asking)


def _former(removal: Change, calendar: Calendar, holder: Holder) -> str:
    """The role that a removal took away. Raises RoleNotAllowed where it is about somebody else."""
    is_same = removal.calendar_id == calendar.pk and graph.fold_address(removal.address) in holder.addresses
    if not is_same or removal.state != Change.APPLIED:
        raise RoleNotAllowed
    return removal.before


def _stop_if_there(calendar: Calendar, holder: Holder, role: str) -> None:
    """Raises NothingToDo or Stale where the holder has an entry already."""
    for entry in CalendarPermission.objects.open().filter(calendar=calendar, is_organization=False):
        if graph.fold_address(entry.address) in holder.addresses or (
            holder.person and entry.grantee_id == holder.person.pk
        ):
            if entry.role == role:
                raise NothingToDo
            raise Stale(entry.role)


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


def _fresh(permission: CalendarPermission, seen: str, role: str | None, asking: Asking) -> CalendarPermission:
    related = ("calendar", "mailbox", "mailbox__tenant", "mailbox__person", "grantee")
    row = CalendarPermission.objects.select_related(*related).get(pk=permission.pk)
    asking.check(row.mailbox, permission=row, role=role)
    if row.ended_at is not None:
        raise AlreadyGone
    if row.role != seen:
        raise Stale(row.role)
    return row


def _stop_if_more(row: CalendarPermission, role: str | None) -> None:
    if would_raise(row, role):
        raise WouldRaise(fall_back(row) or "")


def _write_down(kind: str, row: CalendarPermission, after: str, asking: Asking) -> Change:
    change = new_change(
        kind, row.mailbox, f"permission:{row.pk}", before=row.role, after=after, calendar=row.calendar, permission=row,
        name=row.name, address=row.address,
    )  # fmt: skip
    return write_down(change, asking)
