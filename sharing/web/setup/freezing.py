"""The switch that stops every change at once; and its end, which wants a fresh sign-in."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing.connect import NotConnected, freezing
from sharing.models import Tenant
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.web.signin.again import signed_in_lately

from .frame import setup_form, to


@limited("saving")
@setup_form
def freeze_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """Says what stopping does, and stops: at once, whoever is signed in since when."""
    if request.method == "POST":
        if tenant.frozen_at is None:
            freezing.freeze(tenant=tenant, cause="page", now=timezone.now(), by=request.user.username)
        return redirect(to(request, reverse("setup:freeze")))
    return _page(request, tenant)


@limited("saving")
@setup_form
@signed_in_lately("setup:thaw")
def thaw_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """Asks once more, then lets changes happen again, where everything was read since."""
    if tenant.frozen_at is None:
        return redirect(to(request, reverse("setup:freeze")))
    if request.method != "POST":
        return _page(request, tenant, is_lifting=True)
    try:
        freezing.thaw(tenant=tenant, now=timezone.now(), by=request.user.username)
    except NotConnected as why:
        return _page(request, tenant, refusal=str(why), is_lifting=True)
    return redirect(to(request, reverse("setup:connections")))


def _page(request: Asked, tenant: Tenant, *, refusal: str = "", is_lifting: bool = False) -> HttpResponse:
    title = f"Stop every change at {tenant} now?"
    if tenant.frozen_at:
        title = f"Let changes happen again at {tenant}?" if is_lifting else f"Every change at {tenant} is stopped"
    return render(request, "setup/freeze.html", {
        "title": title,
        "tenant": tenant,
        "refusal": refusal,
        "is_lifting": is_lifting,
        "thaw": to(request, reverse("setup:thaw")),
        "runs": to(request, reverse("setup:runs")),
        "back": to(request, reverse("setup:connections")),
    }, status=409 if refusal else 200)  # fmt: skip
