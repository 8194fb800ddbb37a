"""The only room that alters anything at Microsoft."""

from .apply import apply
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
    "AlreadyGone", "ChangeOpen", "NotNow", "NotRemovable", "NothingToDo", "Refused", "RoleNotAllowed", "Stale",
    "WouldRaise", "apply", "fall_back", "is_last_delegate", "request_delivery", "request_removal", "request_role",
    "would_raise",
]  # fmt: skip
