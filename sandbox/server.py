"""The cloud behind a socket of this machine."""

import gzip
import ipaddress
import socket
import sys
import threading
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from sandbox.cloud import Cloud
from sandbox.http import Dropped, Request, Response

HOST = "127.0.0.1"
MOST_BODY_BYTES = 4 * 1024 * 1024
GZIP_FROM_BYTES = 1024
IDLE_SECONDS = 120


class Server(ThreadingHTTPServer):
    """Listens on 127.0.0.1 and nowhere else; port 0 takes a free one. Use it in a `with`, or call `serve_forever`."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, cloud: Cloud, port: int = 0) -> None:
        self.cloud = cloud
        super().__init__((HOST, port), Connection)

    @property
    def origin(self) -> str:
        return f"http://{HOST}:{self.server_port}"

    def server_bind(self) -> None:
        # The parent looks up the name of this machine, which may take seconds and reach out.
        socket.socket.setsockopt(self.socket, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who hangs up is no news; anything else is a defect of the sandbox and is shown."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def __enter__(self) -> "Server":
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class Connection(BaseHTTPRequestHandler):
    """One connection, kept alive between requests."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1

    def answer(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        refusal = self._unwelcome(headers)
        if refusal:
            self.close_connection = True
            self._send(Response(refusal, {"Content-Type": "text/plain"}, refusal.phrase.encode()), headers)
            return
        body = self.rfile.read(int(headers.get("content-length", 0)))
        path, _, query = self.path.partition("?")
        try:
            response = self.server.cloud.handle(Request(self.command, path, query, headers, body))
        except Dropped:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(response, headers)

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = do_OPTIONS = answer

    def _unwelcome(self, headers: dict[str, str]) -> HTTPStatus | None:
        if not is_this_machine(headers.get("host", "")):
            return HTTPStatus.MISDIRECTED_REQUEST  # a name that somebody's DNS points here
        if "transfer-encoding" in headers:
            return HTTPStatus.LENGTH_REQUIRED
        if not headers.get("content-length", "0").isdecimal():
            return HTTPStatus.BAD_REQUEST
        if int(headers.get("content-length", 0)) > MOST_BODY_BYTES:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return None

    def _send(self, response: Response, asked: dict[str, str]) -> None:
        """Head and body in one write."""
        body, headers = response.body, response.headers
        if len(body) > GZIP_FROM_BYTES and "gzip" in asked.get("accept-encoding", ""):
            body = gzip.compress(body, compresslevel=1)
            headers = {**headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        head = [
            f"HTTP/1.1 {response.status} {phrase(response.status)}",
            *(f"{name}: {headers[name]}" for name in headers),
        ]
        head.append(f"Date: {format_datetime(self.server.cloud.now(), usegmt=True)}")
        if response.status != HTTPStatus.NO_CONTENT:
            head.append(f"Content-Length: {len(body)}")
        if self.close_connection:
            head.append("Connection: close")
        sent = "\r\n".join([*head, "", ""]).encode("latin-1", "replace")
        self.wfile.write(sent if self.command == "HEAD" else sent + body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """The cloud keeps its own log."""


def is_this_machine(host: str) -> bool:
    """Whether a Host header names this machine, with or without a port."""
    name = host.rpartition("]")[0].removeprefix("[") if host.startswith("[") else host.partition(":")[0]
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
