"""The head of each chain, written where the portal's database does not reach: then a cut tail shows."""

import hashlib
import hmac
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F, Q

from sharing.models import AuditChain, AuditEvent

from . import syslog

log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
LATE = timedelta(hours=3)
SIGNED, UNSIGNED, NO_KEY, FORGED = "signed", "unsigned", "no_key", "forged"


@dataclass(frozen=True, slots=True)
class Head:
    """That a chain ended with event `seq`, whose hash was `hash`, at a moment in ISO 8601.

    `mac` proves that this installation wrote it: HMAC-SHA256 under a key made of the token key named `key`. Whoever has
    the database and this file, and not that key, can make none. Heads of before this existed have neither.
    """

    at: str
    chain: str
    seq: int
    hash: str
    key: str = ""
    mac: str = ""

    def signed(self) -> "Head":
        """The same, signed with the first of TOKEN_KEYS; as it is where there is none."""
        if not settings.TOKEN_KEYS:
            return self
        key = settings.TOKEN_KEYS[0]
        return replace(self, key=_name(key), mac=self._mac(key))

    def proof(self) -> str:
        """SIGNED, UNSIGNED, NO_KEY where the key it names is not here (any more), or FORGED."""
        if not self.mac:
            return UNSIGNED
        key = next((key for key in settings.TOKEN_KEYS if _name(key) == self.key), None)
        if key is None:
            return NO_KEY
        return SIGNED if hmac.compare_digest(self.mac.encode(), self._mac(key).encode()) else FORGED

    def _mac(self, key: str) -> str:
        own = hmac.digest(key.encode(), b"calwarden: heads of the activity log", "sha256")
        said = json.dumps([self.at, self.chain, self.seq, self.hash, _name(key)])
        return hmac.digest(own, said.encode(), "sha256").hex()


class NotAHead(Exception):
    """A line of a file of heads is none."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} is no head of a chain")
        self.line = line


def places() -> list[str]:
    """Where heads go, as settings say: file, mail, syslog."""
    named = {"file": settings.AUDIT_HEADS_FILE, "mail": settings.AUDIT_HEADS_MAIL, "syslog": settings.AUDIT_SYSLOG}
    return [place for place, value in named.items() if value]


def due(now: datetime):
    """Chains that have moved since their head was last written, an hour ago or more."""
    moved = AuditChain.objects.filter(seq__gt=F("written_seq"))
    return moved.filter(Q(written_at=None) | Q(written_at__lte=now - EVERY)) if places() else moved.none()


def late(now: datetime) -> list[str]:
    """Chains whose events of three hours ago no head has covered yet; none where no place is named."""
    if not places():
        return []
    uncovered = AuditChain.objects.filter(seq__gt=F("written_seq")).values_list("key", "written_seq")
    old = now - LATE
    return [
        key for key, seq in uncovered if AuditEvent.objects.filter(chain=key, seq=seq + 1, at__lt=old).exists()
    ]  # fmt: skip


def write_heads(*, now: datetime, may_mail: bool = True) -> int:
    """Write the heads that are due to every place named, and note it; how many. Twice does no harm.

    A place that fails is logged. A head counts as written once one place has it: file and mail server say so,
    while nobody answers for a syslog line.
    """
    chains = list(due(now).order_by("pk"))
    at = now.astimezone(UTC).isoformat(timespec="seconds")
    heads = [Head(at, c.key, c.seq, c.hash).signed() for c in chains]
    if not heads or not [place for place in places() if _tried(place, heads, may_mail)]:
        return 0
    for chain in chains:
        rows = AuditChain.objects.filter(pk=chain.pk, written_seq__lt=chain.seq)
        rows.update(written_seq=chain.seq, written_at=now)
    return len(heads)


def read_heads(lines: Iterable[str]) -> Iterator[Head]:
    """What `write_heads` wrote; lines of a mail that hold no JSON object are passed over. Raises NotAHead."""
    for number, line in enumerate(lines, 1):
        if not line.strip().startswith("{"):
            continue
        try:
            found = json.loads(line)
            proof = str(found.get("key", "")), str(found.get("mac", ""))
            head = Head(str(found["at"]), str(found["chain"]), int(found["seq"]), str(found["hash"]), *proof)
        except (ValueError, KeyError, TypeError):
            raise NotAHead(number) from None
        yield head


def _name(key: str) -> str:
    """A short name for a token key, from which the key cannot be made."""
    return hashlib.sha256(b"calwarden heads:" + key.encode()).hexdigest()[:12]


def _tried(place: str, heads: list[Head], may_mail: bool) -> bool:
    ways: dict[str, Callable[[], bool]] = {
        "file": lambda: _to_file(Path(settings.AUDIT_HEADS_FILE), _text(heads)),
        "mail": lambda: may_mail and _to_mail(settings.AUDIT_HEADS_MAIL, _text(heads), heads[0].at),
        "syslog": lambda: sum(syslog.send({"head": True, **asdict(head)}) for head in heads) == len(heads),
    }
    try:
        return ways[place]()
    except (OSError, ValueError) as error:  # smtplib's own are OSErrors
        log.warning("heads of the audit log were not written: %s, %s", place, type(error).__name__)
        return False


def _text(heads: list[Head]) -> str:
    return "".join(json.dumps(asdict(head)) + "\n" for head in heads)


def _to_file(path: Path, text: str) -> bool:
    """Appended in one write and on disk before it counts; the file may be one that only takes what is added."""
    if path.parent == settings.VAR:
        settings.VAR.mkdir(mode=0o700, parents=True, exist_ok=True)
    number = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(number, text.encode())
        os.fsync(number)
    finally:
        os.close(number)
    return True


def _to_mail(address: str, text: str, at: str) -> bool:
    body = f"Heads of the activity log. Keep this mail: `audit_verify --heads` reads the lines below.\n\n{text}"
    mail = EmailMessage(f"Calwarden: heads of the activity log, {at}", body, to=[address])
    return bool(mail.send())
