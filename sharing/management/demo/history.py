"""Twelve weeks that went by: the sandbox's journal, night by night, through the real mirror with past clocks."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sharing import mirror
from sharing.connect import reach, tenants
from sharing.models import Mailbox, SyncRun, Tenant

from .sandbox import Sandbox

DAY = timedelta(days=1)
WHOLE_UP_TO = 500  # mailboxes; a larger tenant is read whole once, and then only where something happened


class PastClock:
    """A clock that shows `moment` now and goes on from there."""

    def __init__(self, moment: datetime, clock: Callable[[], datetime]) -> None:
        self._behind = clock() - moment
        self._clock = clock

    def __call__(self) -> datetime:
        return self._clock() - self._behind


def nights(journal: list[dict[str, Any]], now: datetime) -> Iterator[tuple[datetime, list[dict[str, Any]]]]:
    """The nightly hours after which something new could be seen, with what had happened by then; the past only."""
    last = tenants.last_night(now)

    def night_after(entry: dict[str, Any]) -> datetime:
        happened_at = now - timedelta(days=entry["days_ago"])
        return tenants.last_night(happened_at) + DAY

    for night, entries in groupby(journal, key=night_after):
        if night <= last:
            yield night, list(entries)


def replay(*, tenant: Tenant, sandbox: Sandbox, clock: Callable[[], datetime]) -> int:
    """Rewind the world, read it as it was, and read it again after every night in which something had changed.

    Nights in which nothing had changed would read the same and are left out. At the end the world is today's, and what
    happened since the last night is not read yet. Returns the number of nights.
    """
    client, now = reach(tenant), clock()
    journal = sandbox.journal()
    sandbox.rewind()
    played = count = 0

    def read(moment: datetime, entries: list[dict[str, Any]]) -> None:
        touched = {entry["change"].get("mailbox", "") for entry in entries} if is_large else None
        past = PastClock(moment, clock)
        mirror.run_here(
            tenant=tenant, client=client, clock=past, kind=SyncRun.FULL,
            mailboxes=None if touched is None else _mailboxes(tenant, touched),
        )  # fmt: skip

    is_large = False
    for night, entries in nights(journal, now):
        if not count:
            read(night - DAY, [])
            is_large = Mailbox.objects.filter(tenant=tenant).count() > WHOLE_UP_TO
        elif is_large:
            read(night - DAY, entries)  # so that what changes tonight was seen a day before
        for entry in entries:
            sandbox.play(entry["entry"])
            played += 1
        read(night, entries)
        count += 1
    for entry in journal[played:]:
        sandbox.play(entry["entry"])
    return count


def _mailboxes(tenant: Tenant, named: set[str]) -> list[int]:
    """The rows of mailboxes that the journal names by object id or address."""
    rows = Mailbox.objects.filter(tenant=tenant).values_list("pk", "person__oid", "person__addresses__address")
    wanted = {name.casefold() for name in named}
    return sorted({pk for pk, oid, address in rows if str(oid) in wanted or address in wanted})
