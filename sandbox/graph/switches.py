"""What Microsoft's documents leave open, as switches: one field per row of the contract's Appendix A, default first."""

from dataclasses import asdict, dataclass, fields
from typing import Any

# Field, row of Appendix A, allowed values with the suggested default first.
_REFUSALS = ("ErrorInvalidRequest", "ErrorInvalidArgument", "ErrorAccessDenied", "ErrorInternalServerError")
CHOICES: dict[str, tuple[Any, ...]] = {
    "role_not_allowed": _REFUSALS,
    "read_only_member_patched": ("ignored", "refused"),
    "none_for_a_person": ("refused", "deleted"),
    "organization_row_deleted": ("ErrorInvalidRequest", "ErrorAccessDenied", "ErrorInternalServerError"),
    "unknown_permission": ("ErrorInternalServerError", "ErrorItemNotFound", "ErrorNotSupported"),
    "duplicate_share": ("updated", "refused"),
    "delegate_created": ("accepted", "refused"),
    "role_too_high_created": ("refused", "lowered"),
    "unresolved_address_created": ("accepted", "refused"),
    "created_status": (201, 200),
    "resource_owner_delegates": (True, False),
    "organization_row_on_named_calendars": ("present", "absent"),
    "custom_in_allowed_roles": (False, True),
    "anonymous_row": (False, True),
    "orphaned_row": ("shown", "dropped"),
    "permission_pages": ("single", "tens"),
    "calendar_page_size": (10, 0),
    "default_calendar_deleted": ("ErrorDeleteDistinguishedFolder", "ErrorAccessDenied"),
    "mail_on_change": (False, True),
    "policy_covers_read_basic": (False, True),
    "calendar_alias": ("refused", "works"),
    "unresolved_address_asked": ("outside", "refused"),
    "permission_ids": ("stable", "regenerated"),
    "permissions_of_a_copy": ("empty", "ErrorNotSupported"),
    "rule_left_behind": (False, True),
    "on_premises_answer": ("MailboxNotEnabledForRESTAPI", "extensionError"),
    "store_error_answer": ("ErrorItemNotFound", "ErrorAccessDenied"),
    "user_purpose": ("text", "object", "absent"),
    "is_default_calendar": ("truthful", "absent", "never_true", "always_true"),
    "batch_order": ("as_asked", "reversed", "shuffled"),
    "delta_gone": (False, True),
    "delta_empty_pages": (False, True),
    "delta_replays": (False, True),
    "consent_lag_answer": ("no_roles", "AADSTS700016"),
    "declined": ("documented", "observed"),
    "approval_refused": ("AADSTS90094", "AADSTS65004"),
    "sign_in_consent": ("silent", "asked"),
    "auth_time": ("always", "asked", "never"),
    "refresh_reuse": ("accepted", "refused"),
    "empty_token": ("NoPermissionsInAccessToken", "ErrorAccessDenied"),
    "appointments": ("usual", "none"),
    "app_schedules": ("everything", "organization_role"),
    "schedules_in_scope_only": (False, True),
    "schedule_most": (100, 20),
    "schedule_days": (42, 62),
    "schedule_codes": ("numeric", "symbolic"),
    "schedule_messages": ("short", "full"),
    "failed_schedule": ("bare", "empty_view"),
    "working_elsewhere_digit": ("4", "0"),
    "federation_answer": ("by_relationship", "not_app_only", "unauthorized", "autodiscover_failed", "timed_out"),
    "meeting_times_app_only": ("refused", "works"),
    "duplicate_transaction": ("returned", "refused", "made_again"),
    "event_settles": (False, True),
    "audit_query_ends": ("succeeded", "failed", "cancelled"),
    "audit_query_cut_off": (False, True),
    "cancelled_event": ("removed", "kept"),
    "attendee_copy_properties": ("dropped", "kept"),
    "powershell": ("7", "5.1"),
    "enums_in_json": ("numbers", "names"),
    "customization": ("works", "refused"),
}
# Seconds and counts: what is allowed.
BOUNDS = {"visible_after_seconds": 60, "events_visible_after_seconds": 60,
          "consent_lag_seconds": 86400, "refresh_grace_seconds": 86400,
          "auth_age_seconds": 86400, "file_kept_percent": 100}  # fmt: skip


@dataclass
class Switches:
    """Set through `change`; the comment is the row of Appendix A (or the section) that leaves it open."""

    role_not_allowed: str = "ErrorInvalidRequest"  # A1
    read_only_member_patched: str = "ignored"  # A2
    none_for_a_person: str = "refused"  # A3
    organization_row_deleted: str = "ErrorInvalidRequest"  # A4
    unknown_permission: str = "ErrorInternalServerError"  # A5
    duplicate_share: str = "updated"  # A6
    delegate_created: str = "accepted"  # A7
    role_too_high_created: str = "refused"  # A8
    unresolved_address_created: str = "accepted"  # A9
    created_status: int = 201  # A10
    resource_owner_delegates: bool = True  # A11: rooms and shared mailboxes offer delegate roles
    organization_row_on_named_calendars: str = "present"  # A12
    custom_in_allowed_roles: bool = False  # A13
    anonymous_row: bool = False  # A14
    orphaned_row: str = "shown"  # A15; A16, a group as an internal user, has no alternative
    permission_pages: str = "single"  # A17
    calendar_page_size: int = 10  # A18: 0 is all on one page
    default_calendar_deleted: str = "ErrorDeleteDistinguishedFolder"  # A19
    organization_name: str = "My Organization"  # A20
    mail_on_change: bool = False  # A21
    visible_after_seconds: float = 0.0  # A22: 0 to 60
    policy_covers_read_basic: bool = False  # A24; A23 is below
    calendar_alias: str = "refused"  # A26; A25 is the throttle's
    unresolved_address_asked: str = "outside"  # A27
    permission_ids: str = "stable"  # A28
    permissions_of_a_copy: str = "empty"  # A29
    rule_left_behind: bool = False  # A30
    on_premises_answer: str = "MailboxNotEnabledForRESTAPI"  # 7.4
    store_error_answer: str = "ErrorItemNotFound"  # 7.3
    user_purpose: str = "text"  # Appendix B, v1.0 only
    is_default_calendar: str = "truthful"  # 2.2, v1.0 only
    batch_order: str = "as_asked"  # 5
    delta_gone: bool = False  # 4.2: every delta token is answered 410
    delta_empty_pages: bool = False  # 4.2
    delta_replays: bool = False  # 4.2: a round repeats the last object of its page before
    # The rest is about Entra, and is opened in the contract of connecting tenants (A.1, A.4, A.5).
    consent_lag_seconds: float = 0.0  # of the cloud's clock, after an administrator accepted
    consent_lag_requests: int = 0  # so many tokens of the app in that tenant, after an administrator accepted
    consent_lag_answer: str = "no_roles"  # the roles of before (none, the first time), or as if not consented
    declined: str = "documented"  # observed: access_denied from admin consent, consent_required from a person
    approval_refused: str = "AADSTS90094"  # what an app hears where a person needed an administrator and went back
    sign_in_consent: str = (
        "silent"  # whether openid, profile, email, offline_access and User.Read alone are asked about
    )
    auth_time: str = "always"  # as where the registration lists this optional claim; asked: with max_age only
    auth_age_seconds: float = 0.0  # how long ago people signed in, unless they are asked to sign in again
    refresh_reuse: str = "accepted"  # Microsoft does not revoke a refresh token that was used (documented)
    refresh_grace_seconds: float = 0.0  # how long a used one stays good where reuse is refused
    empty_token: str = "NoPermissionsInAccessToken"  # A.4: a mailbox asked for with a token without any role
    # Exchange Online PowerShell, left open in C of the same contract.
    powershell: str = "7"  # C.5: what ConvertTo-Json and Set-Content write
    enums_in_json: str = "numbers"  # J5: where a script does not make texts of them
    customization: str = "works"  # C.2.3: not every plan offers it
    refused_command: str = ""  # the name of a command that the administrator's role does not hold
    file_kept_percent: int = 100  # how much of a written file is left: less is a file cut short
    audit_query_ends: str = "succeeded"  # how a search of the audit log ends
    audit_query_cut_off: bool = False  # it found more than it may give
    # About schedules and events (contract 9, and D and E of connecting tenants).
    appointments: str = "usual"  # none: calendars hold only what was put there since
    app_schedules: str = "everything"  # or what My Organization's role shows
    schedules_in_scope_only: bool = False  # J2: whether the scope of an app counts for those it asks about
    schedule_most: int = 100  # documented are 20, enforced are 100
    schedule_days: int = 42  # Appendix B: a window must be shorter than this
    schedule_codes: str = "numeric"  # D.2
    schedule_messages: str = "short"  # D.2: the fuller ones end in LID and a number
    failed_schedule: str = "bare"  # whether a row with an error has an empty availabilityView
    working_elsewhere_digit: str = "4"  # E
    federation_answer: str = "by_relationship"  # J1, and what fails between two organizations (D.3)
    meeting_times_app_only: str = "refused"  # Appendix B
    duplicate_transaction: str = "returned"  # A23
    events_visible_after_seconds: float = 0.0  # 0 to 60
    event_settles: bool = False  # 7.3: Exchange gives a new event another change key at once
    cancelled_event: str = "removed"  # kept: it stays in the organizer's calendar, marked as cancelled
    attendee_copy_properties: str = "dropped"  # J10

    def change(self, wanted: dict[str, Any]) -> None:
        """Set these switches and leave the others. Raises ValueError, nothing set, for a name or value that is none."""
        known = {each.name: type(each.default) for each in fields(self)}
        for name, value in wanted.items():
            if name not in known:
                raise ValueError(f"There is no switch {name!r}. There are {', '.join(known)}.")
            if name in CHOICES and value not in CHOICES[name]:
                raise ValueError(f"{name} is one of {CHOICES[name]}; not {value!r}.")
            if not isinstance(value, (int, float) if known[name] is float else known[name]):
                raise ValueError(f"{name} is a {known[name].__name__}; not {value!r}.")
            if name in BOUNDS and not 0 <= value <= BOUNDS[name]:
                raise ValueError(f"{name} is 0 to {BOUNDS[name]}.")
        for name, value in wanted.items():
            setattr(self, name, known[name](value))

    def plain(self) -> dict[str, Any]:
        return asdict(self)
