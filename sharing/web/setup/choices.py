"""What was chosen for a tenant: changed here until it is connected; afterwards, what can still be changed and how."""

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing import access
from sharing.connect import choosing
from sharing.models import ActivationLink, Tenant
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.web.signin.again import signed_in_lately
from sharing.words import connecting as said

from .connect_form import ChoicesForm
from .frame import setup_form, to

FIELDS = ("name", "mode", "scope", "asks")


@limited("saving")
@setup_form
def choices_page(request: Asked, tenant: Tenant) -> HttpResponseBase:
    """For a tenant that is listed, and only told of one that is connected."""
    if tenant.state in (Tenant.CONNECTED, Tenant.LOST):
        return _told(request, tenant)
    if tenant.state != Tenant.LISTED:
        raise Http404
    return _choose(request, tenant)


def _told(request: Asked, tenant: Tenant) -> HttpResponse:
    return render(request, "setup/choices_told.html", {
        "title": "What was chosen",
        "lead": f"{tenant} was approved and is connected. This is what can still be changed.",
        "tenant": tenant,
        "was_sent": request.method == "POST",
        "after": [
            (each, to(request, reverse(each.page)) if each.page else "") for each in said.after_approval(tenant.scope)
        ],
        "back": to(request, reverse("setup:connecting")),
    }, status=409 if request.method == "POST" else 200)  # fmt: skip


@signed_in_lately("setup:choices")
def _choose(request: Asked, tenant: Tenant) -> HttpResponse:
    """A POST saves; where that ends an open link, the page of the connection says so."""
    form = ChoicesForm(
        request.POST if request.method == "POST" else None, initial={name: getattr(tenant, name) for name in FIELDS}
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        chosen = {name: form.cleaned_data[name] for name in FIELDS}
        try:
            choosing.change(tenant=tenant, actor=request.user, now=timezone.now(), **chosen)
            return redirect(to(request, reverse("setup:connecting")))
        except choosing.AlreadyConnected:
            tenant.refresh_from_db()
            return _told(request, tenant)
    links = access.links_for_setup(request.user, tenant).filter(state__in=ActivationLink.OPEN)
    return render(request, "setup/choices.html", {
        "title": f"Change what was chosen for {tenant}",
        "form": form,
        "radios": form.radios(),
        "warning": _warning({link.state for link in links}),
        "locks_href": to(request, reverse("setup:locks")),
        "back": to(request, reverse("setup:connecting")),
    }, status=422 if form.errors else 200)  # fmt: skip


def _warning(states: set[str]) -> str:
    """What saving may cost, by the states of the links that are open."""
    if states - {ActivationLink.ISSUED}:
        return said.APPROVED_ALREADY
    return said.LINK_OPEN if states else ""
