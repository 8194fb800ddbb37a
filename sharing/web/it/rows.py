"""What a list says of one row of access, on a page and in a file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from sharing import words
from sharing.models import DELEGATE_ROLES, CalendarPermission, EndDate, Person, Role
from sharing.web.tags import people as tags
from sharing.words import ends

from .figures import UNREAD
from .permissions import SORTS, Rows
from .tables import ordered

A_WEEK = timedelta(days=7)
COLUMNS = (
    "id", "role", "is_organization", "name", "address", "inside", "began_at", "began_after_at",
    "calendar__public_id", "calendar__name", "calendar__is_default", "mailbox__state", "mailbox__delivery_option",
    "mailbox__person__public_id", "mailbox__person__name", "mailbox__person__address",
    "mailbox__person__enabled", "mailbox__person__ended_at", "grantee__public_id", "grantee__kind",
    "grantee__name", "grantee__enabled", "grantee__ended_at", "grantee__job_title", "grantee__size",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list; names and badges are ready to be shown."""

    id: int
    name: str
    who: SafeString
    owner: str
    whose: SafeString
    owner_account: SafeString
    calendar: str
    calendar_key: str
    is_main: bool
    is_organization: bool
    role: SafeString
    code: str  # the role, as forms send it
    is_delegate: bool
    sees_private: bool
    flags: SafeString | str
    since: str
    delivery: str


def row_of(values: Mapping[str, Any], *, org: str, now: datetime, link: Callable[[str], str]) -> Row:
    """What a list says of one row of COLUMNS; `link` turns a person's public id into an address."""
    organization = values["is_organization"]
    name = values["name"] or values["grantee__name"] or values["address"] or "No name"
    is_sid = not organization and words.is_sid(name)
    shown = words.everyone_at(org) if organization else words.NOT_FOUND if is_sid else words.visible(name)
    sub = "" if organization else name if is_sid else words.visible(_second_part(values))
    owner = words.visible(values["mailbox__person__name"] or values["mailbox__person__address"])
    return Row(
        id=values["id"],
        name=shown,
        who=named(shown, link(values["grantee__public_id"] or ""), sub),
        owner=owner,
        whose=named(owner, link(values["mailbox__person__public_id"])),
        owner_account=flag_badges(_account(values, "mailbox__person__")),
        calendar=words.visible(values["calendar__name"]) or "Calendar without a name",
        calendar_key=values["calendar__public_id"],
        is_main=values["calendar__is_default"],
        is_organization=organization,
        role=role_badge(values["role"], organization),
        code=values["role"],
        is_delegate=values["role"] in DELEGATE_ROLES,
        sees_private=values["role"] == Role.PRIVATE_DELEGATE,
        flags=_flags_cell(tuple(_flags(values, now))),
        since=since(values["began_at"], values["began_after_at"]),
        delivery=words.delivery_words(values["mailbox__delivery_option"]).it,
    )


def with_ends(rows: Sequence[Row], end_dates: Mapping[int, EndDate]) -> list[Row]:
    """The same rows, with the last day of those that have one among their flags."""
    return [
        replace(row, flags=format_html("{} {}", row.flags, _ends(end_dates[row.id]))) if row.id in end_dates else row
        for row in rows
    ]


def _ends(end_date: EndDate) -> SafeString:
    said = format_html('<span class="flag">{}{}</span>', tags.icon("hourglass"), ends.short(end_date.ends_on))
    return format_html('<span class="flags">{}</span>', said)


def named(name: str, href: str, sub: str = "") -> SafeString:
    """A name, as a link where it leads somewhere, and what else is known beside it."""
    if href:
        shown = format_html('<a class="plain py-1" href="{}">{}</a>', href, name)
    else:
        shown = format_html('<span class="strong">{}</span>', name)
    return format_html('{} <span class="sub">{}</span>', shown, sub) if sub else shown


# The same few badges stand in hundreds of rows.


@lru_cache(maxsize=64)
def role_badge(role: str, organization: bool = False) -> SafeString:
    return tags.role(role, organization=organization)


@lru_cache(maxsize=256)
def flag_badges(kinds: tuple[str, ...]) -> SafeString:
    return format_html_join("", "{}", ((_flag(kind),) for kind in kinds))


@lru_cache(maxsize=256)
def _flags_cell(kinds: tuple[str, ...]) -> SafeString | str:
    return format_html('<span class="flags">{}</span>', flag_badges(kinds)) if kinds else ""


def _flag(kind: str) -> SafeString:
    """A flag, short where a row has no room."""
    if kind == "unread":
        return format_html('<span class="flag">{}Last known</span>', tags.icon("eye-off"))
    if kind == "unknown":
        return format_html('<span class="flag">{}Inside or outside not known</span>', tags.icon("help-circle"))
    return tags.flag(kind)


def since(began_at: datetime, began_after_at: datetime | None) -> str:
    said = words.since(timezone.localtime(began_at), began_after_at, words.short_day)
    return said[0].upper() + said[1:]


def account_state(enabled: bool | None, ended_at: datetime | None) -> str:
    """What became of an account: "disabled", "deleted", or nothing."""
    return "deleted" if ended_at else "disabled" if enabled is False else ""


def _account(values: Mapping[str, Any], prefix: str) -> tuple[str, ...]:
    state = account_state(values[f"{prefix}enabled"], values[f"{prefix}ended_at"])
    return (state,) if state else ()


def _second_part(values: Mapping[str, Any]) -> str:
    if values["grantee__kind"] == Person.GROUP:
        size = values["grantee__size"]
        return "size unknown" if size is None else f"{size:,} {'member' if size == 1 else 'members'}"
    if values["inside"] is False:
        return values["address"].rpartition("@")[2]
    return values["grantee__job_title"] or ""


def _flags(values: Mapping[str, Any], now: datetime) -> list[str]:
    """Worst first, what is new last."""
    kind = values["grantee__kind"]
    found = list(_account(values, "grantee__"))
    if kind in (Person.GUEST, Person.GROUP, Person.UNRESOLVED):
        found.append(kind)
    elif not values["inside"] and not values["is_organization"]:
        found.append("outside" if values["inside"] is False else "unknown")
    if values["mailbox__state"] in UNREAD:
        found.append("unread")
    if values["began_after_at"] and values["began_at"] > now - A_WEEK:
        found.append("new")
    return found


# As a file -----------------------------------------------------------------------------------------------

CSV_COLUMNS = (
    "name", "address", "kind", "account", "inside", "role", "owner", "owner_address", "owner_account", "calendar",
    "is_default_calendar", "is_organization", "began_at", "began_after_at", "mailbox_state", "delivery_option",
)  # fmt: skip


def csv_rows(branches: Sequence[Rows], sort: str) -> Iterator[dict[str, Any]]:
    """Every row as codes and moments, in the order of the list."""
    rows, *others = branches
    if others:
        ids = rows.values("pk").union(*(other.values("pk") for other in others), all=True)
        rows = CalendarPermission.objects.filter(pk__in=ids)
    found = ordered(rows.values(*COLUMNS), SORTS[sort.lstrip("-")], sort.startswith("-"))
    for values in found.iterator(chunk_size=2000):
        owner = "mailbox__person__"
        yield {
            "name": values["name"],
            "address": values["address"],
            "kind": values["grantee__kind"],
            "account": account_state(values["grantee__enabled"], values["grantee__ended_at"]),
            "inside": values["inside"],
            "role": values["role"],
            "owner": values[f"{owner}name"],
            "owner_address": values[f"{owner}address"],
            "owner_account": account_state(values[f"{owner}enabled"], values[f"{owner}ended_at"]),
            "calendar": values["calendar__name"],
            "is_default_calendar": values["calendar__is_default"],
            "is_organization": values["is_organization"],
            "began_at": values["began_at"],
            "began_after_at": values["began_after_at"],
            "mailbox_state": values["mailbox__state"],
            "delivery_option": values["mailbox__delivery_option"],
        }
