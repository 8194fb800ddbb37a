"""Who gets past the door of these pages, and what the others are told."""

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from sharing import access
from sharing.web.asked import Asked
from sharing.web.owner.zones import in_own_zone
from sharing.words import meetings as said

View = Callable[..., HttpResponse]


def where_on(view: View) -> View:
    """In the person's own time zone; nothing is there while their organization has meetings switched off."""

    @in_own_zone
    @wraps(view)
    def only(request: Asked, *args: object, **kwargs: object) -> HttpResponse:
        if not request.user.tenant.bookings_on:
            raise Http404
        return view(request, *args, **kwargs)

    return only


def by_post(view: View) -> View:
    """Whoever comes without a form is led to it."""

    @wraps(view)
    def only(request: Asked, *args: object, **kwargs: object) -> HttpResponse:
        return view(request, *args, **kwargs) if request.method == "POST" else redirect("meetings:find")

    return only


def who_may(view: View) -> View:
    """Who may not book now gets a page that says why, and what they sent is not looked at."""

    @wraps(view)
    def only(request: Asked, *args: object, **kwargs: object) -> HttpResponse:
        if cause := access.may_book(request.user):
            return why_not(request, cause)
        return view(request, *args, **kwargs)

    return only


def why_not(request: Asked, cause: str) -> HttpResponse:
    """Why nothing is booked now; to the form that begins it all that is an answer, to what it sends on a refusal."""
    if cause not in said.WHY_NOT:  # it was switched off this moment
        raise Http404
    match = request.resolver_match
    is_answer = request.method != "POST" or (match is not None and match.view_name == "meetings:find")
    page = {"title": "Find a time", "why": said.WHY_NOT[cause], "may_lend": cause == "not_lent"}
    return render(request, "meetings/why_not.html", page, status=200 if is_answer else 422)
