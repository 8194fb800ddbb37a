"""A tenant whose Exchange was exported: a relationship with a partner, a policy, and a plan."""

import uuid
from datetime import datetime

from sharing.models import (
    ExchangeSnapshot,
    FederationPlan,
    OrganizationRelationship,
    Partner,
    PolicyAssignment,
    PublishedCalendar,
    SharingPolicy,
    Tenant,
    User,
)

BUSY = {"domain": "*", "actions": "CalendarSharingFreeBusySimple", "level": "freeBusyRead"}
DETAILS = {"domain": "adatum.example", "actions": "CalendarSharingFreeBusyDetail", "level": "limitedRead"}


def exported(tenant: Tenant, by: User, at: datetime) -> dict[str, str]:
    """What pages of organizations are about, by the names of Place's fields."""
    snapshot = ExchangeSnapshot.objects.create(
        tenant=tenant, exported_at=at, taken_at=at, taken_by=by, digest=uuid.uuid4().hex, is_dehydrated=True,
        sections=dict.fromkeys(ExchangeSnapshot.SECTIONS, ExchangeSnapshot.READ), domains=tenant.domains,
    )  # fmt: skip
    relationship = relate(snapshot, "Adatum", "adatum.example")
    policy = SharingPolicy.objects.create(
        tenant=tenant, snapshot=snapshot, guid=uuid.uuid4(), name="Default Sharing Policy", is_enabled=True,
        is_default=True, entries=[BUSY, DETAILS],
    )  # fmt: skip
    PolicyAssignment.objects.create(tenant=tenant, snapshot=snapshot, address="x@adatum.example", policy="Managers")
    PublishedCalendar.objects.create(
        tenant=tenant, snapshot=snapshot, address="x@adatum.example", folder="Calendar", level="LimitedDetails"
    )
    partner = Partner.objects.create(
        tenant=tenant, name="Adatum", domains=["adatum.example"], purpose="Joint venture", made_by=by, made_at=at
    )
    plan = FederationPlan.objects.create(
        tenant=tenant, kind=FederationPlan.REMOVE, guid=uuid.uuid4(), snapshot=snapshot, before=values(relationship),
        partner=partner, made_by=by, made_at=at, state_since=at,
    )  # fmt: skip
    return {
        "partner": partner.public_id, "plan": plan.public_id, "snapshot": snapshot.public_id,
        "relationship": str(relationship.guid), "policy": str(policy.guid),
    }  # fmt: skip


def relate(snapshot: ExchangeSnapshot, name: str, *domains: str) -> OrganizationRelationship:
    return OrganizationRelationship.objects.create(
        tenant=snapshot.tenant, snapshot=snapshot, guid=uuid.uuid4(), name=name, domains=list(domains),
        is_enabled=True, has_free_busy=True, level=OrganizationRelationship.AVAILABILITY,
        target_application_uri="outlook.com", target_autodiscover_epr="https://autodiscover-s.outlook.com/x",
    )  # fmt: skip


def values(row: OrganizationRelationship) -> dict[str, object]:
    """What a plan for it is made against."""
    names = ("name", "domains", "is_enabled", "has_free_busy", "level", "scope_group")
    return {name: getattr(row, name) for name in names}


def more_exported(tenant: Tenant, number: int, by: User, at: datetime) -> None:
    """One more of everything: in the export that is there, and an older export of the same relationship."""
    snapshot = ExchangeSnapshot.objects.filter(tenant=tenant).order_by("-exported_at")[0]
    row = relate(snapshot, f"Partner {number}", f"more{number}.example")
    OrganizationRelationship.objects.filter(pk=row.pk).update(scope_group=f"Group {number}")
    SharingPolicy.objects.create(
        tenant=tenant, snapshot=snapshot, guid=uuid.uuid4(), name=f"Policy {number}", is_enabled=True,
        is_default=False, entries=[BUSY],
    )  # fmt: skip
    address = f"more{number}@contoso.com"
    PolicyAssignment.objects.create(tenant=tenant, snapshot=snapshot, address=address, policy=f"Policy {number}")
    PublishedCalendar.objects.create(
        tenant=tenant, snapshot=snapshot, address=address, folder="Calendar", level="FullDetails"
    )
    partner = Partner.objects.create(
        tenant=tenant, name=f"Partner {number}", domains=[f"more{number}.example"], made_by=by, made_at=at
    )
    first = snapshot.relationships.order_by("pk")[0]
    older = ExchangeSnapshot.objects.create(
        tenant=tenant, exported_at=at, taken_at=at, taken_by=by, digest=uuid.uuid4().hex, sections=snapshot.sections,
    )  # fmt: skip
    OrganizationRelationship.objects.filter(pk=relate(older, "Adatum", "adatum.example").pk).update(guid=first.guid)
    plan = {"tenant": tenant, "before": values(first), "made_by": by, "made_at": at, "state_since": at}
    agreed = Partner.objects.get(tenant=tenant, name="Adatum")
    for state, whose in ((FederationPlan.OPEN, partner), (FederationPlan.SHOWN, agreed)):
        FederationPlan.objects.create(
            **plan, kind=FederationPlan.REMOVE, guid=first.guid, partner=whose, state=state, shown_by=snapshot
        )
