"""People of a tenant: users, guests, groups and outsiders, how many calendars they reach and share."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from sharing import access, words
from sharing.models import CalendarPermission, Mailbox, Person, Tenant
from sharing.web.asked import Asked

from . import figures, permissions
from .frame import it_page, person_links, same_tenant
from .rows import account_state, flag_badges, named
from .tables import FIND_CAP, Filter, Option, Page, asked, counts, find_people, one_page, read_query

COLUMNS = ("id", "public_id", "kind", "name", "address", "job_title", "department", "enabled", "ended_at", "size")
SORTS = {"person": ("name", "id")}
TABS = (
    ("People", "user", (Person.USER,)),
    ("Guests", "guest", (Person.GUEST,)),
    ("Groups", "group", (Person.GROUP,)),
    ("Outside", "outside", (Person.OUTSIDE, Person.CONTACT)),
    ("Not found in the directory", "unresolved", (Person.UNRESOLVED,)),
)


def _with_mailbox(*states: str) -> Any:
    return lambda now, tenant: Q(pk__in=Mailbox.objects.filter(tenant=tenant, state__in=states).values("person"))


MAILBOX = Filter("mailbox", "Mailbox", "Any mailbox", (
    Option("unread", "Could not be read", _with_mailbox(*figures.UNREAD), "Mailbox could not be read"),
    *(
        Option(state, said.it, _with_mailbox(state), f"Mailbox: {said.it.lower()}")
        for state, said in words.MAILBOX_STATES.items() if state != Mailbox.OK
    ),
))  # fmt: skip
ACCOUNT = Filter("account", "Account", "Any account", (
    Option("gone", "Account disabled or deleted", lambda now, tenant: permissions.IS_GONE),
))  # fmt: skip


@it_page
def people_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """One kind of people by name, 100 a page; a search looks through all kinds."""
    wanted = read_query(request, filters=(MAILBOX, ACCOUNT), sorts=SORTS, sort="person")
    people = access.people_for_it(request.user, tenant)
    kinds = [people.filter(kind__in=kinds) for _, _, kinds in TABS]
    chosen = next((n for n, (_, value, _) in enumerate(TABS) if value == asked(request, "kind")), 0)
    is_cut = False
    if wanted.q:
        ids, is_cut = find_people(people, wanted.q)
        rows = people.filter(pk__in=ids)
    else:
        rows = kinds[chosen]
    rows = wanted.narrow(rows, timezone.now(), tenant)
    page = one_page(request, [rows], tenant=tenant, values=COLUMNS, columns=SORTS["person"], sort=wanted.sort)
    *tab_counts, page.total = counts(tenant, [*kinds, rows])
    page.rows = _lines(request, tenant, page)
    return render(request, "it/people.html", {
        "title": "People",
        "lead": f"Everybody and everything at {tenant} that can hold access.",
        "q": wanted.q,
        "keep": same_tenant(request),
        "sort": wanted.sort,
        "chips": wanted.chips,
        "selects": (MAILBOX, ACCOUNT),
        "kind": "" if wanted.q else TABS[chosen][1],
        "tabs": [
            (label, reverse("it:people") + same_tenant(request, kind=value), number, not wanted.q and n == chosen)
            for n, ((label, value, _), number) in enumerate(zip(TABS, tab_counts, strict=True))
        ],
        "page": page,
        "is_cut": is_cut,
        "find_cap": FIND_CAP,
        "covered": figures.coverage(request, tenant),
    })  # fmt: skip


def _lines(request: Asked, tenant: Tenant, page: Page) -> list[dict[str, Any]]:
    ids = [row["id"] for row in page.rows]
    rows = CalendarPermission.objects.open().of_people().filter(tenant=tenant)
    held = _counted(rows.filter(grantee__in=ids).values_list("grantee"))
    given = _counted(rows.filter(mailbox__person__in=ids).values_list("mailbox__person"))
    states = dict(Mailbox.objects.filter(person__in=ids).values_list("person", "state"))
    link = person_links(request)
    return [
        row
        | {
            "name": (name := _name(row)),
            "who": named(
                name,
                link(row["public_id"]),
                row["name"] if words.is_sid(row["name"]) else words.visible(row["job_title"]),
            ),
            "address": words.visible(row["address"]),
            "what": words.kind_label(row["kind"], size=row["size"]),
            "account": flag_badges((state,)) if (state := account_state(row["enabled"], row["ended_at"])) else "",
            "held": held.get(row["id"], 0),
            "given": given.get(row["id"], 0),
            "mailbox": states.get(row["id"], ""),
        }
        for row in page.rows
    ]


def _name(row: dict[str, Any]) -> str:
    """A name to show; an account's number is none."""
    if words.is_sid(row["name"]):
        return words.NOT_FOUND
    return words.visible(row["name"] or row["address"]) or "No name"


def _counted(rows: Any) -> dict[int, int]:
    found: Iterable[tuple[int, int]] = rows.order_by().annotate(count=Count("*"))
    return dict(found)
