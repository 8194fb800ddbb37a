"""What every page of IT and of set-up begins with: who may see it, and the one tenant it is about."""

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from urllib.parse import urlencode

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from sharing import access
from sharing.models import Tenant, User
from sharing.web.asked import Asked

from .tables import asked

Page = Callable[..., HttpResponseBase]


def page_of_one_tenant(view: Page, tenants_for: Callable[[User], Iterable[Tenant]], methods: Sequence[str]) -> Page:
    """Calls `view(request, tenant, …)` for the tenant that the address names, or the only one.

    404 where the person has no such tenant; where they have several and name none, the first is put into the address.
    """

    @require_http_methods(methods)
    @wraps(view)
    def page(request: Asked, **kwargs: str) -> HttpResponseBase:
        wanted = asked(request, "tenant")
        found = [tenant for tenant in tenants_for(request.user) if not wanted or tenant.public_id == wanted]
        if not found or (len(found) > 1 and request.method == "POST"):
            raise Http404
        if len(found) > 1:
            query = request.GET.copy()
            query["tenant"] = found[0].public_id
            return redirect(f"{request.path}?{query.urlencode()}")
        return view(request, found[0], **kwargs)

    return page


def it_page(view: Page) -> Page:
    """A page for reviewers and operators of a tenant; IT pages change nothing."""
    return page_of_one_tenant(view, access.it_tenants_of, ("GET", "HEAD"))


def operator_page(view: Page) -> Page:
    """A page with a form, for operators of a tenant; 404 for reviewers."""
    return page_of_one_tenant(view, access.tenants_for_operator, ("GET", "HEAD", "POST"))


def operator_action(view: Page) -> Page:
    """A button of an operator's."""
    return page_of_one_tenant(view, access.tenants_for_operator, ("POST",))


def may_operate(request: Asked, tenant: Tenant) -> bool:
    """May this person change something here, now? Where not, pages offer nothing."""
    return tenant.may_write and access.operates(request.user, tenant)


def same_tenant(request: Asked, **query: str) -> str:
    """The query string of a link to another page, with the tenant where this page names one; empty for nothing."""
    wanted = asked(request, "tenant")
    query |= {"tenant": wanted} if wanted else {}
    return f"?{urlencode(query)}" if query else ""


def person_links(request: Asked) -> Callable[[str], str]:
    """Turns a person's public id into the address of their page; empty stays empty."""
    before, after = reverse("it:person", args=["-"]).rsplit("-", 1)
    after += same_tenant(request)
    return lambda public_id: f"{before}{public_id}{after}" if public_id else ""
