"""The list of users: mailboxes, and people who were invited and are nobody's or several persons', in one order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    DateTimeField,
    F,
    IntegerField,
    Q,
    QuerySet,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.utils import timezone

from sharing import access, words
from sharing.models import Invitation, Mailbox, Person, Tenant
from sharing.models.names import folded
from sharing.web.asked import Asked
from sharing.web.it.tables import (
    COUNT_CAP,
    LONGEST_ID,
    PAGE,
    Count,
    Filter,
    Option,
    Page,
    Query,
    RowAfter,
    asked,
    containing,
    read_query,
)

from .statuses import OF_INVITATIONS, STATUS, Counts, Group, count_users, is_locked, with_invited, with_status

COLUMNS = (
    "id", "public_id", "state", "cause", "state_since", "fresh_at", "purpose", "person__name", "person__address",
    "person__ended_at", "status",
)  # fmt: skip
INVITED_COLUMNS = ("id", "address", "name", "state", "state_since", "status")
# What either kind of row is sorted by; equal ones then by kind and id.
_CALLED = Case(When(name="", then=F("address")), default=F("name"), output_field=CharField())
SORTS: dict[str, tuple[Any, Any]] = {
    "person": (F("person__name"), _CALLED),
    "since": (F("state_since"), F("state_since")),
}
_MARKS = ("", "i")  # before the id in a cursor: a mailbox's, an invitation's
_NO = {field: Cast(Value(None), field()) for field in (BooleanField, DateTimeField, UUIDField)}
CSV: dict[str, tuple[Any, Any]] = {  # column: what it is of a mailbox, and of an invitation
    "name": (F("person__name"), F("name")),
    "address": (F("person__address"), F("address")),
    "object_id": (F("person__oid"), _NO[UUIDField]),
    "status": (F("status"), F("status")),
    "account_enabled": (F("person__enabled"), _NO[BooleanField]),
    "mailbox_state": (F("state"), Value("")),
    "cause": (F("cause"), Value("")),
    "since": (F("state_since"), F("state_since")),
    "last_read_at": (F("fresh_at"), _NO[DateTimeField]),
    "kind": (F("purpose"), Value("")),
}


def _of_kind(purpose: str) -> Option:
    return Option(purpose, words.purpose_label(purpose), lambda now, tenant: Q(purpose=purpose))


PURPOSE = Filter(
    "purpose", "Kind of mailbox", "Any mailbox", tuple(map(_of_kind, ("user", "shared", "room", "equipment")))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks the list for."""

    query: Query
    state: str
    cause: str
    tenant: Tenant

    def takes_mailboxes(self) -> bool:
        return self._status() not in OF_INVITATIONS

    def takes_invitations(self) -> bool:
        """They are no mailboxes, so what narrows by a mailbox leaves them out."""
        is_of_mailboxes = self.state or self.cause or "purpose" in self.query.chosen
        return not is_of_mailboxes and self._status() in ("", *OF_INVITATIONS)

    def counts(self, group: Group) -> bool:
        """Whether the list, were nothing searched for, would show these users; the same as `mailboxes` and the rest."""
        status, purpose = self._status(), self.query.chosen.get("purpose")
        if not group.state:
            return self.takes_invitations() and status in ("", group.status)
        is_left = group.status == "left"
        causes = not self.cause or (
            is_left and bool(group.cause) if self.cause == "deleted" else
            not is_left and group.cause in self.cause.split(",")
        )  # fmt: skip
        return bool(
            causes
            and self.state in ("", group.state)
            and (purpose is None or purpose.value == group.purpose)
            and (is_locked(group.status, self.tenant) if status == "locked" else status in ("", group.status))
        )

    def mailboxes(self, every: Any) -> Any:
        """Those of `every` that are meant, whatever is searched for."""
        # A status that nobody asked for would have every row's person and reader looked up.
        rows = with_status(every) if self._status() else every
        rows = self.query.narrow(rows.filter(state=self.state) if self.state else rows, timezone.now(), self.tenant)
        return rows.filter(_because(self.cause)) if self.cause else rows

    def invitations(self, every: QuerySet[Invitation]) -> Any:
        rows = with_invited(every)
        return rows.filter(status=self._status()) if self._status() else rows

    def _status(self) -> str:
        chosen = self.query.chosen.get("status")
        return chosen.value if chosen else ""


def wanted(request: Asked, tenant: Tenant) -> Wanted:
    query = read_query(request, filters=(PURPOSE, STATUS), sorts=SORTS, sort="person")
    state = asked(request, "state") if asked(request, "state") in words.MAILBOX_STATES else ""
    return Wanted(query, state, asked(request, "cause"), tenant)


def _because(causes: str) -> Q:
    """Mailboxes whose cause is one of those named, with commas between; "deleted" is an account that is gone."""
    if causes == "deleted":
        return Q(person__ended_at__isnull=False) & ~Q(cause="")
    return Q(cause__in=causes.split(","), person__ended_at=None)


@dataclass(frozen=True, slots=True)
class Everybody:
    """All mailboxes and invitations of a tenant that an admin may see."""

    tenant: Tenant
    mailboxes: Any
    invitations: Any

    @classmethod
    def of(cls, request: Asked, tenant: Tenant) -> "Everybody":
        invitations = access.invitations_for_setup(request.user, tenant)
        return cls(tenant, access.mailboxes_for_it(request.user, tenant), invitations)

    def count(self) -> Counts:
        return count_users(self.mailboxes, self.invitations, self.tenant)


@dataclass(frozen=True, slots=True)
class Users:
    """The rows that are meant; of either kind none where none are."""

    wanted: Wanted
    every: "Everybody"
    mailboxes: Any
    invitations: Any

    @classmethod
    def meant(cls, every: "Everybody", it: Wanted) -> "Users":
        mailboxes, invitations = it.mailboxes(every.mailboxes), it.invitations(every.invitations)
        mailboxes = containing(mailboxes, it.query.q, "person__search") if it.takes_mailboxes() else mailboxes.none()
        invitations = _named(invitations, it.query.q) if it.takes_invitations() else invitations.none()
        return cls(it, every, mailboxes, invitations)

    def found(self) -> tuple["Users", Count]:
        """The same, known by their ids where they are few, so that nothing is searched twice; and how many."""
        both = (self.mailboxes, self.invitations)
        one, other = (list(rows.order_by().values_list("pk", flat=True)[: COUNT_CAP + 1]) for rows in both)
        few = self if len(one) > COUNT_CAP else replace(self, mailboxes=self.mailboxes.filter(pk__in=one))
        return few, Count(min(len(one) + len(other), COUNT_CAP + 1))

    def page(self, request: Asked) -> Page:
        """The page that the address asks for; `rows` are dicts of COLUMNS or of INVITED_COLUMNS."""
        back, place, edge, number = _cursor(request)
        descends = self.wanted.query.sort.startswith("-") != back
        start = self._key_of(place, edge) if edge else None
        if start is None:
            back, number, descends = False, 0, self.wanted.query.sort.startswith("-")
        keys = self._keys(descends, None if start is None else (start, place, edge), PAGE + 1)
        more, keys = len(keys) > PAGE, keys[:PAGE]
        if back:
            keys.reverse()
        first = max(1, number - len(keys)) if back and more else 1 if back else number + 1
        page = Page(self._rows(keys), first if keys else 0, first + len(keys) - 1 if keys else 0)
        if keys and (more if back else start is not None):
            page.before = f"{_MARKS[keys[0][0]]}{keys[0][1]}.{page.first}"
        if keys and (back or more):
            page.after = f"{_MARKS[keys[-1][0]]}{keys[-1][1]}.{page.last}"
        return page

    def csv(self) -> Iterator[dict[str, Any]]:
        """Every row, in the order of the list, as dicts of CSV."""
        both = zip((with_status(self.mailboxes).with_freshness(), self.invitations), (0, 1), strict=True)
        named = [f"csv_{column}" for column in CSV]
        branches = [
            self._keyed(rows, place).annotate(**{f"csv_{column}": of[place] for column, of in CSV.items()})
            .values_list("key", "place", "id", *named)
            for rows, place in both
        ]  # fmt: skip
        for row in self._in_order(branches, self.wanted.query.sort.startswith("-")).iterator(chunk_size=2000):
            yield dict(zip(CSV, row[3:], strict=True))

    def _keyed(self, rows: Any, place: int) -> Any:
        key = SORTS[self.wanted.query.sort.lstrip("-")][place]
        return rows.annotate(key=key, place=Cast(Value(place), IntegerField())).order_by()

    def _key_of(self, place: int, edge: int) -> Any:
        rows = (Invitation if place else Mailbox).objects.filter(pk=edge, tenant=self.wanted.tenant)
        return self._keyed(rows, place).values_list("key", flat=True).first()

    def _keys(self, descends: bool, start: tuple[Any, int, int] | None, limit: int) -> list[tuple[int, int]]:
        """(place, id) of the next rows behind `start`: keys are united and cut first, and only then rows read."""
        branches = []
        for rows, place in self._branches():
            keyed = self._keyed(rows, place)
            if start is not None:
                # Said twice: the first is a range of an index where the key is another table's.
                keyed = keyed.filter(**{f"key__{'lte' if descends else 'gte'}": start[0]})
                field = keyed.query.annotations["key"].output_field
                row = [Value(start[0], output_field=field), Value(start[1]), Value(start[2])]
                keyed = keyed.filter(RowAfter([F("key"), F("place"), F("id")], row, "<" if descends else ">"))
            branches.append(keyed.values_list("key", "place", "id"))
        return [(place, pk) for _, place, pk in self._in_order(branches, descends)[:limit]]

    def _branches(self) -> Iterator[tuple[Any, int]]:
        """By name, people are walked in their index, which has one order for each kind of them."""
        if self.wanted.query.sort.lstrip("-") == "person":
            for kind in (Person.USER, Person.GUEST):
                yield self.mailboxes.filter(person__tenant=self.wanted.tenant, person__kind=kind), 0
        else:
            yield self.mailboxes, 0
        yield self.invitations, 1

    def _in_order(self, branches: Sequence[Any], descends: bool) -> Any:
        first, *others = branches
        sign = "-" if descends else ""
        return first.union(*others, all=True).order_by(f"{sign}key", f"{sign}place", f"{sign}id")

    def _rows(self, keys: list[tuple[int, int]]) -> list[dict[str, Any]]:
        mine = (with_status(self.every.mailboxes).with_freshness(), with_invited(self.every.invitations))
        found: dict[tuple[int, int], dict[str, Any]] = {}
        for place, (rows, columns) in enumerate(zip(mine, (COLUMNS, INVITED_COLUMNS), strict=True)):
            if ids := [pk for at, pk in keys if at == place]:
                found |= {(place, row["id"]): row for row in rows.filter(pk__in=ids).values(*columns)}
        return [found[key] for key in keys if key in found]


def last_read(at: datetime | None) -> str:
    """The hour where it was today or yesterday, else the day."""
    if at is None:
        return "Never"
    read, now = timezone.localtime(at), timezone.localtime()
    return words.moment(read, now) if (now.date() - read.date()).days < 2 else words.short_day(read)


def _named(invitations: Any, q: str) -> Any:
    for word in folded(q).split()[:5]:
        invitations = invitations.filter(Q(address__contains=word) | Q(name__icontains=word))
    return invitations


def _cursor(request: Asked) -> tuple[bool, int, int, int]:
    """(backwards?, which kind, id, number) of the row the page begins beside; zeros where there is no such cursor."""
    for back, name in ((False, "after"), (True, "before")):
        edge, _, number = asked(request, name).partition(".")
        place = int(edge.startswith(_MARKS[1]))
        edge = edge.removeprefix(_MARKS[1])
        if edge.isdecimal() and len(edge) <= LONGEST_ID:
            return back, place, int(edge), int(number) if number.isdecimal() and len(number) <= LONGEST_ID else 0
    return False, 0, 0, 0
