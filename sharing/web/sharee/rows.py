"""Joins what owners gave a person to what stands in that person's own list."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sharing import access, words
from sharing.models import DELEGATE_ROLES, Calendar, CalendarPermission, Change, PersonAddress, Role, User
from sharing.models.names import folded
from sharing.words import shared

UNNAMED = "Calendar without a name"
# What Graph's flags of a copy are for each role: may edit, may see private events.
_FLAGS = {
    Role.FREE_BUSY_READ: (False, False), Role.LIMITED_READ: (False, False), Role.READ: (False, False),
    Role.WRITE: (True, False), Role.DELEGATE: (True, False), Role.PRIVATE_DELEGATE: (True, True),
}  # fmt: skip


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
    is_sure: bool = True  # False where another row may be the same calendar, renamed in Outlook

    @property
    def where(self) -> str:
        """What is known of the side that this row lacks; nothing where it has both."""
        if self.held and self.copy:
            return ""
        if self.held:
            return shared.NO_COPY if self.is_sure else shared.may_be_renamed(self.owner)
        return shared.ONLY_COPY if self.is_sure else shared.which_is_unknown(self.owner)

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
    joined = paired(held, copies)
    underway = list(access.changes_by_sharee(user).open())
    objected = set(access.objections_by(user).values_list("permission", flat=True))
    rows = [
        _row(each, copy := joined.pairs.get(each.pk), underway, objected, now, is_sure=bool(copy)
             or each.mailbox_id not in joined.unsure)
        for each in held
    ]  # fmt: skip
    rows += [
        _row(None, each, underway, objected, now, is_sure=each.pk not in joined.unsure_copies) for each in joined.loose
    ]
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


@dataclass(frozen=True, slots=True)
class Joined:
    """Which copy is of which calendar, by entry; the copies of which nobody can say, and the owners of these."""

    pairs: dict[int, Calendar]
    loose: list[Calendar]
    unsure: set[int]  # mailboxes of which both an entry and a copy are left: one may be the other's
    unsure_copies: set[int]


def paired(held: Iterable[CalendarPermission], copies: Iterable[Calendar]) -> Joined:
    """Join what can be proved, whatever the order.

    A copy names its owner, not the calendar: it is that owner's only one here, or the one of the same name, now or
    before it was renamed here. The main calendar is called by its owner's name. One that was renamed in Outlook is told
    by what its flags allow, where that fits one entry alone, and that entry no other copy.
    """
    held, copies = list(held), list(copies)
    pairs: dict[int, Calendar] = {}
    before, addresses = _names_before(copies), _addresses(held)
    theirs = {
        copy.pk: [each for each in held if folded(copy.owner_address) in addresses.get(each.mailbox_id, set())]
        for copy in copies
    }
    left = []
    for copy in copies:
        free = [each for each in theirs[copy.pk] if each.pk not in pairs]
        names = {folded(copy.name), *before.get(copy.pk, ())}
        named = [each for each in free if names & _names(each)]
        if len(named) == 1:
            pairs[named[0].pk] = copy
        else:
            left.append(copy)
    fits = {
        copy.pk: [each for each in theirs[copy.pk] if each.pk not in pairs and _may_be(copy, each, theirs[copy.pk])]
        for copy in left
    }
    loose = []
    for copy in left:
        found = fits[copy.pk]
        is_known = copy.can_edit is not None or len(theirs[copy.pk]) == 1
        if is_known and len(found) == 1 and sum(found[0] in others for others in fits.values()) == 1:
            pairs[found[0].pk] = copy
        else:
            loose.append(copy)
    open_ones = {copy.pk: [each for each in theirs[copy.pk] if each.pk not in pairs] for copy in loose}
    unsure = {each.mailbox_id for rows in open_ones.values() for each in rows}
    return Joined(pairs, loose, unsure, {pk for pk, rows in open_ones.items() if rows})


def _may_be(copy: Calendar, each: CalendarPermission, theirs: list[CalendarPermission]) -> bool:
    """Do the copy's flags fit the role? One set in detail fits any; the owner's only entry is it, whatever they say."""
    if len(theirs) == 1 or each.role not in _FLAGS:
        return True
    edits, sees_private = _FLAGS[Role(each.role)]
    return copy.can_edit in (None, edits) and copy.can_view_private in (None, sees_private)


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
    held: CalendarPermission | None, copy: Calendar | None, underway: list[Change], objected: set[int], now: datetime,
    *, is_sure: bool = True,
) -> SharedRow:  # fmt: skip
    my_name = words.visible(copy.name) if copy else ""
    mine = (c for c in underway if (held and c.permission_id == held.pk) or (copy and c.calendar_id == copy.pk))
    change = next(mine, None)
    if held is None:
        assert copy is not None
        owner = words.visible(copy.owner_name or copy.owner_address) or "Somebody"
        sentence = shared.can_by_flags(copy.can_edit, copy.can_view_private, owner)
        return SharedRow(None, copy, owner, my_name or UNNAMED, sentence, "", "", change, False, is_sure)
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
        is_objected=held.pk in objected, is_sure=is_sure,
    )  # fmt: skip
