"""Lists of the IT and set-up pages: filters and sort from the query string, pages by key, capped counts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection
from django.db.models import BooleanField, F, Func, IntegerField, Q, QuerySet, Subquery, Value

from sharing.models import Tenant
from sharing.models.names import folded
from sharing.web.asked import Asked

PAGE = 100
COUNT_CAP = 1000  # beyond it "1,000+" is said: an exact count costs more than the page
FIND_CAP = 200  # people and calendars a search looks through
LONGEST_ID = 18


def asked(request: Asked, name: str) -> str:
    """One parameter of the query string, without what no database stores."""
    return request.GET.get(name, "").replace("\0", "").strip()


# Filters -------------------------------------------------------------------------------------------------


_Rows = TypeVar("_Rows", bound=QuerySet)


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a filter: `matches` turns the present moment and the tenant into a condition."""

    value: str
    label: str
    matches: Callable[[datetime, Tenant], Q]
    chip: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """A select above a list; an unknown value in the query string is no choice at all."""

    name: str
    label: str
    anything: str
    options: Sequence[Option]

    @property
    def choices(self) -> list[tuple[str, str]]:
        return [("", self.anything), *((option.value, option.label) for option in self.options)]

    def chosen(self, request: Asked) -> Option | None:
        value = asked(request, self.name)
        return next((option for option in self.options if option.value == value), None)


@dataclass(frozen=True, slots=True)
class Query:
    """What the query string asks a list for."""

    chosen: Mapping[str, Option]
    q: str
    sort: str

    def narrow(self, rows: _Rows, now: datetime, tenant: Tenant) -> _Rows:
        for option in self.chosen.values():
            rows = rows.filter(option.matches(now, tenant))
        return rows

    def without_search(self) -> "Query":
        return replace(self, q="")

    @property
    def chips(self) -> list[tuple[str, str]]:
        """What is in force as (words, name of the parameter to drop)."""
        found = [(f"“{self.q}”", "q")] if self.q else []
        return found + [(option.chip or option.label, name) for name, option in self.chosen.items()]

    @property
    def values(self) -> dict[str, str]:
        """The same as codes, for the audit log; what was searched for stays out of it."""
        return {name: option.value for name, option in self.chosen.items()}


def read_query(request: Asked, *, filters: Sequence[Filter], sorts: Mapping[str, Any], sort: str) -> Query:
    """What `request` asks for; `sort` is the order where it names none that is offered."""
    chosen = {f.name: option for f in filters if (option := f.chosen(request))}
    wanted = asked(request, "sort")
    return Query(chosen, asked(request, "q")[:100], wanted if wanted.lstrip("-") in sorts else sort)


def find_people(people: QuerySet, q: str) -> tuple[list[int], bool]:
    """Ids of at most FIND_CAP people whose name or addresses contain every word; and whether there are more."""
    return _first(containing(people.order_by("pk"), q))


def find_calendars(calendars: QuerySet, q: str) -> tuple[list[int], bool]:
    """The same of calendars by name; main ones last, whose name is Outlook's own."""
    return _first(containing(calendars.order_by("is_default", "pk"), q))


def containing(rows: _Rows, q: str, column: str = "search") -> _Rows:
    """Those whose folded `column` contains every word of `q`, in any order."""
    for word in folded(q).split()[:5]:
        rows = rows.filter(**{f"{column}__contains": word})
    return rows


def _first(rows: QuerySet) -> tuple[list[int], bool]:
    found = list(rows.values_list("pk", flat=True)[: FIND_CAP + 1])
    return found[:FIND_CAP], len(found) > FIND_CAP


# Pages ---------------------------------------------------------------------------------------------------


class RowAfter(Func):
    """(a, b, id) > (x, y, z), or <: one range of an index on both databases, where AND and OR would scan."""

    conditional = True
    output_field = BooleanField()

    def __init__(self, columns: Sequence[Any], values: Sequence[Any], sign: str) -> None:
        super().__init__(*columns, *values)
        self.sign = sign

    def as_sql(self, compiler, connection, *args, **kwargs):
        said = [compiler.compile(expression) for expression in self.source_expressions]
        half = len(said) // 2
        left, right = (", ".join(sql for sql, _ in part) for part in (said[:half], said[half:]))
        return f"({left}) {self.sign} ({right})", [p for _, params in said for p in params]


@dataclass(slots=True)
class Page:
    """One page of a list. `before` and `after` are cursors, empty where there is nothing that way."""

    rows: list[Any] = field(default_factory=list)
    first: int = 0
    last: int = 0
    total: "Count | int | None" = None
    before: str = ""
    after: str = ""

    @property
    def capped(self) -> bool:
        return False  # a Count says so itself

    @property
    def found(self) -> str:
        return f"{self.total:,} {'result' if self.total == 1 else 'results'}"


def one_page(
    request: Asked,
    branches: Sequence[QuerySet],
    *,
    tenant: Tenant | None,
    values: Sequence[str],
    columns: Sequence[str],
    sort: str,
    size: int = PAGE,
) -> Page:
    """The page that the query string asks for, of the rows in `branches`, which share none, as dicts of `values`.

    Rows are ordered by `columns`, which end in "id", as `values` do. A cursor is the id of the row at the edge and its
    number ("8841.100"); the row itself says where it stands, as long as it is the tenant's.
    """
    back, edge, number = _cursor(request)
    descends = sort.startswith("-") != back
    model = branches[0].model
    start = model._default_manager.filter(pk=edge, tenant=tenant).values_list(*columns).first() if edge else None
    if start is None:
        back, number, descends = False, 0, sort.startswith("-")
    else:
        keys = [Value(value, output_field=_field(model, c)) for c, value in zip(columns, start, strict=True)]
        beyond = RowAfter([F(c) for c in columns], keys, "<" if descends else ">")
        branches = [branch.filter(beyond) for branch in branches]
    found = _read(branches, values, columns, descends, size + 1)
    more, found = len(found) > size, found[:size]
    if back:
        found.reverse()
    first = max(1, number - len(found)) if back and more else 1 if back else number + 1
    page = Page(found, first if found else 0, first + len(found) - 1 if found else 0)
    if found and (more if back else start is not None):
        page.before = f"{found[0]['id']}.{page.first}"
    if found and (back or more):
        page.after = f"{found[-1]['id']}.{page.last}"
    return page


def _read(
    branches: Sequence[QuerySet], values: Sequence[str], columns: Sequence[str], descends: bool, limit: int
) -> list[dict[str, Any]]:
    # One that nothing can be in unites with nothing.
    first, *others = branches = [branch for branch in branches if not branch.query.is_empty()] or list(branches[:1])
    everything = first if first.query.annotations else first.model._default_manager.all()
    if not others:
        # Found and cut in an index first, joined after: a database that joins first sorts whole rows.
        found = everything.filter(pk__in=ordered(first, columns, descends).values("pk")[:limit])
        return list(ordered(found.values(*values), columns, descends))
    # Several branches: their keys united and cut first, whole rows after, so that few are joined.
    # Each is cut before they are united: a database would read every branch to its end.
    if connection.features.supports_slicing_ordering_in_compound:
        parts = [ordered(branch.values_list(*columns), columns, descends)[:limit] for branch in branches]
    else:
        firsts = [ordered(branch, columns, descends).values("pk")[:limit] for branch in branches]
        parts = [everything.filter(pk__in=each).values_list(*columns) for each in firsts]
    keys = parts[0].union(*parts[1:], all=True)
    ids = [key[-1] for key in ordered(keys, columns, descends)[:limit]]
    rows = {row["id"]: row for row in everything.filter(pk__in=ids).values(*values)}
    return [rows[pk] for pk in ids if pk in rows]


def ordered(rows: QuerySet, columns: Sequence[str], descends: bool) -> QuerySet:
    return rows.order_by(*(f"-{c}" if descends else c for c in columns))


def _cursor(request: Asked) -> tuple[bool, int, int]:
    """(backwards?, id, number) of the row the page begins beside; zeros where there is no such cursor."""
    for back, name in ((False, "after"), (True, "before")):
        edge, _, number = asked(request, name).partition(".")
        if edge.isdecimal() and len(edge) <= LONGEST_ID:
            return back, int(edge), int(number) if number.isdecimal() and len(number) <= LONGEST_ID else 0
    return False, 0, 0


def _field(model: Any, column: str) -> Any:
    *way, last = column.split("__")
    for step in way:
        model = model._meta.get_field(step).related_model
    return model._meta.get_field(last)


class Count(int):
    """A count that stops at COUNT_CAP and then says so: "1,000+"."""

    @property
    def is_capped(self) -> bool:
        return self > COUNT_CAP

    def __format__(self, spec: str) -> str:
        return f"{COUNT_CAP:,}+" if self.is_capped else format(int(self), spec)


class CappedCount(Subquery):
    """How many rows a query has, as a column of another query; it stops counting beyond COUNT_CAP."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) capped)"
    output_field = IntegerField()
    empty_result_set_value = 0

    def __init__(self, rows: QuerySet) -> None:
        super().__init__(rows.order_by().values("id")[: COUNT_CAP + 1])


def counts(tenant: Tenant, sets: Sequence[QuerySet]) -> list[Count]:
    """How many rows there are in each of `sets`, as far as one wants to know; one query."""
    found = Tenant.objects.filter(pk=tenant.pk).values_list(*map(CappedCount, sets))
    return [Count(number) for number in found.get()]


def count_branches(branches: Sequence[QuerySet]) -> Count:
    """How many rows are in `branches`, which share none."""
    first, *others = (branch.order_by().values("id") for branch in branches)
    return Count(first.union(*others, all=True)[: COUNT_CAP + 1].count())
