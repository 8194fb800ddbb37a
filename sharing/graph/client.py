"""The one HTTP door to Microsoft Graph: only here a token is added, and only to one exact origin and version."""

import http.client
import json
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Protocol

import requests
import urllib3
from requests.structures import CaseInsensitiveDict

from .answers import error_of, parse_json, parse_object
from .calls import MEETINGS, ORDINARY, PROBES, REFUSED_HERE, Kind, kind_of
from .clouds import Endpoints
from .errors import GraphError, IdRefused, Malformed, Throttled, TokenRefused, Unreachable
from .ids import VERSION_ROOT, check_path, path_of_link, with_query
from .sent import Call, Stats
from .tokens import Token, Tokens, TokenSource
from .transport import CONNECT_SECONDS, READ_SECONDS, make_session, read_body

MAX_PAGES = 5000
# A read repeats itself for this long a pause at most; whoever reads many things has better use for the time.
LONGEST_PAUSE_SECONDS = 10.0
MAX_TRIES = 4
_TIMEOUTS = (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)


class Proof(Protocol):
    """That something which is read here may be altered, too: a `Copy`, or an event's `Marked`."""

    def covers(self, path: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with a 2xx status."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    token: Token


class Client:
    """Speaks to Graph for one tenant, or for one person. Safe to share between threads.

    Paths start with a slash and are relative to the version root; `ids` builds them. Every call raises IdRefused
    before anything is sent where a path must not leave, and GraphError for every other end but success. One built
    `for_meetings` or `for_probes` sends only the calls about people's time that are meant for it, and only such a one.
    """

    def __init__(
        self,
        *,
        endpoints: Endpoints,
        tokens: Tokens,
        session: requests.Session | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        deadline_seconds: float = 60.0,
        on_call: Callable[[Call], None] | None = None,
        for_meetings: bool = False,
        for_probes: bool = False,
    ) -> None:
        if for_meetings and for_probes:
            raise ValueError("a client is for one of the two")
        self.endpoints = endpoints
        self.stats = Stats()
        self.monotonic = monotonic
        self.sleep = sleep
        self.deadline_seconds = deadline_seconds
        self._server_date: str | None = None
        self._tokens = tokens
        self._session = session or make_session(endpoints)
        self._on_call = on_call
        self._sender = MEETINGS if for_meetings else PROBES if for_probes else ORDINARY
        self._renewing = threading.Lock()
        self._root = endpoints.graph_url + VERSION_ROOT

    # Reads

    def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """One JSON object. Repeats itself a few times, within `deadline_seconds`, where that is harmless.

        Raises Throttled at once where Microsoft asks for a longer pause than 10 seconds.
        """
        return self._patiently("GET", with_query(path, params), None)

    def ask(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """As `get`, for a question that is a POST. Raises IdRefused for everything else, and for an envelope."""
        self._admit("POST", path, lambda kind: not kind.is_change and bool(kind.permission))
        return self._patiently("POST", path, json.dumps(body).encode())

    def _patiently(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        deadline = self.monotonic() + self.deadline_seconds
        for tries in range(1, MAX_TRIES + 1):
            try:
                return parse_object(self._read(method, path, body, deadline=deadline).body)
            except (Throttled, Unreachable) as error:
                pause = error.retry_after or backoff(tries)
                if pause > LONGEST_PAUSE_SECONDS:
                    raise Throttled(
                        error.message,
                        retry_after=pause,
                        status=error.status,
                        code=error.code,
                        request_id=error.request_id,
                    ) from None
                if tries == MAX_TRIES or self.monotonic() + pause >= deadline:
                    raise
            self.stats.add(retried=1)
            self.sleep(pause)
        raise AssertionError("not reached")

    def pages(self, path: str, params: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """The pages of a collection, one after the other. Complete, or it raises before it ends.

        Raises Malformed where a page has no list, where a link leads elsewhere or back, and after 5000 pages.
        """
        path = with_query(path, params)
        body = self.get(path)
        seen = {path}
        for _ in range(MAX_PAGES):
            if not isinstance(body.get("value"), list):
                raise Malformed("a page without a list")
            yield body
            link = body.get("@odata.nextLink")
            if link is None:
                return
            following = path_of_link(link, graph_url=self.endpoints.graph_url)
            if following in seen:
                raise Malformed("pages in a circle", cause="loop")
            seen.add(following)
            body = self.get(following)
        raise Malformed("pages without end", cause="loop")

    def batch(
        self, paths: Sequence[str], *, deadline: float, headers: Mapping[str, str] | None = None
    ) -> tuple[list[Any], Token]:
        """Sends up to 20 reads as one $batch, once. Returns the items of the answer as they came, and the token used.

        `headers` go with each read: those of the batch itself count for none of them.
        https://learn.microsoft.com/graph/json-batching
        """
        more = {"headers": dict(headers)} if headers else {}
        kinds = [self._admit("GET", path, lambda kind: True) for path in paths]
        items = [{"id": str(n), "method": "GET", "url": check_path(path), **more} for n, path in enumerate(paths)]
        body = json.dumps({"requests": items}, separators=(",", ":")).encode()
        responses: object = None
        try:
            reply = self._read("POST", "/$batch", body, deadline=deadline, sub_requests=len(items))
            responses = parse_object(reply.body).get("responses")
        finally:
            if self._on_call:
                self._tell_parts(self._on_call, kinds, responses)
        if not isinstance(responses, list):
            raise Malformed("a batch without answers")
        return responses, reply.token

    def _tell_parts(self, on_call: Callable[[Call], None], kinds: Sequence[Kind], responses: object) -> None:
        """Tell of what a batch asked, each with its own status; 0 where nothing usable came back for it."""
        found = {}
        for item in responses if isinstance(responses, list) else ():
            if isinstance(item, dict) and isinstance(item.get("status"), int):
                found[str(item.get("id"))] = item["status"]
        for n, kind in enumerate(kinds):
            on_call(Call(kind.method, kind.path, found.get(str(n), 0), 0.0, 0, "", kind, is_part=True))

    def _read(self, method: str, path: str, body: bytes | None, *, deadline: float, sub_requests: int = 0) -> Reply:
        """One exchange that changes nothing, with one fresh token where the first was refused."""
        token = self._tokens.token()
        for last in (False, True):
            self.stats.add(requests=1, sub_requests=sub_requests, retried=int(last))
            try:
                return self._exchange(method, path, body, token=token, deadline=deadline, sub_requests=sub_requests)
            except TokenRefused:
                if last:
                    raise
                token = self.renew(token)
        raise AssertionError("not reached")

    def renew(self, stale: Token | None = None) -> Token:
        """A token other than `stale`. Many threads may find out at once that a token died; one of them renews it."""
        with self._renewing:
            token = self._tokens.token()
            if stale is None or token.value == stale.value:
                token = self._tokens.token(fresh=True)
            return token

    def roles(self) -> frozenset[str] | None:
        """The app roles that the token in use names, for reports only; None where it cannot be looked into."""
        return self._tokens.token().roles

    def clock_skew_seconds(self, now: datetime) -> float | None:
        """How far `now` (aware) is ahead of Microsoft's clock in the last answer; None before the first one."""
        try:
            return (now - parsedate_to_datetime(self._server_date or "")).total_seconds()
        except (ValueError, TypeError):
            return None

    # Writes

    def patch(
        self, path: str, body: Mapping[str, Any], *, request_id: str, deadline_seconds: float,
        proof: Proof | None = None,
    ) -> dict[str, Any] | None:  # fmt: skip
        """A change, sent exactly once, whatever comes back. `request_id` goes out as `client-request-id`.

        Raises GraphError; its `may_have_happened` says whether the change may have been made all the same. A calendar
        itself is only changed where `proof` says that it is somebody else's, an event where it is one of ours.
        """
        return self._write("PATCH", path, body, request_id, deadline_seconds, proof)

    def post(
        self, path: str, body: Mapping[str, Any], *, request_id: str, deadline_seconds: float,
        proof: Proof | None = None,
    ) -> dict[str, Any] | None:  # fmt: skip
        """As `patch`."""
        return self._write("POST", path, body, request_id, deadline_seconds, proof)

    def delete(
        self, path: str, body: None = None, *, request_id: str, deadline_seconds: float, proof: Proof | None = None
    ) -> dict[str, Any] | None:
        """As `patch`, without a body."""
        return self._write("DELETE", path, body, request_id, deadline_seconds, proof)

    def _write(
        self, method: str, path: str, body: Mapping[str, Any] | None, request_id: str, deadline_seconds: float,
        proof: Proof | None = None,
    ) -> dict[str, Any] | None:  # fmt: skip
        is_proved = proof is not None and proof.covers(path)
        self._admit(method, path, lambda kind: kind.is_change and (is_proved or not kind.wants_proof))
        payload = None if body is None else json.dumps(body).encode()
        deadline = self.monotonic() + deadline_seconds
        token = self._tokens.token()
        self.stats.add(requests=1)
        reply = self._exchange(method, path, payload, token=token, deadline=deadline, write=True, request_id=request_id)
        if _is_empty(reply.status, reply.body):
            return None
        try:
            return parse_object(reply.body)
        except GraphError as error:
            error.may_have_happened = True
            raise

    # The wire

    def _exchange(
        self,
        method: str,
        path: str,
        body: bytes | None,
        *,
        token: Token,
        deadline: float,
        write: bool = False,
        request_id: str = "",
        sub_requests: int = 0,
    ) -> Reply:
        kind = self._admit(method, path, lambda kind: True)
        request_id = request_id or str(uuid.uuid4())
        prepared = self._prepare(kind, path, body, token, request_id)
        began = self.monotonic()
        left = deadline - began
        if left <= 0:
            raise Unreachable(cause="timeout")
        status = 0
        try:
            with self._send(prepared, left) as response:
                status = response.status_code
                headers = response.headers
                payload = read_body(response, deadline=deadline, monotonic=self.monotonic)
        except GraphError as error:
            error.status = status
            error.may_have_happened = write
            raise
        except (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as error:
            cause = "timeout" if isinstance(error, _TIMEOUTS) else ""
            # The text names the exception only: its own may hold addresses, and proxies with their passwords.
            text = type(error).__name__
            happened = write and not _never_left(error)
            raise Unreachable(text, status=status, cause=cause, may_have_happened=happened) from None
        finally:
            if self._on_call:
                seconds = self.monotonic() - began
                self._on_call(Call(method, path.partition("?")[0], status, seconds, sub_requests, request_id, kind))
        self._server_date = headers.get("Date")
        if 200 <= status < 300:
            if not _is_empty(status, payload) and "json" not in headers.get("Content-Type", "").lower():
                raise Malformed("not JSON", status=status, may_have_happened=write)
            return Reply(status, headers, payload, token)
        raise self._refusal(status, headers, payload, write)

    def _admit(self, method: str, path: str, allows: Callable[[Kind], bool]) -> Kind:
        """The kind of a call that may leave. Raises IdRefused: what is not listed never does, nor what is another's.

        That is told as a call of no path, which might name anything.
        """
        try:
            kind = kind_of(method, path)
            is_lent_to_us = not (kind.is_lent_only and isinstance(self._tokens, TokenSource))
            if self._sender in kind.senders and is_lent_to_us and allows(kind):
                return kind
            raise IdRefused("a call that this client was not built for, or a change that nobody proved may be made")
        except IdRefused:
            if self._on_call:
                self._on_call(Call("", "", 0, 0.0, 0, "", REFUSED_HERE))
            raise

    def _send(self, prepared: requests.PreparedRequest, left: float) -> requests.Response:
        # Straight to the adapter: nothing that a session adds (redirects, cookies, environment) is wanted here.
        adapter = self._session.get_adapter(prepared.url or "")
        return adapter.send(
            prepared,
            stream=True,
            timeout=(min(CONNECT_SECONDS, left), min(READ_SECONDS, left)),
            verify=True if self._session.verify is None else self._session.verify,
            proxies=self._session.proxies,
        )

    def _prepare(
        self, kind: Kind, path: str, body: bytes | None, token: Token, request_id: str
    ) -> requests.PreparedRequest:
        prepared = requests.PreparedRequest()
        prepared.method = kind.method
        prepared.url = _address(self._root, path, is_spelled=kind.spelling is not None)
        prepared.headers = CaseInsensitiveDict(
            {
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                "Authorization": f"Bearer {token.value}",
                "User-Agent": "Calwarden",
                "client-request-id": request_id,
            }
        )
        if kind.prefer:
            prepared.headers["Prefer"] = kind.prefer
        if body is not None:
            prepared.headers["Content-Type"] = "application/json"
            prepared.headers["Content-Length"] = str(len(body))
        prepared.body = body
        return prepared

    def _refusal(self, status: int, headers: Mapping[str, str], payload: bytes, write: bool) -> GraphError:
        try:
            body = parse_json(payload)
        except Malformed:
            body = None
        error = error_of(status, headers, body, write=write)
        if isinstance(error, Throttled):
            self.stats.add(throttled=1)
        return error


@lru_cache(maxsize=256)  # during a sync nearly all of them are $batch
def _address(root: str, path: str, *, is_spelled: bool = False) -> str:
    """The address of a path as it leaves; one that `is_spelled` was checked whole, and leaves as it is or not at all.

    Raises IdRefused.
    """
    prepared = requests.PreparedRequest()
    prepared.prepare_url(root + (path if is_spelled else check_path(path)), None)
    url = prepared.url or ""
    if is_spelled and url != root + path:
        raise IdRefused("a path that changes on its way out")
    # Preparing may rewrite an address (dot segments, escapes). What leaves must be what was checked.
    slashes = (root + path).partition("?")[0].count("/")
    if not url.startswith(root + "/") or url.partition("?")[0].count("/") != slashes:
        raise IdRefused("a path that changes on its way out")
    return url


def _is_empty(status: int, payload: bytes) -> bool:
    """Whether that answer says nothing, as it should: done, or taken on."""
    return status == 204 or (status == 202 and not payload)


def backoff(tries: int) -> float:
    """Seconds to wait after the `tries`-th failure where Microsoft did not say how long."""
    return 2.0 ** (tries - 1) * random.uniform(1.0, 1.25)  # noqa: S311 - no secret, only spread


def _never_left(error: Exception) -> bool:
    """Whether no connection was made, so that nothing can have happened."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(
        error, (requests.exceptions.ConnectTimeout, requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL)
    ) or isinstance(reason, urllib3.exceptions.NewConnectionError)
