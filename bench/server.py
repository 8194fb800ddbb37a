"""A Graph that costs next to nothing: one asyncio protocol, answers rendered beforehand, sub-requests counted."""

import asyncio
import json
import threading
import zlib
from dataclasses import asdict, dataclass

from .world import DOMAIN, World, text

ROOT = "/v1.0"
MOST_REMEMBERED = 8192  # batch answers, of 5 KB or so


_ITEM_HEADERS = {"Content-Type": "application/json;odata.metadata=minimal;charset=utf-8", "Cache-Control": "private"}


@dataclass
class Counts:
    """What was asked since the server began; `unknown` paths were answered with 404."""

    requests: int = 0
    batches: int = 0
    sub_requests: int = 0
    unknown: int = 0


class Server:
    """Serves a World on a free port of this machine, in a thread of its own.

    $batch answers are remembered by the bytes of their request, so that a repeated reading costs a look-up.
    """

    def __init__(self, mailboxes: int, calendars: int = 3) -> None:
        self.world = World(mailboxes, calendars)
        self._counts = Counts()
        self._items: dict[str, bytes] = {}
        self._remembered: dict[bytes, tuple[bytes, int, int]] = {}
        for mailbox in range(mailboxes):
            self._render(mailbox)
        self.transports: set[asyncio.Transport] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        listening = self._loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(10)
        self._origin = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self._pages = self._directory()

    def origin(self) -> str:
        return self._origin

    def counts(self) -> dict[str, int]:
        return asdict(self._counts)

    def change(self, percent: float) -> int:
        """Change one role in `percent` of the mailboxes; how many that are."""
        changed = self.world.change(percent)
        for mailbox in changed:
            self._render(mailbox)
        self._remembered.clear()
        return len(changed)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._hang_up)
        self._thread.join(10)
        self._loop.close()

    def _hang_up(self) -> None:
        self._server.close()
        for transport in list(self.transports):
            transport.abort()
        self._loop.call_later(0.05, self._loop.stop)  # after the transports have said goodbye

    def _render(self, mailbox: int) -> None:
        for path, body in self.world.bodies(mailbox).items():
            self._items[path] = text({"status": 200, "headers": _ITEM_HEADERS, "body": body})[1:]

    def _directory(self) -> dict[str, bytes]:
        """The plain GETs of a run, gzipped, by path and query without its $select."""
        organization = {
            "id": "organization", "displayName": "Bench", "verifiedDomains": [{"name": DOMAIN, "isDefault": True}],
        }  # fmt: skip
        pages = {"/organization": {"value": [organization]}, "/groups": {"value": []}, "/contacts": {"value": []}}
        listed = list(self.world.users())
        for number, users in enumerate(listed):
            path = f"/users/delta?$skiptoken={number}" if number else "/users/delta"
            after = f"$skiptoken={number + 1}" if number + 1 < len(listed) else "$deltatoken=end"
            link = "@odata.nextLink" if number + 1 < len(listed) else "@odata.deltaLink"
            pages[path] = {"value": users, link: f"{self._origin}{ROOT}/users/delta?{after}"}
        return {path: _gzipped(text(body)) for path, body in pages.items()}

    def answer(self, method: bytes, target: str, body: bytes) -> bytes | None:
        """The gzipped body of the answer; None for a path that is not here."""
        self._counts.requests += 1
        if method == b"POST" and target == f"{ROOT}/$batch":
            found = self._remembered.get(body)
            if found is None:
                if len(self._remembered) >= MOST_REMEMBERED:
                    self._remembered.clear()
                found = self._remembered[body] = self._batch(body)
            self._counts.batches += 1
            self._counts.sub_requests += found[1]
            self._counts.unknown += found[2]
            return found[0]
        page = self._pages.get(_plain(target))
        self._counts.unknown += page is None
        return page

    def _batch(self, body: bytes) -> tuple[bytes, int, int]:
        parts, unknown = [], 0
        asked = json.loads(body)["requests"]
        for item in asked:
            found = self._items.get(item["url"])
            unknown += found is None
            parts.append(b'{"id":"%s",' % item["id"].encode() + (found or b'"status":404,"headers":{},"body":{}}'))
        return _gzipped(b'{"responses":[' + b",".join(parts) + b"]}"), len(asked), unknown


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, as much of it as `requests` speaks."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.transports.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.transports.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._heard += data
        while True:
            head, ended, rest = self._heard.partition(b"\r\n\r\n")
            if not ended:
                return
            length = _content_length(head)
            if len(rest) < length:
                return
            self._heard = rest[length:]
            method, target, _ = head.split(b" ", 2)
            answer = self._server.answer(method, target.decode(), rest[:length])
            self._transport.write(_response(answer))


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    return 0


def _response(body: bytes | None) -> bytes:
    status = b"200 OK" if body else b"404 Not Found"
    return (
        b"HTTP/1.1 %s\r\nContent-Type: application/json;odata.metadata=minimal\r\nContent-Encoding: gzip\r\n"
        b"request-id: 3f6b1c52-5d0e-4c9e-9d55-0d6c9a7f0001\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\n"
        b"Strict-Transport-Security: max-age=31536000\r\nContent-Length: %d\r\n\r\n%s"
    ) % (status, len(body or _NOTHING), body or _NOTHING)


def _gzipped(body: bytes) -> bytes:
    packer = zlib.compressobj(5, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


_NOTHING = _gzipped(b'{"error":{"code":"ResourceNotFound"}}')


def _plain(target: str) -> str:
    """The path below the version root with its token, where it has one."""
    path, _, query = target.removeprefix(ROOT).partition("?")
    token = [part for part in query.split("&") if part.startswith(("$skiptoken", "%24skiptoken"))]
    return f"{path}?{token[0].replace('%24', '$')}" if token else path
