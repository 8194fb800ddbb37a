"""Who can see and change which calendar, as rows of plain values: now, or as it was on a day."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sharing.models import CalendarPermission, DeliveryPeriod, Mailbox, PermissionPeriod, Tenant

# The columns of every access export, in this order: scripts rely on them.
ACCESS_COLUMNS = (
    "tenant_id", "owner", "owner_oid", "calendar_id", "calendar_name", "is_default_calendar", "permission_id", "name",
    "address", "role", "allowed_roles", "is_inside_organization", "is_removable", "first_seen_at", "read_at",
    "mailbox_state", "delivery_option",
)  # fmt: skip
CHUNK = 500  # mailboxes held at a time

_MAILBOX = ("pk", "person__address", "person__oid", "state", "fresh_at", "delivery_option")
_PERMISSION = (
    "pk", "mailbox_id", "calendar__graph_id", "calendar__name", "calendar__is_default", "graph_id", "name", "address",
    "role", "allowed_roles", "inside", "removable", "first_seen_at", "calendar__read_at", "began_at", "ended_at",
)  # fmt: skip

Row = dict[str, Any]


def access_rows(*, tenants: Iterable[Tenant], as_of: datetime | None = None) -> Iterator[Row]:
    """One row for each holder on each calendar; ids are Graph's, times are UTC.

    A mailbox of which nothing is known gives one row without a permission: nothing is silently left out. `as_of` is
    answered from readings: a role counts from the first reading that showed it. Of a mailbox read only later nothing is
    known (`never`); apart from that its state is today's.
    """
    for tenant in tenants:
        mailboxes = Mailbox.objects.filter(tenant=tenant).exclude(cause="mailbox_removed").with_freshness()
        last = 0
        while chunk := list(mailboxes.filter(pk__gt=last).order_by("pk").values(*_MAILBOX)[:CHUNK]):
            yield from _chunk(str(tenant.tid), chunk, as_of)
            last = chunk[-1]["pk"]


def _chunk(tid: str, mailboxes: list[Row], as_of: datetime | None) -> Iterator[Row]:
    pks = [mailbox["pk"] for mailbox in mailboxes]
    later = _read_later(pks, as_of) if as_of else set()
    options = _options(pks, as_of) if as_of else {}
    held: dict[int, list[Row]] = {}
    for permission in _permissions_now(pks) if as_of is None else _permissions_then(pks, as_of):
        held.setdefault(permission["mailbox_id"], []).append(permission)
    for mailbox in mailboxes:
        pk, option = mailbox["pk"], mailbox["delivery_option"]
        shared = {
            "tenant_id": tid,
            "owner": mailbox["person__address"],
            "owner_oid": str(mailbox["person__oid"]),
            "mailbox_state": mailbox["state"],
            "delivery_option": options.get(pk, option) or None,
        }
        for permission in held.get(pk, ()):
            yield shared | _permission(permission, mailbox)
        if pk in held:
            continue
        if pk in later:
            shared |= {"mailbox_state": Mailbox.NEVER, "delivery_option": None}
        read_at = None if pk in later else mailbox["fresh_at"]
        yield dict.fromkeys(ACCESS_COLUMNS) | shared | {"read_at": read_at}


def _permission(row: Row, mailbox: Row) -> Row:
    # An ok mailbox is as fresh as its last reading, whichever list that changed; otherwise the calendar's own counts.
    read_at = mailbox["fresh_at"] if mailbox["state"] == Mailbox.OK else row["calendar__read_at"]
    return {
        "calendar_id": row["calendar__graph_id"],
        "calendar_name": row["calendar__name"],
        "is_default_calendar": row["calendar__is_default"],
        "permission_id": row["graph_id"],
        "name": row["name"],
        "address": row["address"] or None,
        "role": row["role"],
        "allowed_roles": row["allowed_roles"],
        "is_inside_organization": row["inside"],
        "is_removable": row["removable"],
        "first_seen_at": row["first_seen_at"],
        "read_at": row.get("read_at", read_at),
    }


def _permissions_now(mailboxes: list[int]) -> Iterable[Row]:
    rows = CalendarPermission.objects.open().filter(mailbox__in=mailboxes)
    return rows.order_by("mailbox_id", "calendar_id", "pk").values(*_PERMISSION)


def _permissions_then(mailboxes: list[int], moment: datetime) -> Iterator[Row]:
    """As `models.role_as_of` says of one permission; `read_at` is the last reading that still showed the old role."""
    past = PermissionPeriod.objects.filter(
        permission__mailbox__in=mailboxes, began_at__lte=moment, ended_at__gt=moment
    ).order_by("began_at")
    was = {pk: (role, read) for pk, role, read in past.values_list("permission_id", "role", "ended_after_at")}
    rows = CalendarPermission.objects.filter(mailbox__in=mailboxes, first_seen_at__lte=moment)
    for row in rows.order_by("mailbox_id", "calendar_id", "pk").values(*_PERMISSION):
        if row["pk"] in was:
            role, read_at = was[row["pk"]]
            yield row | {"role": role, "read_at": read_at}
        elif row["ended_at"] is None and row["began_at"] <= moment:
            yield row


def _read_later(mailboxes: list[int], moment: datetime) -> set[int]:
    """Those whose first permission was seen after `moment`."""
    rows = CalendarPermission.objects.filter(mailbox__in=mailboxes, first_seen_at__gt=moment)
    return set(rows.values_list("mailbox_id", flat=True))


def _options(mailboxes: list[int], moment: datetime) -> dict[int, str]:
    """Who got the meeting requests then, where that has changed since."""
    past = DeliveryPeriod.objects.filter(mailbox__in=mailboxes, ended_at__gt=moment).order_by("-ended_at")
    return dict(past.values_list("mailbox_id", "delivery_option"))
