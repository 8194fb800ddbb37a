"""Carries out one change: look, decide, mark it sent, write once, read back, settle."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from sharing import access, graph, mirror
from sharing.models import Calendar, Change

from .decide import QUIET_SECONDS, UNCLEAR_SECONDS, Decision, Do, decide
from .intent import record
from .targets import WRITE_SECONDS, DeliveryTarget, EntryTarget, Look, target_of

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
LEASE = timedelta(seconds=120)
CHECK_AFTER = timedelta(minutes=10)
MAX_TRIES = 8  # looks that failed before anything was sent; then "Nothing was changed."
FOR_GOOD = (graph.Rejected, graph.Denied, graph.MailboxMissing, graph.IdRefused, graph.NotFound)


class LeaseLost(Exception):
    """Another worker has the change now; this one must not touch it."""


def apply(
    *, client: graph.Client, change: Change, clock: Clock, monotonic: Callable[[], float] = time.monotonic
) -> bool:
    """Take the change one step further, safe to call at any time and twice; False where it is not ours to do.

    Nothing here retries a write: a lost answer is settled by reading. Every later write of this worker is fenced by the
    claim, so a worker that slept through its lease changes nothing.
    """
    if not change.claim(now=clock(), lease=LEASE):
        return False
    change.refresh_from_db(fields=["state", "sent_at"])  # as another worker may have left them before our claim
    until = monotonic() + LEASE.total_seconds() - WRITE_SECONDS - 5
    try:
        if change.state == Change.APPLIED:
            _check(client, change, clock)
        elif change.state == Change.OPEN:
            _advance(client, change, clock, lambda: monotonic() < until)
        else:
            change.let_go()
    except LeaseLost:
        log.warning("change was taken over", extra={"change": change.public_id})
        return False
    return True


def _advance(client: graph.Client, change: Change, clock: Clock, is_in_time: Callable[[], bool]) -> None:
    cause = still_may(change)
    if cause and change.sent_at is None:
        state = Change.FAILED if cause == "not_allowed" else Change.CANCELLED
        return _finish(change, Decision(Do.FAILED, cause), clock(), state=state)
    if _calendar_ended(change):
        return _finish(change, Decision(Do.CONFLICT, "already_gone"), clock())
    target = target_of(change)
    look = _look(client, change, target, clock)
    if look is None:
        return None
    decision = decide(target.wish, look.truth, seconds_since_sent=_since_sent(change, clock()), may_write=not cause)
    if decision.do is Do.WRITE:
        if not is_in_time():
            _postpone(change, clock(), 1)
            return None
        decision, look = _write_and_read_back(client, change, target, clock)
        if look is None:
            return None
    return _settle(client, change, target, look, decision, clock)


def still_may(change: Change) -> str:
    """Why whoever asked may not any more, as a cause word; asked right before sending."""
    return access.may_change(
        change.actor, change.mailbox, change.actor_kind, change.permission, change.after or None, change.approved_by,
        address=change.address if change.kind == Change.CREATE else "", before=change.before,
    )  # fmt: skip


def _calendar_ended(change: Change) -> bool:
    """Was the calendar itself found gone? Its id may lead to another one by now: the new main calendar."""
    ended = Calendar.objects.filter(ended_at__isnull=False)
    return change.calendar_id is not None and ended.filter(pk=change.calendar_id).exists()


def _write_and_read_back(
    client: graph.Client, change: Change, target: EntryTarget | DeliveryTarget, clock: Clock
) -> tuple[Decision, Look | None]:
    before = change.sent_at
    _mark_sent(change, clock())
    refusal = ""
    try:
        target.write(client)
    except graph.Throttled as error:
        # 429 means that this one was not carried out; an earlier one may still have been.
        mine = {"due_at": clock() + timedelta(seconds=error.retry_after or 30), "sent_at": before}
        if not change.let_go(**mine):
            raise LeaseLost from error
        return Decision(Do.WAIT, "throttled"), None
    except graph.GraphError as error:
        log.warning("write had no clean answer", extra={"change": change.public_id, "cause": error.cause})
        refusal = error.cause if isinstance(error, FOR_GOOD) and not error.may_have_happened else ""
    look = _look(client, change, target, clock)
    if look is None:
        return Decision(Do.WAIT, "not_confirmed"), None
    sent = _since_sent(change, clock())
    decision = decide(target.wish, look.truth, seconds_since_sent=sent, refusal=refusal)
    if decision.do is Do.WRITE:  # never twice in one go
        decision = Decision(Do.WAIT, "not_confirmed")
    return decision, look


def _look(client: graph.Client, change: Change, target: EntryTarget | DeliveryTarget, clock: Clock) -> Look | None:
    """A complete reading, or None where the change was put off or ended because there is none."""
    try:
        return target.look(client, now=clock())
    except graph.Throttled as error:
        _postpone(change, clock(), error.retry_after or 30)
    except (graph.GraphError, mirror.NotTrusted) as error:
        now, sent = clock(), _since_sent(change, clock())
        if sent is None and (isinstance(error, FOR_GOOD) or change.attempt >= MAX_TRIES):
            _finish(change, Decision(Do.FAILED, error.cause), now)
        elif sent is not None and sent > UNCLEAR_SECONDS:
            _finish(change, Decision(Do.UNKNOWN, error.cause), now)
        else:
            _postpone(change, now, min(10 * 2 ** min(change.attempt, 5), 300) if sent is None else QUIET_SECONDS)
    return None


def _settle(
    client: graph.Client, change: Change, target: EntryTarget | DeliveryTarget, look: Look, decision: Decision,
    clock: Clock,
) -> None:  # fmt: skip
    """Mirror, outcome and audit in one transaction, behind the mailbox's fence and the claim."""
    for _ in range(3):
        with transaction.atomic():
            now = clock()
            ours = change if decision.do is Do.APPLIED and change.sent_at else None
            if target.store(look, now=now, by=ours):
                if decision.do is Do.WAIT:
                    return _postpone(change, now, QUIET_SECONDS)
                return _finish(change, decision, now, found=look.truth.value)
        # A sync wrote the mailbox between our note and now: what we read may be older than what it stored. Read again.
        again = _look(client, change, target, clock)
        if again is None:
            return None
        look = again
        decision = decide(target.wish, look.truth, seconds_since_sent=_since_sent(change, clock()), may_write=False)
        if decision.do is Do.WRITE:
            decision = Decision(Do.WAIT, "not_confirmed")
    return _postpone(change, clock(), QUIET_SECONDS)


def _finish(change: Change, decision: Decision, now: datetime, *, state: str = "", found: str | None = None) -> None:
    state = state or decision.do.value
    due_at = now + CHECK_AFTER if state == Change.APPLIED else None
    with transaction.atomic():
        fields = {"state": state, "cause": decision.cause[:80], "finished_at": now, "found": found or ""}
        if not change.let_go(due_at=due_at, **fields):
            raise LeaseLost
        for name, value in fields.items():
            setattr(change, name, value)
        record(change, f"change.{state}", actor=None, now=now, outcome=decision.cause[:80])


def _mark_sent(change: Change, now: datetime) -> None:
    """Committed before the request leaves: after a crash nobody believes that nothing was sent."""
    mine = Change.objects.filter(pk=change.pk, attempt=change.attempt, state=Change.OPEN)
    first = change.sent_at or now  # the three minutes run from the first time it left
    if not mine.update(sent_at=first):
        raise LeaseLost
    change.sent_at = first


def _postpone(change: Change, now: datetime, seconds: float) -> None:
    if not change.let_go(due_at=now + timedelta(seconds=seconds)):
        raise LeaseLost


def _since_sent(change: Change, now: datetime) -> float | None:
    return (now - change.sent_at).total_seconds() if change.sent_at else None


def _check(client: graph.Client, change: Change, clock: Clock) -> None:
    """Ten minutes later: is it still so? Access that came back is noted and recorded."""
    if _calendar_ended(change):
        change.let_go()
        return None
    target = target_of(change)
    try:
        look = target.look(client, now=clock())
    except (graph.GraphError, mirror.NotTrusted):
        if change.attempt < 2 * MAX_TRIES:
            return _postpone(change, clock(), CHECK_AFTER.total_seconds())
        change.let_go()
        return None
    now = clock()
    with transaction.atomic():
        if not target.store(look, now=now, by=None):
            return _postpone(change, now, 5)
        is_so = look.truth.value == target.wish.after
        later = Change.objects.filter(target=change.target, requested_at__gt=change.requested_at)
        newer = later.filter(state__in=[Change.OPEN, Change.APPLIED]).exists()
        fields = {"checked_at": now} if is_so or newer else {"reverted_at": now, "found": look.truth.value or ""}
        if not change.let_go(**fields):
            raise LeaseLost
        if "reverted_at" in fields:
            record(change, "change.reverted", actor=None, now=now, outcome=look.truth.value or "gone")
    return None
