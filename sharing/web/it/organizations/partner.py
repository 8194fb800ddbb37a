"""The partner register: what was agreed with whom, why, who answers for it, and until when."""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from sharing.access import organizations
from sharing.federation import partners
from sharing.federation.refusals import Refused
from sharing.models import OrganizationRelationship, Partner, Tenant
from sharing.web.asked import Asked
from sharing.web.it.frame import it_page, operator_page
from sharing.web.it.tables import asked
from sharing.web.limits import limited
from sharing.words import organizations as said
from sharing.words import partners as partner_words
from sharing.words import visible

from . import probes
from .around import Around
from .lines import plan_line
from .links import may_plan, to

FIELDS = {
    "bad_text": "name", "name_taken": "name", "bad_contact": "contact", "day_passed": "ends_on",
    "own_organization": "partner_tid",
}  # fmt: skip


class NotSaid(Exception):
    """A field of the form holds something that is not what it asks for."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(field)
        self.problem = (text, f"#id_{field}")


@it_page
def partner_page(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """What was agreed, the relationship that stands for it, and its plans."""
    partner = organizations.partner_for_it(request.user, tenant, public_id)
    around = Around(request, tenant)
    row = around.relationship_of(partner)
    days = (partner.ends_on - timezone.now().date()).days if partner.ends_on else None
    plans = organizations.plans_for_it(request.user, tenant).filter(partner=partner)
    may_change = partner.ended_at is None and may_plan(request, tenant)
    return render(request, "it/organizations/partner.html", {
        "title": visible(partner.name),
        "partner": partner,
        "made_by": visible(str(partner.made_by)),
        "domains": said.domains_of(partner.domains, most=12),
        "agreed": partner_words.LEVELS[partner.level],
        "purpose": visible(partner.purpose),
        "contact": visible(partner.contact),
        "ends": said.ends(partner.ends_on, days) if partner.ends_on and days is not None else "",
        "is_soon": days is not None and days <= 14,
        "relationship": visible(row.name) if row else "",
        "relationship_href": to(request, "relationship", row.guid) if row else "",
        "plans": [plan_line(request, plan) for plan in plans[:20]],
        "tests": probes.section(request, tenant, partner=partner, row=row),
        "may_plan": may_change,
        "plan_href": to(request, "plan_partner", public_id),
        "change_href": to(request, "change_partner", public_id),
        "end_href": to(request, "end_partner", public_id),
        "back": to(request, "organizations"),
    })  # fmt: skip


@limited("saving")
@operator_page
def new_partner(request: Asked, tenant: Tenant) -> HttpResponse:
    """Writes down a partner; a relationship that the address names fills the form."""
    if request.method != "POST":
        return _form(request, None, _from_relationship(request, tenant))
    try:
        given = _given(request.POST)
        partner = partners.make_partner(tenant=tenant, actor=request.user, now=timezone.now(), **given)
    except (NotSaid, Refused) as no:
        return _form(request, None, request.POST.dict(), _problem(no, tenant))
    return redirect(to(request, "partner", partner.public_id))


@limited("saving")
@operator_page
def change_partner(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """Changes what is written down; Exchange holds what it holds until a plan changes it."""
    partner = organizations.partner_for_it(request.user, tenant, public_id)
    if request.method != "POST":
        return _form(request, partner, {
            "name": partner.name, "domains": "\n".join(partner.domains), "purpose": partner.purpose,
            "contact": partner.contact, "level": partner.level, "partner_tid": str(partner.partner_tid or ""),
            "ends_on": partner.ends_on.isoformat() if partner.ends_on else "",
        })  # fmt: skip
    try:
        given = _given(request.POST)
        partners.change_partner(partner=partner, actor=request.user, now=timezone.now(), **given)
    except (NotSaid, Refused) as no:
        return _form(request, partner, request.POST.dict(), _problem(no, tenant))
    return redirect(to(request, "partner", public_id))


@limited("saving")
@operator_page
def end_partner(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """Asks once; what Exchange holds stays."""
    partner = organizations.partner_for_it(request.user, tenant, public_id)
    if request.method == "POST":
        partners.end_partner(partner=partner, actor=request.user, now=timezone.now())
        return redirect(to(request, "partner", public_id))
    row = Around(request, tenant).relationship_of(partner)
    return render(request, "it/organizations/end_partner.html", {
        "title": f"End the partnership with {visible(partner.name)}?",
        "name": visible(partner.name),
        "relationship": visible(row.name) if row else "",
        "relationship_href": to(request, "end_relationship", row.guid) if row else "",
        "back": to(request, "partner", public_id),
    })  # fmt: skip


def _from_relationship(request: Asked, tenant: Tenant) -> dict[str, str]:
    guid = asked(request, "relationship")
    rows = organizations.relationships_for_it(request.user, tenant)
    row = next((each for each in rows if str(each.guid) == guid), None) if guid else None
    if row is None:
        return {"level": OrganizationRelationship.AVAILABILITY}
    level = row.level if row.level in partners.LEVELS else OrganizationRelationship.AVAILABILITY
    return {"name": row.name, "domains": "\n".join(row.domains), "level": level}


def _given(sent: Mapping[str, str]) -> dict[str, Any]:
    """What the form says, as the domain takes it. Raises NotSaid."""
    tid, day = sent.get("partner_tid", "").strip(), sent.get("ends_on", "").strip()
    if sent.get("level") not in partners.LEVELS:
        raise NotSaid("level", "Choose the most that they may see.")
    try:
        partner_tid = uuid.UUID(tid) if tid else None
    except ValueError:
        raise NotSaid(
            "partner_tid", "This is no tenant id. It looks like 1717622f-1d94-4d0c-9d74-709fad664b77."
        ) from None
    try:
        ends_on = date.fromisoformat(day) if day else None
    except ValueError:
        raise NotSaid("ends_on", "Give a day, or none.") from None
    return {
        "name": sent.get("name", ""), "domains": words_of(sent.get("domains", "")), "partner_tid": partner_tid,
        "purpose": line_of(sent, "purpose"), "contact": sent.get("contact", ""),
        "level": sent["level"], "ends_on": ends_on,
    }  # fmt: skip


def line_of(sent: Mapping[str, str], name: str) -> str:
    """One line of a form, without what no database stores."""
    return " ".join(sent.get(name, "").replace("\0", "").split())


def words_of(text: str) -> list[str]:
    """Domains as somebody types them: between spaces, commas or lines."""
    return text.replace(",", " ").replace(";", " ").split()


def _problem(no: NotSaid | Refused, tenant: Tenant) -> tuple[str, str]:
    if isinstance(no, NotSaid):
        return no.problem
    said_so = partner_words.refused(no.cause, tenant=visible(str(tenant)), detail=visible(no.detail))
    return said_so, f"#id_{FIELDS.get(no.cause, 'domains')}"


def _form(
    request: Asked, partner: Partner | None, values: Mapping[str, str], problem: tuple[str, str] = ("", "")
) -> HttpResponse:
    title = f"Change {visible(partner.name)}" if partner else "New partner"
    return render(request, "it/organizations/partner_form.html", {
        "title": title,
        "values": values,
        "levels": [(level, *partner_words.LEVELS[level]) for level in partners.LEVELS],
        "errors": [problem] if problem[0] else [],
        "back": to(request, "partner", partner.public_id) if partner else to(request, "organizations"),
    }, status=422 if problem[0] else 200)  # fmt: skip
