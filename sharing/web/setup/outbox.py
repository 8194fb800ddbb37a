"""What was mailed to admins: a page of the sandbox, whose mail leads nowhere."""

from django.http import Http404, HttpResponse
from django.shortcuts import render

from sharing import access
from sharing.connect import identity
from sharing.models import Tenant
from sharing.web.asked import Asked
from sharing.words import disclosure as said

from .frame import setup_page

MOST = 100


@setup_page
def outbox_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """The newest mails of a tenant and, for admins of the whole installation, of that."""
    if not identity.is_sandbox():
        raise Http404
    rows = access.notices_for_setup(request.user, tenant).order_by("-made_at", "-pk")
    return render(request, "setup/outbox.html", {
        "title": "Outbox",
        "lead": "What Calwarden mailed to admins. This is the sandbox: a mail stops here, whoever it is addressed to.",
        "mails": [(row, said.not_sent(row.cause)) for row in rows[:MOST]],
    })  # fmt: skip
