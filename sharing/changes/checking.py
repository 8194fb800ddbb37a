"""Looks at a change again: ten minutes after it was applied, and whenever somebody asks what became of it."""

from datetime import datetime

from django.db import transaction

from sharing import graph, mirror
from sharing.models import Calendar, Change, User

from .decide import Do, decide
from .intent import AFTER_UNKNOWN, record, same_thing
from .looks import Look, Target
from .refusals import NothingToDo
from .targets import target_of
from .work import CHECK_AFTER, FOR_GOOD, MAX_TRIES, LeaseLost, Work, wake_followers

AS_IT_WAS = "as_it_was"


def check(work: Work) -> None:
    """Ten minutes later: is it still so? What was undone outside is noted and recorded, and told."""
    change = work.change
    if _calendar_is_gone(change) or change.reverted_at:  # a reading was first to see it
        change.let_go()
        return None
    target = target_of(change)
    try:
        look = target.look(work.client, now=work.clock())
    except (graph.GraphError, mirror.NotTrusted):
        if change.attempt < 2 * MAX_TRIES:
            return work.postpone(CHECK_AFTER.total_seconds())
        change.let_go()
        return None
    now = work.clock()
    with transaction.atomic():
        if not target.store(look, now=now, by=None):
            return work.postpone(5)
        if look.truth.value == target.wish.after or is_overtaken(change):
            _let_go(change, {"checked_at": now})
        else:
            revert(change, now, look.truth.value or "", is_held=True)
    return None


def revert(change: Change, now: datetime, found: str, *, is_held: bool = False) -> bool:
    """Note that what `change` did is undone outside, once, with its audit line; False where that is noted already.

    `is_held` where this worker has the change's claim, which ends with it. In the caller's transaction.
    """
    fields = {"reverted_at": now, "found": found}
    if is_held:
        _let_go(change, fields)
    elif not Change.objects.filter(pk=change.pk, state=Change.APPLIED, reverted_at=None).update(**fields):
        return False
    record(change, "change.reverted", actor=None, now=now, outcome=found[:80] or "gone")
    return True


def is_overtaken(change: Change) -> bool:
    """Did a later change of ours alter the same thing? Then its value is that one's to answer for."""
    later = Change.objects.filter(mailbox=change.mailbox_id, target__in=same_thing(change))
    later = later.filter(requested_at__gt=change.requested_at)
    return later.filter(state__in=[Change.OPEN, Change.APPLIED]).exists()


def _calendar_is_gone(change: Change) -> bool:
    if change.kind in (Change.COPY_NAME, Change.COPY_REMOVE):
        return False
    ended = Calendar.objects.filter(ended_at__isnull=False)
    return change.calendar_id is not None and ended.filter(pk=change.calendar_id).exists()


def _let_go(change: Change, fields: dict[str, object]) -> None:
    if not change.let_go(**fields):
        raise LeaseLost


# What became of a change nobody confirmed ----------------------------------------------------------------


def ask_what_became(*, change: Change, actor: User, now: datetime) -> None:
    """Have a change with an unknown outcome looked at again, because a person asks; it is never sent again.

    Ringing is the caller's. Raises NothingToDo where its outcome is known, or a look is underway.
    """
    late = change.finished_at + AFTER_UNKNOWN if change.finished_at else now
    with transaction.atomic():
        idle = Change.objects.filter(pk=change.pk, state=Change.UNKNOWN, due_at=None)
        if not idle.update(due_at=max(now, late)):
            raise NothingToDo
        record(change, "change.looked_again", actor=actor, now=now)


def look_again(work: Work) -> None:
    """Settle an unknown outcome by what is true now: made, as it was, or something else; nothing is sent."""
    change, target = work.change, target_of(work.change)
    try:
        look = target.look(work.client, now=work.clock())
    except (graph.GraphError, mirror.NotTrusted) as error:
        if isinstance(error, FOR_GOOD) or change.attempt >= 2 * MAX_TRIES:
            _let_go(change, {"cause": error.cause[:80]})
            return None
        pause = error.retry_after or 30 if isinstance(error, graph.Throttled) else 30
        return work.postpone(pause)
    with transaction.atomic():
        if not target.store(look, now=work.clock(), by=None):
            return work.postpone(5)
        _settle(work, target, look)
    return None


def _settle(work: Work, target: Target, look: Look) -> None:
    change, now, value = work.change, work.clock(), look.truth.value
    decision = decide(target.wish, look.truth, seconds_since_sent=0.0)
    state, cause = decision.do.value, decision.cause
    if decision.do not in (Do.APPLIED, Do.CONFLICT):
        state, cause = Change.FAILED, AS_IT_WAS
    fields: dict[str, object] = {
        "state": state, "cause": cause[:80], "found": value or "", "dismissed_at": None, "finished_at": now,
        "due_at": now + CHECK_AFTER if state == Change.APPLIED else None,
    }  # fmt: skip
    if (entry := target.entry(look)) is not None:
        fields["permission_id"] = entry
    _let_go(change, fields)
    change.state, change.cause = state, cause
    record(change, "change.settled", actor=None, now=now, outcome=cause[:80] or state)
    wake_followers(change, now)
