"""What Graph says, as frozen values."""

from dataclasses import dataclass, field
from datetime import datetime

ROLES = (
    "none",
    "freeBusyRead",
    "limitedRead",
    "read",
    "write",
    "delegateWithoutPrivateEventAccess",
    "delegateWithPrivateEventAccess",
    "custom",
)
DELIVERY_OPTIONS = (
    "sendToDelegateOnly",
    "sendToDelegateAndInformationToPrincipal",
    "sendToDelegateAndPrincipal",
)
# The id of the My Organization row in every mailbox: base64 of "Default". Match by it, never by the name.
ORGANIZATION_PERMISSION_ID = "RGVmYXVsdA=="


@dataclass(frozen=True, slots=True)
class User:
    """A directory user. `kind` is "user" or "guest"; `addresses` are all its mail addresses, folded, for joining.

    `address` is its mail address, or its user principal name where it has none. None in `enabled`, `has_exchange`
    (an Exchange plan is assigned) and the texts means that the directory did not say.
    """

    id: str
    name: str
    address: str | None
    addresses: tuple[str, ...]
    kind: str
    enabled: bool | None
    job_title: str | None
    department: str | None
    has_exchange: bool | None
    created_at: datetime | None
    user_principal_name: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """A mail-enabled group; `addresses` are all its mail addresses, folded."""

    id: str
    name: str
    address: str | None
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Members:
    """Who is in a group, by object id: people, the groups within it, and how many of any other kind."""

    users: frozenset[str]
    groups: frozenset[str]
    others: int


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody outside in the organization's own address book; `addresses` are all mail addresses, folded."""

    id: str
    name: str
    address: str | None
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Organization:
    """The tenant itself; `domains` are its verified domains, folded, the default one first."""

    id: str
    name: str
    domains: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """One calendar as one mailbox sees it: its own, or a copy of somebody else's (`owner_address` differs)."""

    id: str
    name: str
    is_default: bool | None
    can_share: bool | None
    can_edit: bool | None
    can_view_private: bool | None
    owner_name: str
    owner_address: str | None
    is_removable: bool | None


@dataclass(frozen=True, slots=True)
class Permission:
    """One `calendarPermission`. `role` and `allowed_roles` keep words that Graph may add one day as they are."""

    id: str
    role: str
    allowed_roles: tuple[str, ...]
    name: str
    address: str | None
    inside: bool | None
    removable: bool | None


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """What the mirror keeps of `mailboxSettings`. The texts of automatic replies are dropped while parsing.

    `working_hours` has the keys days, start, end, time_zone. `automatic_replies_from` and `_until` are texts like
    `2019-12-24T05:00:00Z`, or with a Windows zone name behind the time where Graph did not answer in UTC.
    """

    delivery_option: str | None
    purpose: str | None
    time_zone: str | None
    working_hours: dict[str, object] = field(hash=False)
    language: str | None
    date_format: str | None
    time_format: str | None
    automatic_replies_status: str | None
    automatic_replies_from: str | None
    automatic_replies_until: str | None


@dataclass(frozen=True, slots=True)
class Delta:
    """What changed in the directory. `removed` holds (id, reason): "changed" is restorable, "deleted" is for good."""

    users: tuple[User, ...]
    removed: tuple[tuple[str, str], ...]
    link: str
