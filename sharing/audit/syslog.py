"""Lines of the audit log as JSON to a syslog server: sent from a thread of its own, so that nobody waits for it.

What cannot be sent is dropped and never tried again; each line carries its chain and seq, so a gap shows.
https://www.rfc-editor.org/rfc/rfc5424
"""

import atexit
import json
import logging
import os
import queue
import socket
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from sharing.models import AuditEvent

log = logging.getLogger(__name__)

LOG_AUDIT, INFO = 13, 6
WAITING = 10_000  # lines; then the oldest news is what is in the database
LONGEST = 8_000  # bytes of a datagram that arrives in one piece at most servers
COMPLAIN_SECONDS = 60
LAST_WORDS_SECONDS = 1.0


class NotAnAddress(ValueError):
    """AUDIT_SYSLOG is neither udp://host:port nor unix:/path."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where lines go: a host and its UDP port, or the path of a socket of this machine."""

    host: str = ""
    port: int = 514
    path: str = ""


def server(text: str) -> Server:
    """AUDIT_SYSLOG as a place. Raises NotAnAddress."""
    parts = urlsplit(text)
    try:
        port = parts.port or 514
    except ValueError:
        raise NotAnAddress(text) from None
    if parts.scheme == "udp" and parts.hostname and not parts.path.strip("/"):
        return Server(host=parts.hostname, port=port)
    if parts.scheme == "unix" and parts.path.startswith("/") and not parts.netloc:
        return Server(path=parts.path)
    raise NotAnAddress(text)


def stream(event: AuditEvent) -> None:
    """Send one event that is committed, where AUDIT_SYSLOG says; never waits, never raises."""
    if settings.AUDIT_SYSLOG:
        send(shown(event))


def shown(event: AuditEvent) -> dict[str, Any]:
    """An event as one JSON object: ids and codes, as it was recorded."""
    at = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    names = ("actor", "on_behalf", "verb", "subject", "before", "after", "outcome", "request_id", "source", "hash")
    return {"chain": event.chain, "seq": event.seq, "at": at} | {name: getattr(event, name) for name in names}


def send(line: dict[str, Any]) -> bool:
    """Hand one line to the thread; False where too many wait already, or AUDIT_SYSLOG is no address."""
    try:
        where = server(settings.AUDIT_SYSLOG)
    except NotAnAddress:
        return False  # a check says so
    try:
        _sender().lines.put_nowait((where, datagram(line)))
    except queue.Full:
        return False
    return True


def datagram(line: dict[str, Any], at: datetime | None = None) -> bytes:
    """RFC 5424's header and the JSON; a subject that would not fit is left out, and said to be."""
    moment = (at or datetime.now(UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    head = f"<{LOG_AUDIT * 8 + INFO}>1 {moment} {socket.gethostname()[:255] or '-'} calwarden {os.getpid()} audit - "
    text = json.dumps(line)
    if len(head) + len(text) > LONGEST:
        text = json.dumps({**line, "subject": {"left_out": True}})
    return (head + text).encode()


class _Sender:
    """One thread that sends what others put."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.lines: queue.Queue[tuple[Server, bytes]] = queue.Queue(WAITING)
        self._complained = 0.0
        threading.Thread(target=self._run, name="audit-syslog", daemon=True).start()

    def _run(self) -> None:
        while True:
            where, text = self.lines.get()
            try:
                _put(where, text)
            except Exception as error:  # no such host, nobody listens, its buffer is full: the thread lives on
                if time.monotonic() - self._complained > COMPLAIN_SECONDS:
                    self._complained = time.monotonic()
                    log.warning("audit lines do not reach syslog: %s", type(error).__name__)
            finally:
                self.lines.task_done()

    def finish(self) -> None:
        """What still waits may leave, for a moment."""
        until = time.monotonic() + LAST_WORDS_SECONDS
        while self.lines.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.01)


def _put(where: Server, text: bytes) -> None:
    if where.path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.setblocking(False)
            out.sendto(text, where.path)
        return
    family, kind, _, _, address = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind) as out:
        out.setblocking(False)
        out.sendto(text, address)


_lock = threading.Lock()
_senders: dict[int, _Sender] = {}  # by process: a thread does not outlive a fork


def _sender() -> _Sender:
    with _lock:
        if os.getpid() not in _senders:
            _senders.clear()
            sender = _senders[os.getpid()] = _Sender()
            atexit.register(sender.finish)
        return _senders[os.getpid()]
