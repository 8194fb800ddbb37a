"""The values of a script: how PowerShell shows, compares and converts them, and what it makes of them as JSON."""

import fnmatch
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

MOST_CHARACTERS = 50_000_000
_COMPARING = re.compile(r"([ci]?)(eq|ne|gt|ge|lt|le|(?:not)?(?:like|contains|in))")


class Wrong(Exception):
    """An error of a command or a value, in PowerShell's words or nearly so; the script may catch it."""


class Unknown(Exception):
    """What PowerShell or Exchange may know and the sandbox does not: the run ends, and no script catches it."""


class Nothing:
    """What a pipeline gives that puts nothing out: $null as a value, no member of a list."""

    def __bool__(self) -> bool:
        return False


NOTHING = Nothing()


class Guid(str):
    """Written by ConvertTo-Json as a text."""


class Choice(str):
    """A value of an enumeration, which ConvertTo-Json writes as its number."""

    number: int

    def __new__(cls, name: str, number: int) -> "Choice":
        found = super().__new__(cls, name)
        found.number = number
        return found


class Local(datetime):
    """What Get-Date gives: with the decoration that PowerShell 5.1 writes into JSON."""


class Hash:
    """A hash table: keys in any case, in the order they came."""

    def __init__(self, pairs: dict[str, Any] | None = None) -> None:
        self._held = {key.lower(): (key, value) for key, value in (pairs or {}).items()}

    def get(self, key: str) -> Any:
        return self._held.get(key.lower(), ("", None))[1]

    def set(self, key: str, value: Any) -> None:
        name = self._held[key.lower()][0] if key.lower() in self._held else key
        self._held[key.lower()] = (name, value)

    def remove(self, key: str) -> None:
        self._held.pop(key.lower(), None)

    def pairs(self) -> Iterator[tuple[str, Any]]:
        return iter(list(self._held.values()))

    def __contains__(self, key: str) -> bool:
        return key.lower() in self._held

    def __len__(self) -> int:
        return len(self._held)


class Object(Hash):
    """An object with members; `shown` is what it is as a text. Of a closed one every member is known here."""

    def __init__(self, members: dict[str, Any], shown: str | None = None, *, is_closed: bool = False) -> None:
        super().__init__(members)
        self.shown, self.is_closed = shown, is_closed


def text(value: Any) -> str:
    """The value as in "$value"."""
    if value is None or value is NOTHING:
        return ""
    if isinstance(value, list):
        return limited(" ".join(map(text, value)))
    if isinstance(value, datetime):
        return value.strftime("%m/%d/%Y %H:%M:%S")
    if isinstance(value, Object):
        pairs = "; ".join(f"{name}={text(member)}" for name, member in value.pairs())
        return f"@{{{pairs}}}" if value.shown is None else value.shown
    if isinstance(value, Hash):
        return "System.Collections.Hashtable"
    return str(value)


def limited(found: str) -> str:
    if len(found) > MOST_CHARACTERS:
        raise Unknown("a text grows too long")
    return found


def truth(value: Any) -> bool:
    if isinstance(value, list):
        return truth(value[0]) if len(value) == 1 else bool(value)
    return True if isinstance(value, Hash) else bool(value)


def unwrapped(found: list[Any]) -> Any:
    """What a variable gets of what a pipeline put out."""
    return (found[0] if len(found) == 1 else found) if found else NOTHING


def members(value: Any) -> list[Any]:
    """What goes into a pipeline."""
    if value is NOTHING:
        return []
    return value if isinstance(value, list) else [value]


def equal(left: Any, right: Any, *, in_case: bool = False) -> bool:
    """-eq of two single values: the right one is made what the left one is."""
    left, right = (None if each is NOTHING else each for each in (left, right))
    if left is None or right is None:
        return left is right
    if isinstance(left, bool):
        return truth(right) == left
    if isinstance(left, int | float):
        try:
            return left == float(text(right))
        except ValueError:
            return False
    if isinstance(left, Hash | datetime):
        return left is right or (isinstance(left, datetime) and left == right)
    one, other = text(left), text(right)
    return one == other if in_case else one.lower() == other.lower()


def like(value: Any, pattern: Any, *, in_case: bool = False) -> bool:
    one, other = text(value), text(pattern)
    return fnmatch.fnmatchcase(one, other) if in_case else fnmatch.fnmatchcase(one.lower(), other.lower())


def _greater(left: Any, right: Any) -> bool:
    try:
        if isinstance(left, int | float):
            return bool(left > float(text(right)))
        return bool(left > right) if isinstance(left, datetime) else text(left).lower() > text(right).lower()
    except (ValueError, TypeError):
        raise Wrong(f'Cannot compare "{text(left)}" to "{text(right)}".') from None


def compare(operator: str, left: Any, right: Any) -> Any:
    """-eq and its like; a list on the left is filtered, except by -contains and -in."""
    found = _COMPARING.fullmatch(operator)
    assert found is not None
    in_case, name = found[1] == "c", found[2]
    is_not = name in ("ne", "notlike", "notcontains", "notin", "le", "lt")
    plain: dict[str, Callable[[Any], bool]] = {
        "eq": lambda one: equal(one, right, in_case=in_case),
        "like": lambda one: like(one, right, in_case=in_case),
        "gt": lambda one: _greater(one, right),
        "ge": lambda one: equal(one, right) or _greater(one, right),
    }
    if name in ("contains", "notcontains"):
        return any(equal(one, right, in_case=in_case) for one in members(left)) != is_not
    if name in ("in", "notin"):
        return any(equal(one, left, in_case=in_case) for one in members(right)) != is_not
    base = {"ne": "eq", "notlike": "like", "lt": "ge", "le": "gt"}.get(name, name)
    if isinstance(left, list):
        return [one for one in left if plain[base](one) != is_not]
    return plain[base](left) != is_not


def moment(value: str | datetime) -> datetime:
    return (
        value if isinstance(value, datetime) else datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(UTC)
    )


def round_trip(value: datetime) -> str:
    """The format `o`: seven digits of a second."""
    return value.strftime("%Y-%m-%dT%H:%M:%S.%f0") + ("+00:00" if isinstance(value, Local) else "Z")


def to_json(value: Any, *, depth: int, powershell: str, enums: str, is_short: bool = False) -> str:
    """What ConvertTo-Json writes; `powershell` is 5.1 or 7, `enums` numbers or names."""
    is_old = powershell == "5.1"

    def plain(value: Any, level: int) -> Any:
        if value is NOTHING:
            return {} if is_old else None
        if isinstance(value, Choice):
            return value.number if enums == "numbers" else str(value)
        if isinstance(value, datetime):
            if not is_old:
                return round_trip(value)
            stamp = f"/Date({int(value.timestamp() * 1000)})/"
            said = value.strftime("%A, %B %d, %Y %I:%M:%S %p")
            return {"value": stamp, "DisplayHint": 2, "DateTime": said} if isinstance(value, Local) else stamp
        if isinstance(value, Hash | list) and level > depth:
            return text(value)
        if isinstance(value, Hash):
            return {name: plain(member, level + 1) for name, member in value.pairs()}
        if isinstance(value, list):
            return [plain(member, level + 1) for member in value]
        return value if value is None or isinstance(value, str | bool | int | float) else text(value)

    found = plain(value, 0)
    if is_short:
        written = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    else:
        written = json.dumps(found, ensure_ascii=False, indent=4 if is_old else 2)
    if is_old:
        written = re.sub(r'"/Date\((-?\d+)\)/"', r'"\\/Date(\1)\\/"', written)
        written = re.sub("['<>&]", lambda found: f"\\u{ord(found[0]):04x}", written)
    return written.replace("\n", "\r\n")
