"""What stands around the relationships of a tenant: partners, the other side, what to look at, how old it all is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sharing.access import organizations
from sharing.access.organizations import Known
from sharing.federation import flags
from sharing.federation.export import OLD
from sharing.federation.sides import own_domains, their_sides
from sharing.models import ExchangeSnapshot, OrganizationRelationship, Partner, Tenant
from sharing.web.asked import Asked
from sharing.words import exchange as exchange_words
from sharing.words import organizations as said


class Around:
    """All relationships last known, and what is known about each; read once for a page of many."""

    def __init__(self, request: Asked, tenant: Tenant) -> None:
        self.relationships = list(organizations.relationships_for_it(request.user, tenant))
        self.partners = list(organizations.partners_for_it(request.user, tenant).filter(ended_at=None))
        self.own_domains = own_domains(request.user, tenant)
        self.sides = their_sides(request.user, tenant, self.relationships)

    def partner_of(self, row: OrganizationRelationship) -> Partner | None:
        return next((each for each in self.partners if set(each.domains) & set(row.domains)), None)

    def relationship_of(self, partner: Partner) -> OrganizationRelationship | None:
        return next((row for row in self.relationships if set(partner.domains) & set(row.domains)), None)

    def flags_of(self, row: OrganizationRelationship) -> list[exchange_words.FlagWords]:
        side, partner = self.sides.get(str(row.guid)), self.partner_of(row)
        theirs = side.domains if side else partner.domains if partner else ()
        found = flags.relationship_flags(
            row, self.relationships, own_domains=self.own_domains, their_domains=theirs,
            agreed=partner.level if partner else "",
        )  # fmt: skip
        return [exchange_words.flag_words(each.code, each.about) for each in found]


def standing(
    section: str, known: Mapping[str, Known], newest: ExchangeSnapshot | None, now: datetime
) -> dict[str, Any]:
    """Where a section of these pages is from, and what makes it less sure; `notes` are sentences."""
    found = known.get(section)
    if found is None:
        return {"from": "", "notes": [said.NOT_SAID] if newest else []}
    notes = []
    if not found.is_whole:
        notes.append(exchange_words.SECTION_STATES[ExchangeSnapshot.CUT][2])
    if newest and newest.pk != found.snapshot.pk:
        notes.append(said.left_out_later(newest.exported_at))
    if now - found.snapshot.exported_at > OLD:
        notes.append(exchange_words.OLD)
    return {"from": said.exported(found.snapshot.exported_at), "notes": notes}
