"""Calendars and their permissions: reading, and the writes that only `changes` makes."""

from typing import Any

from . import parse
from .client import Client
from .copies import Copy
from .errors import Malformed
from .ids import allowed_roles_path, calendars_path, default_calendar_path, permission_path, permissions_path
from .resources import ROLES, Calendar, Permission

_WRITABLE_ROLES = frozenset(ROLES) - {"custom"}


def list_calendars(client: Client, mailbox_id: str) -> tuple[Calendar, ...]:
    """Every calendar a mailbox sees, its own and other people's. https://learn.microsoft.com/graph/api/user-list-calendars"""
    return parse.calendars(_items(client, calendars_path(mailbox_id)))


def get_default_calendar(client: Client, mailbox_id: str) -> Calendar:
    """The primary calendar. https://learn.microsoft.com/graph/api/calendar-get"""
    return parse.calendar(client.get(default_calendar_path(mailbox_id)))


def list_permissions(client: Client, mailbox_id: str, calendar_id: str | None = None) -> tuple[Permission, ...]:
    """Who may see a calendar, None for the primary one; asked of its owner's mailbox.

    Complete as far as Graph says so; whether the list can be trusted (an own primary calendar has the My Organization
    row) is for the caller to judge. https://learn.microsoft.com/graph/api/calendar-list-calendarpermissions
    """
    return parse.permissions(_items(client, permissions_path(mailbox_id, calendar_id)))


def allowed_roles(client: Client, mailbox_id: str, calendar_id: str | None, address: str) -> tuple[str, ...]:
    """The roles that the owner may give to `address`, as Microsoft says now. Raises GraphError.

    In every schema, on no reference page: what it answers for an unknown address is not documented.
    """
    value = client.get(allowed_roles_path(mailbox_id, calendar_id, address)).get("value")
    if not isinstance(value, list) or not all(isinstance(role, str) and len(role) <= 48 for role in value):
        raise Malformed("roles that are no list of words")
    return tuple(value)


def update_role(
    client: Client,
    mailbox_id: str,
    calendar_id: str | None,
    permission_id: str,
    role: str,
    *,
    request_id: str,
    deadline_seconds: float,
) -> None:
    """Sets the role of one permission, once. Read the list back: the answer is no proof, and neither is its absence.

    Raises GraphError, ValueError for a role that cannot be written.
    https://learn.microsoft.com/graph/api/calendarpermission-update
    """
    path = permission_path(mailbox_id, calendar_id, permission_id)
    client.patch(path, {"role": _writable(role)}, request_id=request_id, deadline_seconds=deadline_seconds)


def delete_permission(
    client: Client,
    mailbox_id: str,
    calendar_id: str | None,
    permission_id: str,
    *,
    request_id: str,
    deadline_seconds: float,
) -> None:
    """Takes one holder off the list, once. Read the list back; a 404 proves nothing.

    https://learn.microsoft.com/graph/api/calendarpermission-delete
    """
    path = permission_path(mailbox_id, calendar_id, permission_id)
    client.delete(path, request_id=request_id, deadline_seconds=deadline_seconds)


def create_permission(
    client: Client,
    mailbox_id: str,
    calendar_id: str | None,
    *,
    address: str,
    name: str,
    role: str,
    request_id: str,
    deadline_seconds: float,
) -> None:
    """Shares a calendar with an address, once; Exchange sends that address an invitation. Read the list back.

    https://learn.microsoft.com/graph/api/calendar-post-calendarpermissions
    """
    body = {"emailAddress": {"address": address, "name": name}, "role": _writable(role)}
    path = permissions_path(mailbox_id, calendar_id)
    client.post(path, body, request_id=request_id, deadline_seconds=deadline_seconds)


def rename_copy(client: Client, copy: Copy, name: str, *, request_id: str, deadline_seconds: float) -> None:
    """Another name for a person's copy of somebody else's calendar, once. Read the list back.

    https://learn.microsoft.com/graph/api/calendar-update
    """
    client.patch(copy.path, {"name": name}, request_id=request_id, deadline_seconds=deadline_seconds, proof=copy)


def remove_copy(client: Client, copy: Copy, *, request_id: str, deadline_seconds: float) -> None:
    """Takes a person's copy of somebody else's calendar off their list, once; what was granted stays. Read it back.

    https://learn.microsoft.com/graph/api/calendar-delete
    """
    client.delete(copy.path, request_id=request_id, deadline_seconds=deadline_seconds, proof=copy)


def _writable(role: str) -> str:
    if role not in _WRITABLE_ROLES:
        raise ValueError(f"{role!r} is not a role that can be written")
    return role


def _items(client: Client, path: str) -> list[Any]:
    items: list[Any] = []
    for page in client.pages(path):
        items += page["value"]
    return items
