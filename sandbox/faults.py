"""The fault plan: which requests go wrong, how, and how often."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from sandbox.entra import as_json
from sandbox.graph.errors import KNOWN, error
from sandbox.http import Dropped, Request, Response
from sandbox.oauth import Refused
from sandbox.spoil import HTML, SPOILERS
from sandbox.tokens import WRONG_CLAIMS, WRONG_SIGNATURES

BATCH = r"/\$batch$"
TOKEN = r"/oauth2/v2\.0/token$"
# Where a fault strikes that names no path; all others strike every Graph call but the outer $batch.
PLACES = {
    "outer_429": (BATCH, False),
    "shuffle": (BATCH, False),
    "item_424": (None, True),
    "token": (TOKEN, False),
    "aadsts": (TOKEN, False),
}
OTHERS = ("status", "drop", "drop_after", "delay", "late", "expired_token", "outer_429", "item_424", "token", "aadsts")
ACTS = (*OTHERS, *SPOILERS)
MATCHES = ("method", "path", "batched", "mailbox")
FIELDS = (
    *("match", "times", "after", "do", "status", "code", "message", "retry_after", "html", "applied", "seconds"),
    *("json", "raw", "to", "which", "how", "claims", "error", "number"),
)


@dataclass(slots=True)
class Fault:
    """One line of the plan; `seen` counts the requests it met, `fired` how often it struck."""

    plain: dict[str, Any]
    do: str
    method: str | None
    path: re.Pattern[str] | None
    batched: bool | None
    mailbox: str | None
    times: int | None
    after: int
    seen: int = 0
    fired: int = 0

    def meets(self, request: Request, *, batched: bool, is_mailbox: Callable[[str], bool]) -> bool:
        path = unquote(request.path)
        if self.path is None:
            if not path.startswith(("/v1.0/", "/beta/")) or path.endswith("/$batch"):
                return False
        elif not self.path.search(path):
            return False
        return (
            (self.method is None or self.method == request.method)
            and (self.batched is None or self.batched == batched)
            and (self.mailbox is None or is_mailbox(self.mailbox))
        )


def fault_of(line: dict[str, Any]) -> Fault:
    """The fault this line of a plan asks for. Raises ValueError with a sentence.

    `match`: `method`, `path` (a regular expression, searched in the decoded path), `batched`, `mailbox` (oid or
    UPN); an absent one matches all. After `after` matching requests it strikes `times` times (absent: always). `do`:
    status (`status`, `code`, `message`, `retry_after` as it stands, `html`, `applied`: the effect happens anyway),
    drop, drop_after (the effect happens), late (no answer, the effect after `seconds`), delay (`seconds`), body
    (`json` or `raw`), foreign_link (`to`), token (`how`, `which`: "id" or "access", `claims` to set or, with null,
    to take away), aadsts (`number`, `error`, `message`: what Entra's token endpoint answers; where `path` is authorize
    or adminconsent, what its way back to the app says, whatever was done there), and those that need nothing: see ACTS.
    """
    if not isinstance(line, dict) or line.get("do") not in ACTS:
        raise ValueError(f"A fault is an object whose “do” is one of {', '.join(ACTS)}; not {line!r}.")
    match, do = line.get("match") or {}, line["do"]
    for given, known in ((line, FIELDS), (match, MATCHES)):
        if odd := [name for name in given if name not in known]:
            raise ValueError(f"{odd[0]!r} is not known. There are {', '.join(known)}.")
    if do == "token" and line.get("how", "guest") not in (*WRONG_CLAIMS, *WRONG_SIGNATURES):
        raise ValueError(f"“how” is one of {', '.join((*WRONG_CLAIMS, *WRONG_SIGNATURES))}; not {line['how']!r}.")
    if do == "aadsts" and not isinstance(line.get("number"), int):
        raise ValueError("“aadsts” needs a number.")
    if do == "body" and not {"json", "raw"} & line.keys():
        raise ValueError("“body” needs json or raw.")
    if do in ("delay", "late") and not 0 <= float(line.get("seconds", -1)) <= 86400:
        raise ValueError(f"“{do}” needs seconds.")
    path, batched = PLACES.get(do, (None, None))
    try:
        pattern = match.get("path", path)
        compiled = re.compile(pattern) if pattern else None
    except re.error as wrong:
        raise ValueError(f"The path {match['path']!r} is no regular expression: {wrong}.") from None
    return Fault(
        plain=line,
        do=do,
        method=match.get("method"),
        path=compiled,
        batched=match.get("batched", batched),
        mailbox=match.get("mailbox"),
        times=line.get("times"),
        after=line.get("after", 0),
    )


@dataclass
class FaultPlan:
    """The first fault that meets a request, and is due, strikes."""

    faults: list[Fault] = field(default_factory=list)
    _late: list[tuple[float, Callable[[], Response]]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def set(self, plan: list[dict[str, Any]]) -> None:
        """Replace the plan; an empty list ends all trouble. Raises ValueError, and changes nothing, for a bad line."""
        if not isinstance(plan, list):
            raise ValueError("A fault plan is a list.")
        faults = [fault_of(line) for line in plan]
        with self._lock:
            self.faults = faults

    def clear(self) -> None:
        with self._lock:
            self.faults, self._late = [], []

    def plain(self) -> list[dict[str, Any]]:
        return [{**fault.plain, "seen": fault.seen, "fired": fault.fired} for fault in self.faults]

    def strike(
        self,
        request: Request,
        *,
        batched: bool = False,
        is_mailbox: Callable[[str], bool] = lambda name: False,
        tokens: bool = False,
    ) -> Fault | None:
        """The fault due for this request, counted; `tokens` asks for those that spoil a token, and only those."""
        if not self.faults:
            return None
        struck = None
        with self._lock:
            for fault in self.faults:
                if (fault.do == "token") is not tokens:
                    continue
                if not fault.meets(request, batched=batched, is_mailbox=is_mailbox):
                    continue
                fault.seen += 1
                if struck is None and fault.seen > fault.after and (fault.times is None or fault.fired < fault.times):
                    fault.fired += 1
                    struck = fault
        return struck

    def land(self, now: float) -> None:
        """Let the late effects whose time has come happen."""
        if not self._late:
            return
        with self._lock:
            due = [call for at, call in self._late if at <= now]
            self._late = [(at, call) for at, call in self._late if at > now]
        for call in due:
            call()

    def carry_out(self, fault: Fault, request: Request, call: Callable[[], Response], *, now: float) -> Response:
        """The answer with this fault; `call` does what was asked. Raises Dropped where there is no answer."""
        line, do = fault.plain, fault.do
        if do in ("drop", "drop_after"):
            if do == "drop_after":
                call()
            raise Dropped
        if do == "late":
            with self._lock:
                self._late.append((now + float(line["seconds"]), call))
            raise Dropped
        if do == "delay":
            response = call()
            time.sleep(min(float(line["seconds"]), 120))
            return response
        if do in SPOILERS:
            return SPOILERS[do](request, call(), line)
        if do == "aadsts" and not request.path.endswith("/token"):
            return sent_back(request, call(), line)
        if line.get("applied"):
            call()
        if do == "aadsts":
            return as_json(lambda: raised(refused(line)))
        return refusal(request, do, line)


def refusal(request: Request, do: str, line: dict[str, Any]) -> Response:
    status, code = {
        "expired_token": (401, "InvalidAuthenticationToken"),
        "outer_429": (429, "TooManyRequests"),
        "item_424": (424, "FailedDependency"),
    }.get(do, (line.get("status", 503), line.get("code", "")))
    known = KNOWN.get(code, (0, {424: "Dependent request failed.", 429: "Please retry again later."}.get(status, "")))[
        1
    ]
    retry_after = {"Retry-After": str(line["retry_after"])} if line.get("retry_after") is not None else {}
    if line.get("html"):
        response = Response.html(HTML, status)
        response.headers |= retry_after
        return response
    return error(request, status, code, line.get("message", known), retry_after)


def refused(line: dict[str, Any]) -> Refused:
    return Refused(line.get("error", "invalid_grant"), line["number"], line.get("message", ""), line.get("status", 400))


def raised(no: Refused) -> None:
    raise no


def sent_back(request: Request, response: Response, line: dict[str, Any]) -> Response:
    """A way back to the app that says this error; Entra's own pages stay as they are."""
    if response.status != 302:
        return response
    address, _, query = response.headers["Location"].partition("?")
    stays = ("state", "admin_consent") if "/v2.0/adminconsent" in request.path else ("state",)
    no, kept = refused(line), {name: value for name, value in parse_qsl(query) if name in stays}
    return Response.redirect(f"{address}?{urlencode({**kept, 'error': no.error, 'error_description': no.text})}")
