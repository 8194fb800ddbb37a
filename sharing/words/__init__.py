"""What each role, option, state and error is called, for owners and for IT; no database, no network, no clock."""

from .changes import (
    CONFIRMING,
    DELIVERY,
    LEAD,
    MAIN_CALENDAR,
    NOTHING_CHANGED,
    OUTSIDE,
    REMOVE,
    ROLE,
    STATE_LABELS,
    UNDONE,
    Outcome,
    calendar_words,
    change_outcome,
    change_sentence,
    noticed,
    noticed_sentence,
    quoted,
    since,
)  # fmt: skip
from .delivery import (
    ANSWER_ANYWAY,
    DELIVERY_OPTIONS,
    NO_DELEGATE,
    ONE_SETTING,
    SEND_TO_ME,
    SEPARATE_RIGHTS,
    TO_OWNER_TOO,
    DeliveryWords,
    delivery_choices,
    delivery_words,
)  # fmt: skip
from .names import NOT_FOUND, is_sid, visible
from .roles import (
    IT,
    OWNER,
    PRIVATE_EVENTS,
    ROLES,
    Fallback,
    RoleWords,
    counted,
    everyone_at,
    falls_back_to,
    listed,
    rank,
    role_label,
    role_sentence,
    role_words,
    summary,
    summary_parts,
)  # fmt: skip
from .states import (
    MAILBOX_STATES,
    PERSON_KINDS,
    PORTAL_ROLES,
    RUN_KINDS,
    RUN_OUTCOMES,
    TENANT_STATES,
    CauseWords,
    StateWords,
    cause_words,
    kind_label,
    purpose_label,
    state_words,
)  # fmt: skip
from .times import ago, day, left, moment, short_day
from .zones import zone_of, zone_words

__all__ = [
    "ANSWER_ANYWAY", "CONFIRMING", "CauseWords", "DELIVERY", "DELIVERY_OPTIONS", "DeliveryWords", "Fallback",
    "IT", "LEAD", "MAILBOX_STATES", "MAIN_CALENDAR", "NOTHING_CHANGED", "NOT_FOUND", "NO_DELEGATE", "ONE_SETTING",
    "OUTSIDE", "OWNER", "Outcome", "PERSON_KINDS", "PORTAL_ROLES", "PRIVATE_EVENTS", "REMOVE", "ROLE", "ROLES",
    "RUN_KINDS", "RUN_OUTCOMES", "RoleWords", "SEND_TO_ME", "SEPARATE_RIGHTS", "STATE_LABELS", "UNDONE", "StateWords",
    "TENANT_STATES", "TO_OWNER_TOO", "ago", "calendar_words", "cause_words", "change_outcome",
    "change_sentence", "counted", "day", "delivery_choices", "delivery_words", "everyone_at", "falls_back_to",
    "is_sid", "kind_label", "left", "listed", "moment", "noticed", "noticed_sentence", "purpose_label", "quoted",
    "rank", "role_label", "role_sentence", "role_words", "short_day", "since", "state_words", "summary",
    "summary_parts", "visible", "zone_of", "zone_words",
]  # fmt: skip
