"""Reads an uploaded file of PowerShell's ConvertTo-Json into plain values, or says by name why it cannot be read."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn, TypeVar
from uuid import UUID

LARGEST = 20 * 1024 * 1024
MOST_VALUES = 1_500_000  # each takes fifty times its room in the file; an honest one of 20 MB has fewer

_Word = TypeVar("_Word")
_SECRET_KEY = re.compile(r"published\w*url")
_SECRET_ADDRESS = re.compile(r"/(reach)?calendar\.(ics|html)", re.IGNORECASE)
_FLAT = re.compile(
    r"System\.(Collections|Object|Management|String)\b|@\{", re.ASCII
)  # what PowerShell writes where -Depth ran out
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_TICKS = re.compile(r"/Date\((-?\d{1,15})([+-]\d{4})?\)/", re.ASCII)
_ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,7})?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_UNSTORABLE = re.compile("[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")


class ExportRefused(Exception):
    """Nothing of the file was kept; `hint` is where in it, in its own key names, or empty."""

    cause = "refused"

    def __init__(self, hint: str = "") -> None:
        super().__init__(self.cause, hint)
        self.hint = hint


class TooLarge(ExportRefused):
    cause = "too_large"


class NotText(ExportRefused):
    """Neither UTF-8 nor UTF-16 with its byte order mark."""

    cause = "not_text"


class CutShort(ExportRefused):
    """It begins as it should and ends in the middle."""

    cause = "cut_short"


class NotJson(ExportRefused):
    cause = "not_json"


class TwiceTheSame(ExportRefused):
    """A key stands twice in one object, so nobody can say which one holds."""

    cause = "twice"


class SecretAddress(ExportRefused):
    """It holds the address of a published calendar, which opens that calendar for whoever knows it."""

    cause = "secret_address"


class Malformed(ExportRefused):
    """Something that must be there is not, or is not what it must be."""

    cause = "malformed"


class UnknownLevel(ExportRefused):
    cause = "unknown_level"


class NumberForWord(ExportRefused):
    """PowerShell wrote an enumeration as a number: which word that is, nobody documents."""

    cause = "number_for_word"


class TooShallow(ExportRefused):
    """ConvertTo-Json ran out of depth and wrote a type's name instead of what it held."""

    cause = "too_shallow"


def read_json(content: bytes) -> Any:
    """The file's value; keys in lower case, because PowerShell's have none, and without OData's type marks.

    Raises ExportRefused.
    """
    if len(content) > LARGEST:
        raise TooLarge
    text = _text(content).strip()
    if sum(map(text.count, ",[{")) > MOST_VALUES:
        raise TooLarge
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        is_cut = error.pos >= len(text) or error.msg.startswith("Unterminated") or text[-1] not in "}]"
        raise CutShort if text[:1] in ("{", "[") and is_cut else NotJson from None
    except (ValueError, RecursionError):  # a number of thousands of digits, or objects in objects in objects
        raise NotJson from None


def _text(content: bytes) -> str:
    coding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(coding)
    except UnicodeDecodeError as error:
        raise CutShort if error.reason in ("unexpected end of data", "truncated data") else NotText from None
    if "\0" in text:
        raise NotText
    return text


def _no_constant(name: str) -> None:
    raise ValueError(name)  # NaN and the infinities are no JSON


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        name, mark, _ = key.casefold().partition("@")
        if _SECRET_KEY.fullmatch(name):
            raise SecretAddress
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and _SECRET_ADDRESS.search(text):
                raise SecretAddress
        if mark:
            continue  # "Guid@data.type": "System.Guid"
        if name in found:
            raise TwiceTheSame(key[:60] if key.isascii() and key.isalnum() else "")
        found[name] = value
    return found


def listed(value: Any) -> list[Any]:
    """A list as PowerShell writes it: itself, its only element, or an object of `value` and `Count`."""
    if isinstance(value, dict) and set(value) == {"value", "count"} and isinstance(value["value"], list):
        return value["value"] if value["count"] == len(value["value"]) else [value]
    return value if isinstance(value, list) else [value]


class Fields:
    """The members of one object; each must be there and be what is asked for, else ExportRefused says where."""

    def __init__(self, value: Any, place: str) -> None:
        if not isinstance(value, dict):
            raise TooShallow(place) if isinstance(value, str) and _FLAT.match(value) else Malformed(place)
        self._values: dict[str, Any] = value
        self._place = place

    def at(self, name: str) -> str:
        """Where `name` stands, for whoever looks for it in the file."""
        return f"{self._place}.{name}" if self._place else name

    def has(self, name: str) -> bool:
        return name.casefold() in self._values

    def value(self, name: str) -> Any:
        if not self.has(name):
            raise Malformed(self.at(name))
        value = self._values[name.casefold()]
        if isinstance(value, str) and _FLAT.match(value):
            raise TooShallow(self.at(name))
        return value

    def text(self, name: str, most: int) -> str:
        """A text of 1 to `most` characters."""
        return self.maybe_text(name, most) or self._refuse(name)

    def maybe_text(self, name: str, most: int) -> str:
        """A text of at most `most` characters; null is the empty one."""
        value = self.value(name)
        if value is None:
            return ""
        if not isinstance(value, str) or _UNSTORABLE.search(value) or len(value.strip()) > most:
            raise Malformed(self.at(name))
        return value.strip()

    def flag(self, name: str) -> bool:
        value = self.maybe_flag(name)
        return self._refuse(name) if value is None else value

    def maybe_flag(self, name: str) -> bool | None:
        """True, false, or null: not known, which is not false."""
        value = self.value(name)
        if value is not None and not isinstance(value, bool):
            raise Malformed(self.at(name))
        return value

    def word(self, name: str, most: int) -> str:
        """A word of an enumeration, whichever; empty where there is none. Raises NumberForWord too."""
        value = self.value(name)
        if (isinstance(value, int | float) and not isinstance(value, bool)) or (
            isinstance(value, str) and value.strip().lstrip("-").isdecimal()
        ):
            raise NumberForWord(self.at(name))
        return self.maybe_text(name, most)

    def one_of(self, name: str, words: dict[str, _Word]) -> _Word:
        """What `words` (in lower case) says for this member. Raises UnknownLevel, never guesses."""
        said = self.word(name, 80).casefold()
        if said not in words:
            raise UnknownLevel(self.at(name))
        return words[said]

    def guid(self, name: str) -> UUID:
        value = self.text(name, 36)
        return UUID(value) if _GUID.fullmatch(value) else self._refuse(name)

    def texts(self, name: str) -> list[str]:
        """A list of texts, or the one text that PowerShell unwrapped; null is refused: a list may be lost there."""
        found = []
        for value in listed(self.value(name)):
            if isinstance(value, str) and _FLAT.match(value):
                raise TooShallow(self.at(name))
            if not isinstance(value, str) or _UNSTORABLE.search(value):
                raise Malformed(self.at(name))
            found.append(value.strip())
        return found

    def moment(self, name: str) -> datetime:
        """When, in UTC. Raises Malformed where the zone is not said."""
        found = self.maybe_moment(name)
        return self._refuse(name) if found is None else found

    def maybe_moment(self, name: str) -> datetime | None:
        """A date in any of PowerShell's three forms; null or empty is None.

        The first and the last one there is are refused: some zones have no time for them.
        """
        value = self.value(name)
        if isinstance(value, dict):  # {"value": "/Date(…)/", "DisplayHint": 2, "DateTime": "Monday, …"}
            value = value.get("value", False)
        if value is None or value == "":
            return None
        try:
            found = _moment(value, is_utc=name.endswith("UTC"))
        except (ValueError, OverflowError, TypeError):
            found = None
        return found if found and 1900 < found.year < 9000 else self._refuse(name)

    def _refuse(self, name: str) -> NoReturn:
        raise Malformed(self.at(name))


def _moment(value: str, *, is_utc: bool) -> datetime | None:
    """In UTC; None where it is no date, or one whose zone is not said and does not go without saying."""
    if ticks := _TICKS.fullmatch(value):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(ticks[1]))
    iso = _ISO.fullmatch(value)
    if not iso or (iso[3] is None and not is_utc):
        return None
    zone = "+00:00" if iso[3] in ("Z", None) else iso[3]
    return datetime.fromisoformat(f"{iso[1]}{(iso[2] or '')[:7]}{zone}").astimezone(UTC)
