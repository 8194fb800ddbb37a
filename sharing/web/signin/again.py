"""Acts with far consequences ask for a sign-in that is at most ten minutes old."""

from collections.abc import Callable
from functools import wraps

from csp.decorators import csp_update
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from sharing.connect import identity
from sharing.web.asked import Asked

from . import sessions

Page = Callable[..., HttpResponseBase]


def signed_in_lately(back: str) -> Callable[[Page], Page]:
    """Asks an older session to sign in again, and leads to the page called `back`; nothing that was sent is saved.

    Stands below whatever decides who may see the page, so that "not yours" is said first.
    """

    def decorate(view: Page) -> Page:
        @wraps(view)
        def page(request: Asked, *args, **kwargs) -> HttpResponseBase:
            if sessions.is_recent(request.session):
                return view(request, *args, **kwargs)
            response = render(request, "signin/again.html", {
                "title": "Sign in again",
                "was_sent": request.method == "POST",
                "is_unknown": sessions.is_unknown(request.session),
                "was_asked": sessions.was_asked_fresh(request.session),
                "next": f"{reverse(back)}?{request.GET.urlencode()}",
            }, status=403)  # fmt: skip
            return csp_update({"form-action": [identity.login_origin()]})(lambda _: response)(request)

        return page

    return decorate
