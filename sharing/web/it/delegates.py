"""Delegates: who acts for whom, who sees private events, and who gets the meeting requests."""

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone

from sharing import access
from sharing.models import Role, Tenant
from sharing.web.asked import Asked

from . import figures, permissions
from .csv import csv_response
from .frame import it_page, person_links, same_tenant
from .rows import COLUMNS, CSV_COLUMNS, csv_rows, row_of, with_ends
from .tables import FIND_CAP, Filter, Query, count_branches, counts, one_page, read_query

ACCOUNT = Filter("flag", "Account", "Any account", (permissions.ACCOUNT,))
SELECTS = (permissions.PRIVATE, permissions.DELIVERY, ACCOUNT, permissions.SINCE)
SORTS = {key: permissions.SORTS[key] for key in ("owner", "person", "changed")}


@it_page
def delegates_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """A page of 100 delegates, by owner."""
    now = timezone.now()
    wanted = _asked(request)
    rows = access.permissions_for_it(request.user, tenant).of_people().delegates()
    branches, is_cut = permissions.matching(request, tenant, rows, wanted, now)
    page = one_page(
        request, branches, tenant=tenant, sort=wanted.sort, values=COLUMNS, columns=SORTS[wanted.sort.lstrip("-")]
    )
    link = person_links(request)
    lines = [row_of(row, org=str(tenant), now=now, link=link) for row in page.rows]
    page.rows = with_ends(lines, access.end_dates_for_it(request.user, tenant, [line.id for line in lines]))
    private = rows.filter(role=Role.PRIVATE_DELEGATE)
    every_count, private_count = counts(tenant, [rows, private])
    page.total = count_branches(branches)
    return render(request, "it/delegates.html", {
        "title": "Delegates",
        "lead": f"Who acts for whom at {tenant}: {every_count:,} in all, {private_count:,} see private events.",
        "keep": same_tenant(request),
        "q": wanted.q,
        "sort": wanted.sort,
        "chips": wanted.chips,
        "selects": SELECTS,
        "page": page,
        "is_cut": is_cut,
        "find_cap": FIND_CAP,
        "covered": figures.coverage(request, tenant),
    })  # fmt: skip


@it_page
def delegates_csv(request: Asked, tenant: Tenant) -> StreamingHttpResponse:
    """The same list, whole, in its order; written into the activity log."""
    now = timezone.now()
    wanted = _asked(request)
    rows = access.permissions_for_it(request.user, tenant).of_people().delegates()
    branches, _ = permissions.matching(request, tenant, rows, wanted, now)
    return csv_response(
        request, tenant, csv_rows(branches, wanted.sort), columns=CSV_COLUMNS, name="delegates", asked=wanted, now=now
    )


def _asked(request: Asked) -> Query:
    return read_query(request, filters=SELECTS, sorts=SORTS, sort="owner")
