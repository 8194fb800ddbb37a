"""Turns what came over the wire into a value or into one of our errors."""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from .errors import (
    ConsentMissing,
    Denied,
    GraphError,
    MailboxMissing,
    Malformed,
    NotFound,
    OutOfScope,
    Rejected,
    ResyncRequired,
    Throttled,
    TokenRefused,
    Unreachable,
)

# Whatever a server asks for, nobody waits longer than a day before asking again.
LONGEST_WAIT_SECONDS = 86400.0
_MOST_DIGITS = 18

# Codes that say more than their status. Compared casefolded; Graph's casing varies.
_BY_CODE: dict[str, type[GraphError]] = {
    "mailboxnotenabledforrestapi": MailboxMissing,
    "mailboxnotsupportedforrestapi": MailboxMissing,
    "resourcenotfound": MailboxMissing,
    "errorinvaliduser": MailboxMissing,
    "extensionerror": OutOfScope,
    "authorization_requestdenied": ConsentMissing,
    "resyncrequired": ResyncRequired,
    "syncstatenotfound": ResyncRequired,
    "syncstateinvalid": ResyncRequired,
    "applicationthrottled": Throttled,
    "activitylimitreached": Throttled,
    "toomanyrequests": Throttled,
}
# 424: nothing of ours depends on another item of a batch, so it can only mean what an older Graph meant by it.
_THROTTLED = (424, 429, 509)
# The one text that is looked at: Exchange has no code of its own for an application access policy.
_POLICY_TEXT = "access to odata is disabled"


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(word)


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("not a finite number")
    return value


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError("too many digits")
    return int(text)


_decode = json.JSONDecoder(parse_float=_number, parse_int=_integer, parse_constant=_refuse_constant).decode


def parse_json(body: bytes) -> Any:
    """The value of a JSON text in UTF-8. Raises Malformed (cut_off where the text ends too early)."""
    try:
        text = body.decode("utf-8")
        return _decode(text)
    except json.JSONDecodeError as error:
        # The decoder complains at the last character, or at the start of the string that never ended.
        ended = error.pos >= len(text.rstrip()) - 1 or error.msg.startswith("Unterminated")
        cause = "cut_off" if text.strip() and ended and text.lstrip()[0] in "{[" else "malformed"
        raise Malformed("not JSON", cause=cause) from None
    except (ValueError, RecursionError):
        raise Malformed("not JSON that is read here") from None


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object. Raises Malformed."""
    value = parse_json(body)
    if not isinstance(value, dict):
        raise Malformed("not an object")
    return value


def retry_after(value: object, *, date: str | None = None) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or an HTTP date; None where it says nothing.

    A date is measured from `date`, the answer's own Date header, so that clocks need not agree.
    """
    text = str(value).strip() if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
    if re.fullmatch(r"[+-]?[0-9]{1,20}(\.[0-9]{0,20})?", text, re.ASCII):
        seconds = float(text)
    else:
        try:
            until = parsedate_to_datetime(text)
            since = parsedate_to_datetime(date) if date else datetime.now(UTC)
            seconds = (until - since).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 0.0), LONGEST_WAIT_SECONDS)


def header(headers: object, name: str) -> str | None:
    """One header of a batch item, whose casing varies; None where it is absent or no text."""
    if isinstance(headers, Mapping):
        for key, value in headers.items():
            if isinstance(key, str) and key.casefold() == name:
                return str(value) if isinstance(value, (str, int, float)) else None
    return None


def error_of(status: int, headers: Mapping[str, Any], body: object, *, write: bool = False) -> GraphError:
    """The error that an answer other than 2xx means. `body` is its JSON value, or None where it was none.

    https://learn.microsoft.com/graph/errors
    """
    code, message = _code_and_message(body)
    request_id = _plain(header(headers, "request-id"), 64)
    kind = _BY_CODE.get(code.casefold())
    if status == 410:
        kind = ResyncRequired
    elif status in _THROTTLED or kind is Throttled:
        wait = retry_after(header(headers, "retry-after"), date=header(headers, "date"))
        return Throttled(message, retry_after=wait, status=status, code=code, request_id=request_id)
    elif status >= 500 and status != 501:
        unreachable = Unreachable(message, status=status, code=code, request_id=request_id, may_have_happened=write)
        unreachable.retry_after = retry_after(header(headers, "retry-after"), date=header(headers, "date"))
        return unreachable
    elif 300 <= status < 400 or status < 200:
        return Malformed(message, status=status, cause="redirect", request_id=request_id, may_have_happened=write)
    elif kind is None:
        kind = {401: TokenRefused, 403: Denied, 404: NotFound}.get(status, Rejected)
        if kind is Denied and _POLICY_TEXT in message.casefold():
            kind = OutOfScope
    return kind(message, status=status, code=code, request_id=request_id)


def _code_and_message(body: object) -> tuple[str, str]:
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return "", ""
    message = _plain(error.get("message"), 300)
    code = _plain(error.get("code"), 64, words=True)
    inner: object = error
    # The most detailed code that is known wins; three levels have been seen.
    for _ in range(4):
        inner = inner.get("innerError", inner.get("innererror")) if isinstance(inner, dict) else None
        found = _plain(inner.get("code"), 64, words=True) if isinstance(inner, dict) else ""
        if found.casefold() in _BY_CODE:
            code = found
    return code, message


def _plain(value: object, most: int, *, words: bool = False) -> str:
    """Text from outside, fit for a log line; `words` leaves only what codes are made of."""
    if not isinstance(value, str):
        return ""
    if words:
        return re.sub(r"[^A-Za-z0-9_.\-]", "", value)[:most]
    return "".join(c if c.isprintable() else " " for c in value[:most])
