"""Rows, and sets of rows."""

from .activation import BOOKER, READER, WRITER, ActivationLink, ConsentAttempt
from .audit import INSTALLATION, NO_HASH, AuditChain, AuditEvent, AuditQuery, OutsideAct, coming_from
from .batches import BatchItem, ChangeBatch
from .bookings import Booking
from .changes import Change, ChangeQuerySet
from .credentials import AppCredential, Grant
from .due import Due, DueQuerySet
from .end_dates import Cover, EndDate
from .federation import (
    ExchangeSnapshot,
    FederationPlan,
    OrganizationRelationship,
    Partner,
    PolicyAssignment,
    Probe,
    PublishedCalendar,
    SharingPolicy,
    Volunteer,
)
from .mailboxes import DELIVERY_OPTIONS, DeliveryPeriod, Mailbox, MailboxQuerySet, SyncShard
from .notices import Notice
from .past import READ_COLUMNS, Past, PastValues, Reading, ShardReading, keep_mailboxes, kept
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
from .proposals import Deputy, Objection, Proposal
from .runs import SyncRun
from .scope import CallCount, GroupLimit, GroupMember, Invitation
from .tenants import RoleAssignment, Stewardship, Tenant, User, list_tenant, public_id

__all__ = [
    "BOOKER",
    "Booking",
    "ExchangeSnapshot",
    "FederationPlan",
    "OrganizationRelationship",
    "Partner",
    "PolicyAssignment",
    "Probe",
    "PublishedCalendar",
    "SharingPolicy",
    "Volunteer",
    "BatchItem",
    "ChangeBatch",
    "Cover",
    "EndDate",
    "Deputy",
    "Objection",
    "Proposal",
    "OutsideAct",
    "DELEGATE_ROLES",
    "DELIVERY_OPTIONS",
    "INSTALLATION",
    "NO_HASH",
    "ORGANIZATION_ID",
    "READER",
    "READ_COLUMNS",
    "UNKNOWN_REACH",
    "WRITER",
    "ActivationLink",
    "AppCredential",
    "AuditChain",
    "AuditEvent",
    "AuditQuery",
    "Calendar",
    "CalendarPermission",
    "CalendarPermissionQuerySet",
    "CallCount",
    "Change",
    "ChangeQuerySet",
    "ConsentAttempt",
    "DeliveryPeriod",
    "Due",
    "DueQuerySet",
    "Grant",
    "GroupLimit",
    "GroupMember",
    "Invitation",
    "Mailbox",
    "MailboxQuerySet",
    "Notice",
    "Past",
    "PastValues",
    "Reading",
    "PermissionPeriod",
    "Person",
    "PersonAddress",
    "Role",
    "RoleAssignment",
    "Stewardship",
    "ShardReading",
    "SyncRun",
    "SyncShard",
    "Tenant",
    "User",
    "keep_mailboxes",
    "kept",
    "coming_from",
    "list_tenant",
    "public_id",
    "reach",
    "role_as_of",
]
