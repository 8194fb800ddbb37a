"""Strict parsers from Graph's JSON to our values: a thing of the wrong shape raises Malformed, it is never guessed.

Texts are made storable: NUL and lone surrogates become U+FFFD, names longer than 512 characters are cut and end in
an ellipsis. Ids and addresses are never cut. Words of enumerations come back in Graph's own casing, and a word that
Graph may add one day is kept as it is.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

from .errors import Malformed
from .resources import (
    DELIVERY_OPTIONS,
    ROLES,
    Calendar,
    Contact,
    Group,
    MailboxSettings,
    Members,
    Organization,
    Permission,
    User,
)

LONGEST_NAME = 512
LONGEST_ADDRESS = 320
LONGEST_ID = 512
LONGEST_WORD = 64
# More entries than these on one list is no list that a person made.
MOST_ITEMS = 100_000
MOST_ROLES = 32
MOST_ADDRESSES = 1000
MOST_MEMBERS = 2**31 - 1  # what a column of the database holds

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_PURPOSES = ("user", "linked", "shared", "room", "equipment", "others", "unknownFutureValue")
_REPLY_STATUSES = ("disabled", "alwaysEnabled", "scheduled")
_WORDS = {word.casefold(): word for word in (*ROLES, *DELIVERY_OPTIONS, *_PURPOSES, *_REPLY_STATUSES)}
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?", re.ASCII)
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}

Parsed = TypeVar("Parsed", User, Group, Contact, Calendar, Permission)


def fold_address(address: str) -> str:
    """A mail address as it is compared: A to Z made small, everything else as it is.

    `str.casefold` would make the Kelvin sign a k and join two people whose addresses differ.
    """
    return address.lower() if address.isascii() else address.translate(_LOWER)


def text(value: object, *, most: int = LONGEST_NAME) -> str:
    """A text for showing; missing is empty. Raises Malformed for anything that is no text."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed("not a text")
    if not value.isascii() or "\x00" in value:
        value = _UNSTORABLE.sub("\ufffd", value)
    return value if len(value) <= most else value[: most - 1] + "…"


def permissions(items: object) -> tuple[Permission, ...]:
    """The whole `value` of a `calendarPermissions` list. Raises Malformed, also where an id comes twice.

    https://learn.microsoft.com/graph/api/resources/calendarpermission
    """
    return _all(items, permission)


def calendars(items: object) -> tuple[Calendar, ...]:
    """The whole `value` of a `calendars` list. Raises Malformed, also where an id comes twice."""
    return _all(items, calendar)


def users(items: object) -> tuple[User, ...]:
    """The whole `value` of a `users` list. Raises Malformed, also where an id comes twice."""
    return _all(items, user)


def groups(items: object) -> tuple[Group, ...]:
    """The whole `value` of a `groups` list. Raises Malformed, also where an id comes twice."""
    return _all(items, group)


def contacts(items: object) -> tuple[Contact, ...]:
    """The whole `value` of a `contacts` list. Raises Malformed, also where an id comes twice."""
    return _all(items, contact)


def members(items: object) -> Members:
    """The whole `value` of a `members` list, whose entries are of several kinds. Raises Malformed.

    https://learn.microsoft.com/graph/api/resources/directoryobject
    """
    found: dict[str, str] = {}
    for item in map(_object, _list(items)):
        kind, oid = text(item.get("@odata.type"), most=LONGEST_WORD), fold_address(_id(item.get("id")))
        if not kind or oid in found:
            raise Malformed("a member without a kind, or twice")
        found[oid] = kind.removeprefix("#microsoft.graph.")
    users = frozenset(oid for oid, kind in found.items() if kind == "user")
    groups = frozenset(oid for oid, kind in found.items() if kind == "group")
    return Members(users, groups, len(found) - len(users) - len(groups))


def app_roles(item: object) -> dict[str, str]:
    """The app roles of one `servicePrincipal`, by id. Raises Malformed.

    https://learn.microsoft.com/graph/api/resources/approle
    """
    roles = [_object(each) for each in _list(_object(item).get("appRoles"))]
    return {_id(each.get("id")): text(each.get("value"), most=LONGEST_WORD) for each in roles}


def app_role_assignment(item: object) -> tuple[str, str]:
    """The resource (its service principal's id) and the role's id of one `appRoleAssignment`. Raises Malformed.

    https://learn.microsoft.com/graph/api/resources/approleassignment
    """
    item = _object(item)
    return _id(item.get("resourceId")), _id(item.get("appRoleId"))


def directory_ids(items: object) -> list[str]:
    """The ids of a list of directory objects. Raises Malformed."""
    return [_id(_object(item).get("id")) for item in _list(items)]


def count(body: object) -> int:
    """The number of all entries that a page of a collection was asked to tell. Raises Malformed."""
    number = _object(body).get("@odata.count")
    _list(_object(body).get("value"))
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= MOST_MEMBERS:
        raise Malformed("not a count")
    return number


def permission(item: object) -> Permission:
    """One `calendarPermission`."""
    item = _object(item)
    holder = _object(item.get("emailAddress") or {})
    allowed = tuple(_list(item.get("allowedRoles") or [], most=MOST_ROLES))
    role = word(item.get("role"))
    if not role:
        raise Malformed("a permission without a role")
    return Permission(
        id=_id(item.get("id")),
        role=role,
        allowed_roles=_roles(allowed) if allowed else (),
        name=text(holder.get("name")),
        address=_address(holder.get("address")),
        inside=_flag(item.get("isInsideOrganization")),
        removable=_flag(item.get("isRemovable")),
    )


def calendar(item: object) -> Calendar:
    """One `calendar`. https://learn.microsoft.com/graph/api/resources/calendar"""
    item = _object(item)
    owner = _object(item.get("owner") or {})
    return Calendar(
        id=_id(item.get("id")),
        name=text(item.get("name")),
        is_default=_flag(item.get("isDefaultCalendar")),
        can_share=_flag(item.get("canShare")),
        can_edit=_flag(item.get("canEdit")),
        can_view_private=_flag(item.get("canViewPrivateItems")),
        owner_name=text(owner.get("name")),
        owner_address=_address(owner.get("address")),
        is_removable=_flag(item.get("isRemovable")),
    )


def user(item: object) -> User:
    """One directory user. https://learn.microsoft.com/graph/api/resources/user"""
    item = _object(item)
    mail = _address(item.get("mail"))
    principal = _address(item.get("userPrincipalName"))
    guest = text(item.get("userType")).casefold() == "guest"
    return User(
        id=_id(item.get("id")),
        name=text(item.get("displayName")),
        # A guest's principal name (…#EXT#@…) is nobody's address.
        address=mail or (None if guest else principal),
        addresses=_addresses(mail, principal, item.get("proxyAddresses")),
        kind="guest" if guest else "user",
        enabled=_flag(item.get("accountEnabled")),
        job_title=text(item.get("jobTitle")) or None,
        department=text(item.get("department")) or None,
        has_exchange=_has_exchange(item.get("assignedPlans")),
        created_at=_instant(item.get("createdDateTime")),
        user_principal_name=principal,
    )


def removed(item: object) -> tuple[str, str]:
    """The id of a user that a delta says is gone, and "changed" (restorable) or "deleted" (for good)."""
    item = _object(item)
    return _id(item.get("id")), text(_object(item.get("@removed")).get("reason"), most=LONGEST_WORD).casefold()


def group(item: object) -> Group:
    """One group. https://learn.microsoft.com/graph/api/resources/group"""
    item = _object(item)
    mail = _address(item.get("mail"))
    return Group(
        id=_id(item.get("id")),
        name=text(item.get("displayName")),
        address=mail,
        addresses=_addresses(mail, None, item.get("proxyAddresses")),
    )


def contact(item: object) -> Contact:
    """One organizational contact. https://learn.microsoft.com/graph/api/resources/orgcontact"""
    item = _object(item)
    mail = _address(item.get("mail"))
    return Contact(
        id=_id(item.get("id")),
        name=text(item.get("displayName")),
        address=mail,
        addresses=_addresses(mail, None, item.get("proxyAddresses")),
    )


def organization(item: object) -> Organization:
    """The tenant. https://learn.microsoft.com/graph/api/resources/organization"""
    item = _object(item)
    domains = [_object(each) for each in _list(item.get("verifiedDomains") or [])]
    domains.sort(key=lambda each: each.get("isDefault") is not True)
    names = (_address(each.get("name")) for each in domains)
    return Organization(
        id=_id(item.get("id")),
        name=text(item.get("displayName")),
        domains=tuple(fold_address(name) for name in names if name),
    )


def settings(body: object) -> MailboxSettings:
    """The mailbox settings, without the texts of automatic replies: they are dropped here and nobody else sees them.

    https://learn.microsoft.com/graph/api/resources/mailboxsettings
    """
    body = _object(body)
    purpose = body.get("userPurpose")
    if isinstance(purpose, dict):  # The schema says text; a sample nests it.
        purpose = purpose.get("value")
    replies = _object(body.get("automaticRepliesSetting") or {})
    return MailboxSettings(
        delivery_option=word(body.get("delegateMeetingMessageDeliveryOptions")) or None,
        purpose=word(purpose) or None,
        time_zone=_short(body.get("timeZone")),
        working_hours=_working_hours(body.get("workingHours")),
        language=_short(_object(body.get("language") or {}).get("locale")),
        date_format=_short(body.get("dateFormat")),
        time_format=_short(body.get("timeFormat")),
        automatic_replies_status=word(replies.get("status")) or None,
        automatic_replies_from=_zoned(replies.get("scheduledStartDateTime")),
        automatic_replies_until=_zoned(replies.get("scheduledEndDateTime")),
    )


def word(value: object) -> str:
    """A word of an enumeration in Graph's casing; unknown words stay as they are, missing is empty."""
    if isinstance(value, str):
        known = _WORDS.get(value.casefold())
        if known is not None:
            return known
    elif value is not None:
        raise Malformed("not a word")
    if value is not None and len(value) > LONGEST_WORD:
        raise Malformed("too long for a word")
    return text(value)


def _roles(allowed: tuple[Any, ...]) -> tuple[str, ...]:
    try:
        return _words(allowed)
    except TypeError:  # what cannot be hashed is no word either
        raise Malformed("not a word") from None


@lru_cache(maxsize=256)  # a tenant has thousands of these lists, and a handful that differ
def _words(words: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(word(each) for each in words)


def _all(items: object, parse: Callable[[object], Parsed]) -> tuple[Parsed, ...]:
    parsed = tuple(parse(item) for item in _list(items))
    if len({item.id for item in parsed}) != len(parsed):
        raise Malformed("the same id twice")
    return parsed


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Malformed("not an object")
    return value


def _list(value: object, *, most: int = MOST_ITEMS) -> list[Any]:
    if not isinstance(value, list):
        raise Malformed("not a list")
    if len(value) > most:
        raise Malformed("too many entries", cause="too_large")
    return value


def _flag(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise Malformed("neither true nor false")


def _id(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID or _UNSTORABLE.search(value):
        raise Malformed("not an id")
    return value


def _address(value: object) -> str | None:
    address = text(value, most=LONGEST_ADDRESS + 1)
    if len(address) > LONGEST_ADDRESS:
        raise Malformed("too long for an address")
    return address or None


def _short(value: object) -> str | None:
    return text(value, most=128) or None


def _addresses(mail: str | None, principal: str | None, proxies: object) -> tuple[str, ...]:
    found = {fold_address(address) for address in (mail, principal) if address}
    for proxy in _list(proxies or [], most=MOST_ADDRESSES):
        kind, _, address = text(proxy, most=LONGEST_NAME * 2).partition(":")
        if kind.casefold() == "smtp" and 0 < len(address) <= LONGEST_ADDRESS:
            found.add(fold_address(address))
    return tuple(sorted(found))


def _has_exchange(plans: object) -> bool | None:
    if plans is None:
        return None
    return any(
        _object(plan).get("service") == "exchange" and plan.get("capabilityStatus") in ("Enabled", "Warning")
        for plan in _list(plans)
    )


def _instant(value: object) -> datetime | None:
    if value is None:
        return None
    written = text(value, most=LONGEST_WORD)
    match = _TIME.match(written)
    if not match or written[match.end() :] not in ("Z", "+00:00"):
        raise Malformed("not a time in UTC")
    try:
        return datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
    except ValueError:
        raise Malformed("no such time") from None


def _zoned(value: object) -> str | None:
    if value is None:
        return None
    pair = _object(value)
    match = _TIME.fullmatch(text(pair.get("dateTime"), most=LONGEST_WORD).removesuffix("Z"))
    if not match:
        return None
    zone = text(pair.get("timeZone"), most=128)
    return f"{match[1]}Z" if zone.upper() in ("UTC", "") else f"{match[1]} {zone}"


def _working_hours(value: object) -> dict[str, object]:
    if value is None:
        return {}
    hours = _object(value)
    days: Iterable[Any] = _list(hours.get("daysOfWeek") or [], most=MOST_ROLES)
    return {
        "days": [text(day, most=LONGEST_WORD).lower() for day in days],
        "start": text(hours.get("startTime"), most=LONGEST_WORD).partition(".")[0],
        "end": text(hours.get("endTime"), most=LONGEST_WORD).partition(".")[0],
        "time_zone": text(_object(hours.get("timeZone") or {}).get("name"), most=128),
    }
