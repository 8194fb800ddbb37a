"""Speaks Microsoft Graph and Entra ID: tokens, ID-token check, one HTTP door, paging, batches, typed results."""

from .calendars import (
    allowed_roles,
    create_permission,
    delete_permission,
    get_default_calendar,
    list_calendars,
    list_permissions,
    remove_copy,
    rename_copy,
    update_role,
)
from .client import Client
from .clouds import Cloud, Endpoints, endpoints
from .contacts import first_contacts, list_contacts
from .copies import Copy, proved_copy
from .delegated import Lent, LentTokens
from .errors import (
    ConfigurationRefused,
    ConsentMissing,
    CredentialRefused,
    Denied,
    GrantEnded,
    GraphError,
    IdRefused,
    IdTokenRefused,
    MailboxMissing,
    Malformed,
    NotFound,
    OutOfScope,
    Rejected,
    ResyncRequired,
    SignInError,
    TenantNotFound,
    Throttled,
    TokenRefused,
    Unreachable,
)
from .events import Marked, NewEvent, OwnEvent, cancel_event, create_event, find_own_event, move_event
from .groups import count_members, first_groups, list_mail_groups
from .id_token import Claims, SigningKeys, verify_id_token
from .ids import calendars_path, default_calendar_path, permission_path, permissions_path, settings_path
from .meeting_times import MeetingTimes, Suggestion, find_meeting_times
from .organization import get_organization
from .parse import calendar as parse_calendar
from .parse import calendars as parse_calendars
from .parse import fold_address
from .parse import permissions as parse_permissions
from .parse import settings as parse_settings
from .resources import (
    DELIVERY_OPTIONS,
    ORGANIZATION_PERMISSION_ID,
    ROLES,
    Calendar,
    Contact,
    Delta,
    Group,
    MailboxSettings,
    Organization,
    Permission,
    User,
)
from .schedules import Busy, Schedule, ScheduleError, WorkingHours, get_schedules
from .sent import Call, Stats
from .settings import read_settings, update_delivery
from .tokens import Credential, Token, Tokens, TokenSource, client_assertion
from .transport import make_session
from .users import delta_link, find_users, first_users, get_user, get_users, list_users, users_delta
from .window import Answer, Ask, Window

__all__ = [
    "DELIVERY_OPTIONS",
    "ORGANIZATION_PERMISSION_ID",
    "ROLES",
    "Answer",
    "Ask",
    "Busy",
    "Calendar",
    "Call",
    "Claims",
    "Client",
    "Cloud",
    "ConfigurationRefused",
    "ConsentMissing",
    "Contact",
    "Copy",
    "Credential",
    "CredentialRefused",
    "Delta",
    "Denied",
    "Endpoints",
    "GrantEnded",
    "GraphError",
    "Group",
    "IdRefused",
    "IdTokenRefused",
    "Lent",
    "LentTokens",
    "MailboxMissing",
    "MailboxSettings",
    "Malformed",
    "Marked",
    "MeetingTimes",
    "NewEvent",
    "NotFound",
    "Organization",
    "OutOfScope",
    "OwnEvent",
    "Permission",
    "Rejected",
    "ResyncRequired",
    "Schedule",
    "ScheduleError",
    "SignInError",
    "SigningKeys",
    "Stats",
    "Suggestion",
    "TenantNotFound",
    "Throttled",
    "Token",
    "TokenRefused",
    "TokenSource",
    "Tokens",
    "Unreachable",
    "User",
    "Window",
    "WorkingHours",
    "allowed_roles",
    "calendars_path",
    "cancel_event",
    "client_assertion",
    "count_members",
    "create_event",
    "create_permission",
    "default_calendar_path",
    "delete_permission",
    "delta_link",
    "endpoints",
    "find_meeting_times",
    "find_own_event",
    "find_users",
    "first_contacts",
    "first_groups",
    "first_users",
    "fold_address",
    "get_default_calendar",
    "get_organization",
    "get_schedules",
    "get_user",
    "get_users",
    "list_calendars",
    "list_contacts",
    "list_mail_groups",
    "list_permissions",
    "list_users",
    "make_session",
    "move_event",
    "parse_calendar",
    "parse_calendars",
    "parse_permissions",
    "parse_settings",
    "permission_path",
    "permissions_path",
    "proved_copy",
    "read_settings",
    "remove_copy",
    "rename_copy",
    "settings_path",
    "update_delivery",
    "update_role",
    "users_delta",
    "verify_id_token",
]
