"""Partners: organizations that something was agreed with, until when, and who is reminded of it."""

import uuid
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from sharing import access
from sharing.access.organizations import known_sections
from sharing.models import AuditEvent, ExchangeSnapshot, FederationPlan, OrganizationRelationship, Partner, Tenant, User

from . import quoting
from .refusals import (
    BadContact,
    BadDomain,
    BadText,
    DayPassed,
    DomainTaken,
    NameTaken,
    NoDomains,
    NotOperator,
    OwnDomain,
    OwnOrganization,
    PartnerOver,
    TooManyDomains,
)

LONGEST_NAME = 64
MOST_DOMAINS = 238  # in one request to Exchange
LEVELS = (OrganizationRelationship.AVAILABILITY, OrganizationRelationship.LIMITED)
FIELDS = ("name", "domains", "partner_tid", "purpose", "contact", "level", "ends_on")
STAGES = (14, 1, 0)  # days before the end date, and once it passed


class Reminder(NamedTuple):
    """A partnership to be told of: `stage` is one of STAGES, `days` how many are left, negative once it passed."""

    partner: Partner
    stage: int
    days: int


def make_partner(
    *,
    tenant: Tenant,
    name: str,
    domains: Iterable[str],
    actor: User,
    now: datetime,
    partner_tid: uuid.UUID | None = None,
    purpose: str = "",
    contact: str = "",
    level: str = OrganizationRelationship.AVAILABILITY,
    ends_on: date | None = None,
) -> Partner:
    """Write down that something was agreed; Exchange learns of it by a plan only. Raises a subclass of Refused."""
    check_operator(actor, tenant)
    partner = Partner(tenant=tenant, made_by=actor, made_at=now)
    given = {
        "name": name, "domains": domains, "partner_tid": partner_tid, "purpose": purpose, "contact": contact,
        "level": level, "ends_on": ends_on,
    }  # fmt: skip
    return _save(partner, given, actor, now, "partner.made")


def change_partner(*, partner: Partner, actor: User, now: datetime, **given: Any) -> Partner:
    """Change what is `given`, by the names in FIELDS; a new end date is reminded of anew. Raises Refused.

    What Exchange holds stays as it is: another level, or other domains, need a plan.
    """
    check_operator(actor, partner.tenant)
    partner = Partner.objects.select_related("tenant").get(pk=partner.pk)
    if partner.ended_at:
        raise PartnerOver
    return _save(partner, given, actor, now, "partner.changed")


def end_partner(*, partner: Partner, actor: User, now: datetime) -> None:
    """The partnership is over here: plans that would open something are cancelled. Safe to repeat.

    A relationship that Exchange holds stays; to suspend or remove it is a plan of its own.
    """
    check_operator(actor, partner.tenant)
    with transaction.atomic():
        if not Partner.objects.filter(pk=partner.pk, ended_at=None).update(ended_at=now):
            return
        opening = [FederationPlan.NEW, FederationPlan.CHANGE]
        plans = FederationPlan.objects.filter(partner=partner, state=FederationPlan.OPEN, kind__in=opening)
        for plan in list(plans.select_for_update()):
            plans.filter(pk=plan.pk).update(state=FederationPlan.CANCELLED, cause="partner_over", state_since=now)
            AuditEvent.objects.record(
                now=now, verb="federation.cancelled", tenant=partner.tenant, actor=actor, outcome="partner_over",
                subject={"plan": plan.public_id, "partner": partner.public_id}, after=plan.kind,
            )  # fmt: skip
        _record(partner, "partner.ended", actor, now)
    partner.ended_at = now


def reminders(now: datetime) -> list[Reminder]:
    """Partnerships whose end is near or over and that were not told of at this stage. By the day in UTC."""
    today = now.date()
    found = []
    rows = Partner.objects.filter(ended_at=None, ends_on__isnull=False).exclude(tenant__state=Tenant.ENDED)
    for partner in rows.select_related("tenant").order_by("pk"):
        assert partner.ends_on is not None
        days = (partner.ends_on - today).days
        stage = 0 if days < 0 else next((stage for stage in (1, 14) if days <= stage), None)
        if stage is not None and (partner.reminded_days is None or partner.reminded_days > stage):
            found.append(Reminder(partner, stage, days))
    return found


def mark_reminded(reminder: Reminder) -> None:
    """Somebody was told: in the transaction that wrote their notices."""
    Partner.objects.filter(pk=reminder.partner.pk).update(reminded_days=reminder.stage)


# What is checked --------------------------------------------------------------------------------------------


def check_operator(actor: User, tenant: Tenant) -> None:
    """Raises NotOperator."""
    if not access.operates(actor, tenant):
        raise NotOperator


def all_domains(domains: Iterable[str], tenant: Tenant) -> list[str]:
    """`domains` as Exchange takes them, each once. Raises Refused."""
    found: list[str] = []
    for text in domains:
        try:
            domain = quoting.domain(text)
        except quoting.ValueRefused:
            raise BadDomain(text[:80]) from None
        if domain not in found:
            found.append(domain)
    if not found:
        raise NoDomains
    if len(found) > MOST_DOMAINS:
        raise TooManyDomains
    if ours := sorted(own_domains(tenant) & set(found)):
        raise OwnDomain(ours[0])
    return found


def own_domains(tenant: Tenant) -> set[str]:
    """What Entra verified, and what Exchange accepted mail for when its domains were exported last."""
    exported = ExchangeSnapshot.objects.filter(tenant=tenant).order_by("-exported_at", "-pk")
    known = known_sections(exported).get(ExchangeSnapshot.DOMAINS)
    return {*tenant.domains, *(known.snapshot.domains if known else ())}


def one_line(text: str, longest: int) -> str:
    """A text that may stand in a script and on a page. Raises BadText."""
    text = text.strip()
    try:
        quoting.literal(text)
    except quoting.ValueRefused:
        raise BadText(text[:80]) from None
    if len(text) > longest:
        raise BadText(text[:80])
    return text


def _save(partner: Partner, given: dict[str, Any], actor: User, now: datetime, verb: str) -> Partner:
    tenant = partner.tenant
    if unknown := set(given) - set(FIELDS):
        raise TypeError(unknown)
    with transaction.atomic():
        Tenant.objects.select_for_update().get(pk=tenant.pk)  # two of one name, or of one domain, wait for each other
        was = partner.ends_on
        for name, value in given.items():
            setattr(partner, name, value)
        partner.name, partner.purpose = one_line(partner.name, LONGEST_NAME), partner.purpose.strip()[:500]
        if not partner.name:
            raise BadText
        partner.domains = all_domains(partner.domains, tenant)
        partner.contact = _contact(partner.contact)
        if partner.level not in LEVELS:
            raise ValueError(partner.level)
        if partner.partner_tid == tenant.tid:
            raise OwnOrganization
        if partner.ends_on and partner.ends_on != was and partner.ends_on < now.date():
            raise DayPassed
        if partner.ends_on != was:
            partner.reminded_days = None
        _alone(partner)
        partner.save()
        _record(partner, verb, actor, now)
    return partner


def _contact(text: str) -> str:
    text = text.strip()
    if text:
        try:
            validate_email(text)
        except ValidationError:
            raise BadContact(text[:80]) from None
    return text[:320]


def _alone(partner: Partner) -> None:
    others = Partner.objects.filter(tenant=partner.tenant, ended_at=None).exclude(pk=partner.pk)
    for name, domains in others.values_list("name", "domains"):
        if name.casefold() == partner.name.casefold():
            raise NameTaken(name)
        if taken := sorted(set(domains) & set(partner.domains)):
            raise DomainTaken(taken[0])


def _record(partner: Partner, verb: str, actor: User, now: datetime) -> None:
    AuditEvent.objects.record(
        now=now, verb=verb, tenant=partner.tenant, actor=actor, subject={"partner": partner.public_id},
        after=f"{partner.level} {partner.ends_on or ''}".strip(),
    )  # fmt: skip
