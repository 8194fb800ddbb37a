"""Carries out one change: look, decide, mark it sent, write once, read back, settle."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeGuard

from django.db import transaction

from sharing import graph
from sharing.models import DELEGATE_ROLES, Calendar, Change, Role

from .checking import check, look_again
from .decide import QUIET_SECONDS, Decision, Do, decide
from .looks import WRITE_SECONDS, Look, Target
from .targets import target_of
from .work import FOR_GOOD, LEADER_FAILED, MAX_TRIES, NOT_TAKEN, Clock, LeaseLost, Work, still_may

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=120)
STOPS_ALL = ("frozen", "not_connected", "writes_off", "left_out", "grant_lost", "grant_reads")


def _nothing(step: str) -> None:
    pass


def apply(
    *, client: graph.Client, change: Change, clock: Clock, monotonic: Callable[[], float] = time.monotonic,
    reached: Callable[[str], None] = _nothing,
) -> bool:  # fmt: skip
    """Take the change one step further, safe to call at any time and twice; False where it is not ours to do.

    Nothing here retries a write: a lost answer is settled by reading. Every later write of this worker is fenced by the
    claim, so a worker that slept through its lease changes nothing.
    """
    until = monotonic() + LEASE.total_seconds() - WRITE_SECONDS - 5  # before the claim: a sleep after it counts
    if not change.claim(now=clock(), lease=LEASE):
        return False
    reached("claimed")
    # As others may have left them before our claim.
    change.refresh_from_db(fields=["state", "cause", "sent_at", "after", "reverted_at"])
    work = Work(client, change, clock, lambda: monotonic() < until, reached)
    try:
        if change.state == Change.APPLIED:
            check(work)
        elif change.state == Change.UNKNOWN:
            look_again(work)
        elif change.state == Change.OPEN:
            _advance(work)
        else:
            change.let_go()
    except LeaseLost:
        log.warning("change was taken over", extra={"change": change.public_id})
        return False
    return True


def _advance(work: Work) -> None:
    change = work.change
    cause = still_may(change)
    if cause and change.sent_at is None:
        return _stop(work, cause)
    if change.follows and change.sent_at is None and change.follows.state != Change.APPLIED:
        return work.finish(Decision(Do.FAILED, LEADER_FAILED), state=Change.CANCELLED)
    if _calendar_ended(change):
        return work.finish(Decision(Do.CONFLICT, "already_gone"))
    target = target_of(change)
    look = work.look(target)
    if look is None:
        return None
    work.reached("looked")
    may_send_again = not cause and change.cause == NOT_TAKEN
    decision = decide(target.wish, look.truth, seconds_since_sent=work.since_sent(), may_send_again=may_send_again)
    if decision.do is Do.WRITE:
        step = _write_and_read_back(work, target)
        if step is None:
            return None
        decision, look = step
    return _settle(work, target, look, decision)


def _stop(work: Work, cause: str) -> None:
    """Whoever asked may not any more, or nobody may now; nothing was sent."""
    state = Change.CANCELLED if cause in STOPS_ALL else Change.FAILED
    work.finish(Decision(Do.FAILED, cause), state=state)


def _calendar_ended(change: Change) -> bool:
    """Was the calendar itself found gone? Its id may lead to another one by now: the new main calendar."""
    ended = Calendar.objects.filter(ended_at__isnull=False)
    is_copy = change.kind in (Change.COPY_NAME, Change.COPY_REMOVE)  # its absence is for the look to judge
    return change.calendar_id is not None and not is_copy and ended.filter(pk=change.calendar_id).exists()


def _write_and_read_back(work: Work, target: Target) -> tuple[Decision, Look] | None:
    """The one write of this step and what was read after it; None where the change was put off or ended."""
    change = work.change
    before = {"sent_at": change.sent_at, "cause": change.cause}
    # Once more, because looking takes a while: a freeze counts from now on.
    if cause := still_may(change):
        if change.sent_at is None:
            _stop(work, cause)
        else:  # an earlier one may still land: only reading settles it
            work.postpone(QUIET_SECONDS)
        return None
    work.mark_sent(change.after if target.wish.after is None else target.wish.after)
    work.reached("marked")
    if not work.is_in_time():
        work.postpone(1, **before)
        return None
    refusal = ""
    try:
        target.write(work.client)
    except graph.Throttled as error:
        # 429 means that this one was not carried out; an earlier one may still have been.
        _not_sent(work, before, error.cause, error.retry_after or 30)
        return None
    except graph.GraphError as error:
        log.warning("write had no clean answer", extra={"change": change.public_id, "cause": error.cause})
        if _was_not_taken(error):
            work.postpone(max(QUIET_SECONDS, error.retry_after or 0), cause=NOT_TAKEN)
            return None
        if not error.may_have_happened:
            if not isinstance(error, FOR_GOOD):
                _not_sent(work, before, error.cause, QUIET_SECONDS)
                return None
            refusal = error.cause
    work.reached("written")
    look = work.look(target)
    if look is None:
        return None
    work.reached("read")
    decision = decide(target.wish, look.truth, seconds_since_sent=work.since_sent(), refusal=refusal)
    if decision.do is Do.FAILED and refusal and _is_delegate_again(change):
        # Whether a delegate can be made anew is documented nowhere. Refused, the person gets the most below that back.
        work.postpone(0, sent_at=None, after=Role.WRITE.value)
        return None
    return decision, look


def _is_delegate_again(change: Change) -> bool:
    return change.kind == Change.CREATE and change.undoes_id is not None and change.after in DELEGATE_ROLES


def _was_not_taken(error: graph.GraphError) -> TypeGuard[graph.Unreachable]:
    """503 is the one failure of a server's that says "you may repeat the request"; any other may have been carried out.

    It is believed only together with a later look that shows the old value. https://learn.microsoft.com/graph/errors
    """
    return isinstance(error, graph.Unreachable) and error.status == 503


def _not_sent(work: Work, before: dict[str, Any], cause: str, pause: float) -> None:
    """This write was not carried out for certain: the change is as it was before, and too often is enough."""
    if before["sent_at"] is None and work.change.attempt >= MAX_TRIES:
        return work.finish(Decision(Do.FAILED, cause), sent_at=None)
    return work.postpone(pause, **before)


def _settle(work: Work, target: Target, look: Look, decision: Decision) -> None:
    """Mirror, outcome and audit in one transaction, behind the mailbox's fence and the claim."""
    change = work.change
    for _ in range(3):
        with transaction.atomic():
            is_ours = decision.do is Do.APPLIED or decision.cause == "other_role"
            if target.store(look, now=work.clock(), by=change if is_ours and change.sent_at else None):
                if decision.do is Do.WAIT:
                    return work.postpone(QUIET_SECONDS)
                return work.finish(decision, found=look.truth.value, entry=target.entry(look))
        # A sync wrote the mailbox between our note and now: what we read may be older than what it stored. Read again.
        again = work.look(target)
        if again is None:
            return None
        look = again
        decision = decide(target.wish, look.truth, seconds_since_sent=work.since_sent())
        if decision.do is Do.WRITE:
            decision = Decision(Do.WAIT, "not_confirmed")
    return work.postpone(QUIET_SECONDS)
