"""Disclosure and health: what this organization's approval lets us do, what we did with it, and whether all is well."""

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from sharing import access, notices, words
from sharing.connect import calls, clients, credentials, identity, permissions
from sharing.connect.publisher import publisher
from sharing.models import BOOKER, READER, WRITER, Tenant
from sharing.web.asked import Asked
from sharing.web.it.frame import same_tenant
from sharing.words import connecting
from sharing.words import disclosure as said

from .frame import setup_page, to


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of call as the page shows it."""

    kind: calls.Kind
    made: int
    refused: int

    @property
    def is_by_browser(self) -> bool:
        """Is it a browser that goes there, sent by us?"""
        return self.kind.name in calls.BY_BROWSER

    @property
    def is_ordinary(self) -> bool:
        """Does any client send it, and not only one that was built for people's time?"""
        return calls.ORDINARY in self.kind.senders

    @property
    def is_of_meetings(self) -> bool:
        """Is it sent for meetings alone?"""
        return self.kind.senders == {calls.MEETINGS}

    @property
    def sample(self) -> str:
        """The sample answer, set out for reading."""
        try:
            return json.dumps(json.loads(self.kind.sample), indent=2, ensure_ascii=False)
        except ValueError:
            return self.kind.sample


@setup_page
def disclosure_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """One tenant's permissions, calls and health; from the list that the client itself obeys."""
    now = timezone.now()
    made = calls.made_in(tenant, now)
    refused_here, _ = made.pop(calls.REFUSED_HERE.name, (0, 0))
    rows, entra = (
        [Row(kind, *made.get(kind.name, (0, 0))) for kind in kinds] for kinds in (calls.KINDS, calls.ENTRA_KINDS)
    )
    where = clients.endpoints()
    return render(request, "setup/disclosure.html", {
        "title": "Disclosure and health",
        "lead": f"What Calwarden may do at {tenant}, what it did in the last 30 days, and whether all is well.",
        "tenant": tenant,
        "state": words.TENANT_STATES[tenant.state],
        "cause": words.cause_words(tenant.cause) if tenant.cause else None,
        "broken": credentials.broken(tenant) if tenant.is_read else None,
        "has_writer": tenant.has_writer,
        "writer_broken": credentials.broken(tenant, WRITER),
        "writer_cause": words.cause_words(tenant.writer_cause) if tenant.writer_cause else None,
        "whole_at": notices.last_complete(tenant),
        "told": _told(request, tenant),
        "apps": _apps(tenant),
        "lent": [
            (connecting.permission_words(scope, app), count) for app in (READER, BOOKER)
            for scope, count in permissions.lent_in(tenant, app).items()
        ],
        "reads": [row for row in rows if row.is_ordinary and not row.kind.is_change],
        "changes": [row for row in rows if row.is_ordinary and row.kind.is_change],
        "times": [row for row in rows if not row.is_ordinary],
        "times_total": sum(row.made for row in rows if not row.is_ordinary),
        "entra": entra,
        "entra_total": sum(row.made for row in entra if not row.is_by_browser),
        "former": [(kind, *made[kind]) for kind in made if kind not in calls.BY_NAME],
        "total": sum(row.made for row in rows if row.kind.permission),
        "refused": sum(row.refused for row in rows if row.kind.permission),
        "events": calls.events_read(made),
        "refused_here": said.refused_here(refused_here),
        "has_meetings": tenant.bookings_on or any(row.made for row in rows if row.is_of_meetings),
        "no_events": said.NO_EVENTS,
        "never_read": connecting.never_read(BOOKER if tenant.bookings_on else READER),
        "meetings_on": said.MEETINGS_ON,
        "meetings_off": said.MEETINGS_OFF,
        "cloud": where.cloud.value,
        "addresses": list(dict.fromkeys((where.login_url, where.graph_url))),
        "publisher": publisher(),
        "outbox_href": to(request, reverse("setup:outbox")) if identity.is_sandbox() else "",
        "keep": same_tenant(request),
    })  # fmt: skip


def _apps(tenant: Tenant) -> list[dict[str, Any]]:
    """Each registration with its permissions in this tenant; an unknown holding is not called none."""
    roles, read_at = permissions.held_in(tenant)
    found = []
    if tenant.mode == Tenant.DOMAIN_WIDE:
        found.append({
            "app": READER, "at": read_at, "is_known": roles is not None, "client_id": clients.client_id_of(READER),
            "rows": [_standing(each) for each in permissions.standings(tenant, roles or ())],
        })  # fmt: skip
    for app in (WRITER, BOOKER):
        if held := permissions.held_by_other(tenant, app):
            found.append({
                "app": app, "at": held[1], "is_known": True, "client_id": clients.client_id_of(app),
                "rows": [_standing(permissions.Standing(role, permissions.HELD), app) for role in held[0]],
            })  # fmt: skip
    return found


def _standing(each: permissions.Standing, app: str = READER) -> dict[str, Any]:
    label, tone, icon, text = said.STANDINGS[each.state]
    if each.state == permissions.OPTIONAL:
        text = said.WITHOUT.get(each.role, text)
    return {
        "role": each.role, "what": connecting.permission_words(each.role, app).what, "label": label, "tone": tone,
        "icon": icon, "text": text.format(within=each.within),
    }  # fmt: skip


def _told(request: Asked, tenant: Tenant) -> list[dict[str, Any]]:
    """What there is to tell of this tenant now, and who was told."""
    rows = list(access.notices_for_setup(request.user, tenant).filter(over_at=None))
    found = []
    for thing in notices.current(timezone.now(), [tenant]):
        if thing.tenant is None and not access.may_list_tenants(request.user):
            continue
        found.append({
            "label": said.NOTICES[thing.kind], "subject": notices.one_line(thing.subject),
            "rows": [(row, said.not_sent(row.cause)) for row in rows if row.key == thing.key],
        })  # fmt: skip
    return found
