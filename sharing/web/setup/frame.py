"""What every set-up page begins with: an admin, and the one tenant the page is about."""

from sharing import access
from sharing.web.asked import Asked
from sharing.web.it.frame import Page, page_of_one_tenant, same_tenant

__all__ = ["setup_action", "setup_form", "setup_page", "to"]


def setup_page(view: Page) -> Page:
    return page_of_one_tenant(view, access.tenants_for_setup, ("GET", "HEAD"))


def setup_form(view: Page) -> Page:
    """A page that also takes what was filled in."""
    return page_of_one_tenant(view, access.tenants_for_setup, ("GET", "HEAD", "POST"))


def setup_action(view: Page) -> Page:
    """A button."""
    return page_of_one_tenant(view, access.tenants_for_setup, ("POST",))


def to(request: Asked, path: str) -> str:
    """`path` in the tenant this page is about."""
    return path + same_tenant(request)
