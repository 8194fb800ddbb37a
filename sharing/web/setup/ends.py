"""What people of a tenant may do about their connections, and how the connection of a whole organization ends."""

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing import changes, mirror, tasks
from sharing.connect import clients, ends
from sharing.models import READER, WRITER, Tenant
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.web.signin.again import signed_in_lately
from sharing.words.users import LOCKS

from .frame import setup_form, to


@setup_form
def locks_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """Two switches, and what they cannot prevent; a POST sets both."""
    if request.method == "POST":
        ends.let_people(
            tenant=tenant, disconnect="disconnect" in request.POST, connect_others="connect_others" in request.POST,
            actor=request.user, now=timezone.now(),
        )  # fmt: skip
        return redirect(to(request, reverse("setup:locks")))
    is_on = {"disconnect": tenant.people_may_disconnect, "connect_others": tenant.people_may_connect_others}
    return render(request, "setup/locks.html", {
        "title": "What people may do",
        "lead": f"About their own connections, at {tenant}.",
        "locks": [(name, title, text, is_on[name]) for name, (title, text) in LOCKS.items()],
        "back": to(request, reverse("setup:connections")),
    })  # fmt: skip


@limited("saving")
@setup_form
@signed_in_lately("setup:end")
def end_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """Asks whether to keep or erase what was read, then disconnects; afterwards the script to remove the app."""
    how = request.POST.get("how", "")
    is_wrong = request.method == "POST" and how not in ("keep", "erase")
    if request.method == "POST" and not is_wrong:
        _disconnect(request, tenant, erase=how == "erase")
        return redirect(to(request, reverse("setup:end")))
    apps = [clients.client_id_of(app) for app in (READER, WRITER)]
    return render(request, "setup/end.html", {
        "title": f"{tenant} is disconnected" if tenant.state == Tenant.ENDED else f"Disconnect {tenant}?",
        "tenant": tenant,
        "is_own": request.user.tenant_id == tenant.pk,
        "is_ended": tenant.state == Tenant.ENDED,
        "is_erasing": tenant.cause == ends.ERASING,
        "is_erased": tenant.cause == ends.ERASED,
        "is_wrong": is_wrong,
        "errors": [("Choose what becomes of what was read.", "#id_how")] if is_wrong else [],
        "script": ends.removal_script([app for app in apps if app]),
        "back": to(request, reverse("setup:connections")),
    }, status=422 if is_wrong else 200)  # fmt: skip


def _disconnect(request: Asked, tenant: Tenant, *, erase: bool) -> None:
    """Runs and changes stop with the connection, or none of it happens."""
    now = timezone.now()
    with transaction.atomic():
        mirror.end_runs(tenant=tenant, cause=ends.DISCONNECTED, now=now)
        changes.cancel_open(tenant=tenant, cause=ends.DISCONNECTED, now=now)
        ends.disconnect_tenant(tenant=tenant, erase=erase, actor=request.user, now=now)
    if erase:
        tasks.ring(tasks.erase_tenant, tenant.pk)
