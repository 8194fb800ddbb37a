"""Tests of what another organization lets us see: the question, what came of it, and what came of earlier ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Max, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from sharing import access, words
from sharing.access import organizations
from sharing.connect import prober_for
from sharing.federation import plans
from sharing.federation.sides import own_domains
from sharing.meetings import probing, volunteers
from sharing.models import FederationPlan, OrganizationRelationship, Partner, Probe, Tenant, Volunteer
from sharing.web.asked import Asked
from sharing.web.it.frame import it_page, operator_page
from sharing.web.it.tables import one_page
from sharing.web.limits import limited
from sharing.words import partners as partner_words
from sharing.words import probes as said

from .links import to
from .taken import MARKS, days_of

SHOWN, ON_A_PAGE = 5, 50
FIELDS = ("one", "other")  # addresses that are typed


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a test is about: a partner with the relationship there is, or a relationship that nobody agreed on.

    `domains` are theirs, of both, without any of ours: a relationship of a hybrid organization may name those.
    """

    tenant: Tenant
    partner: Partner | None
    relationship: OrganizationRelationship | None
    domains: frozenset[str]

    @property
    def name(self) -> str:
        found = self.partner or self.relationship
        return words.visible(found.name) if found else ""

    def to(self, request: Asked, kind: str) -> str:
        """The address of its page; `kind` is "{}", or what stands around it."""
        if self.partner:
            return to(request, kind.format("partner"), self.partner.public_id)
        assert self.relationship is not None
        return to(request, kind.format("relationship"), self.relationship.guid)

    def probes(self, request: Asked) -> QuerySet[Probe]:
        rows = organizations.probes_for_it(request.user, self.tenant)
        if self.partner:
            return rows.filter(partner=self.partner)
        of_them = Q(pk__in=[])
        for domain in self.domains:
            of_them |= Q(address__iendswith=f"@{domain}")
        return rows.filter(of_them, partner=None)


def section(
    request: Asked, tenant: Tenant, *, partner: Partner | None = None, row: OrganizationRelationship | None = None
) -> dict[str, Any]:
    """For the page of a partner or relationship: the newest tests, and the way to more. Two queries."""
    subject = Subject(tenant, partner, row, frozenset(row.domains if row else partner.domains if partner else ()))
    may_test = access.operates(request.user, tenant) and not (partner and partner.ended_at)
    return {
        "rows": [_line(probe) for probe in subject.probes(request)[:SHOWN]],
        "all_href": subject.to(request, "{}_tests"),
        "test_href": subject.to(request, "test_{}") if may_test else "",
        "one_way": said.ONE_WAY,
    }


@it_page
def tests_page(request: Asked, tenant: Tenant, public_id: str = "", guid: UUID | None = None) -> HttpResponse:
    """All tests of one partner, the newest first, and which of our domains were tried."""
    subject = _subject(request, tenant, public_id, guid)
    rows = subject.probes(request)
    page = one_page(
        request, [rows], tenant=tenant, values=("id",), columns=("asked_at", "id"), sort="-asked", size=ON_A_PAGE
    )
    found = {probe.pk: probe for probe in rows.filter(pk__in=[row["id"] for row in page.rows])}
    page.rows = [_line(found[row["id"]]) for row in page.rows if row["id"] in found]
    return render(request, "it/organizations/tests.html", {
        "title": f"Tests with {subject.name}",
        "lead": said.ONE_WAY,
        "name": subject.name,
        "back": subject.to(request, "{}"),
        "organizations": to(request, "organizations"),
        "test_href": subject.to(request, "test_{}") if _may_test(request, subject) else "",
        "page": page,
        "tried": _tried_domains(request, subject, rows),
    })  # fmt: skip


@limited("probing")
@operator_page
def test_page(request: Asked, tenant: Tenant, public_id: str = "", guid: UUID | None = None) -> HttpResponse:
    """Asks for one or two people there, while the operator waits; their times are on the answer's page only."""
    subject = _subject(request, tenant, public_id, guid)
    lent = [each for each in organizations.volunteers_for_it(request.user, tenant) if volunteers.may_lend(each.mailbox)]
    typed = {name: request.POST.get(name, "").strip()[:320] for name in FIELDS}
    results: list[dict[str, Any]] = []
    errors: list[tuple[str, str]] = []
    if request.method == "POST":
        volunteer = next((each for each in lent if each.mailbox.public_id == request.POST.get("volunteer")), None)
        if volunteer is None:
            errors.append((said.PROBE_REFUSALS["no_volunteer"], "#id_volunteer"))
        else:
            results, errors = _ask(request, subject, volunteer, typed)
    return render(request, "it/organizations/test.html", {
        "title": f"Test what {subject.name} lets us see",
        "name": subject.name,
        "lead": said.ONE_WAY,
        "organizations": to(request, "organizations"),
        "back": subject.to(request, "{}"),
        "tests_href": subject.to(request, "{}_tests"),
        "domains": words.listed(sorted(subject.domains)),
        "lent": [_person(each) for each in lent],
        "chosen": request.POST.get("volunteer", ""),
        "typed": typed,
        "why_not": said.why_not(
            is_read=tenant.is_read and tenant.mode == Tenant.DOMAIN_WIDE, has_volunteers=bool(lent),
            is_over=bool(subject.partner and subject.partner.ended_at), has_domains=bool(subject.domains),
        ),
        "account_href": reverse("account:home"),
        "two_people": said.TWO_PEOPLE,
        "is_level_known": subject.partner is not None,
        "agreed": partner_words.LEVELS[subject.partner.level][0] if subject.partner else "",
        "results": results,
        "errors": errors,
        "marks": MARKS,
        "zone": timezone.get_current_timezone_name(),
    }, status=422 if errors and not results else 200)  # fmt: skip


def _subject(request: Asked, tenant: Tenant, public_id: str, guid: UUID | None) -> Subject:
    """404 for what is not this tenant's, or stands in no export any more."""
    user, partner, row = request.user, None, None
    if guid is None:
        partner = organizations.partner_for_it(user, tenant, public_id)
        there = organizations.relationships_for_it(user, tenant)
        row = next((each for each in there if set(each.domains) & set(partner.domains)), None)
    else:
        row = organizations.relationship_for_it(user, tenant, guid)
        there_now = organizations.partners_for_it(user, tenant).filter(ended_at=None)
        partner = next((each for each in there_now if set(each.domains) & set(row.domains)), None)
    theirs = {*(partner.domains if partner else ()), *(row.domains if row else ())}
    return Subject(tenant, partner, row, frozenset(theirs - own_domains(user, tenant)))


def _may_test(request: Asked, subject: Subject) -> bool:
    return access.operates(request.user, subject.tenant) and not (subject.partner and subject.partner.ended_at)


def _ask(
    request: Asked, subject: Subject, volunteer: Volunteer, typed: dict[str, str]
) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """What came of each address, and what is wrong with those that were not asked about."""
    every, errors, asked = list[probing.Tried](), list[tuple[str, str]](), set[str]()
    client = prober_for(subject.tenant)
    for name, address in typed.items():
        if not address and (name != FIELDS[0] or any(typed.values())) or address.casefold() in asked:
            continue
        asked.add(address.casefold())
        try:
            tried = probing.try_partner(
                client=client, volunteer=volunteer, partner=subject.partner, address=address, actor=request.user,
                now=timezone.now(), domains=subject.domains,
            )  # fmt: skip
        except probing.ProbeRefused as no:
            errors.append((said.PROBE_REFUSALS[no.cause], f"#id_{name}"))
            continue
        plans.note_probe(probe=tried.probe)
        every.append(tried)
    reached = {_domain_of(tried.probe.address) for tried in every if tried.schedule}
    return [_result(request, subject, tried, reached) for tried in every], errors


def _result(request: Asked, subject: Subject, tried: probing.Tried, reached: set[str]) -> dict[str, Any]:
    """`reached` are the domains there of which an answer came with the same form."""
    outcome = tried.verdict.outcome
    level = subject.partner.level if subject.partner else ""
    found = said.probe_words(outcome, tried.verdict.reason)
    is_over_busy = level in (OrganizationRelationship.NONE, OrganizationRelationship.AVAILABILITY)
    is_higher = outcome == Probe.SEEN_DETAILS and is_over_busy
    is_lower = outcome == Probe.SEEN and level == OrganizationRelationship.LIMITED
    return {
        **_line(tried.probe),
        "words": found,
        "higher": said.HIGHER if is_higher else "",
        "lower": said.LOWER if is_lower else "",
        "side": said.SIDES.get(outcome, ""),
        "typo": said.MISTYPED if outcome == Probe.OURS and _domain_of(tried.probe.address) in reached else "",
        "next_href": _next(request, subject, outcome),
        "next": said.NEXT.get(outcome, ""),
        "days": days_of(tried.schedule.items, tried.start, tried.end) if tried.schedule else [],
    }


def _next(request: Asked, subject: Subject, outcome: str) -> str:
    """Where our side is planned; for theirs the newest plan, with the script that they run, where there is one."""
    partner, row = subject.partner, subject.relationship
    if outcome not in said.NEXT:
        return ""
    if partner is None:
        return to(request, "new_partner", relationship=str(row.guid)) if row else ""
    mine = organizations.plans_for_it(request.user, subject.tenant).filter(partner=partner)
    plan = mine.exclude(state=FederationPlan.CANCELLED).first() if outcome == Probe.THEIRS else None
    return to(request, "plan", plan.public_id) if plan else to(request, "plan_partner", partner.public_id)


def _line(probe: Probe) -> dict[str, Any]:
    """One test as it is remembered."""
    found = said.probe_words(probe.outcome)
    return {
        "at": probe.asked_at,
        "address": words.visible(probe.address),
        "label": found.label,
        "tone": found.tone,
        "icon": found.icon,
        "code": words.visible(probe.code),
        "message": words.visible(probe.message),
        "asked_from": words.visible(str(probe.mailbox.person)),
        "our_domain": words.visible(_domain_of(probe.mailbox.person.address)),
        "by": words.visible(str(probe.asked_by)),
    }


def _person(volunteer: Volunteer) -> dict[str, str]:
    person = volunteer.mailbox.person
    return {
        "key": volunteer.mailbox.public_id,
        "name": words.visible(str(person)),
        "address": words.visible(person.address),
    }


def _tried_domains(request: Asked, subject: Subject, rows: QuerySet[Probe]) -> list[dict[str, Any]]:
    """Each of our domains, with when it was last asked from there: a list of theirs may lack one."""
    asked = rows.order_by().values_list("mailbox__person__address").annotate(at=Max("asked_at"))
    last: dict[str, Any] = {}
    for address, at in asked:
        domain = _domain_of(address)
        last[domain] = max(at, last.get(domain, at))
    ours: Sequence[str] = sorted({*own_domains(request.user, subject.tenant), *last} - {""})
    return [{"domain": words.visible(domain), "at": last.get(domain)} for domain in ours]


def _domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()
