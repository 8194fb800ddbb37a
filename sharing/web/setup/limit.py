"""The limit to a security group: which one, the script for Exchange, and what the last test found."""

import uuid
from dataclasses import replace
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing import access, tasks
from sharing.connect import limits, scripts
from sharing.connect.clients import client_id_of
from sharing.models import READER, WRITER, GroupLimit, Person, Tenant
from sharing.models.names import folded
from sharing.web.asked import Asked
from sharing.web.it.frame import same_tenant
from sharing.web.it.tables import asked
from sharing.words import limits as said
from sharing.words.powershell import ValueRefused

from .frame import setup_action, setup_form, setup_page, to

MOST_GROUPS = 20


class GroupForm(forms.Form):
    """Which group, chosen among those found or typed as its object id."""

    group = forms.CharField(label="Object id of the group", max_length=36)

    def clean_group(self) -> str:
        try:
            return str(uuid.UUID(self.cleaned_data["group"].strip()))
        except ValueError:
            raise forms.ValidationError(
                "This is no object id: it looks like 00000000-0000-0000-0000-000000000000."
            ) from None


@setup_form
def limit_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """How far the app is limited; a POST names the group. Nothing is asked of Microsoft here."""
    limit = access.limit_for_setup(request.user, tenant)
    form = GroupForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and not _may_be_limited(tenant):
        raise Http404
    if request.method == "POST" and form.is_valid():
        try:
            limit = limits.declare(
                tenant=tenant, group=form.cleaned_data["group"], actor=request.user, now=timezone.now()
            )
            tasks.ring(tasks.test_limit, limit.pk)
            return redirect(_page(request))
        except limits.NotAGroup:
            form.add_error("group", said.CAUSES["group_without_address"])
        except limits.OnlyKnown:
            form.add_error("group", said.ONLY_KNOWN)
    wanted = asked(request, "q").strip()
    found = list(_groups(request, tenant, wanted)[: MOST_GROUPS + 1]) if wanted else []
    return render(request, "setup/limit.html", {
        **_progress(request, tenant, limit),
        "title": "Limit to a security group",
        "tenant": tenant,
        "lead": said.lead(str(tenant), tenant.scope, is_named=limit is not None),
        "may_be_limited": _may_be_limited(tenant),
        "form": form,
        "q": wanted,
        "groups": found[:MOST_GROUPS],
        "is_only": len(found) == 1,
        "has_more": len(found) > MOST_GROUPS,
        "scripts": _scripts(tenant, limit) if limit else [],
        "lift_href": to(request, reverse("setup:lift_limit")),
        "back": to(request, reverse("setup:connections")),
        "page_href": _page(request),
        "runs_href": to(request, reverse("setup:runs")),
    }, status=422 if form.errors else 200)  # fmt: skip


@setup_page
def limit_progress(request: Asked, tenant: Tenant) -> HttpResponse:
    """The part of the page that asks again every 3 seconds while a test is underway."""
    limit = access.limit_for_setup(request.user, tenant)
    progress = _progress(request, tenant, limit)
    response = render(request, "setup/parts/limit.html", {**progress, "tenant": tenant})
    if not progress["is_underway"]:
        response["HX-Refresh"] = "true"  # the script names who was tried, too
    return response


@setup_action
def test_now(request: Asked, tenant: Tenant) -> HttpResponse:
    """Test as soon as somebody works."""
    limit = _limit_of(request, tenant)
    limits.ask(limit=limit, now=timezone.now())
    tasks.ring(tasks.test_limit, limit.pk)
    return redirect(_page(request))


@setup_form
def lift_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """What reading everybody again means; a POST does it."""
    limit = access.limit_for_setup(request.user, tenant)
    if limit is None and tenant.scope != Tenant.GROUP:
        raise Http404
    if request.method == "POST":
        limits.lift(tenant=tenant, actor=request.user, now=timezone.now())
        return redirect(_page(request))
    return render(request, "setup/limit_lift.html", {
        "title": f"Read everybody of {tenant}?",
        "group": limit and (limit.group_name or str(limit.group_oid)),
        "tenant": tenant,
        "back": _page(request),
        "connections": to(request, reverse("setup:connections")),
    })  # fmt: skip


def _page(request: Asked) -> str:
    return to(request, reverse("setup:limit"))


def _limit_of(request: Asked, tenant: Tenant) -> GroupLimit:
    limit = access.limit_for_setup(request.user, tenant)
    if limit is None:
        raise Http404
    return limit


def _may_be_limited(tenant: Tenant) -> bool:
    return tenant.mode == Tenant.DOMAIN_WIDE and tenant.state not in (Tenant.ENDED, Tenant.PRIVATE)


def _groups(request: Asked, tenant: Tenant, wanted: str):
    return access.groups_for_setup(request.user, tenant).filter(search__contains=folded(wanted))


def _progress(request: Asked, tenant: Tenant, limit: GroupLimit | None) -> dict[str, Any]:
    """What changes by a test."""
    if limit is None:
        return {"limit": None, "is_underway": False}
    verdict, found = said.verdict_words(limit.verdict), limit.found
    return {
        "limit": limit,
        "verdict": verdict,
        "is_asked": tenant.is_read or tenant.state == Tenant.LOST,
        "is_underway": limits.is_underway(limit, timezone.now()),
        "cause": said.limit_cause(limit.cause),
        "members_cause": said.limit_cause(found.get("members", "")),
        "legacy": said.LEGACY if limit.is_legacy else "",
        "granted": found.get("granted"),
        "nested": found.get("groups", 0),
        "tried": [
            (side, person, said.met(found.get(key, "")))
            for side, key, person in (("Inside", "inside", limit.inside), ("Outside", "outside", limit.outside))
        ],
        "poll_href": reverse("setup:limit_progress") + same_tenant(request),
        "test_href": to(request, reverse("setup:test_limit")),
    }


def _scripts(tenant: Tenant, limit: GroupLimit) -> list[dict[str, str]]:
    """Each script with its title and lead; none while the group's address is not known or no script can hold it."""
    if not limit.group_address:
        return []
    changes_here = tenant.writes_on and not tenant.has_writer
    values = scripts.Values(
        app_id=client_id_of(READER), principal_id=limit.found.get("principal", ""), connection=tenant.public_id,
        group=limit.group_address, member=_address(limit.inside), outsider=_address(limit.outside),
        roles=scripts.WRITE_ROLES if changes_here else scripts.READ_ROLES,
    )  # fmt: skip
    second = replace(values, app_id=client_id_of(WRITER), principal_id="", roles=scripts.WRITE_ROLES)
    wanted = [*_WRITERS, *([("second", said.SECOND, scripts.set_up)] if tenant.has_writer else [])]
    try:
        return [
            {"id": name, "title": title, "lead": lead, "text": write(second if name == "second" else values)}
            for name, (title, lead), write in wanted
        ]
    except ValueRefused:
        return []


_WRITERS = (
    ("set-up", said.SET_UP, scripts.set_up), ("migrate", said.MIGRATE, scripts.migrate),
    ("undo", said.UNDO, scripts.undo),
)  # fmt: skip


def _address(person: Person | None) -> str:
    return person.address if person else ""
