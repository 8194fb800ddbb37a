"""What to do about a change, from what was asked and what Microsoft shows: pure."""

from dataclasses import dataclass
from enum import Enum

QUIET_SECONDS = 30.0  # longer than a write may take: a request still on its way has landed by then
UNCLEAR_SECONDS = 180.0  # after this an outcome nobody confirmed goes to a person


class Do(Enum):
    WRITE = "write"
    APPLIED = "applied"
    CONFLICT = "conflict"
    FAILED = "failed"
    UNKNOWN = "unknown"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Wish:
    """`before` is what the person saw; `after` what they want, None where access is to end.

    `rank` orders values by how far they reach and is None where that means nothing (delivery). `is_new` wants an entry
    where there is none.
    """

    before: str
    after: str | None
    before_rank: int | None = None
    after_rank: int | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """What a complete, trusted list shows: `value` None where there is no entry, `is_other` where it is another one."""

    value: str | None
    allowed: tuple[str, ...] | None = None
    removable: bool | None = None
    organization_rank: int | None = None  # what everybody has there anyway; None where unknown or without meaning
    is_other: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    do: Do
    cause: str = ""


def decide(
    wish: Wish, truth: Truth, *, seconds_since_sent: float | None, refusal: str = "", may_send_again: bool = False
) -> Decision:
    """The next step, before the first write (`seconds_since_sent` None) and after one alike.

    A lost answer is settled by what is read, never by sending again. The old value proves nothing: the new one may show
    late, may land late, or was there and the owner took it back in Outlook, who is not to be overruled. So it is sent
    again only where Microsoft itself said that it was not carried out (`may_send_again`), the old value still stands,
    the quiet period is over and three minutes are not. `refusal` is the cause of a definite no to the write.
    """
    if truth.value == wish.after:
        return Decision(Do.APPLIED)
    if truth.is_other:  # ids may change with a role; that somebody has what was wanted is what counts
        return Decision(Do.CONFLICT, "changed_outside")
    if wish.is_new:
        return _decide_new(wish, truth, seconds_since_sent, refusal)
    if truth.value is None:
        return Decision(Do.CONFLICT, "already_gone")
    if truth.value != wish.before:
        return Decision(Do.CONFLICT, "changed_outside")
    if refusal:
        return Decision(Do.FAILED, refusal)
    if seconds_since_sent is not None:
        if seconds_since_sent > UNCLEAR_SECONDS:
            return Decision(Do.UNKNOWN, "not_confirmed")
        if seconds_since_sent < QUIET_SECONDS or not may_send_again:
            return Decision(Do.WAIT, "not_confirmed")
    return _may_be_written(wish, truth)


def _decide_new(wish: Wish, truth: Truth, seconds_since_sent: float | None, refusal: str) -> Decision:
    """A new entry is never asked for twice: Outlook would invite anew, and nobody knows what a second one does."""
    if truth.value is not None:
        is_ours = seconds_since_sent is not None and not refusal
        return Decision(Do.CONFLICT, "other_role" if is_ours else "changed_outside")
    if refusal:
        return Decision(Do.FAILED, refusal)
    if seconds_since_sent is None:
        return _may_be_written(wish, truth)
    is_over = seconds_since_sent > UNCLEAR_SECONDS
    return Decision(Do.UNKNOWN if is_over else Do.WAIT, "not_confirmed")


def _may_be_written(wish: Wish, truth: Truth) -> Decision:
    if wish.after is None and truth.removable is False:
        return Decision(Do.FAILED, "not_removable")
    if wish.after is not None and truth.allowed is not None and wish.after not in truth.allowed:
        return Decision(Do.FAILED, "role_not_allowed")
    if would_raise(wish, truth.organization_rank):
        return Decision(Do.FAILED, "would_raise")
    return Decision(Do.WRITE)


def would_raise(wish: Wish, organization_rank: int | None) -> bool:
    """Would lowering or removing give more, because everybody at the organisation has more than this person?"""
    if organization_rank is None or wish.before_rank is None:
        return False
    is_less = wish.after_rank is None or wish.after_rank < wish.before_rank
    return is_less and organization_rank > wish.before_rank
