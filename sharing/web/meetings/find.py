"""Finding a time: who is to come, and the times at which they all can."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sharing import access, words
from sharing.connect import NotLent, client_for_meetings
from sharing.meetings.answers import NotAnswered, answered
from sharing.meetings.finding import MOST_TIMES, FindingRefused, Found, find_times
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.words import meetings as said

from .gate import by_post, where_on, who_may, why_not
from .shown import MARKS, days_of, unknown_of
from .wish import Wish, first_wish, wish_of


@never_cache
@limited("search")
@require_http_methods(["GET", "HEAD", "POST"])
@where_on
@who_may
def find(request: Asked) -> HttpResponse:
    """Who is to come, how long and when; a POST adds somebody, takes somebody off, or searches."""
    if request.method == "POST":
        return _page(request, wish_of(request), is_asked=False)
    moving = request.GET.get("moving", "")
    booking = access.booking_of(request.user, moving) if moving else None
    return _page(request, first_wish(request, booking), is_asked=False)


@never_cache
@limited("meetings")
@require_http_methods(["GET", "HEAD", "POST"])
@where_on
@by_post
@who_may
def times(request: Asked) -> HttpResponse:
    """Times that suit them all, asked of Microsoft at this moment and kept nowhere."""
    wish = wish_of(request)
    if wish.errors:
        return _page(request, wish, status=422)
    try:
        found = _find(request, wish)
    except NotLent:
        return why_not(request, "not_lent")
    except FindingRefused as refused:
        wish.problems.append((said.bad(refused.cause), "#main"))
        return _page(request, wish, status=422)
    except NotAnswered as why:
        return _page(request, wish, trouble=said.no_answer(why.cause), status=503)
    return _page(request, wish, found=found)


def _find(request: Asked, wish: Wish) -> Found:
    mailbox = access.own_mailbox(request.user)
    if mailbox is None:
        raise FindingRefused("no_address")
    start, end = wish.window
    with answered():
        return find_times(
            client=client_for_meetings(request.user), mailbox=mailbox, people=[address for address, _ in wish.people],
            start=start, end=end, length=wish.length, now=timezone.now(),
        )  # fmt: skip


def _page(
    request: Asked, wish: Wish, *, found: Found | None = None, trouble: str = "", is_asked: bool = True,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    # Who was looked for was found, once somebody was added.
    q = "" if is_asked or "add" in request.POST else " ".join(request.POST.get("q", "").split())[:200]
    partners = {} if wish.moving else access.partner_domains(request.user)
    chosen = {person.pk for person in wish.colleagues}
    page: dict[str, Any] = {
        "title": "Find another time" if wish.moving else "Find a time",
        "lead": "" if wish.moving else said.LEAD,
        "wish": wish,
        "form": wish.form,
        "errors": wish.errors if is_asked else wish.problems,
        "lengths": [(str(minutes), label) for minutes, label in said.LENGTHS],
        "minutes": str(wish.form["minutes"].value()),
        "q": q,
        "found": [person for person in access.find_colleagues(request.user, q) if person.pk not in chosen],
        "partners": sorted(partners),
        "trouble": trouble,
        "never_seen": said.NEVER_SEEN,
    }
    if found:
        names = {address.casefold(): name for address, name in wish.people} | {found.organizer: "You"}
        page |= {
            "times": found,
            "days": days_of(found, names),
            "unknown": unknown_of(found, names),
            "without_hours": words.listed([names.get(each) or each for each in found.without_hours]),
            "is_cut": len(found.slots) >= MOST_TIMES,
            "marks": [(hour * 60, f"{hour:02}") for hour in MARKS],
        }
    return render(request, "meetings/find.html", page, status=status)
