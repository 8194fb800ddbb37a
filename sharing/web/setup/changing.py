"""The switch that lets owners change their sharing at Microsoft."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing.connect import NotConnected, tenants
from sharing.models import Tenant
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.web.signin.again import signed_in_lately

from .frame import setup_form, to


@limited("saving")
@setup_form
@signed_in_lately("setup:changing")
def changing_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """Says what the switch means; a POST says which way."""
    refusal = ""
    if request.method == "POST":
        try:
            tenants.let_owners_change(
                tenant=tenant, on=request.POST.get("on") == "yes", actor=request.user, now=timezone.now()
            )
            return redirect(to(request, reverse("setup:connections")))
        except NotConnected as why:
            refusal = str(why)
    return render(request, "setup/changing.html", {
        "title": f"Stop changing at {tenant}?" if tenant.writes_on else f"Let owners change their sharing at {tenant}?",
        "tenant": tenant,
        "refusal": refusal,
        "back": to(request, reverse("setup:connections")),
    }, status=409 if refusal else 200)  # fmt: skip
