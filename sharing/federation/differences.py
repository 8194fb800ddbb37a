"""What is new, gone or changed between two exports of Exchange: pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from sharing.models import ExchangeSnapshot

from .export import Assignment, Export, Policy, Published, Relationship

NEW, GONE, CHANGED = "new", "gone", "changed"


class Field(NamedTuple):
    """One value that changed, by its name in models; a list is in its order, or sorted where it has none."""

    name: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is new, gone or changed. `key` is its GUID, else its domain, address, or address and folder."""

    section: str
    kind: str
    key: str
    name: str
    fields: tuple[Field, ...] = ()


class _Kind(NamedTuple):
    """How the rows of a section are told apart, called, and compared."""

    rows: Callable[[Export], Iterable[Any]]
    key: Callable[[Any], str]
    name: Callable[[Any], str]
    values: Callable[[Any], Mapping[str, object]]


def _relationship(row: Relationship) -> Mapping[str, object]:
    found = {field.name: getattr(row, field.name) for field in fields(row) if field.name not in ("guid", "changed_at")}
    return found | {"domains": tuple(sorted(row.domains))}


def _policy(row: Policy) -> Mapping[str, object]:
    entries = tuple(sorted((entry.domain, entry.level, _actions(entry.actions)) for entry in row.entries))
    return {"name": row.name, "is_enabled": row.is_enabled, "is_default": row.is_default, "entries": entries}


def _actions(actions: str) -> str:
    return ", ".join(sorted(word.strip() for word in actions.split(",")))


def _published(row: Published) -> Mapping[str, object]:
    return {name: getattr(row, name) for name in ("level", "is_searchable", "reach_from", "reach_to")}


def _assignment(row: Assignment) -> Mapping[str, object]:
    return {"policy": row.policy}


_KINDS = {
    ExchangeSnapshot.CONFIG: _Kind(
        lambda export: [] if export.is_dehydrated is None else [export.is_dehydrated],
        lambda row: "", lambda row: "", lambda row: {"is_dehydrated": row},
    ),
    ExchangeSnapshot.DOMAINS: _Kind(lambda export: export.domains, str, str, lambda row: {}),
    ExchangeSnapshot.RELATIONSHIPS: _Kind(
        lambda export: export.relationships, lambda row: str(row.guid), lambda row: row.name, _relationship
    ),
    ExchangeSnapshot.POLICIES: _Kind(
        lambda export: export.policies, lambda row: str(row.guid), lambda row: row.name, _policy
    ),
    ExchangeSnapshot.ASSIGNMENTS: _Kind(
        lambda export: export.assignments, lambda row: row.address.casefold(), lambda row: row.address, _assignment
    ),
    ExchangeSnapshot.PUBLISHED: _Kind(
        lambda export: export.published, lambda row: f"{row.address.casefold()}\\{row.folder}",
        lambda row: f"{row.address}, {row.folder}", _published,
    ),
}  # fmt: skip


def compare(older: Export, newer: Export) -> list[Difference]:
    """The differences of every section, in the order of an export and of its rows.

    A row is new only where the older export holds the whole section, and gone only where both do. One that both hold
    is compared, however much is cut around it; a value that either does not know has not changed.
    """
    found: list[Difference] = []
    for section, kind in _KINDS.items():
        found += _compared(section, kind, older, newer)
    return found


def _compared(section: str, kind: _Kind, older: Export, newer: Export) -> Iterable[Difference]:
    was, now = _keyed(kind, older), _keyed(kind, newer)
    was_whole, is_whole = (export.sections.get(section) == ExchangeSnapshot.READ for export in (older, newer))
    for key, row in now.items():
        if key in was:
            if changed := _changed(kind.values(was[key]), kind.values(row)):
                yield Difference(section, CHANGED, key, kind.name(row), changed)
        elif was_whole:
            yield Difference(section, NEW, key, kind.name(row))
    if was_whole and is_whole:
        for key, row in was.items():
            if key not in now:
                yield Difference(section, GONE, key, kind.name(row))


def _keyed(kind: _Kind, export: Export) -> dict[str, Any]:
    """Rows by key; where two have one, as two published folders of one name may, the others by a number too."""
    found: dict[str, Any] = {}
    for row in kind.rows(export):
        key, again = kind.key(row), 1
        while key in found:
            again += 1
            key = f"{kind.key(row)}\\{again}"
        found[key] = row
    return found


def _changed(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[Field, ...]:
    pairs = (Field(name, before[name], value) for name, value in after.items() if before[name] != value)
    return tuple(field for field in pairs if field.before is not None and field.after is not None)
