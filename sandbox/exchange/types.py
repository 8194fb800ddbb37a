"""What can be asked of a value: members, methods, conversions and arithmetic; anything else is not known."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.exchange.values import (
    NOTHING,
    Guid,
    Hash,
    Local,
    Object,
    Unknown,
    Wrong,
    equal,
    limited,
    members,
    moment,
    round_trip,
    text,
    truth,
    unwrapped,
)

ARITHMETIC = ("+", "-", "f", "join", "xor")
MOST_MEMBERS = 1_000_000
_CANNOT = "Cannot process argument transformation on parameter"
_FORMATS = {"s": "%Y-%m-%dT%H:%M:%S", "yyyy-MM-dd": "%Y-%m-%d", "yyyyMMdd": "%Y%m%d", "u": "%Y-%m-%d %H:%M:%SZ"}


def taken(name: str, kind: str, value: Any) -> Any:
    """The value as a parameter of this kind takes it: text, list (of texts), bool, switch, number or any."""
    value = None if value is NOTHING else value
    if kind in ("bool", "switch"):
        if not isinstance(value, bool | int | float):
            raise Wrong(f"{_CANNOT} '{name}'. Boolean parameters accept only Boolean values and numbers.")
        return bool(value)
    if kind == "text":
        if isinstance(value, list):
            raise Wrong(
                f"Cannot process argument transformation on parameter '{name}'. Cannot convert value to a text."
            )
        return text(value)
    if kind == "number":
        return cast("int", value)
    if kind == "list":
        return value if isinstance(value, Hash) else [text(each) for each in members(value) if each is not None]
    return value


def member(value: Any, name: str) -> Any:
    """`value.name`; $null has none, a list gives those of its members."""
    key = name.lower()
    value = None if value is NOTHING else value
    if isinstance(value, Hash) and name in value:
        return value.get(name)
    if key in ("count", "length") and not (key == "length" and isinstance(value, Hash)):
        if isinstance(value, str) and key == "length":
            return len(value)
        is_table = isinstance(value, Hash) and not isinstance(value, Object)
        return len(value) if isinstance(value, list) or is_table else int(value is not None)
    if value is None:
        return None
    if isinstance(value, list):
        found = [each for one in value for each in members(member(one, name)) if each is not None]
        return unwrapped(found) if found else None
    if isinstance(value, Object) and value.is_closed or not isinstance(value, Hash):
        raise Unknown(f"the property {name} of {text(value) or 'this'}")
    if not isinstance(value, Object) and key in ("keys", "values"):
        return [pair[key == "values"] for pair in value.pairs()]
    return None


def method(value: Any, name: str, arguments: list[Any]) -> Any:
    """`value.name(…)`."""
    value = None if value is NOTHING else value
    if value is None:
        raise Wrong("You cannot call a method on a null-valued expression.")
    key = name.lower()
    if isinstance(value, list) and key != "contains":
        return unwrapped([method(each, name, arguments) for each in value])
    known = _METHODS.get((kind_of(value), key)) or (_METHODS.get(("any", key)))
    if known is None:
        raise Unknown(f"the method {name}")
    try:
        return known(value, *arguments)
    except TypeError:
        raise Wrong(f'Cannot find an overload for "{name}" and the argument count: "{len(arguments)}".') from None


def kind_of(value: Any) -> str:
    kinds: dict[str, Any] = {"date": datetime, "object": Object, "hash": Hash, "list": list, "text": str}
    return next((name for name, kind in kinds.items() if isinstance(value, kind)), "any")


def _shown(value: Any, format: str = "") -> str:
    if not isinstance(value, datetime) or not format:
        return text(value)
    if format.lower() == "o":
        return round_trip(value)
    if format not in _FORMATS:
        raise Unknown(f"the date format {format}")
    return value.strftime(_FORMATS[format])


def _replaced(value: str, old: Any, new: Any) -> str:
    if not text(old):
        raise Wrong("String cannot be of zero length.")
    return limited(str(value).replace(text(old), text(new)))


def _add(value: Hash, key: Any, held: Any) -> Any:
    if text(key) in value:
        raise Wrong(f"Item has already been added. Key in dictionary: '{text(key)}'")
    value.set(text(key), held)
    return NOTHING


def _remove(value: Hash, key: Any) -> Any:
    value.remove(text(key))
    return NOTHING


_METHODS: dict[tuple[str, str], Callable[..., Any]] = {
    ("any", "tostring"): _shown,
    ("text", "tolower"): lambda value: value.lower(),
    ("text", "tolowerinvariant"): lambda value: value.lower(),
    ("text", "toupper"): lambda value: value.upper(),
    ("text", "trim"): lambda value: value.strip(),
    ("text", "replace"): _replaced,
    ("text", "startswith"): lambda value, other: value.startswith(text(other)),
    ("text", "endswith"): lambda value, other: value.endswith(text(other)),
    ("text", "contains"): lambda value, other: text(other) in value,
    ("text", "split"): lambda value, at: value.split(text(at)),
    ("date", "touniversaltime"): lambda value: datetime.fromtimestamp(value.timestamp(), UTC),
    ("list", "contains"): lambda value, other: any(equal(each, other, in_case=True) for each in value),
    ("hash", "containskey"): lambda value, key: text(key) in value,
    ("hash", "contains"): lambda value, key: text(key) in value,
    ("hash", "add"): _add,
    ("hash", "remove"): _remove,
}


def static(now: datetime, kind: str, name: str, arguments: list[Any]) -> Any:
    """`[kind]::name(…)`."""
    asked = f"{kind.lower().removeprefix('system.')}::{name.lower()}"
    if asked in ("string::isnullorempty", "string::isnullorwhitespace") and len(arguments) == 1:
        value = text(arguments[0])
        return not (value.strip() if asked.endswith("space") else value)
    if asked == "datetime::utcnow" and not arguments:
        return now
    if asked == "string::join" and len(arguments) == 2:
        return limited(text(arguments[0]).join(map(text, members(arguments[1]))))
    raise Unknown(f"[{kind}]::{name}")


def cast(kind: str, value: Any) -> Any:
    """`[kind]value`."""
    name = kind.lower().removeprefix("system.")
    if name in ("string[]", "object[]", "array"):
        found = [] if value is None else members(value)
        return [text(each) for each in found] if name == "string[]" else found
    if name == "void":
        return NOTHING
    if name in ("ordered", "hashtable") and isinstance(value, Hash):
        return value
    if name in ("pscustomobject", "psobject") and isinstance(value, Hash):
        return value if isinstance(value, Object) else Object(dict(value.pairs()))
    if name == "string":
        return text(value)
    if name in ("bool", "boolean"):
        return truth(value)
    if name == "char" and isinstance(value, int):
        return chr(value)
    try:
        if name in ("int", "int32", "long", "int64"):
            return int(float(text(value) or 0))
        if name == "datetime":
            return moment(value if isinstance(value, datetime) else text(value))
        if name == "guid":
            return Guid(uuid.UUID(text(value)))
    except (ValueError, OverflowError):
        raise Wrong(f'Cannot convert value "{text(value)}" to type "{kind}".') from None
    raise Unknown(f"the type [{kind}]")


def indexed(value: Any, at: Any) -> Any:
    """`value[at]`; past the end of a list is $null."""
    if isinstance(value, Hash):
        return value.get(text(at))
    if value is None or value is NOTHING:
        raise Wrong("Cannot index into a null array.")
    if not isinstance(at, int):
        raise Unknown("an index that is no number")
    found = value if isinstance(value, list | str) else [value]
    return found[at] if -len(found) <= at < len(found) else None


def put(value: Any, name: Any, held: Any) -> None:
    """`value.name = held` and `value['name'] = held`."""
    if not isinstance(value, Hash):
        raise Wrong(f"The property '{text(name)}' cannot be found on this object.")
    if isinstance(value, Object) and text(name) not in value:
        raise Wrong(f"The property '{text(name)}' cannot be found on this object. Verify that the property exists.")
    value.set(text(name), held)


def unary(operator: str, value: Any) -> Any:
    match operator:
        case "not":
            return not truth(value)
        case "join":
            return limited("".join(map(text, members(value))))
        case "split":
            return text(value).split()
        case "-" if isinstance(value, int | float):
            return -value
        case "+":
            return value
    raise Unknown(f"the operator {operator} before such a value")


def added(left: Any, right: Any) -> Any:
    """`left + right`: a list grows, a text is continued, hash tables are joined, numbers are added."""
    left, right = (None if each is NOTHING else each for each in (left, right))
    if isinstance(left, list):
        if len(left) > MOST_MEMBERS:
            raise Unknown("a list of so many members")
        return [*left, *(right if isinstance(right, list) else [right])]
    if left is None:
        return right
    if isinstance(left, str):
        return limited(left + text(right))
    if isinstance(left, Hash) and isinstance(right, Hash):
        if both := [name for name, _ in right.pairs() if name in left]:
            raise Wrong(f"Item has already been added. Key in dictionary: '{both[0]}'")
        return Hash({**dict(left.pairs()), **dict(right.pairs())})
    return _number(left) + _number(right)


def _number(value: Any) -> int | float:
    try:
        return value if isinstance(value, int | float) else float(text(value) or 0)
    except ValueError:
        raise Wrong(f'Cannot convert value "{text(value)}" to type "System.Int32".') from None


def calculated(operator: str, left: Any, right: Any) -> Any:
    """An operator of ARITHMETIC."""
    match operator:
        case "+":
            return added(left, right)
        case "-":
            return _number(left) - _number(right)
        case "join":
            return limited(text(right).join(map(text, members(left))))
        case "xor":
            return truth(left) != truth(right)
        case "f":
            found = text(left)
            for place, each in enumerate(members(right)):
                found = limited(found.replace(f"{{{place}}}", text(each)))
            return found
    raise Unknown(f"the operator {operator}")


def now_local(now: datetime) -> Local:
    """What Get-Date gives."""
    return Local.fromtimestamp(now.timestamp(), UTC)
