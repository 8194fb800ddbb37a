"""The only room that alters anything at Microsoft."""

from .apply import apply
from .cancel import RESTORED, cancel_open
from .copies import request_copy_name, request_copy_removal
from .guards import guards
from .holders import Holder, holder_at, nearest, roles_to_give
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
from .undo import role_again, sends_invitation, undo, undo_refusal, undo_refusals

__all__ = [
    "AlreadyGone", "BadAddress", "BadName", "CannotUndo", "ChangeOpen", "Holder", "NotACopy", "NotNow", "NotRemovable",
    "NothingToDo", "RESTORED", "Refused", "RoleNotAllowed", "Stale", "WouldRaise", "apply", "cancel_open", "fall_back", "guards",
    "holder_at", "is_last_delegate", "nearest", "request_copy_name", "request_copy_removal",
    "request_create", "request_delivery", "request_removal", "request_role", "role_again", "roles_to_give",
    "sends_invitation", "undo", "undo_refusal", "undo_refusals", "would_raise",
]  # fmt: skip
