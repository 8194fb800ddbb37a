"""Connections: how each tenant is connected, what it lets us do, and the commands that change it."""

from dataclasses import dataclass

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from sharing import access, words
from sharing.connect import proof
from sharing.models import Tenant
from sharing.web.asked import Asked

from .frame import setup_page


@dataclass(frozen=True, slots=True)
class Connection:
    """One tenant as the page shows it."""

    tenant: Tenant
    label: str
    sentence: str
    tone: str
    cause: words.CauseWords | None
    mailboxes: list[tuple[str, int, str]]

    @property
    def total(self) -> int:
        return sum(count for _, count, _ in self.mailboxes)


@setup_page
def connections_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """All tenants of this admin; nothing is changed here."""
    tenants = list(access.tenants_for_setup(request.user))
    counted = access.counted_mailboxes(tenants).values_list("tenant", "state").annotate(count=Count("pk"))
    by_tenant: dict[int, dict[str, int]] = {}
    for pk, state, count in counted.order_by():
        by_tenant.setdefault(pk, {})[state] = count
    return render(request, "setup/connections.html", {
        "title": "Connections",
        "lead": "How Calwarden is connected to Microsoft 365.",
        "may_list": access.may_list_tenants(request.user),
        "connections": [_connection(each, by_tenant.get(each.pk, {})) for each in tenants],
        "needs": proof.READS,
        "writes": proof.WRITES,
    })  # fmt: skip


def _connection(tenant: Tenant, counts: dict[str, int]) -> Connection:
    label, sentence, tone = words.TENANT_STATES[tenant.state]
    users = reverse("setup:users") + f"?tenant={tenant.public_id}"
    return Connection(
        tenant=tenant,
        label=label,
        sentence=sentence,
        tone=tone,
        cause=words.cause_words(tenant.cause) if tenant.cause else None,
        mailboxes=[
            (state, counts[state], f"{users}&state={state}") for state in words.MAILBOX_STATES if counts.get(state)
        ],
    )
