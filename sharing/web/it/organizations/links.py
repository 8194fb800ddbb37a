"""Addresses of these pages, with the tenant where the page names one, and the tabs above their lists."""

from django.urls import reverse

from sharing import access
from sharing.access import organizations
from sharing.models import Tenant
from sharing.web.asked import Asked
from sharing.web.it.frame import Page, page_of_one_tenant, same_tenant

TABS = (
    ("Relationships", "organizations"),
    ("Sharing policies", "sharing_policies"),
    ("Published calendars", "published"),
    ("Plans", "plans"),
)


def to(request: Asked, name: str, *args: object, **query: str) -> str:
    """The address of another page of IT's about the same tenant."""
    return reverse(f"it:{name}", args=args) + same_tenant(request, **query)


def tabs(request: Asked, current: str) -> list[tuple[str, str, None, bool]]:
    return [(label, to(request, name), None, name == current) for label, name in TABS]


def may_plan(request: Asked, tenant: Tenant) -> bool:
    """Plans write nothing to Microsoft 365, so they need no right to change anything there: operators make them."""
    return access.operates(request.user, tenant)


def uploading(view: Page) -> Page:
    """A button of whoever may upload an export."""
    return page_of_one_tenant(view, organizations.tenants_to_update, ("POST",))
