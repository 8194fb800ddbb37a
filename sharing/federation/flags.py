"""What is noteworthy of a relationship or a sharing policy, as codes that `words.exchange` says: pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sharing.access.organizations import OutsideShares
from sharing.models import FederationPlan, OrganizationRelationship, SharingPolicy, reach

from .export import UNKNOWN
from .opens import ROLES

MANY_DOMAINS = 5  # a partner with more domains than this, which are all shown titles and places
OWN_HOSTS = ".onmicrosoft.com"  # every tenant has such a domain, and hardly anybody an address in it
EVERYBODY, ANYBODY = "*", "Anonymous"


class Flag(NamedTuple):
    """One thing to look at; `about` is what it is about: domains, or names of other relationships."""

    code: str
    about: tuple[str, ...] = ()


def relationship_flags(
    row: OrganizationRelationship,
    others: Iterable[OrganizationRelationship],
    *,
    own_domains: Iterable[str] = (),
    their_domains: Iterable[str] = (),
    agreed: str = "",
) -> list[Flag]:
    """Flags of `row`; `others` are all of the export, `their_domains` all that are known to belong to the partner.

    `agreed` is the partner's level, the most that was agreed on; empty where there is no partner.
    """
    flags = []
    if agreed and reach(ROLES[row.level]) > reach(ROLES[agreed]):
        flags.append(Flag("more_than_agreed", (agreed,)))
    if row.level == OrganizationRelationship.LIMITED and len(row.domains) > MANY_DOMAINS:
        flags.append(Flag("details_to_many", tuple(row.domains)))
    if row.has_mailbox_move:
        flags.append(Flag("mailbox_move", (row.mailbox_move_capability,) if row.mailbox_move_capability else ()))
    if overlap := _overlap(row, others):
        flags.append(Flag("overlap", overlap))
    if own := _sorted(set(row.domains) & set(own_domains)):
        flags.append(Flag("own_domain", own))
    if missing := _sorted(d for d in set(their_domains) - set(row.domains) if not d.endswith(OWN_HOSTS)):
        flags.append(Flag("domains_missing", missing))
    if not row.domains:
        flags.append(Flag("no_domains"))
    if not row.target_application_uri or not (row.target_autodiscover_epr or row.target_sharing_epr):
        flags.append(Flag("no_endpoint"))
    if "/ews/" in row.target_sharing_epr.lower():
        flags.append(Flag("ews_endpoint"))
    if not row.is_enabled:
        flags.append(Flag("disabled"))
    elif not row.has_free_busy:
        flags.append(Flag("free_busy_off"))
    return flags


def policy_flags(row: SharingPolicy, *, mailboxes: int | None = None) -> list[Flag]:
    """Flags of a policy; `mailboxes` from `mailboxes_of`: one that nobody has lets nobody share."""
    flags = []
    for domain, code in ((EVERYBODY, "everybody_details"), (ANYBODY, "anybody_details")):
        levels = {entry["level"] for entry in row.entries if entry["domain"] == domain} - {UNKNOWN}
        if row.is_enabled and any(reach(level) > 1 for level in levels if level):
            flags.append(Flag(code, (max(levels, key=lambda level: reach(level) if level else 0),)))
    if unknown := _sorted(entry["domain"] for entry in row.entries if entry["level"] == UNKNOWN):
        flags.append(Flag("unknown_actions", unknown))
    if not row.is_enabled:
        flags.append(Flag("policy_disabled"))
    elif mailboxes == 0:
        flags.append(Flag("policy_unused"))
    return flags


def without_relationship(
    shares: Mapping[str, OutsideShares], relationships: Iterable[OrganizationRelationship]
) -> dict[str, OutsideShares]:
    """The domains people share with that are in no relationship, most calendars first; `shares` by domain."""
    related = {domain for row in relationships for domain in row.domains}
    alone = ((domain, found) for domain, found in shares.items() if domain and domain not in related)
    return dict(sorted(alone, key=lambda pair: (-pair[1].calendars, pair[0])))


def customization_flag(is_dehydrated: bool | None, plans: Iterable[FederationPlan]) -> Flag | None:
    """A policy is to be changed, and Exchange refuses that until organization customization was enabled once."""
    waits = any(plan.kind == FederationPlan.POLICY and plan.state == FederationPlan.OPEN for plan in plans)
    return Flag("customization_off") if is_dehydrated and waits else None


def mailboxes_of(
    policies: Sequence[SharingPolicy], counts: Mapping[str, int], *, total: int, is_whole: bool
) -> dict[str, int | None]:
    """GUID of each policy → mailboxes that have it; None where the export does not say.

    `counts` is `access.organizations.policy_counts`, by the policy as the mailbox names it: its name, its GUID or its
    place in the directory. `total` mailboxes are there by the mirror; those not listed have the default policy, so its
    number is as good as that one. `is_whole`: the section was read to its end.
    """
    if not is_whole:
        return {str(policy.guid): None for policy in policies}
    named: dict[str, int] = {}
    for name, number in counts.items():
        key = _last(name).casefold()
        named[key] = named.get(key, 0) + number
    found: dict[str, int | None] = {
        str(policy.guid): sum(named.get(key, 0) for key in {policy.name.casefold(), str(policy.guid)})
        for policy in policies
    }
    for policy in policies:
        if policy.is_default:
            found[str(policy.guid)] = max(0, total - sum(counts.values())) + (found[str(policy.guid)] or 0)
    return found


def _last(name: str) -> str:
    """The name in "CN=Managers,CN=Federation,…"; a name without a place is itself."""
    return name.split(",")[0][3:] if name[:3].upper() == "CN=" else name


def _overlap(row: OrganizationRelationship, others: Iterable[OrganizationRelationship]) -> tuple[str, ...]:
    return tuple(other.name for other in others if other.guid != row.guid and set(other.domains) & set(row.domains))


def _sorted(domains: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(domains))
