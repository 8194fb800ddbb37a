"""One worker's hold on one change: what it may still do, and how it looks, puts off and ends."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from sharing import access, graph, mirror
from sharing.models import Change

from .decide import QUIET_SECONDS, UNCLEAR_SECONDS, Decision, Do
from .intent import record
from .looks import Look, Target

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
CHECK_AFTER = timedelta(minutes=10)
MAX_TRIES = 8  # looks that failed before anything was sent; then "Nothing was changed."
FOR_GOOD = (graph.Rejected, graph.Denied, graph.MailboxMissing, graph.IdRefused, graph.NotFound)
LEADER_FAILED = "leader_failed"
NOT_TAKEN = "not_taken"  # the cause of an open change whose last write Microsoft said it did not carry out


class LeaseLost(Exception):
    """Another worker has the change now; this one must not touch it."""


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed change with all that carrying it out takes; every write of it is fenced by the claim.

    `is_in_time` says whether a write sent now would still end within the lease, by a clock that nobody sets.
    `reached` is told each step's name: there the fault matrix kills the process.
    """

    client: graph.Client
    change: Change
    clock: Clock
    is_in_time: Callable[[], bool]
    reached: Callable[[str], None]

    def since_sent(self) -> float | None:
        change = self.change
        return (self.clock() - change.sent_at).total_seconds() if change.sent_at else None

    def look(self, target: Target) -> Look | None:
        """A complete reading, or None where the change was put off or ended because there is none."""
        try:
            return target.look(self.client, now=self.clock())
        except graph.Throttled as error:
            self._not_read(error, error.retry_after or 30)
        except (graph.GraphError, mirror.NotTrusted) as error:
            self._not_read(error, min(10 * 2 ** min(self.change.attempt, 5), 300))
        return None

    def _not_read(self, error: graph.GraphError | mirror.NotTrusted, pause: float) -> None:
        sent = self.since_sent()
        if sent is None and (isinstance(error, FOR_GOOD) or self.change.attempt >= MAX_TRIES):
            self.finish(Decision(Do.FAILED, error.cause))
        elif sent is not None and sent > UNCLEAR_SECONDS:
            self.finish(Decision(Do.UNKNOWN, error.cause))
        elif sent is None or isinstance(error, graph.Throttled):
            self.postpone(pause)
        else:
            self.postpone(QUIET_SECONDS)

    def mark_sent(self, after: str) -> None:
        """Committed before the request leaves: after a crash nobody believes that nothing was sent. Raises LeaseLost.

        `after` is what is really asked for, where Microsoft allows no more. What was known of an earlier write is
        forgotten: of this one nobody knows anything before its answer was noted.
        """
        change, first = self.change, self.change.sent_at or self.clock()  # the three minutes run from the first time
        mine = Change.objects.filter(pk=change.pk, attempt=change.attempt, state=Change.OPEN)
        if not mine.update(sent_at=first, after=after, cause=""):
            raise LeaseLost
        change.sent_at, change.after, change.cause = first, after, ""

    def postpone(self, seconds: float, **fields: Any) -> None:
        fields = {"cause": self.change.cause, **fields}
        if not self.change.let_go(due_at=self.clock() + timedelta(seconds=seconds), **fields):
            raise LeaseLost

    def finish(
        self, decision: Decision, *, state: str = "", found: str | None = None, entry: int | None = None, **more: Any
    ) -> None:  # fmt: skip
        """The outcome, its audit line, and whoever waited for it, in one transaction. Raises LeaseLost.

        `entry` is the permission that a creation made, `more` are further fields of the change.
        """
        change, now = self.change, self.clock()
        state = state or decision.do.value
        due_at = now + CHECK_AFTER if state == Change.APPLIED else None
        fields = {"state": state, "cause": decision.cause[:80], "finished_at": now, "found": found or "", **more}
        if entry is not None:
            fields["permission_id"] = entry
        with transaction.atomic():
            if not change.let_go(due_at=due_at, **fields):
                raise LeaseLost
            for name, value in fields.items():
                setattr(change, name, value)
            record(change, f"change.{state}", actor=None, now=now, outcome=decision.cause[:80])
            wake_followers(change, now)
        self.reached("settled")


def wake_followers(leader: Change, now: datetime) -> None:
    """What waited for `leader` is carried out, or cancelled where it was not applied; in the caller's transaction."""
    waiting = Change.objects.open().filter(follows=leader, due_at=None)
    if leader.state == Change.APPLIED:
        waiting.update(due_at=now)
        return
    for change in waiting.select_related("mailbox__person", "calendar", "tenant"):
        fields = {"state": Change.CANCELLED, "cause": LEADER_FAILED, "finished_at": now}
        if Change.objects.open().filter(pk=change.pk, due_at=None).update(**fields):
            record(change, "change.cancelled", actor=None, now=now, outcome=LEADER_FAILED)


def still_may(change: Change) -> str:
    """Why whoever asked may not any more, as a cause word; asked right before sending."""
    return access.may_change(
        change.actor, change.mailbox, change.actor_kind, change.permission, _wished(change), change.approved_by,
        address=change.address if change.kind == Change.CREATE else "", before=change.before,
    )  # fmt: skip


def _wished(change: Change) -> str | None:
    """The role that somebody is to have; None where a change is about no role."""
    return change.after if change.kind in (Change.ROLE, Change.CREATE) else None
