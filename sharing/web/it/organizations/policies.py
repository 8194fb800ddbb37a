"""Sharing policies with whom they apply to, published calendars, and the plan that writes a policy's list anew."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from sharing.access import organizations
from sharing.federation import flags, plans
from sharing.federation.export import UNKNOWN
from sharing.federation.policies import ACTIONS
from sharing.federation.refusals import Refused
from sharing.models import ExchangeSnapshot, SharingPolicy, Tenant
from sharing.web.asked import Asked
from sharing.web.it.frame import it_page, operator_page, person_links
from sharing.web.it.tables import one_page
from sharing.web.limits import limited
from sharing.words import exchange as exchange_words
from sharing.words import organizations as said
from sharing.words import partners as partner_words
from sharing.words import role_label, visible

from .around import standing
from .links import may_plan, tabs, to
from .partner import line_of
from .planning import problem_of
from .relationship import used_by

MOST_ENTRIES = 1000  # a form with more fields is refused as a whole
BLANK = 3  # rows for what is new
CONTACTS = "ContactsSharing"
LEVELS = (("", "No calendar"), *((level, role_label(level)) for level in ACTIONS.values() if level))
_ACTION = {level: action for action, level in ACTIONS.items() if level}


@it_page
def policies_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """Every policy with its entries and how many have it; below, a page of the mailboxes with one of their own."""
    user, now = request.user, timezone.now()
    known, newest = organizations.last_known(user, tenant), organizations.snapshots_for_it(user, tenant).first()
    policies = list(organizations.policies_for_it(user, tenant))
    used = used_by(request, tenant, policies, known)
    rows = organizations.assignments_for_it(user, tenant)
    page = one_page(request, [rows], tenant=tenant, values=("id",), columns=("address", "id"), sort="address")
    found = {row.pk: row for row in rows.filter(pk__in=[row["id"] for row in page.rows])}
    link = person_links(request)
    page.rows = [
        {"address": visible(each.address), "policy": visible(each.policy), **_holder(each.mailbox, link)}
        for each in (found[row["id"]] for row in page.rows)
    ]
    may = may_plan(request, tenant)
    return render(request, "it/organizations/policies.html", {
        "title": "Sharing policies",
        "lead": "How far people may share their own calendars with people outside.",
        "tabs": tabs(request, "sharing_policies"),
        "standing": standing(ExchangeSnapshot.POLICIES, known, newest, now),
        "policies": [_policy(request, policy, used.get(str(policy.guid)), may) for policy in policies],
        "assigned": standing(ExchangeSnapshot.ASSIGNMENTS, known, newest, now),
        "default_for_rest": said.DEFAULT_FOR_REST,
        "page": page,
        "update_href": to(request, "exchange"),
    })  # fmt: skip


@it_page
def published_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """A page of published calendars; their addresses were never kept."""
    user, now = request.user, timezone.now()
    known, newest = organizations.last_known(user, tenant), organizations.snapshots_for_it(user, tenant).first()
    rows = organizations.published_for_it(user, tenant)
    page = one_page(request, [rows], tenant=tenant, values=("id",), columns=("address", "id"), sort="address")
    found = {row.pk: row for row in rows.filter(pk__in=[row["id"] for row in page.rows])}
    link = person_links(request)
    page.rows = [
        {
            "address": visible(each.address), "folder": visible(each.folder),
            "level": exchange_words.PUBLISHED.get(each.level, visible(each.level)),
            "is_searchable": each.is_searchable, **_holder(each.mailbox, link),
        }
        for each in (found[row["id"]] for row in page.rows)
    ]  # fmt: skip
    return render(request, "it/organizations/published.html", {
        "title": "Published calendars",
        "lead": said.PUBLISHED_LEAD,
        "tabs": tabs(request, "published"),
        "standing": standing(ExchangeSnapshot.PUBLISHED, known, newest, now),
        "page": page,
        "update_href": to(request, "exchange", publishing="on"),
    })  # fmt: skip


@limited("saving")
@operator_page
def plan_policy(request: Asked, tenant: Tenant, guid: UUID) -> HttpResponse:
    """The complete list of a policy's entries, to change, to leave out and to add to."""
    policy = organizations.policy_for_it(request.user, tenant, guid)
    problem: dict[str, Any] = {}
    sent = request.POST
    if request.method == "POST":
        try:
            plan = plans.plan_policy(
                policy=policy, entries=_entries(request), is_enabled=sent.get("enabled") == "on",
                reason=line_of(sent, "reason"), actor=request.user, now=timezone.now(),
            )  # fmt: skip
        except Refused as no:
            problem = problem_of(request, tenant, no, field="domain-0")
        else:
            return redirect(to(request, "plan", plan.public_id))
    unknown = [entry["domain"] for entry in policy.entries if entry["level"] == UNKNOWN]
    rows = _sent_rows(request) if problem else [_row_of(entry) for entry in policy.entries]
    return render(request, "it/organizations/plan_policy.html", {
        "title": f"Plan the sharing policy {visible(policy.name)}",
        "rows": [*rows, *({"domain": "", "level": "freeBusyRead", "contacts": False} for _ in range(BLANK))],
        "levels": LEVELS,
        "is_enabled": sent.get("enabled") == "on" if problem else policy.is_enabled,
        "reason": sent.get("reason", ""),
        "complete_list": said.COMPLETE_LIST,
        "unknown": partner_words.refused(
            "unknown_entry", tenant="", detail=visible(unknown[0])
        ) if unknown else "",
        "back": to(request, "sharing_policies"),
        **problem,
    }, status=422 if problem else 200)  # fmt: skip


def _policy(request: Asked, policy: SharingPolicy, mailboxes: int | None, may: bool) -> dict[str, Any]:
    found = [
        exchange_words.flag_words(each.code, each.about) for each in flags.policy_flags(policy, mailboxes=mailboxes)
    ]
    return {
        "id": f"policy-{policy.pk}",
        "name": visible(policy.name),
        "is_default": policy.is_default,
        "is_enabled": policy.is_enabled,
        "entries": [said.entry(**entry) for entry in policy.entries],
        "mailboxes": mailboxes,
        "flags": found,
        "href": to(request, "plan_policy", policy.guid) if may else "",
    }


def _holder(mailbox: Any, link: Any) -> dict[str, str]:
    person = mailbox.person if mailbox else None
    return {"name": visible(str(person)) if person else "", "href": link(person.public_id) if person else ""}


def _row_of(entry: dict[str, str]) -> dict[str, Any]:
    level = entry["level"] if entry["level"] != UNKNOWN else ""
    return {"domain": entry["domain"], "level": level, "contacts": CONTACTS.casefold() in entry["actions"].casefold()}


def _sent_rows(request: Asked) -> list[dict[str, Any]]:
    """The rows of the form that name somebody; one whose domain was emptied is left out of the list."""
    sent = request.POST
    rows = (
        {"domain": sent.get(f"domain-{n}", "").strip(), "level": sent.get(f"level-{n}", ""),
         "contacts": sent.get(f"contacts-{n}") == "on"}
        for n in range(MOST_ENTRIES)
    )  # fmt: skip
    return [row for row in rows if row["domain"]]


def _entries(request: Asked) -> list[tuple[str, str]]:
    found = []
    for row in _sent_rows(request):
        actions = [_ACTION.get(row["level"], ""), CONTACTS if row["contacts"] else ""]
        found.append((row["domain"], ",".join(filter(None, actions))))
    return found
