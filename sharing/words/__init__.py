"""What each role, option, state and error is called, for owners and for IT; no database, no network, no clock."""

from .adding import (
    ALREADY_ASKED,
    END_TOO_SOON,
    ROLE_NOT_FOR_THEM,
    adding,
    end_too_late,
    has_access_already,
    replaced_changed,
)
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
    DELIVERY_OPTIONS,
    TO_DELEGATES_ONLY,
    TO_OWNER_TOO,
    DeliveryWords,
    answer_anyway,
    delivery_choices,
    delivery_words,
    no_delegate,
    separate_rights,
    still_to_nobody,
)  # fmt: skip
from .deputies import acting_for
from .guards import guard_words
from .names import GONE, NOT_FOUND, is_account_number, is_sid, visible
from .preview import EQUIVALENT, EXACTLY, NO_POWERSHELL
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
from .whose import YOU, Whose
from .zones import zone_of, zone_words

__all__ = [
    "ALREADY_ASKED", "CONFIRMING", "CauseWords", "DELIVERY", "DELIVERY_OPTIONS", "DeliveryWords", "END_TOO_SOON",
    "EQUIVALENT", "EXACTLY", "Fallback", "GONE", "IT", "LEAD", "MAILBOX_STATES", "MAIN_CALENDAR", "NOTHING_CHANGED",
    "NOT_FOUND", "NO_POWERSHELL", "OUTSIDE", "OWNER", "Outcome", "PERSON_KINDS", "PORTAL_ROLES", "PRIVATE_EVENTS",
    "REMOVE", "ROLE", "ROLES", "ROLE_NOT_FOR_THEM", "RUN_KINDS", "RUN_OUTCOMES", "RoleWords", "STATE_LABELS",
    "StateWords", "TENANT_STATES", "TO_DELEGATES_ONLY", "TO_OWNER_TOO", "UNDONE", "Whose", "YOU", "acting_for",
    "adding", "ago", "answer_anyway", "calendar_words", "cause_words", "change_outcome", "change_sentence", "counted",
    "day", "delivery_choices", "delivery_words", "end_too_late", "everyone_at", "falls_back_to", "guard_words",
    "has_access_already", "is_account_number", "is_sid", "kind_label", "left", "listed", "moment", "no_delegate",
    "noticed", "noticed_sentence", "purpose_label", "quoted", "rank", "replaced_changed", "role_label",
    "role_sentence", "role_words", "separate_rights", "short_day", "since", "state_words", "still_to_nobody",
    "summary", "summary_parts", "visible", "zone_of", "zone_words",
]  # fmt: skip
