"""Whether an export shows what was planned, what was there before, or neither; pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sharing.models import FederationPlan

RELATIONSHIP = ("name", "domains", "is_enabled", "has_free_busy", "level", "scope_group")
GONE, OTHERWISE, THERE_ALREADY, SCOPE_UNPROVED = "gone", "otherwise", "there_already", "scope_unproved"
IsSameGroup = Callable[[str, str], bool]


class Verdict(NamedTuple):
    """The state that an export puts a plan in; the guid is that of what was made."""

    state: str
    cause: str = ""
    guid: UUID | None = None


def verdict(plan: FederationPlan, rows: Sequence[Any], is_same_group: IsSameGroup) -> Verdict:
    """What all `rows` of an export's section, relationships or policies, say of a plan.

    Neither what was there nor what is wanted means that somebody did something else meanwhile: overtaken.
    """
    if plan.kind == FederationPlan.NEW:
        return _of_new(plan, rows, is_same_group)
    row = next((row for row in rows if row.guid == plan.guid), None)
    if row is None:
        is_done = plan.kind == FederationPlan.REMOVE
        return Verdict(FederationPlan.SHOWN) if is_done else Verdict(FederationPlan.OVERTAKEN, GONE)
    there = _values(row)
    if plan.kind != FederationPlan.REMOVE and is_shown(plan.wanted, there, is_same_group):
        return Verdict(FederationPlan.SHOWN)
    if is_shown(plan.before, there):
        return Verdict(FederationPlan.OPEN)
    if _all_but_scope(plan, there):
        return Verdict(FederationPlan.OPEN, SCOPE_UNPROVED)
    return Verdict(FederationPlan.OVERTAKEN, OTHERWISE)


def is_shown(wanted: Mapping[str, Any], there: Mapping[str, Any], is_same_group: IsSameGroup | None = None) -> bool:
    """Is everything that is `wanted` there? Lists as sets, texts as they are, entries by what they mean."""
    return all(_same(name, value, there[name], is_same_group) for name, value in wanted.items())


def _of_new(plan: FederationPlan, rows: Sequence[Any], is_same_group: IsSameGroup) -> Verdict:
    domains = set(plan.wanted["domains"])
    name = plan.wanted["name"].casefold()
    near = [row for row in rows if row.name.casefold() == name or domains & set(row.domains)]
    if not near:
        return Verdict(FederationPlan.OPEN)
    if len(near) == 1:
        there = _values(near[0])
        if is_shown(plan.wanted, there, is_same_group):
            return Verdict(FederationPlan.SHOWN, guid=near[0].guid)
        if _all_but_scope(plan, there):
            return Verdict(FederationPlan.OPEN, SCOPE_UNPROVED)
    return Verdict(FederationPlan.OVERTAKEN, THERE_ALREADY)


def _values(row: Any) -> dict[str, Any]:
    names = RELATIONSHIP if hasattr(row, "scope_group") else ("name", "is_enabled", "entries")
    return {name: getattr(row, name) for name in names}


def _all_but_scope(plan: FederationPlan, there: Mapping[str, Any]) -> bool:
    """Is only the group shown in a way that cannot be told to be the one that was named?"""
    wanted = dict(plan.wanted)
    scope = wanted.pop("scope_group", "")
    is_other = there.get("scope_group", "") not in ("", plan.before.get("scope_group", ""))
    return bool(scope and wanted and is_other and is_shown(wanted, there))


def _same(name: str, wanted: Any, there: Any, is_same_group: IsSameGroup | None) -> bool:
    if name == "domains":
        return set(wanted) == set(there)
    if name == "entries":
        return {_meaning(entry) for entry in wanted} == {_meaning(entry) for entry in there}
    if name == "scope_group" and wanted and there and is_same_group:
        return bool(wanted.casefold() == there.casefold() or is_same_group(wanted, there))
    return bool(wanted == there)


def _meaning(entry: Mapping[str, str]) -> tuple[str, frozenset[str]]:
    actions = frozenset(word.strip().casefold() for word in entry["actions"].split(","))
    return entry["domain"].casefold(), actions
