"""Who can see and change which calendar, as rows of plain values: now, or as it was on a day."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Min

from sharing.models import READ_COLUMNS, CalendarPermission, DeliveryPeriod, Mailbox, Past, PermissionPeriod, Tenant

# The columns of every access export, in this order: scripts rely on them.
ACCESS_COLUMNS = (
    "tenant_id", "owner", "owner_oid", "calendar_id", "calendar_name", "is_default_calendar", "permission_id", "name",
    "address", "role", "allowed_roles", "is_inside_organization", "is_removable", "first_seen_at", "read_at",
    "mailbox_state", "delivery_option",
)  # fmt: skip
CHUNK = 500  # mailboxes held at a time
REMOVED = "mailbox_removed"

_MAILBOX = (
    "pk", "person__address", "person__oid", "fresh_at", "delivery_option", "first_seen_at", *READ_COLUMNS,
)  # fmt: skip
_PERMISSION = (
    "pk", "mailbox_id", "calendar_id", "calendar__graph_id", "calendar__name", "calendar__is_default", "graph_id",
    "name", "address", "role", "allowed_roles", "inside", "removable", "first_seen_at", "calendar__read_at", "began_at",
    "ended_at",
)  # fmt: skip

Row = dict[str, Any]


def access_rows(*, tenants: Iterable[Tenant], as_of: datetime | None = None) -> Iterator[Row]:
    """One row for each holder on each calendar; ids are Graph's, times are UTC.

    A mailbox of which nothing is known gives one row without a permission: nothing is silently left out. `as_of` is
    answered from readings, as this said then: a role counts from the first reading that showed it. Of a mailbox read
    only later nothing is known (`never`). `read_at` is then the last reading on record; a look at one mailbox in which
    nothing had changed is not kept, so it may have been confirmed later than that.
    """
    for tenant in tenants:
        mailboxes = Mailbox.objects.filter(tenant=tenant).with_freshness()
        if as_of is None:
            mailboxes = mailboxes.exclude(cause=REMOVED)
        last = 0
        while chunk := list(mailboxes.filter(pk__gt=last).order_by("pk").values(*_MAILBOX)[:CHUNK]):
            last = chunk[-1]["pk"]
            yield from _chunk(str(tenant.tid), chunk, as_of)


def _chunk(tid: str, mailboxes: list[Row], as_of: datetime | None) -> Iterator[Row]:
    held: dict[int, list[Row]] = {}
    if as_of is None:
        permissions = _permissions_now([mailbox["pk"] for mailbox in mailboxes])
    else:
        past = Past([mailbox["pk"] for mailbox in mailboxes], as_of)
        mailboxes = _mailboxes_then(mailboxes, past)
        permissions = _permissions_then([mailbox["pk"] for mailbox in mailboxes], past)
    for permission in permissions:
        held.setdefault(permission["mailbox_id"], []).append(permission)
    for mailbox in mailboxes:
        shared = {
            "tenant_id": tid,
            "owner": mailbox["person__address"],
            "owner_oid": str(mailbox["person__oid"]),
            "mailbox_state": mailbox["state"],
            "delivery_option": mailbox["delivery_option"] or None,
        }
        for permission in held.get(mailbox["pk"], ()):
            yield shared | _permission(permission, mailbox)
        if mailbox["pk"] not in held:
            yield dict.fromkeys(ACCESS_COLUMNS) | shared | {"read_at": mailbox["fresh_at"]}


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
        "read_at": read_at or row.get("shown_at"),
    }


def _permissions_now(mailboxes: list[int]) -> Iterable[Row]:
    rows = CalendarPermission.objects.open().filter(mailbox__in=mailboxes)
    return rows.order_by("mailbox_id", "calendar_id", "pk").values(*_PERMISSION)


# As it was ----------------------------------------------------------------------------------------------


def _mailboxes_then(mailboxes: list[Row], past: Past) -> list[Row]:
    """Those that were known then, each as it was."""
    pks, moment = [mailbox["pk"] for mailbox in mailboxes], past.moment
    later, options = _read_later(pks, moment), _options(pks, moment)
    found = []
    for row in mailboxes:
        pk, was = row["pk"], past.was("mailbox", row["pk"])
        reading = past.reading(pk, row)
        if (row["first_seen_at"] and row["first_seen_at"] > moment) or reading.cause == REMOVED:
            continue
        state, read_at = reading.state, reading.read_at
        option, until = options.get(pk, (row["delivery_option"], None))
        kept_until = past.state_until(pk)
        if kept_until and (until is None or kept_until < until):
            option = was["delivery_option"]
        if pk in later and "state" not in was:  # from before states were kept
            state, read_at, option = Mailbox.NEVER, None, ""
        found.append(row | {
            "person__address": was.get("owner", row["person__address"]),
            "state": state,
            "delivery_option": option,
            "fresh_at": read_at,
        })  # fmt: skip
    return found


def _permissions_then(mailboxes: list[int], past: Past) -> Iterator[Row]:
    """As `models.role_as_of` says of one permission; `shown_at` is a reading that showed it."""
    moment = past.moment
    periods = PermissionPeriod.objects.filter(
        permission__mailbox__in=mailboxes, began_at__lte=moment, ended_at__gt=moment
    ).order_by("began_at", "pk")
    was = {pk: (role, at) for pk, role, at in periods.values_list("permission_id", "role", "began_at")}
    rows = CalendarPermission.objects.filter(mailbox__in=mailboxes, first_seen_at__lte=moment)
    for row in rows.order_by("mailbox_id", "calendar_id", "pk").values(*_PERMISSION):
        if row["pk"] in was:
            role, shown_at = was[row["pk"]]
        elif row["ended_at"] is None and row["began_at"] <= moment:
            role, shown_at = row["role"], row["began_at"]
        else:
            continue
        calendar = past.was("calendar", row["calendar_id"])
        yield (
            row
            | past.was("permission", row["pk"])
            | {
                "role": role,
                "shown_at": shown_at,
                "calendar__name": calendar.get("name", row["calendar__name"]),
                "calendar__is_default": calendar.get("is_default", row["calendar__is_default"]),
                "calendar__read_at": past.read_at("calendar", row["calendar_id"], row["calendar__read_at"]),
            }
        )


def _read_later(mailboxes: list[int], moment: datetime) -> set[int]:
    """Those whose first permission was seen after `moment`."""
    rows = CalendarPermission.objects.filter(mailbox__in=mailboxes).order_by()
    first = rows.values_list("mailbox_id").annotate(first=Min("first_seen_at"))
    return {pk for pk, seen_at in first if seen_at > moment}


def _options(mailboxes: list[int], moment: datetime) -> dict[int, tuple[str, datetime]]:
    """Who got the meeting requests then, and until when, where that has changed since."""
    past = DeliveryPeriod.objects.filter(mailbox__in=mailboxes, ended_at__gt=moment).order_by("-ended_at", "-pk")
    return {pk: (option, at) for pk, option, at in past.values_list("mailbox_id", "delivery_option", "ended_at")}
