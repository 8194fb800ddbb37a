"""Connecting a tenant: chosen, a link made and sent, approved by a Microsoft administrator, proved, confirmed."""

from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sharing import access, tasks
from sharing.connect import NotConnected, choosing, identity, links
from sharing.models import BOOKER, ActivationLink, Tenant
from sharing.models.activation import APPS
from sharing.web import kept_links
from sharing.web.asked import Asked
from sharing.web.it.frame import same_tenant
from sharing.web.signin.again import signed_in_lately
from sharing.words import connecting as said

from .connect_form import TenantForm
from .finding import draft_of, forget_draft
from .frame import setup_action, setup_form, setup_page, to
from .steps import how_far, steps

CHOOSABLE = (Tenant.LISTED, Tenant.CONNECTED, Tenant.LOST)


@require_http_methods(["GET", "HEAD", "POST"])
def connect_page(request: Asked) -> HttpResponseBase:
    """For admins of the whole installation."""
    if not access.may_list_tenants(request.user):
        raise Http404
    return _connect(request)


@signed_in_lately("setup:connect")
def _connect(request: Asked) -> HttpResponseBase:
    """Which tenant, how, and who of it is read; saved before any link exists."""
    draft = draft_of(request.session)
    form = TenantForm(request.POST if request.method == "POST" else None, initial=draft)
    known: Tenant | None = None
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        try:
            tenant = choosing.choose(
                tid=form.tid, name=chosen["name"], mode=chosen["mode"], scope=chosen["scope"], asks=chosen["asks"],
                actor=request.user, now=timezone.now(),
            )  # fmt: skip
            forget_draft(request.session)
            return redirect(_page_of(tenant))
        except choosing.AlreadyConnected as refused:
            known = refused.tenant
            form.add_error("tenant", f"This organization is connected here already, as {known}.")
        except NotConnected as refused:
            form.add_error("tenant", str(refused))
    response = render(request, "setup/connect.html", {
        "title": "Connect a tenant",
        "lead": "An organization on Microsoft 365. You choose; a Microsoft administrator of it approves once.",
        "form": form,
        "radios": form.radios(),
        "known": known,
        "known_href": _page_of(known) if known else "",
        "account": draft.get("account") if form["tenant"].value() == draft.get("tenant") else "",
        "back": reverse("setup:connections"),
    }, status=422 if form.errors else 200)  # fmt: skip
    # One of its buttons posts to us and is redirected to Microsoft: Chromium asks form-action about both.
    return csp_update({"form-action": [identity.login_origin()]})(lambda _: response)(request)


@setup_page
def connecting_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """How far connecting this tenant came: the link to send, who opened it, what to do next."""
    link, other = _shown(request, tenant)
    wanted = request.GET.get("asks", "")
    asks = wanted if wanted in choosing.may_ask(tenant) else tenant.asks
    return render(request, "setup/connecting.html", {
        **_progress(request, tenant, link),
        "title": str(tenant),
        "tenant": tenant,
        "url": _url(request, link),
        "other": said.APP_LINKS[other.app] if other else "",
        "other_href": _page_of(tenant, other) if other else "",
        "permissions": [said.permission_words(role, link.app) for role in link.permissions] if link else [],
        "never_read": said.never_read(link.app if link else ""),
        "mode": next(choice for choice in said.MODES if choice.value == tenant.mode),
        "scope": next(choice for choice in said.SCOPES if choice.value == tenant.scope),
        "asks": [(said.ASKS[each], each == asks) for each in choosing.may_ask(tenant)],
        "is_asked": asks != tenant.asks,
        "chosen_asks": said.ASKS[tenant.asks],
        "choices_href": to(request, reverse("setup:choices")) if tenant.state in CHOOSABLE else "",
        "locks_href": to(request, reverse("setup:locks")),
        "has_second": choosing.has_second(),
        "may_cancel": bool(other) or _is_open(link) or (tenant.state == Tenant.LISTED and not tenant.users.exists()),
        "back": to(request, reverse("setup:connections")),
    })  # fmt: skip


@setup_page
def connecting_progress(request: Asked, tenant: Tenant) -> HttpResponse:
    """The part of the page that asks again every 3 seconds; once there is something to do, the page is loaded anew."""
    link, _ = _shown(request, tenant)
    progress = _progress(request, tenant, link)
    response = render(request, "setup/parts/connecting.html", progress)
    if progress["stage"] != request.GET.get("seen"):
        response["HX-Refresh"] = "true"
    return response


@setup_action
@signed_in_lately("setup:connecting")
def make_link(request: Asked, tenant: Tenant) -> HttpResponse:
    """A new link; the one before stops working."""
    asks = request.POST.get("asks", tenant.asks)
    is_asked = tenant.mode == Tenant.DOMAIN_WIDE and tenant.state not in (Tenant.ENDED, Tenant.PRIVATE)
    if not is_asked or asks not in choosing.may_ask(tenant):
        raise Http404
    link, token = choosing.make_link(tenant=tenant, asks=asks, actor=request.user, now=timezone.now())
    kept_links.keep(request.session, link, token)
    return redirect(_page_of(tenant))


@setup_action
def cancel(request: Asked, tenant: Tenant) -> HttpResponse:
    """Revoke the open links; a tenant that was only being connected is taken off the list."""
    links.cancel(tenant=tenant, actor=request.user, now=timezone.now())
    return redirect(to(request, reverse("setup:connections")))


@setup_form
@signed_in_lately("setup:confirm_link")
def confirm_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """What Microsoft answered, to be compared with what was meant; a POST connects the tenant."""
    link, _ = _shown(request, tenant)
    if link is None or link.state not in (ActivationLink.PROVED, ActivationLink.CONFIRMED):
        raise Http404
    refusal = ""
    if request.method == "POST" and request.POST.get("link", link.public_id) != link.public_id:
        refusal = "Another link was made meanwhile. This is what Microsoft answered to that one: compare again."
    elif request.method == "POST":
        try:
            links.confirm_link(link=link, actor=request.user, now=timezone.now())
            return redirect(_page_of(tenant, link))
        except links.ProofTooOld:
            tasks.ring(tasks.prove_link, link.pk)
            return redirect(_page_of(tenant, link))
        except links.NotProved:
            refusal = "Somebody has decided about this link already."
    found = link.organization
    held = found.get("roles", ())
    missing, excess = choosing.compare(link.permissions, held)
    return render(request, "setup/connect_confirm.html", {
        "title": f"Approve meetings at {tenant}?" if link.app == BOOKER else f"Connect {found.get('name') or tenant}?",
        "link": link,
        "tenant": tenant,
        "found": found,
        "is_old": links.is_proof_old(link, now=timezone.now()),
        "is_confirmed": link.state == ActivationLink.CONFIRMED,
        "held": [said.permission_words(role, link.app) for role in held],
        "missing": missing if held else [],
        "excess": excess,
        "refusal": refusal,
        "back": _page_of(tenant, link),
    }, status=409 if refusal else 200)  # fmt: skip


def _page_of(tenant: Tenant, link: ActivationLink | None = None) -> str:
    about = f"&app={link.app}" if link else ""
    return f"{reverse('setup:connecting')}?tenant={tenant.public_id}{about}"


def _shown(request: Asked, tenant: Tenant) -> tuple[ActivationLink | None, ActivationLink | None]:
    """The newest link, or that of the app that is asked for; and the open one of the other app, where there is one."""
    rows = access.links_for_setup(request.user, tenant)
    wanted = request.GET.get("app")
    link = (rows.filter(app=wanted).first() if wanted in dict(APPS) else None) or rows.first()
    return link, rows.filter(state__in=ActivationLink.OPEN).exclude(app=link.app).first() if link else None


def _is_open(link: ActivationLink | None) -> bool:
    return link is not None and link.state in ActivationLink.OPEN


def _url(request: Asked, link: ActivationLink | None) -> str:
    """The address to send, where this browser knows it and it still works."""
    if link is None or how_far(link, timezone.now()) != ActivationLink.ISSUED:
        return ""
    token = kept_links.kept(request.session, link)
    return settings.PORTAL_URL + reverse("activate:link", args=[token]) if token else ""


def _progress(request: Asked, tenant: Tenant, link: ActivationLink | None) -> dict[str, Any]:
    """What changes while somebody else acts."""
    now = timezone.now()
    stage = how_far(link, now)
    about = {"app": link.app} if link else {}
    label, tone, drawn = said.LINK_STATES.get(stage, ("Chosen", "", "circle-dashed"))
    return {
        "link": link,
        "stage": stage,
        "label": label,
        "tone": tone,
        "icon": drawn,
        "steps": steps(tenant, link, now),
        "cause": said.link_cause(link.cause, str(tenant)) if link else "",
        "is_waiting": stage in (ActivationLink.ISSUED, ActivationLink.APPROVED),
        "poll_href": reverse("setup:connecting_progress") + same_tenant(request, seen=stage, **about),
        "confirm_href": reverse("setup:confirm_link") + same_tenant(request, **about),
    }
