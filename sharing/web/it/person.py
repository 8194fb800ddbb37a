"""One person's page: what they can reach, who can reach them, who gets their requests, and what happened."""

from typing import Any

from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from sharing import access, words
from sharing.models import DELEGATE_ROLES, Mailbox, Person, Role, Tenant
from sharing.web.asked import Asked

from . import deputies, figures, permissions
from .frame import it_page, may_operate, person_links, same_tenant
from .history import history_of
from .looking import note_looking
from .rows import COLUMNS, account_state, flag_badges, row_of, with_ends

SHOWN = 100


@it_page
def person_page(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """Both directions of one person's access; that it was looked at is written into the activity log."""
    now = timezone.now()
    person = access.person_for_it(request.user, public_id)
    if person.tenant_id != tenant.pk:
        raise Http404
    note_looking(request, tenant, "person.viewed", now, person=public_id)
    every = access.permissions_for_it(request.user, tenant)
    held, owned = every.of_people().filter(grantee=person), every.filter(mailbox__person=person)
    mailbox = Mailbox.objects.with_freshness().select_related("shard").filter(person=person).first()
    link = person_links(request)

    def lines(rows: permissions.Rows) -> list[Any]:
        found = rows.order_by("-is_organization", "-reach", "owner_sort", "name_sort", "id").values(*COLUMNS)[:SHOWN]
        return [row_of(row, org=str(tenant), now=now, link=link) for row in found]

    held_lines, owned_lines = lines(held), lines(owned)
    ends = access.end_dates_for_it(request.user, tenant, [line.id for line in held_lines + owned_lines])

    state = account_state(person.enabled, person.ended_at)
    return render(request, "it/person.html", {
        "title": words.NOT_FOUND if words.is_sid(person.name) else words.visible(str(person)),
        "person": person,
        "about": _about(person),
        "account": flag_badges((state,)) if state else "",
        "account_changed_at": person.ended_at or person.changed_at if state else None,
        "figures": _in_short(held, owned, tenant),
        "held": with_ends(held_lines, ends),
        "held_count": held.count() if len(held_lines) == SHOWN else len(held_lines),
        "owned": with_ends(owned_lines, ends),
        "owned_count": owned.count() if len(owned_lines) == SHOWN else len(owned_lines),
        "mailbox": mailbox,
        "is_unread": mailbox is not None and mailbox.state in figures.UNREAD,
        "cause": words.cause_words(mailbox.cause, is_deleted=state == "deleted")
        if mailbox and mailbox.cause else None,
        "delivery": words.delivery_words(mailbox.delivery_option).it if mailbox else "",
        "history": history_of(person, org=str(tenant), now=now),
        "shown": SHOWN,
        "may_operate": may_operate(request, tenant),
        "give_href": _give_href(request, tenant, mailbox, public_id),
        "bulk_href": reverse("it:bulk") + same_tenant(request, person=public_id),
        "keep": same_tenant(request),
        "people_href": reverse("it:people") + same_tenant(request),
        "all_href": reverse("it:access") + same_tenant(request, person=public_id),
        "csv_href": reverse("it:access_csv") + same_tenant(request, person=public_id),
        **deputies.of_person(request, tenant, person, mailbox),
    })  # fmt: skip


def _give_href(request: Asked, tenant: Tenant, mailbox: Mailbox | None, public_id: str) -> str:
    """Where an operator asks for access for somebody, where anybody may be added; or nothing."""
    if mailbox is None or not tenant.creates_on or not may_operate(request, tenant):
        return ""
    return reverse("it:give", args=[public_id]) + same_tenant(request)


def _about(person: Person) -> str:
    kind = "" if person.kind == Person.USER else words.kind_label(person.kind, size=person.size)
    sid = person.name if words.is_sid(person.name) else ""
    parts = (sid, kind, person.job_title, person.department, person.address)
    return " · ".join(words.visible(part) for part in parts if part)


def _in_short(held: permissions.Rows, owned: permissions.Rows, tenant: Tenant) -> list[dict[str, object]]:
    """Four figures, counted over all rows and not only those shown."""
    reaches = held.aggregate(
        acts=Count("mailbox", distinct=True, filter=Q(role__in=DELEGATE_ROLES)),
        private=Count("mailbox", distinct=True, filter=Q(role=Role.PRIVATE_DELEGATE)),
        edits=Count("pk", filter=Q(role=Role.WRITE)),
    )
    seen = owned.of_people().aggregate(
        people=Count("grantee", distinct=True), outside=Count("grantee", distinct=True, filter=Q(inside=False))
    )

    def figure(label: str, count: int, noun: str, detail: str, many: str = "") -> dict[str, object]:
        return {"label": label, "figure": f"{count:,} {noun if count == 1 else many or noun + 's'}", "detail": detail}

    return [
        figure("Acts for", reaches["acts"], "person", "as a delegate", "people"),
        figure("Sees private events of", reaches["private"], "person", "as a delegate", "people"),
        figure("Can edit", reaches["edits"], "calendar", "beyond delegation"),
        figure("Can be reached by", seen["people"], "person", f"{seen['outside']:,} outside {tenant}", "people"),
    ]
