"""What the owner's pages show of a calendar and of the people on it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from sharing import words
from sharing.models import Calendar, CalendarPermission, Change, EndDate, Mailbox, Person, Role, User

from .end_words import Ends, ends_of

MANY = 12  # from so many people on, a list is searched and grouped by role
FACES = 5
LAST_KNOWN = words.rank("delegateWithPrivateEventAccess")  # beyond are roles that nobody here can pick
OLD = timedelta(minutes=5)  # a calendar read longer ago is read again when its owner opens it
PATIENCE = timedelta(minutes=2)  # for so long a page says that it is being checked
USUAL = timedelta(seconds=10)  # a write that takes longer is no longer "Applying…"
SOON = timedelta(minutes=1)  # for so long a row asks every second

OUTLOOK = {
    "global": "https://outlook.office.com/calendar/",
    "sandbox": "https://outlook.office.com/calendar/",
    "usgov": "https://outlook.office365.us/calendar/",
    "china": "https://partner.outlook.cn/calendar/",
}


def day(at: datetime) -> str:
    return words.day(timezone.localtime(at))


def moment(at: datetime, now: datetime) -> str:
    return words.moment(timezone.localtime(at), timezone.localtime(now))


def sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def count_words(number: int, has_groups: bool) -> str:
    """ "Three people"; "Three people and groups" where some of them are groups."""
    one, many = ("person or group", "people and groups") if has_groups else ("person", "people")
    return sentence_case(words.counted(number, one, many))


def is_own(mailbox: Mailbox, user: User) -> bool:
    """Is it the person's own mailbox, not one they are steward of?"""
    return mailbox.person.oid == user.oid


def whose(mailbox: Mailbox, user: User) -> words.Whose:
    """How sentences about it speak to `user`: of "your" mailbox, or of one they look after by its name."""
    return words.YOU if is_own(mailbox, user) else words.Whose(str(mailbox.person))


def title_of(calendar: Calendar, user: User) -> str:
    """A calendar as a heading: "Your main calendar", "Kids parties", "Front desk: main calendar"."""
    named = words.visible(calendar.name) or "Calendar without a name"
    if is_own(calendar.mailbox, user):
        return "Your main calendar" if calendar.is_default else named
    return f"{calendar.mailbox.person}: {'main calendar' if calendar.is_default else named}"


def words_for(calendar: Calendar, user: User) -> str:
    """A calendar inside a sentence: "your main calendar", "Kids parties", "the main calendar of Front desk"."""
    if is_own(calendar.mailbox, user):
        return words.calendar_words(words.visible(calendar.name), calendar.is_default)
    person = calendar.mailbox.person
    if calendar.is_default:
        return f"the main calendar of {person}"
    return f"{words.calendar_words(words.visible(calendar.name), False)} of {person}"


def holder(permission: CalendarPermission, org: str) -> str:
    """Who holds the access, in full; the organisation row is everyone there."""
    return words.everyone_at(org) if permission.is_organization else named(permission.name, permission.address)


def named(name: str, address: str) -> str:
    """A holder's name; words where there is none, or only the number of an account that is gone."""
    name = name or address
    return words.GONE if words.is_account_number(name) else words.visible(name) or "Somebody without a name"


def named_inside(permission: CalendarPermission, org: str) -> str:
    """The same inside a sentence, where words of ours begin with a small letter."""
    return inside(holder(permission, org), is_ours=permission.is_organization)


def inside(name: str, *, is_ours: bool) -> str:
    """A name inside a sentence: the directory's as it is, words of ours with a small letter."""
    return name[:1].lower() + name[1:] if is_ours or name == words.GONE else name


def choices_of(permission: CalendarPermission) -> tuple[str, ...]:
    """Roles the owner may pick; none where the role was set in detail in Outlook, which we cannot write back."""
    return permission.choices() if words.rank(permission.role) <= LAST_KNOWN else ()


def in_order(permissions: Iterable[CalendarPermission]) -> list[CalendarPermission]:
    """Who may do most comes first; what was set in Outlook, and may be anything, right after the delegates."""
    edge = words.rank("write") + 0.5

    def key(permission: CalendarPermission) -> tuple[float, str, int]:
        rank = words.rank(permission.role)
        return -(rank if rank <= LAST_KNOWN else edge), permission.name_sort, permission.pk

    return sorted(permissions, key=key)


def is_waiting_long(change: Change, now: datetime) -> bool:
    return change.sent_at is not None and now - change.sent_at > USUAL


def pace(change: Change | None, now: datetime) -> str:
    """How often the row of a change asks what became of it."""
    return "1s" if change is None or now - change.requested_at < SOON else "10s"


# People on one calendar ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line of "Who has access"; `change` is the one underway, `wanted` what it asks for."""

    permission: CalendarPermission
    name: str
    kind: str
    sentence: str
    meta: str
    flags: tuple[tuple[str, str], ...]
    change: Change | None
    wanted: str
    waits_long: bool
    pace: str
    can_change: bool
    can_remove: bool
    whose: words.Whose
    ends: Ends | None = None

    @property
    def below(self) -> str:
        """What stands below the name where there is little room: the address, or the number of an account."""
        return words.visible(self.permission.address or (self.permission.name if self.name == words.GONE else ""))


def person_row(
    permission: CalendarPermission, *, org: str, now: datetime, whose: words.Whose, change: Change | None = None,
    may_change: bool = True, end_date: EndDate | None = None,
) -> PersonRow:  # fmt: skip
    """`change` is the open one of this row, `end_date` its last day; without `may_change` it is read-only."""
    everyone = permission.is_organization
    free = may_change and change is None
    others = [role for role in choices_of(permission) if role != permission.role]
    return PersonRow(
        permission=permission,
        name=holder(permission, org),
        kind="organization" if everyone else permission.grantee.kind if permission.grantee else Person.UNRESOLVED,
        sentence=words.role_sentence(permission.role, is_organization=everyone, whose=whose),
        meta=_meta(permission, others),
        flags=tuple(flags_of(permission)),
        change=change,
        wanted=words.quoted(change.after, whose) if change else "",
        waits_long=change is not None and is_waiting_long(change, now),
        pace=pace(change, now),
        can_change=free and bool(others),
        can_remove=free and permission.removable is not False,
        whose=whose,
        ends=ends_of(end_date, now) if end_date else None,
    )


def _meta(permission: CalendarPermission, others: list[str]) -> str:
    """What stands small below the sentence: the address, since when, and why a row lacks a button."""
    parts = []
    if permission.is_organization:
        parts.append("In Outlook: People in my organization")
    else:
        if words.is_account_number(permission.name):
            parts.append(words.visible(permission.name))
        if permission.address and permission.address != permission.name:
            parts.append(words.visible(permission.address))
        parts.append(f"Since {words.since(permission.began_at, permission.began_after_at, day)}")
    if permission.removable is False:
        to_none = "none" in others
        lowered = f", but you can change it to “{words.role_label('none', is_organization=True)}”" if to_none else ""
        parts.append(f"Always listed. It can’t be removed{lowered}.")
    elif not others and words.rank(permission.role) <= LAST_KNOWN:
        parts.append("Microsoft 365 offers no other choice here.")
    return " · ".join(parts)


def flags_of(permission: CalendarPermission) -> Iterable[tuple[str, str]]:
    """What is worth noticing: (kind of flag, detail)."""
    if permission.is_organization:
        return
    person = permission.grantee or Person(kind=Person.UNRESOLVED)
    kind = person.kind
    if kind == Person.GUEST:
        yield "guest", _domain(permission)
    elif permission.inside is False or kind in (Person.CONTACT, Person.OUTSIDE):
        yield "outside", _domain(permission)
    elif kind == Person.GROUP:
        yield "group", "size unknown" if person.size is None else words.counted(person.size, "member")
    elif kind == Person.UNRESOLVED and not words.is_account_number(permission.name or permission.address):
        yield "unresolved", ""
    if person.ended_at:
        yield "deleted", f"since {day(person.ended_at)}"
    elif person.enabled is False:
        yield "disabled", f"since {day(person.changed_at)}" if person.changed_at else ""


def _domain(permission: CalendarPermission) -> str:
    return permission.address.rpartition("@")[2].casefold()


@dataclass(frozen=True, slots=True)
class Group:
    """People with the same role, where there are many; `label` is empty where all stand together."""

    role: str
    label: str
    sentence: str
    rows: list[PersonRow]


@dataclass(frozen=True, slots=True)
class People:
    """Everybody with access to one calendar, those who matter most first, the organisation last."""

    groups: list[Group]
    total: int
    everyone: PersonRow | None
    is_many: bool
    q: str
    has_groups: bool

    @property
    def count(self) -> str:
        """ "Three people and your organization"; what has no access is not counted."""
        if not self.total:
            return "Your organization" if self.has_everyone else ""
        said = count_words(self.total, self.has_groups)
        return f"{said} and your organization" if self.has_everyone else said

    @property
    def has_everyone(self) -> bool:
        return self.everyone is not None and self.everyone.permission.role != Role.NONE

    @property
    def found(self) -> int:
        return sum(len(group.rows) for group in self.groups)


def people_on(
    permissions: Iterable[CalendarPermission], *, org: str, now: datetime, whose: words.Whose, q: str = "",
    changes: Mapping[int | None, Change] | None = None, may_change: bool = True,
    end_dates: Iterable[EndDate] = (),
) -> People:  # fmt: skip
    """`changes` are the open ones by the id of their permission; `q` looks in names and addresses."""
    changes, ending = changes or {}, {row.permission_id: row for row in end_dates}
    rows = [
        person_row(
            p, org=org, now=now, whose=whose, change=changes.get(p.pk), may_change=may_change, end_date=ending.get(p.pk)
        )
        for p in in_order(permissions)
    ]
    persons = [row for row in rows if not row.permission.is_organization]
    everyone = next((row for row in rows if row.permission.is_organization), None)
    is_many = len(persons) >= MANY
    wanted = q.strip().casefold() if is_many else ""
    shown = [r for r in persons if wanted in f"{r.name} {r.permission.address}".casefold()]
    if not is_many:
        groups = [Group("", "", "", shown)] if shown else []
    else:
        groups = [
            Group(role, words.role_label(role, words.OWNER, whose=whose), words.role_sentence(role, whose=whose),
                  [r for r in shown if r.permission.role == role])
            for role in dict.fromkeys(r.permission.role for r in shown)
        ]  # fmt: skip
    has_groups = any(row.kind == Person.GROUP for row in persons)
    return People(groups, len(persons), everyone, is_many, wanted, has_groups)


# How fresh it is -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checked:
    """When what is shown was last confirmed, and whether it is being read right now."""

    at: datetime | None
    is_checking: bool
    is_whole: bool
    version: int

    def is_old(self, now: datetime) -> bool:
        return self.at is None or now - self.at > OLD


def checked(mailbox: Mailbox, now: datetime, calendar: Calendar | None = None) -> Checked:
    """Of a mailbox with `fresh_at`; in one that could not be read whole, a calendar is as old as its own list."""
    whole = mailbox.state == Mailbox.OK and (calendar is None or calendar.state == Mailbox.OK)
    at = mailbox.fresh_at if whole or calendar is None else calendar.read_at
    asked_at = mailbox.due_at
    is_checking = (
        mailbox.is_read
        and asked_at is not None
        and asked_at <= now <= asked_at + PATIENCE
        and (at is None or at < asked_at)
    )
    return Checked(at, is_checking, whole, mailbox.version)


# Calendars on the home page ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shared:
    """One permission as the summary sentence wants it."""

    pk: int
    name: str
    role: str
    is_organization: bool


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """One calendar of the home page; `outside` says how many are, in words, or nothing."""

    calendar: Calendar
    title: str
    shared: list[Shared]
    faces: list[PersonRow]
    outside: str
    is_known: bool  # False where its list was never read whole, and nobody can say who is on it
    is_last_known: bool
    is_waiting: bool
    whose: words.Whose


def calendar_row(
    calendar: Calendar, permissions: list[CalendarPermission], *, user: User, org: str, now: datetime, is_waiting: bool
) -> CalendarRow:
    of = whose(calendar.mailbox, user)
    rows = [person_row(p, org=org, now=now, whose=of) for p in in_order(permissions)]
    persons = [row for row in rows if not row.permission.is_organization]
    outside = sum(any(kind in ("outside", "guest") for kind, _ in row.flags) for row in persons)
    return CalendarRow(
        calendar=calendar,
        title=title_of(calendar, user),
        shared=[Shared(r.permission.pk, r.name, r.permission.role, r.permission.is_organization) for r in rows],
        faces=persons[:FACES],
        outside=f"{sentence_case(words.counted(outside, 'person', 'people'))} outside {org}" if outside else "",
        is_known=calendar.read_at is not None,
        is_last_known=calendar.read_at is not None and calendar.state != Mailbox.OK,
        is_waiting=is_waiting,
        whose=of,
    )
