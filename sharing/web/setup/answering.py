"""Stewards: every shared and room mailbox of a tenant, with who answers for it."""

from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from sharing import access, words
from sharing.models import Stewardship, Tenant
from sharing.web.asked import Asked
from sharing.web.it.frame import same_tenant
from sharing.web.it.tables import asked, one_page

from . import stewards
from .frame import setup_page, to

COLUMNS = ("id", "public_id", "purpose", "person__name", "person__address")


@setup_page
def stewards_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """100 mailboxes a page, or only those that nobody answers for."""
    every = access.mailboxes_for_it(request.user, tenant)
    every = every.filter(purpose__in=stewards.NOBODYS, person__ended_at=None)
    without = every.filter(~Exists(Stewardship.objects.filter(mailbox=OuterRef("pk"))))
    is_without = asked(request, "show") == "without"
    page = one_page(
        request, [without if is_without else every], tenant=tenant, values=COLUMNS, sort="person",
        columns=("person__name", "id"),
    )  # fmt: skip
    counts = (every.order_by().count(), without.order_by().count())
    page.total = counts[is_without]
    page.rows = _lines(request, tenant, page.rows)
    here = reverse("setup:stewards")
    return render(request, "setup/stewards.html", {
        "title": "Stewards",
        "lead": f"Shared and room mailboxes of {tenant}, to which nobody signs in, and who answers for each.",
        "page": page,
        "is_without": is_without,
        "tabs": [
            ("All", here + same_tenant(request) or "?", counts[0], not is_without),
            ("Without a steward", here + same_tenant(request, show="without"), counts[1], is_without),
        ],
    })  # fmt: skip


def _lines(request: Asked, tenant: Tenant, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = stewards.of_many(tenant, [row["id"] for row in rows])
    return [
        row
        | {
            "name": words.visible(row["person__name"] or row["person__address"]) or "No name",
            "kind": words.purpose_label(row["purpose"]),
            "stewards": kept.get(row["id"], []),
            "href": to(request, reverse("setup:mailbox", args=[row["public_id"]])),
        }
        for row in rows
    ]
