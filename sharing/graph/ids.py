"""Builds paths from ids, and refuses every path that must not leave.

`DELETE …/calendarPermissions/..` would be sent as `DELETE …/calendars/ID`: it would delete the calendar. So ids are
checked by pattern before a path is built, and every path is checked again before it is sent.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, unquote, urlencode

from .errors import IdRefused, Malformed

VERSION_ROOT = "/v1.0"
# Delta and skip tokens have some thousand characters; servers refuse more than this.
LONGEST_PATH = 16_384

_DIRECTORY_ID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)
# Outlook's ids are base64 or base64url of 12 to some hundred bytes.
_OUTLOOK_ID = re.compile(r"[A-Za-z0-9_\-+/=]{4,512}", re.ASCII)
_SEGMENT = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@%]+", re.ASCII)
_QUERY = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@%/?\[\]|\"{}^`]*", re.ASCII)
# Asking for these alone makes an answer a third of its size; `calendarPermissions` and `mailboxSettings` are read
# whole, because $select is not documented for the one and names that a national cloud may lack for the other.
_CALENDAR_SELECT = "$select=id,name,isDefaultCalendar,canShare,canEdit,canViewPrivateItems,owner,isRemovable"
# What a sync asks for by the thousand; no id of that length is a name that must not leave.
_ORDINARY = re.compile(
    r"/users/[0-9A-Fa-f\-]{36}/(?:mailboxSettings|calendar/calendarPermissions"
    r"|calendars/[A-Za-z0-9_\-]{40,}(?:%3D){0,2}/calendarPermissions"
    rf"|calendars\?\$top=100&{re.escape(_CALENDAR_SELECT)})",
    re.ASCII,
)
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Nothing of ours reads or writes what people put into their calendars and mail.
_NEVER = frozenset(
    "events event calendarview instances messages message mailfolders attachments sendmail getschedule "
    "findmeetingtimes inferenceclassification onlinemeetings".split()
)


def directory_id(value: str) -> str:
    """`value` if it is the id of a directory object (a GUID). Raises IdRefused."""
    if not isinstance(value, str) or not _DIRECTORY_ID.fullmatch(value):
        raise IdRefused("not the id of a directory object")
    return value


def outlook_id(value: str) -> str:
    """`value`, percent-encoded as one segment, if it looks like an id of Outlook's. Raises IdRefused."""
    if not isinstance(value, str) or not _OUTLOOK_ID.fullmatch(value):
        raise IdRefused("not an id of Outlook's")
    # Of what the pattern lets through, only these three are not a segment's own.
    return value.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")


def calendars_path(mailbox_id: str) -> str:
    """All calendars that a mailbox sees. https://learn.microsoft.com/graph/api/user-list-calendars"""
    return f"/users/{directory_id(mailbox_id)}/calendars?$top=100&{_CALENDAR_SELECT}"


def default_calendar_path(mailbox_id: str) -> str:
    """The primary calendar. https://learn.microsoft.com/graph/api/calendar-get"""
    return f"/users/{directory_id(mailbox_id)}/calendar?{_CALENDAR_SELECT}"


def permissions_path(mailbox_id: str, calendar_id: str | None = None) -> str:
    """The permissions of a calendar, None for the primary one.

    https://learn.microsoft.com/graph/api/calendar-list-calendarpermissions
    """
    calendar = "calendar" if calendar_id is None else f"calendars/{outlook_id(calendar_id)}"
    return f"/users/{directory_id(mailbox_id)}/{calendar}/calendarPermissions"


def permission_path(mailbox_id: str, calendar_id: str | None, permission_id: str) -> str:
    """One permission. https://learn.microsoft.com/graph/api/calendarpermission-update"""
    return f"{permissions_path(mailbox_id, calendar_id)}/{outlook_id(permission_id)}"


def allowed_roles_path(mailbox_id: str, calendar_id: str | None, address: str) -> str:
    """Which roles there are for somebody. https://learn.microsoft.com/graph/api/resources/calendar (CSDL)"""
    user = quote(address.replace("'", "''"), safe="@")
    root = permissions_path(mailbox_id, calendar_id).removesuffix("calendarPermissions")
    return f"{root}allowedCalendarSharingRoles(User='{user}')"


def settings_path(mailbox_id: str) -> str:
    """The mailbox settings. https://learn.microsoft.com/graph/api/user-get-mailboxsettings"""
    return f"/users/{directory_id(mailbox_id)}/mailboxSettings"


def with_query(path: str, params: Mapping[str, str] | None) -> str:
    """`path` with a query behind it."""
    if not params:
        return path
    return f"{path}?{urlencode(params, quote_via=quote, safe='$,')}"


# A sync checks each path twice, when it is asked for and when it leaves.
@lru_cache(maxsize=4096)
def check_path(path: str) -> str:
    """`path` (below the version root, query allowed) if it may be sent. Raises IdRefused.

    Refused: dot segments and empty segments in any spelling, odd characters, and everything that holds events or mail.
    """
    if len(path) <= LONGEST_PATH and _ORDINARY.fullmatch(path):
        return path
    bare, _, query = path.partition("?")
    if len(path) > LONGEST_PATH or _BROKEN_ESCAPE.search(path) or not _QUERY.fullmatch(query):
        raise IdRefused("not a path of Graph's")
    root, *segments = bare.split("/")
    if root or not segments:
        raise IdRefused("not a path of Graph's")
    for segment in segments:
        _check_segment(segment)
    return path


@lru_cache(maxsize=256)  # "users", "calendarPermissions", and the mailbox whose paths are being built
def _check_segment(segment: str) -> None:
    if not _SEGMENT.fullmatch(segment):
        raise IdRefused("not a path of Graph's")
    plain = unquote(segment)
    if "%" in plain or not plain.isprintable():
        raise IdRefused("escaped twice, or not printable")
    # A gateway that unescapes %2F would see further segments, so they are looked at too.
    for part in plain.replace("\\", "/").split("/"):
        word = part.partition("(")[0].casefold().removeprefix("microsoft.graph.")
        if (part and not part.strip(". ")) or word in _NEVER:
            raise IdRefused("a path that must not leave")


def names_events(path: str) -> bool:
    """Whether a segment of `path` is the name of something that holds events or mail."""
    return any(segment.casefold() in _NEVER for segment in path.partition("?")[0].split("/"))


def path_of_link(link: object, *, graph_url: str) -> str:
    """The path below the version root of a link that Graph gave (nextLink, deltaLink).

    Raises Malformed (foreign_link) for every other origin, version or form: following it would hand out the token.
    """
    root = graph_url + VERSION_ROOT
    if not isinstance(link, str) or not link.startswith(root + "/"):
        raise Malformed("a link to somewhere else", cause="foreign_link")
    try:
        return check_path(link[len(root) :])
    except IdRefused:
        raise Malformed("a link that is not followed", cause="foreign_link") from None
