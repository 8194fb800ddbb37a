"""The small part of `$filter` and `$orderby` that the sandbox's directory understands."""

import re
from typing import Any

from sandbox.graph.call import Call
from sandbox.graph.errors import Refusal

_TEXT = r"'((?:[^']|'')*)'"
_CLAUSE = re.compile(
    rf"(?:(\w+)\s+(eq|ne)\s+(?:{_TEXT}|(true|false|null))|(startswith|endswith)\((\w+),\s*{_TEXT}\))$", re.I
)
_ANY = re.compile(rf"(\w+)/any\((\w+):\s*(\w+)\s+eq\s+{_TEXT}\)$", re.I)
_SPLIT = re.compile(r"\s+(and|or)\s+(?=(?:[^']*'[^']*')*[^']*$)", re.I)
_WORDS = {"true": True, "false": False, "null": None}


def filtered(call: Call, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that `$filter` keeps, sorted by `$orderby`. Raises Refusal for what is too advanced."""
    wanted, order = call.params.get("$filter"), call.params.get("$orderby")
    advanced = "$search" in call.params or "$count" in call.params or bool(wanted and order)
    words = re.sub(_TEXT, "''", wanted or "")  # what is asked for, without the texts in it
    advanced = advanced or bool(re.search(r"\bne\b|endswith|\bnot\b", words, re.I))
    eventual = call.request.headers.get("consistencylevel", "").lower() == "eventual"
    if advanced and not (eventual and call.params.get("$count", "").lower() == "true"):
        message = "Request with advanced query options needs 'ConsistencyLevel: eventual' and $count=true."
        raise Refusal("Request_UnsupportedQuery", status=400, message=message)
    if wanted:
        parts = _SPLIT.split(wanted.strip())
        joints = {joint.lower() for joint in parts[1::2]}
        if len(joints) > 1:
            raise _unsupported()
        keeps = any if joints == {"or"} else all
        tests = [_test(part.strip()) for part in parts[::2]]
        rows = [row for row in rows if keeps(test(row) for test in tests)]
    if order:
        name, _, direction = order.partition(" ")
        rows = sorted(rows, key=lambda row: str(row.get(name) or "").casefold(), reverse=direction.lower() == "desc")
    return rows


def _test(clause: str) -> Any:
    if (within := _ANY.match(clause)) and within[2] == within[3]:
        each, one = within[1], within[4].replace("''", "'").casefold()
        return lambda row: one in (_folded(value) for value in row.get(each) or ())
    found = _CLAUSE.match(clause)
    if not found:
        raise _unsupported()
    name, operator, text, word, function, member, start = found.groups()
    if function:
        ends = str.startswith if function.lower() == "startswith" else str.endswith
        part = start.replace("''", "'").casefold()
        return lambda row: ends(str(row.get(member) or "").casefold(), part)
    value = _WORDS[word.lower()] if word else text.replace("''", "'").casefold()
    same = operator.lower() == "eq"
    return lambda row: (_folded(row.get(name)) == value) == same


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _unsupported() -> Refusal:
    message = "Unsupported or invalid query filter clause specified."
    return Refusal("Request_UnsupportedQuery", status=400, message=message)
