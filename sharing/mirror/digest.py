"""A short fingerprint of everything a mailbox's lists say, over canonical fields only."""

import hashlib
import marshal
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

# Change this when the fields or their order change: old digests then stop matching and rows are compared again.
FORMAT = "2"
_first = itemgetter(0)


def digest(
    *,
    calendars: Iterable[Mapping[str, Any]],
    permissions: Mapping[str, Iterable[Mapping[str, Any]]],
    settings: Mapping[str, Any],
) -> str:
    """32 hex digits over raw Graph bodies; order, changeKey and @odata noise do not count.

    `permissions` maps a calendar's id ("" is the primary) to its list. Equal digests mean equal content, and a digest
    is stored only for content that was parsed strictly and complete, so an equal one needs no parsing.
    Raises TypeError or AttributeError for bodies of another shape; the strict parsers then say what is wrong.
    """
    lists = [(calendar, sorted([_permission(p) for p in rows], key=_first)) for calendar, rows in permissions.items()]
    content = (
        FORMAT,
        sorted([_calendar(c) for c in calendars], key=_first),
        sorted(lists, key=_first),
        _settings(settings),
    )
    # Version 0: the same bytes for equal content, whoever else holds its parts; and half the work of JSON.
    return hashlib.blake2b(marshal.dumps(content, 0), digest_size=16).hexdigest()


def _calendar(raw: Mapping[str, Any]) -> tuple[Any, ...]:
    get = raw.get
    owner = get("owner") or {}
    return (
        raw["id"], get("name"), get("isDefaultCalendar"), get("canShare"), get("canEdit"), get("canViewPrivateItems"),
        owner.get("name"), owner.get("address"),
    )  # fmt: skip


def _permission(raw: Mapping[str, Any]) -> tuple[Any, ...]:
    get = raw.get
    holder = get("emailAddress") or {}
    return (
        raw["id"], get("role"), get("allowedRoles"), holder.get("name"), holder.get("address"),
        get("isInsideOrganization"), get("isRemovable"),
    )  # fmt: skip


def _settings(raw: Mapping[str, Any]) -> tuple[Any, ...]:
    get = raw.get
    replies = get("automaticRepliesSetting") or {}
    return (
        get("delegateMeetingMessageDeliveryOptions"), get("userPurpose"), get("timeZone"), get("workingHours"),
        get("language"), get("dateFormat"), get("timeFormat"), replies.get("status"),
        replies.get("scheduledStartDateTime"), replies.get("scheduledEndDateTime"),
    )  # fmt: skip
