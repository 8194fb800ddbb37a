"""The access table: every open permission of a tenant, filtered, sorted, searched, and the same as CSV."""

from datetime import datetime

from django.db.models import Q
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from sharing import access, words
from sharing.access import organizations
from sharing.models import Person, Role, Tenant
from sharing.web.asked import Asked

from . import figures, permissions
from .csv import csv_response
from .frame import it_page, may_operate, person_links, same_tenant
from .rows import COLUMNS, CSV_COLUMNS, csv_rows, row_of, with_ends
from .tables import (
    FIND_CAP,
    Count,
    Filter,
    Option,
    Query,
    asked,
    count_branches,
    counts,
    one_page,
    read_query,
)

SELECTS = (permissions.ROLE, permissions.WHERE, permissions.FLAG, permissions.SINCE)
EVERYONE = Option("everyone", "Everyone sees more than busy", lambda now, tenant: Q(is_organization=True, reach__gt=1))
MOST_DOMAINS = 250  # Exchange takes no more in one relationship
ROWS = Filter("rows", "Rows", "People", (EVERYONE,))
TABS: tuple[tuple[str, dict[str, str]], ...] = (
    ("People", {}),
    ("Delegates", {"role": "delegate"}),
    ("Sees private events", {"role": "private"}),
    ("Outside", {"where": "outside"}),
    ("Account disabled or deleted", {"flag": "gone"}),
    ("Everyone sees more than busy", {"rows": "everyone"}),
)


@it_page
def access_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """A page of 100; people and organisation rows are never in one list."""
    now = timezone.now()
    wanted, person = _asked(request, tenant)
    is_everyone = ROWS.name in wanted.chosen
    every = access.permissions_for_it(request.user, tenant)
    rows = _of_domains(request, tenant, every if is_everyone else every.of_people())
    branches, is_cut = permissions.matching(request, tenant, rows, wanted, now, person=person, by_calendar=True)
    page = one_page(
        request, branches, tenant=tenant, sort=wanted.sort, values=COLUMNS,
        columns=permissions.SORTS[wanted.sort.lstrip("-")],
    )  # fmt: skip
    link = person_links(request)
    lines = [row_of(row, org=str(tenant), now=now, link=link) for row in page.rows]
    page.rows = with_ends(lines, access.end_dates_for_it(request.user, tenant, [line.id for line in lines]))
    sets = _tab_sets(every, tenant, now)
    if len(branches) == 1:
        *tab_counts, page.total = counts(tenant, [*sets, *branches])
    else:
        tab_counts, page.total = counts(tenant, sets), count_branches(branches)
    chips = [chip for chip in wanted.chips if chip[1] != ROWS.name]
    if domains := _domains(request):
        chips.insert(0, (f"People at {words.listed(domains)}", "domain"))
    return render(request, "it/access.html", {
        "title": "Access",
        "lead": f"Who can see or change a calendar at {tenant}.",
        "keep": same_tenant(request),
        "q": wanted.q,
        "sort": wanted.sort,
        "chips": [(f"To and from {person}", "person"), *chips] if person else chips,
        "selects": [f for f in SELECTS if not is_everyone or f in (permissions.ROLE, permissions.SINCE)],
        "is_everyone": is_everyone,
        "domain_key": ",".join(_domains(request)),
        "tabs": _tabs(request, wanted, tab_counts),
        "page": page,
        "is_cut": is_cut,
        "find_cap": FIND_CAP,
        "find_what": "people or calendars",
        "covered": figures.coverage(request, tenant),
        "may_operate": may_operate(request, tenant),
        "bulk_href": f"{reverse('it:bulk')}?{request.GET.urlencode()}",
    })  # fmt: skip


@it_page
def access_csv(request: Asked, tenant: Tenant) -> StreamingHttpResponse:
    """The same list, whole, in its order; written into the activity log."""
    now = timezone.now()
    wanted, person = _asked(request, tenant)
    return csv_response(
        request, tenant, csv_rows(rows_asked(request, tenant, now), wanted.sort), columns=CSV_COLUMNS, name="access",
        asked=wanted, now=now, subject={"person": person.public_id} if person else {},
    )  # fmt: skip


def rows_asked(request: Asked, tenant: Tenant, now: datetime) -> list[permissions.Rows]:
    """The whole list that the address asks for, in branches that share no row."""
    wanted, person = _asked(request, tenant)
    every = access.permissions_for_it(request.user, tenant)
    rows = _of_domains(request, tenant, every if ROWS.name in wanted.chosen else every.of_people())
    return permissions.matching(request, tenant, rows, wanted, now, person=person, by_calendar=True)[0]


def _domains(request: Asked) -> list[str]:
    """The domains outside that the address asks for, and no others."""
    return [domain for each in asked(request, "domain").split(",")[:MOST_DOMAINS] if (domain := each.strip().lower())]


def _of_domains(request: Asked, tenant: Tenant, rows: permissions.Rows) -> permissions.Rows:
    domains = _domains(request)
    return rows.filter(pk__in=organizations.entries_outside(request.user, tenant, domains)) if domains else rows


def _asked(request: Asked, tenant: Tenant) -> tuple[Query, Person | None]:
    """What the address asks for, and the one person it is about, where it names one (then nothing is searched)."""
    wanted = read_query(request, filters=(*SELECTS, ROWS), sorts=permissions.SORTS, sort="-changed")
    public_id = asked(request, "person")
    person = access.people_for_it(request.user, tenant).filter(public_id=public_id).first() if public_id else None
    return (wanted.without_search() if person else wanted), person


def _tab_sets(every: permissions.Rows, tenant: Tenant, now: datetime) -> list[permissions.Rows]:
    """The rows of each of TABS, in its order."""
    people = every.of_people()
    return [
        people,
        people.delegates(),
        people.filter(role=Role.PRIVATE_DELEGATE),
        people.filter(inside=False),
        people.filter(permissions.ACCOUNT.matches(now, tenant)),
        every.filter(is_organization=True, reach__gt=1),
    ]


def _tabs(request: Asked, wanted: Query, tab_counts: list[Count]) -> list[tuple[str, str, Count, bool]]:
    narrowing = {name: value for name, value in wanted.values.items() if name != permissions.SINCE.name}
    current = narrowing if narrowing in [query for _, query in TABS] else {}
    return [
        (label, same_tenant(request, **query) or "?", number, query == current)
        for (label, query), number in zip(TABS, tab_counts, strict=True)
    ]
