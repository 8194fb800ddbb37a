"""Rows, and sets of rows."""

from .audit import AuditChain, AuditEvent
from .changes import Change, ChangeQuerySet
from .due import Due, DueQuerySet
from .mailboxes import DeliveryPeriod, Mailbox, MailboxQuerySet, SyncShard
from .people import Person, PersonAddress
from .permissions import (
    DELEGATE_ROLES,
    ORGANIZATION_ID,
    UNKNOWN_REACH,
    Calendar,
    CalendarPermission,
    CalendarPermissionQuerySet,
    PermissionPeriod,
    Role,
    reach,
    role_as_of,
)
from .runs import SyncRun
from .tenants import RoleAssignment, Stewardship, Tenant, User, list_tenant, public_id

__all__ = [
    "DELEGATE_ROLES",
    "ORGANIZATION_ID",
    "UNKNOWN_REACH",
    "AuditChain",
    "AuditEvent",
    "Calendar",
    "CalendarPermission",
    "CalendarPermissionQuerySet",
    "Change",
    "ChangeQuerySet",
    "DeliveryPeriod",
    "Due",
    "DueQuerySet",
    "Mailbox",
    "MailboxQuerySet",
    "PermissionPeriod",
    "Person",
    "PersonAddress",
    "Role",
    "RoleAssignment",
    "Stewardship",
    "SyncRun",
    "SyncShard",
    "Tenant",
    "User",
    "list_tenant",
    "public_id",
    "reach",
    "role_as_of",
]
