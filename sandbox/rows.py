"""What the pretend Microsoft remembers: tenants, their directory, mailboxes, calendars and permissions."""

from dataclasses import dataclass, field, fields
from typing import Any

from sandbox.apps import ServicePrincipal, principal_of
from sandbox.cast import PORTAL_APP
from sandbox.event import Event, event_of

DELEGATE_ROLES = ("delegateWithoutPrivateEventAccess", "delegateWithPrivateEventAccess")
ROLES = ("none", "freeBusyRead", "limitedRead", "read", "write", *DELEGATE_ROLES, "custom")
DELIVERY_OPTIONS = (
    "sendToDelegateAndInformationToPrincipal",
    "sendToDelegateAndPrincipal",
    "sendToDelegateOnly",
)
MAILBOX_STATES = (
    "ok",
    "unlicensed",
    "on_premises",
    "soft_deleted",
    "provisioning",
    "policy_blocked",
    "store_error",
    "unsupported",
    "gone_for_good",
)
DELIVERY = "delegateMeetingMessageDeliveryOptions"


@dataclass(slots=True)
class Permission:
    """One row of a calendar's list.

    `kind` is "default" (My Organization), "user", "group" or "outside". `holder` is the oid of a user or group of the
    same tenant, whose name and address are copied here; None for the others.
    """

    id: str
    role: str
    kind: str
    name: str
    address: str | None = None
    holder: str | None = None


@dataclass(slots=True)
class Calendar:
    """A calendar in one mailbox: its owner's own, or a sharee's copy of somebody's (`original`: owner's oid, id).

    `foreign_owner` is (name, address) where the owner's mailbox is in no tenant of this cloud. A copy has no rows.
    `hidden_until` and `shown` keep the old rows in view while a written change is not visible yet.
    """

    id: str
    name: str
    is_default: bool = False
    change_key: str = ""
    can_edit: bool = True
    color: str = "auto"
    original: tuple[str, str] | None = None
    foreign_owner: tuple[str, str] | None = None
    permissions: dict[str, Permission] = field(default_factory=dict)
    hidden_until: str | None = None
    shown: list[Permission] = field(default_factory=list)

    @property
    def is_copy(self) -> bool:
        return self.original is not None or self.foreign_owner is not None


@dataclass(slots=True)
class Mailbox:
    """`settings` are Graph's mailboxSettings as JSON; nested values are replaced, never changed in place.

    `rule` lists the oids to whom meeting requests go: what Exchange keeps beside the permissions. `events` are those
    that were put there since the world began; the usual ones are in `sandbox.appointments`.
    """

    calendars: dict[str, Calendar] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    purpose: str = "user"
    rule: list[str] = field(default_factory=list)
    refusals: int = 0
    events: dict[str, Event] = field(default_factory=dict)

    @property
    def primary(self) -> Calendar:
        return next(calendar for calendar in self.calendars.values() if calendar.is_default)


@dataclass(slots=True)
class User:
    """A directory user; `mailbox_state` is one of MAILBOX_STATES, `holder_id` the id of the rows this user holds."""

    oid: str
    upn: str
    display_name: str
    mail: str | None = None
    proxy_addresses: list[str] = field(default_factory=list)
    user_type: str | None = "Member"
    account_enabled: bool = True
    assigned_plans: list[dict[str, str]] = field(default_factory=list)
    job_title: str | None = None
    department: str | None = None
    office: str | None = None
    manager: str | None = None
    created_at: str = "2021-03-01T08:00:00Z"
    deleted_at: str | None = None
    on_premises_sync: bool | None = None
    holder_id: str = ""
    app_roles: list[str] = field(default_factory=list)
    directory_roles: list[str] = field(default_factory=list)
    mailbox: Mailbox | None = None
    mailbox_state: str = "ok"

    @property
    def addresses(self) -> set[str]:
        """Every SMTP address this user answers to, in lower case."""
        found = {address[5:] for address in self.proxy_addresses if address[:5].lower() == "smtp:"}
        return {address.lower() for address in (*found, self.upn, self.mail) if address}


@dataclass(slots=True)
class Group:
    """`members` are the oids of users, groups and contacts; `visibility` is null or "HiddenMembership"."""

    oid: str
    name: str
    mail: str | None = None
    mail_enabled: bool = True
    security_enabled: bool = True
    group_types: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    holder_id: str = ""
    description: str | None = None
    visibility: str | None = None


@dataclass(slots=True)
class Contact:
    """An organizational contact: an address outside that stands in the organization's own address book."""

    oid: str
    name: str
    mail: str
    proxy_addresses: list[str] = field(default_factory=list)
    company: str | None = None


@dataclass(slots=True)
class Tenant:
    """One directory with its mailboxes.

    `changes` is the delta journal: (number, oid), numbers rising. `principals` are the apps known here, by client id,
    `removed` counts how often each was removed. `user_consent` is whether people may consent for themselves.
    `audit_log` are records as Microsoft writes them, `audit_queries` the searches of it. `keys` finds users by oid and
    UPN, `holders` users and groups by address.
    """

    tid: str
    name: str
    domains: list[str]
    users: dict[str, User] = field(default_factory=dict)
    deleted: dict[str, User] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    changes: list[tuple[int, str]] = field(default_factory=list)
    principals: dict[str, ServicePrincipal] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    user_consent: bool = True
    country: str = "US"
    audit_log: list[dict[str, Any]] = field(default_factory=list)
    audit_queries: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)

    @property
    def granted_roles(self) -> set[str]:
        """The app roles of the portal's own app."""
        found = self.principals.get(PORTAL_APP)
        return set(found.roles) if found else set()

    def add(self, user: User) -> User:
        self.users[user.oid] = user
        self.index(user)
        return user

    def add_group(self, group: Group) -> Group:
        self.groups[group.oid] = group
        if group.mail:
            self.holders[group.mail.lower()] = group.oid
        return group

    def index(self, user: User) -> None:
        self.keys[user.oid.lower()] = self.keys[user.upn.lower()] = user.oid
        for address in user.addresses:
            self.holders[address] = user.oid

    def unindex(self, user: User) -> None:
        for index in (self.keys, self.holders):
            for key in [key for key, oid in index.items() if oid == user.oid]:
                del index[key]

    def user(self, key: str) -> User | None:
        """The user with this oid or UPN, in any case; None for a deleted or unknown one."""
        return self.users.get(self.keys.get(key.lower(), ""))

    def holder(self, address: str) -> User | Group | None:
        """The user or group with this SMTP address."""
        oid = self.holders.get(address.lower(), "")
        return self.users.get(oid) or self.groups.get(oid)

    def touched(self, oid: str) -> None:
        """Note in the delta journal that this user changed, came or went."""
        self.changes.append((self.changes[-1][0] + 1 if self.changes else 1, oid))


def plain(value: Any) -> Any:
    """The value as JSON; the two indexes of a tenant are left out, they are made anew."""
    if hasattr(value, "__dataclass_fields__"):
        names = (each.name for each in fields(value) if each.name not in ("keys", "holders"))
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, set):
        return sorted(value)
    if isinstance(value, list | tuple):
        return [plain(member) for member in value]
    return value


def calendar_of(value: dict[str, Any]) -> Calendar:
    rows = {id: Permission(**row) for id, row in value["permissions"].items()}
    shown = [Permission(**row) for row in value["shown"]]
    pairs = {name: tuple(value[name]) if value[name] else None for name in ("original", "foreign_owner")}
    return Calendar(**{**value, **pairs, "permissions": rows, "shown": shown})


def user_of(value: dict[str, Any]) -> User:
    mailbox = value["mailbox"]
    if mailbox is not None:
        calendars = {id: calendar_of(each) for id, each in mailbox["calendars"].items()}
        events = {id: event_of(each) for id, each in mailbox.get("events", {}).items()}
        mailbox = Mailbox(**{**mailbox, "calendars": calendars, "events": events})
    return User(**{**value, "mailbox": mailbox})


def tenant_of(value: dict[str, Any]) -> Tenant:
    """The tenant that `plain` wrote down."""
    tenant = Tenant(
        **{
            **value,
            "users": {},
            "groups": {},
            "contacts": {oid: Contact(**each) for oid, each in value["contacts"].items()},
            "deleted": {oid: user_of(each) for oid, each in value["deleted"].items()},
            "changes": [(number, oid) for number, oid in value["changes"]],
            "principals": {id: principal_of(each) for id, each in value["principals"].items()},
        }
    )
    for each in value["users"].values():
        tenant.add(user_of(each))
    for each in value["groups"].values():
        tenant.add_group(Group(**each))
    return tenant
