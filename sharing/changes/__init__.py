"""The only room that alters anything at Microsoft."""

from .apply import apply
from .batch_numbers import Numbers, numbers, without_delegate
from .batch_steps import AT_ONCE, HOURLY, settled_mailboxes, step
from .batches import (
    LOWERED_TO,
    MOST_ITEMS,
    OUTCOMES,
    TYPED_FROM,
    Expired,
    NoBatch,
    NothingLeft,
    NotTyped,
    Progress,
    TooMany,
    add_items,
    cancel_batch,
    check_batch,
    confirm_batch,
    is_expired,
    progress,
    progress_of,
)
from .cancel import RESTORED, cancel_open
from .checking import ask_what_became
from .copies import request_copy_name, request_copy_removal
from .cover_steps import step_cover
from .covers import CoverExists, cancel_cover, entry_of, plan_cover
from .deputies import end_deputy, give_deputy
from .end_dates import (
    OwnersOnly,
    accept_end,
    cancel_end_date,
    extend_end_date,
    set_end_date,
)
from .end_policy import EndDateRequired, EndsTooLate, EndsTooSoon, Limit, limit_for, limit_of
from .end_steps import step_end_date
from .guards import guards
from .holders import Holder, holder_at, nearest, person_of, roles_to_give
from .intent import same_thing
from .objections import answer_objection, close_objections, object_to
from .overdue import overdue_ends
from .proposals import (
    AlreadyAsked,
    Answered,
    NeedsReason,
    NotYours,
    accept,
    accepted_and_not_carried_out,
    carry_out,
    decline,
    expire,
    propose,
    withdraw,
)
from .refusals import (
    AlreadyGone,
    BadAddress,
    BadName,
    CannotUndo,
    ChangeOpen,
    NotACopy,
    NothingToDo,
    NotNow,
    NotRemovable,
    Refused,
    RoleNotAllowed,
    Stale,
    WouldRaise,
)
from .request import (
    fall_back,
    is_last_delegate,
    request_create,
    request_delivery,
    request_removal,
    request_role,
    would_raise,
)
from .restored import ask_anew
from .reversals import came_back, is_revocation, notice_reversals, undone_outside
from .undo import role_again, sends_invitation, undo, undo_refusal, undo_refusals

__all__ = [
    "AT_ONCE", "AlreadyAsked", "AlreadyGone", "Answered", "BadAddress", "BadName", "CannotUndo", "ChangeOpen",
    "CoverExists", "EndDateRequired", "EndsTooLate", "EndsTooSoon", "Expired", "HOURLY", "Holder", "LOWERED_TO",
    "Limit", "MOST_ITEMS", "NeedsReason", "NoBatch", "NotACopy", "NotNow", "NotRemovable", "NotTyped", "NotYours",
    "NothingLeft", "NothingToDo", "Numbers", "OUTCOMES", "OwnersOnly", "Progress", "RESTORED", "Refused",
    "RoleNotAllowed", "Stale", "TYPED_FROM", "TooMany", "WouldRaise", "accept", "accept_end",
    "accepted_and_not_carried_out", "add_items", "answer_objection", "apply", "ask_anew", "ask_what_became",
    "came_back", "cancel_batch", "cancel_cover", "cancel_end_date", "cancel_open", "carry_out", "check_batch",
    "close_objections", "confirm_batch", "decline", "end_deputy", "entry_of", "expire", "extend_end_date",
    "fall_back", "give_deputy", "guards", "holder_at", "is_expired", "is_last_delegate", "is_revocation", "limit_for",
    "limit_of", "nearest", "notice_reversals", "numbers", "object_to", "overdue_ends", "person_of", "plan_cover",
    "progress", "progress_of", "propose", "request_copy_name", "request_copy_removal", "request_create",
    "request_delivery", "request_removal", "request_role", "role_again", "roles_to_give", "same_thing",
    "sends_invitation", "set_end_date", "settled_mailboxes", "step", "step_cover", "step_end_date", "undo",
    "undo_refusal", "undo_refusals", "undone_outside", "withdraw", "without_delegate", "would_raise",
]  # fmt: skip
