"""The switch of meetings: whether people may find times and book here, and through which registration."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing.connect import NotConnected, clients, meeting_switch
from sharing.models import BOOKER, Tenant
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.web.signin.again import signed_in_lately
from sharing.words import connecting as said

from .frame import setup_form, to


@limited("saving")
@setup_form
@signed_in_lately("setup:meetings")
def meetings_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """Says what the switch means and what is missing for it; a POST says which way."""
    refusal = ""
    if request.method == "POST":
        try:
            meeting_switch.let_people_book(
                tenant=tenant, on=request.POST.get("on") == "yes", actor=request.user, now=timezone.now()
            )
            return redirect(to(request, reverse("setup:connections")))
        except NotConnected as why:
            refusal = str(why)
    is_ready = meeting_switch.is_set_up() and (tenant.mode == Tenant.INDIVIDUAL or tenant.has_booker)
    return render(request, "setup/meetings.html", {
        "title": f"Stop meetings at {tenant}?" if tenant.bookings_on else f"Let people of {tenant} book meetings?",
        "tenant": tenant,
        "refusal": refusal,
        "is_set_up": meeting_switch.is_set_up(),
        "is_ready": is_ready,
        "client_id": clients.client_id_of(BOOKER),
        "permission": said.OF_MEETINGS,
        "never_read": said.NEVER_READ_FOR_MEETINGS,
        "back": to(request, reverse("setup:connections")),
    }, status=409 if refusal else 200)  # fmt: skip
