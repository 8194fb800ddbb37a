"""What Exchange remembers of an organization: relationships, sharing policies, who has which, what is published."""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox import ids
from sandbox.cast import CONTOSO, FABRIKAM
from sandbox.rows import Tenant

if TYPE_CHECKING:
    from sandbox.state import State

AUTODISCOVER = "https://autodiscover-s.outlook.com/autodiscover/autodiscover.svc/WSSecurity"
OUT_OF_THE_BOX = ("Anonymous:CalendarSharingFreeBusyReviewer", "*:CalendarSharingFreeBusySimple")
BEGAN = "2025-03-03T09:00:00Z"
# Contoso's calendars that whoever knows the address can open: alias, calendar (None: the default one), detail,
# searchable.
PUBLISHED = (
    ("MiriamG", "Campaigns", "AvailabilityOnly", False),
    ("LynneR", "Spring conference", "LimitedDetails", True),
    ("press", None, "FullDetails", False),
)
_GENERATED = re.compile(r"(\d+)@")


@dataclass(slots=True)
class Relationship:
    """One organization relationship.

    `values` are Exchange's own members (see `NEW`) as JSON; FreeBusyAccessScope is the object id of a group of this
    tenant or null.
    """

    guid: str
    values: dict[str, Any]
    created_at: str
    changed_at: str

    @property
    def name(self) -> str:
        return str(self.values["Name"])

    @property
    def domains(self) -> list[str]:
        return list(self.values["DomainNames"])

    @property
    def is_enabled(self) -> bool:
        return bool(self.values["Enabled"])

    @property
    def has_free_busy(self) -> bool:
        """FreeBusyAccessEnabled: without it our people look nobody up there, and theirs see nothing here."""
        return bool(self.values["FreeBusyAccessEnabled"])

    @property
    def level(self) -> str:
        """The most that theirs may see of ours: None, AvailabilityOnly or LimitedDetails."""
        return str(self.values["FreeBusyAccessLevel"]) if self.has_free_busy else "None"

    @property
    def scope_group(self) -> str | None:
        """The object id of the group whose members' calendars they see; None is everybody."""
        return self.values["FreeBusyAccessScope"]


# What New-OrganizationRelationship gives a relationship that is told nothing else, in the order Exchange prints it.
NEW: dict[str, Any] = {
    "DomainNames": [],
    "FreeBusyAccessEnabled": False,
    "FreeBusyAccessLevel": "None",
    "FreeBusyAccessScope": None,
    "MailboxMoveEnabled": False,
    "MailboxMoveCapability": "None",
    "MailboxMovePublishedScopes": [],
    "OAuthApplicationId": None,
    "DeliveryReportEnabled": False,
    "MailTipsAccessEnabled": False,
    "MailTipsAccessLevel": "None",
    "MailTipsAccessScope": None,
    "PhotosEnabled": False,
    "TargetApplicationUri": None,
    "TargetSharingEpr": None,
    "TargetOwaURL": None,
    "TargetAutodiscoverEpr": None,
    "OrganizationContact": "",
    "Enabled": True,
    "ArchiveAccessEnabled": False,
    "Name": "",
}


@dataclass(slots=True)
class Policy:
    """One sharing policy; `domains` are its entries, `domain:Action, Action`."""

    guid: str
    name: str
    domains: list[str]
    is_enabled: bool = True
    is_default: bool = False
    changed_at: str = BEGAN


@dataclass(slots=True)
class Published:
    """A published calendar; `secret` is what its two addresses are made of."""

    detail: str = "AvailabilityOnly"
    is_searchable: bool = False
    reach_from: str = "ThreeMonths"
    reach_to: str = "ThreeMonths"
    secret: str = ""


@dataclass(slots=True)
class Organization:
    """One tenant's Exchange.

    `assignments` is mailbox (oid) to policy (guid), where it is not the default one; `published` is calendar id to how
    it is published.
    """

    is_dehydrated: bool = False
    relationships: list[Relationship] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    assignments: dict[str, str] = field(default_factory=dict)
    published: dict[str, Published] = field(default_factory=dict)


def organization_of(value: dict[str, Any]) -> Organization:
    """The organization that `sandbox.rows.plain` wrote down."""
    return Organization(
        **{
            **value,
            "relationships": [Relationship(**each) for each in value["relationships"]],
            "policies": [Policy(**each) for each in value["policies"]],
            "published": {id: Published(**each) for id, each in value["published"].items()},
        }
    )


def relationship_between(state: "State", tid: str, domain: str) -> Relationship | None:
    """The enabled relationship of tenant `tid` that lists `domain` (in any case), the first where several do.

    It is one side only: `level` and `scope_group` are what people of `domain` may see of this tenant, `has_free_busy`
    whether this tenant's people may look up theirs.
    """
    organization = state.exchange.get(tid)
    for each in organization.relationships if organization else ():
        if each.is_enabled and domain.lower() in (known.lower() for known in each.domains):
            return each
    return None


def start(tenants: dict[str, Tenant]) -> dict[str, Organization]:
    """Exchange of the reset world: Contoso has partners outside this cloud, Fabrikam was never customized."""
    found = {}
    for tid in tenants:
        guid = ids.object_id("policy", tid)
        policy = Policy(guid, "Default Sharing Policy", list(OUT_OF_THE_BOX), is_default=True)
        found[tid] = Organization(is_dehydrated=tid == FABRIKAM, policies=[policy])
    found[CONTOSO].relationships = [
        _relationship("Adatum", ["adatum.com"]),
        _relationship("Tailspin Toys", ["tailspintoys.com"], Enabled=False),
    ]
    found[CONTOSO].published = _published(tenants[CONTOSO])
    return found


def _relationship(name: str, domains: list[str], **values: Any) -> Relationship:
    targets = {"TargetApplicationUri": "outlook.com", "TargetAutodiscoverEpr": AUTODISCOVER}
    free_busy = {"FreeBusyAccessEnabled": True, "FreeBusyAccessLevel": "AvailabilityOnly"}
    given = {**NEW, "Name": name, "DomainNames": domains, **targets, **free_busy, **values}
    return Relationship(ids.object_id("relationship", name), given, BEGAN, BEGAN)


def _published(tenant: Tenant) -> dict[str, Published]:
    """The named ones, and the default calendar of every hundredth generated mailbox."""
    found = {}
    for alias, calendar, detail, is_searchable in PUBLISHED:
        user = tenant.user(f"{alias}@{tenant.domains[0]}")
        for each in user.mailbox.calendars.values() if user and user.mailbox else ():
            if each.name == calendar or (calendar is None and each.is_default):
                found[each.id] = Published(detail, is_searchable, secret=ids.digest("published", each.id).hex())
    for user in tenant.users.values():
        number = _GENERATED.search(user.upn)
        if number and int(number[1]) % 100 == 0 and user.mailbox:
            id = user.mailbox.primary.id
            found[id] = Published(secret=ids.digest("published", id).hex())
    return found
