"""Sockets: a session that reaches the configured origins and nothing else, and bodies read within bounds."""

import zlib
from collections.abc import Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter

from .clouds import Cloud, Endpoints, is_loopback
from .errors import Malformed, Unreachable

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
# The largest answer of honest size is a page of 999 users with all their addresses and plans: about 5 MB.
MAX_BODY_BYTES = 32 * 1024 * 1024
_POOL_SIZE = 32
_CHUNK = 65536


class OriginAdapter(HTTPAdapter):
    """Serves one origin, in one way, so that its connections need be looked up only once."""

    _pool: Any = None

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*args, **kwargs)
        return self._pool

    def close(self) -> None:
        super().close()
        self._pool = None


class LoopbackAdapter(HTTPAdapter):
    """Sends https://<loopback origin>/… over plain http, because MSAL insists on https. Never for a real host."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        if parts.scheme != "https" or not is_loopback(parts.hostname):
            raise requests.exceptions.InvalidURL("only an address of this machine is reached without TLS")
        request.url = urlunsplit(parts._replace(scheme="http"))
        # Tells the sandbox to print https addresses in its discovery document.
        request.headers["X-Forwarded-Proto"] = "https"
        return super().send(request, *args, **kwargs)


class Session(requests.Session):
    """Follows no redirect, keeps no cookie, takes no setting from the environment, waits with a limit.

    `on_answer` is told of every call made in the ways of requests (method, address, status; 0 where there was no
    answer): that is what goes to Entra. A client of Graph tells of its own calls itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self.on_answer: Callable[[str, str, int], None] | None = None
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["allow_redirects"] = False
        kwargs.setdefault("timeout", (CONNECT_SECONDS, READ_SECONDS))
        status = 0
        try:
            response = super().request(method, url, *args, **kwargs)
            status = response.status_code
        finally:
            if self.on_answer:
                self.on_answer(str(method), str(url), status)
        return response


def make_session(
    endpoints: Endpoints, *, ca_bundle: str | None = None, proxies: Mapping[str, str] | None = None
) -> Session:
    """A session for MSAL and for the client, safe to share between threads.

    It reaches the login and the Graph origin of `endpoints`; any other address raises requests' InvalidSchema before
    a socket opens. `ca_bundle` is a PEM file and `proxies` maps schemes to addresses; loopback uses no proxy.
    """
    session = Session()
    session.verify = ca_bundle or True
    session.adapters.clear()
    for origin in {endpoints.login_url, endpoints.graph_url}:
        session.mount(f"{origin}/", OriginAdapter(pool_connections=1, pool_maxsize=_POOL_SIZE))
    if endpoints.cloud is Cloud.SANDBOX:
        plain = endpoints.login_url.removeprefix("http://")
        if plain != endpoints.login_url:
            session.mount(f"https://{plain}/", LoopbackAdapter())
    elif proxies:
        session.proxies.update(proxies)
    return session


def read_body(
    response: requests.Response,
    *,
    deadline: float,
    monotonic: Callable[[], float],
    max_bytes: int = MAX_BODY_BYTES,
) -> bytes:
    """The whole body, unzipped, before `deadline` (on `monotonic`'s clock) and not above `max_bytes`.

    It is read piece by piece: a time-out per read bounds neither a drip nor a bomb. Raises Unreachable (timeout) and
    Malformed (too_large, malformed); socket errors pass.
    """
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise Malformed(f"encoded as {encoding[:40]!r}")
    unzip = zlib.decompressobj(16 + zlib.MAX_WBITS) if encoding == "gzip" else None
    pieces: list[bytes] = []
    size = 0
    while True:
        piece = response.raw.read1(_CHUNK, decode_content=False)
        if not piece:
            break
        if unzip:
            try:
                piece = unzip.decompress(piece, max_bytes - size + 1)
            except zlib.error:
                raise Malformed("not gzip") from None
        pieces.append(piece)
        size += len(piece)
        if size > max_bytes:
            raise Malformed(cause="too_large")
        if monotonic() > deadline:
            raise Unreachable(cause="timeout")
    if unzip and not unzip.eof and size:
        raise Malformed(cause="cut_off")
    return b"".join(pieces)
