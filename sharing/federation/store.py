"""Keeps an export of Exchange as a snapshot, and reads back what all snapshots together say."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from sharing.access.organizations import Known, known_sections
from sharing.models import (
    AuditEvent,
    ExchangeSnapshot,
    Mailbox,
    OrganizationRelationship,
    PolicyAssignment,
    PublishedCalendar,
    SharingPolicy,
    Tenant,
    User,
)
from sharing.models.people import people_at

from .differences import Difference, compare
from .export import Assignment, Export, Policy, PolicyEntry, Published, Relationship, parse_export
from .plans import settle
from .uploaded import ExportRefused

TAKEN = "exchange.taken"
CHUNK = 500


class OlderThanKnown(ExportRefused):
    """A later export of this tenant is here already."""

    cause = "older"


class Disconnected(ExportRefused):
    """The tenant is connected no more: what was known of it may be erased."""

    cause = "ended"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an upload: its snapshot, whether that was here before, and what it changes of what was known."""

    snapshot: ExchangeSnapshot
    is_known: bool
    is_old: bool
    differences: list[Difference]


def take_export(*, tenant: Tenant, content: bytes, actor: User, now: datetime) -> Taken:
    """Keep the export in `content` and settle the plans it shows; all of it or nothing. The same file twice is one.

    Raises a subclass of ExportRefused.
    """
    export = parse_export(content, tid=str(tenant.tid), now=now)
    digest = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        if Tenant.objects.select_for_update().get(pk=tenant.pk).state == Tenant.ENDED:
            raise Disconnected
        snapshots = ExchangeSnapshot.objects.filter(tenant=tenant).order_by("-exported_at", "-pk")
        if same := snapshots.filter(digest=digest).first():
            return Taken(same, True, export.is_old(now), [])
        last = snapshots.first()
        if last and last.exported_at > export.exported_at:
            raise OlderThanKnown
        differences = compare(last_export(known_sections(snapshots)), export)
        snapshot = _keep(tenant, export, digest, actor, now)
        AuditEvent.objects.record(
            now=now, verb=TAKEN, tenant=tenant, actor=actor,
            subject={"snapshot": snapshot.public_id, "differences": len(differences), **_numbers(export)},
            after=export.exported_at.isoformat(),
        )  # fmt: skip
        settle(snapshot=snapshot, now=now)
    return Taken(snapshot, False, export.is_old(now), differences)


def _numbers(export: Export) -> dict[str, int]:
    names = ("relationships", "policies", "assignments", "published")
    return {name: len(getattr(export, name)) for name in names}


def _keep(tenant: Tenant, export: Export, digest: str, actor: User, now: datetime) -> ExchangeSnapshot:
    snapshot = ExchangeSnapshot.objects.create(
        tenant=tenant, exported_at=export.exported_at, taken_at=now, taken_by=actor, digest=digest,
        sections=dict(export.sections), is_dehydrated=export.is_dehydrated, domains=list(export.domains),
    )  # fmt: skip
    of = {"tenant": tenant, "snapshot": snapshot}
    OrganizationRelationship.objects.bulk_create(
        OrganizationRelationship(**of, **asdict(row) | {"domains": list(row.domains)}) for row in export.relationships
    )
    SharingPolicy.objects.bulk_create(
        SharingPolicy(**of, **asdict(row) | {"entries": [entry._asdict() for entry in row.entries]})
        for row in export.policies
    )
    addresses = [row.address for row in export.assignments] + [row.address for row in export.published]
    mailboxes = _mailboxes(tenant, addresses)
    listed: tuple[tuple[Any, Iterable[Any]], ...] = (
        (PolicyAssignment, export.assignments), (PublishedCalendar, export.published),
    )  # fmt: skip
    for model, rows in listed:
        model.objects.bulk_create(
            (model(**of, **row._asdict(), mailbox_id=mailboxes.get(row.address.casefold())) for row in rows),
            batch_size=CHUNK,
        )
    return snapshot


def _mailboxes(tenant: Tenant, addresses: Iterable[str]) -> dict[str, int]:
    """The mailbox (id) of each address, casefolded; left out where nobody or more than one person has it."""
    people = people_at(tenant, addresses)
    pks = sorted(set(people.values()))
    boxes: dict[int, int] = {}
    for start in range(0, len(pks), CHUNK):
        rows = Mailbox.objects.filter(tenant=tenant, person__in=pks[start : start + CHUNK])
        boxes.update(rows.values_list("person", "pk"))
    return {address: boxes[person] for address, person in people.items() if person in boxes}


# Back from rows -------------------------------------------------------------------------------------------


def differences_of(snapshot: ExchangeSnapshot) -> list[Difference]:
    """What `snapshot` says that was not known before it, as `take_export` gave it. At most thirteen queries."""
    earlier = Q(exported_at__lt=snapshot.exported_at) | Q(exported_at=snapshot.exported_at, pk__lt=snapshot.pk)
    before = ExchangeSnapshot.objects.filter(earlier, tenant=snapshot.tenant_id).order_by("-exported_at", "-pk")
    return compare(last_export(known_sections(before)), last_export(known_sections([snapshot])))


def last_export(known: Mapping[str, Known]) -> Export:
    """All that is known, as if one export had said it; at most one query for each section.

    `known` is from `access.organizations.last_known`, or from `known_sections` for callers without a person.
    """
    of = {section: known[section].snapshot for section in known}
    config, domains = of.get(ExchangeSnapshot.CONFIG), of.get(ExchangeSnapshot.DOMAINS)
    states = {section: ExchangeSnapshot.READ if known[section].is_whole else ExchangeSnapshot.CUT for section in known}
    newest = max((snapshot.exported_at for snapshot in of.values()), default=datetime.min.replace(tzinfo=UTC))
    return Export(
        exported_at=newest,
        sections=dict.fromkeys(ExchangeSnapshot.SECTIONS, ExchangeSnapshot.MISSING) | states,
        is_dehydrated=config.is_dehydrated if config else None,
        domains=tuple(domains.domains) if domains else (),
        relationships=tuple(
            Relationship(**row | {"domains": tuple(row["domains"])})
            for row in _rows(OrganizationRelationship, of.get(ExchangeSnapshot.RELATIONSHIPS), Relationship)
        ),
        policies=tuple(
            Policy(**row | {"entries": tuple(PolicyEntry(**entry) for entry in row["entries"])})
            for row in _rows(SharingPolicy, of.get(ExchangeSnapshot.POLICIES), Policy)
        ),
        assignments=tuple(
            Assignment(**row) for row in _rows(PolicyAssignment, of.get(ExchangeSnapshot.ASSIGNMENTS), Assignment)
        ),
        published=tuple(
            Published(**row) for row in _rows(PublishedCalendar, of.get(ExchangeSnapshot.PUBLISHED), Published)
        ),
    )


def _rows(model: Any, snapshot: ExchangeSnapshot | None, shape: Any) -> Iterable[dict[str, Any]]:
    """The values of a snapshot's rows that `shape` has, in the order they were exported."""
    if snapshot is None:
        return []
    return model.objects.filter(snapshot=snapshot).order_by("pk").values(*shape.__annotations__)
