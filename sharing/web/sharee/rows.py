"""Joins what owners gave a person to what stands in that person's own list."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sharing import access, words
from sharing.models import DELEGATE_ROLES, Calendar, CalendarPermission, Change, PersonAddress, User
from sharing.models.names import folded
from sharing.words import shared

UNNAMED = "Calendar without a name"


@dataclass(frozen=True, slots=True)
class SharedRow:
    """One calendar of somebody else; `held` is the owner's side, `copy` the reader's own list, at least one of them."""

    held: CalendarPermission | None
    copy: Calendar | None
    owner: str
    title: str
    sentence: str
    my_name: str  # what it is called in the reader's list, where that is something else
    since: str
    underway: Change | None
    is_objected: bool

    @property
    def public_id(self) -> str:
        """What its pages are addressed by: the owner's calendar, or the copy where that is all there is."""
        return self.held.calendar.public_id if self.held else self.copy.public_id if self.copy else ""

    @property
    def role(self) -> str:
        return self.held.role if self.held else ""


@dataclass(frozen=True, slots=True)
class Desk:
    rows: list[SharedRow]
    requests: list[str]  # whose meeting requests reach the reader

    @property
    def is_open(self) -> bool:
        return any(row.underway for row in self.rows)


def desk_of(user: User, now: datetime) -> Desk:
    """All of it in a fixed number of queries."""
    held = list(access.held_by(user).order_by("owner_sort", "calendar__name", "pk"))
    copies = list(access.copies_of(user))
    pairs, loose = paired(held, copies)
    underway = list(access.changes_by_sharee(user).open())
    objected = set(access.objections_by(user).values_list("permission", flat=True))
    rows = [_row(each, pairs.get(each.pk), underway, objected, now) for each in held]
    rows += [_row(None, each, underway, objected, now) for each in loose]
    served = {each.mailbox_id: each for each in held if each.role in DELEGATE_ROLES}
    requests = [
        shared.requests_reach(each.calendar.mailbox.delivery_option, str(each.calendar.mailbox.person))
        for each in served.values()
    ]
    return Desk(rows, requests)


def row_of(user: User, public_id: str, now: datetime) -> SharedRow:
    """One of them by the id of its pages. Raises Http404."""
    for row in desk_of(user, now).rows:
        if row.public_id == public_id:
            return row
    return _row(None, access.copy_for_sharee(user, public_id), [], set(), now)


def paired(
    held: Iterable[CalendarPermission], copies: Iterable[Calendar]
) -> tuple[dict[int, Calendar], list[Calendar]]:
    """Which copy is of which calendar, by entry; and the copies of which nobody can say.

    A copy names its owner, not the calendar: it is that owner's only one here, or the one of the same name, now or
    before it was renamed here. The main calendar is called by its owner's name.
    """
    held, copies, pairs, loose = list(held), list(copies), {}, []
    before = _names_before(copies)
    addresses = _addresses(held)
    for copy in copies:
        theirs = [each for each in held if folded(copy.owner_address) in addresses.get(each.mailbox_id, set())]
        free = [each for each in theirs if each.pk not in pairs]
        names = {folded(copy.name), *before.get(copy.pk, ())}
        named = [each for each in free if names & _names(each)]
        found = named if len(named) == 1 else free if len(theirs) == 1 and len(free) == 1 else []
        if found:
            pairs[found[0].pk] = copy
        else:
            loose.append(copy)
    return pairs, loose


def _names_before(copies: list[Calendar]) -> dict[int, set[str]]:
    """What each copy was called until it was renamed here, folded."""
    renamed = Change.objects.filter(calendar__in=[copy.pk for copy in copies], kind=Change.COPY_NAME)
    found: dict[int, set[str]] = {}
    for pk, name in renamed.filter(state=Change.APPLIED).values_list("calendar", "before"):
        if pk is not None:
            found.setdefault(pk, set()).add(folded(name))
    return found


def _addresses(held: list[CalendarPermission]) -> dict[int, set[str]]:
    """Every folded address of each owner, by mailbox."""
    by_person: dict[int, set[str]] = {}
    owners = {each.mailbox_id: each.calendar.mailbox.person for each in held}
    known = PersonAddress.objects.filter(person__in=[person.pk for person in owners.values()])
    for person, address in known.values_list("person", "address"):
        by_person.setdefault(person, set()).add(address)
    return {pk: by_person.get(person.pk, set()) | {folded(person.address)} for pk, person in owners.items()}


def _names(each: CalendarPermission) -> set[str]:
    if not each.calendar.is_default:
        return {folded(each.calendar.name)}
    return {folded(each.calendar.name), folded(each.calendar.mailbox.person.name)}


def _row(
    held: CalendarPermission | None, copy: Calendar | None, underway: list[Change], objected: set[int], now: datetime
) -> SharedRow:
    my_name = words.visible(copy.name) if copy else ""
    mine = (c for c in underway if (held and c.permission_id == held.pk) or (copy and c.calendar_id == copy.pk))
    change = next(mine, None)
    if held is None:
        assert copy is not None
        owner = words.visible(copy.owner_name or copy.owner_address) or "Somebody"
        sentence = shared.can_by_flags(copy.can_edit, copy.can_view_private, owner)
        return SharedRow(None, copy, owner, my_name or UNNAMED, sentence, "", "", change, is_objected=False)
    person = held.calendar.mailbox.person
    owner, calendar = str(person), held.calendar
    title = (
        f"{owner}: main calendar" if calendar.is_default else f"{words.visible(calendar.name) or UNNAMED} of {owner}"
    )
    is_renamed = copy is not None and folded(copy.name) not in _names(held)
    return SharedRow(
        held=held, copy=copy, owner=owner, title=title, sentence=shared.can(held.role, owner),
        my_name=my_name if is_renamed else "",
        since=words.since(held.began_at, held.began_after_at, words.day), underway=change,
        is_objected=held.pk in objected,
    )  # fmt: skip
