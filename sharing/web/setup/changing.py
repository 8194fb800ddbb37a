"""The switches of changing: whether owners may change their sharing at Microsoft at all, and what else they may."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing.connect import NotConnected, allowing, tenants
from sharing.models import Tenant
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.web.signin.again import signed_in_lately

from .frame import setup_form, to

_DAYS = {"invalid": "Give a number of days.", "min_value": "At least 1 day.", "max_value": "At most 3650 days."}


class RulesForm(forms.Form):
    """The names are those of `allowing.Rules`; an empty number is no limit."""

    creates_on = forms.BooleanField(required=False)
    deputies_on = forms.BooleanField(required=False)
    longest_days_outside = forms.IntegerField(
        required=False, min_value=1, max_value=allowing.LONGEST_DAYS, error_messages=_DAYS
    )
    longest_days_delegate = forms.IntegerField(
        required=False, min_value=1, max_value=allowing.LONGEST_DAYS, error_messages=_DAYS
    )


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
    return _page(request, tenant, refusal=refusal, status=409 if refusal else 200)


@limited("saving")
@setup_form
@signed_in_lately("setup:rules")
def rules_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """What owners may do beside changing roles, and for how long access may be given."""
    if request.method != "POST":
        return redirect(to(request, reverse("setup:changing")) + "#rules")
    form = RulesForm(request.POST)
    if not form.is_valid():
        return _page(request, tenant, form=form, status=422)
    allowing.set_rules(tenant=tenant, rules=allowing.Rules(**form.cleaned_data), actor=request.user, now=timezone.now())
    return redirect(to(request, reverse("setup:changing")) + "#rules")


def _page(
    request: Asked, tenant: Tenant, *, refusal: str = "", form: RulesForm | None = None, status: int = 200
) -> HttpResponse:  # fmt: skip
    shown: dict[str, Any] = {name: getattr(tenant, name) for name in RulesForm.base_fields}
    return render(request, "setup/changing.html", {
        "title": f"Stop changing at {tenant}?" if tenant.writes_on else f"Let owners change their sharing at {tenant}?",
        "tenant": tenant,
        "refusal": refusal,
        "form": form or RulesForm(initial=shown),
        "rules": to(request, reverse("setup:rules")),
        "freeze": to(request, reverse("setup:freeze")),
        "back": to(request, reverse("setup:connections")),
    }, status=status)  # fmt: skip
