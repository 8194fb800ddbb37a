"""Figures against their goals, for people and for machines."""

import json
import operator
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass

_SIGNS = {"≤": operator.le, "=": operator.eq, "≥": operator.ge}


@dataclass(frozen=True)
class Figure:
    """One result: the median of what was measured, its range, and the goal ("≤", "=" or "≥"; empty for none)."""

    id: str
    database: str
    what: str
    value: float
    low: float
    high: float
    sign: str = ""
    goal: float = 0.0
    detail: str = ""

    @property
    def is_met(self) -> bool:
        return not self.sign or _SIGNS[self.sign](self.value, self.goal)


def figure(
    id: str, database: str, what: str, measured: Sequence[float], *, sign: str = "", goal: float = 0.0, detail: str = ""
) -> Figure:
    """A Figure of repeated measurements."""
    middle = statistics.median(measured)
    return Figure(id, database, what, middle, min(measured), max(measured), sign, goal, detail)


def seconds(name: str, measured: Sequence[float]) -> str:
    """CPU seconds as raw as they were measured: "sync 0.41 s (0.39 to 0.44)"."""
    return f"{name} {statistics.median(measured):.3f} s ({min(measured):.3f} to {max(measured):.3f})"


def as_lines(figures: Sequence[Figure]) -> list[str]:
    """One line each, below the name of the database."""
    lines: list[str] = []
    database = ""
    for one in figures:
        if one.database != database:
            database = one.database
            lines += ["", database]
        spread = f"({_number(one.low)} to {_number(one.high)})" if one.low != one.high else ""
        goal = f"{one.sign} {_number(one.goal)}" if one.sign else ""
        verdict = "" if not one.sign else "ok" if one.is_met else "MISSED"
        lines.append(
            f"{one.id:4} {one.what:44} {_number(one.value):>8} {spread:18} {goal:>8} {verdict:7} {one.detail}".rstrip()
        )
    return lines


def as_json(figures: Sequence[Figure], **more: object) -> str:
    """One object: `figures`, `is_met`, and `more`."""
    listed = [{**asdict(one), "is_met": one.is_met} for one in figures]
    return json.dumps({**more, "is_met": all(one.is_met for one in figures), "figures": listed}, indent=1)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) or value >= 100 else f"{value:.2f}" if value < 10 else f"{value:.1f}"
