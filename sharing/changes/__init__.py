"""The only room that alters anything at Microsoft."""

from .apply import apply
from .cancel import RESTORED, cancel_open
from .request import (
    AlreadyGone,
    ChangeOpen,
    NothingToDo,
    NotNow,
    NotRemovable,
    Refused,
    RoleNotAllowed,
    Stale,
    WouldRaise,
    fall_back,
    is_last_delegate,
    request_delivery,
    request_removal,
    request_role,
    would_raise,
)

__all__ = [
    "AlreadyGone", "ChangeOpen", "NotNow", "NotRemovable", "NothingToDo", "RESTORED", "Refused", "RoleNotAllowed",
    "Stale", "WouldRaise", "apply", "cancel_open", "fall_back", "is_last_delegate", "request_delivery",
    "request_removal", "request_role", "would_raise",
]  # fmt: skip
