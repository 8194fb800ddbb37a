"""The other side of a relationship, where that organization is connected here too and the reader is its IT as well."""

from collections.abc import Iterable
from dataclasses import dataclass

from sharing.access import organizations
from sharing.access.organizations import Known
from sharing.models import ExchangeSnapshot, OrganizationRelationship, Tenant, User


@dataclass(frozen=True, slots=True)
class Side:
    """What the other organization's own export says of us.

    `known` is None where it was never exported: then `relationships` is empty and says nothing. `domains` are all that
    it is known to have, verified at Microsoft or accepted by its Exchange.
    """

    tenant: Tenant
    known: Known | None
    relationships: tuple[OrganizationRelationship, ...]
    domains: frozenset[str]


def their_sides(user: User, tenant: Tenant, relationships: Iterable[OrganizationRelationship]) -> dict[str, Side]:
    """GUID of each relationship → its other side; left out is "the other side cannot be read".

    A handful of queries for each other organization that `user` is IT of, however many relationships there are.
    """
    ours = own_domains(user, tenant)
    sides = [_side(user, other, ours) for other in organizations.their_tenants(user, tenant)]
    found = {}
    for relationship in relationships:
        mine = [side for side in sides if side.domains & set(relationship.domains)]
        if len(mine) == 1:  # domains of two organizations in one relationship: neither is the other side
            found[str(relationship.guid)] = mine[0]
    return found


def their_side(relationship: OrganizationRelationship, user: User) -> Side | None:
    """The other side of one relationship; None where it cannot be read."""
    return their_sides(user, relationship.tenant, [relationship]).get(str(relationship.guid))


def own_domains(user: User, tenant: Tenant) -> frozenset[str]:
    """All domains of a tenant: verified at Microsoft, or accepted by its Exchange as last exported."""
    known = organizations.last_known(user, tenant).get(ExchangeSnapshot.DOMAINS)
    return frozenset(tenant.domains) | frozenset(known.snapshot.domains if known else ())


def _side(user: User, tenant: Tenant, ours: frozenset[str]) -> Side:
    known = organizations.last_known(user, tenant).get(ExchangeSnapshot.RELATIONSHIPS)
    rows = organizations.relationships_for_it(user, tenant) if known else ()
    with_us = tuple(row for row in rows if ours & set(row.domains))
    return Side(tenant, known, with_us, own_domains(user, tenant))
