"""What a person booked: the list, one meeting with who comes, moving it and cancelling it."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sharing import access, words
from sharing.changes import NotNow, bookings
from sharing.models import Booking
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.words import meetings as said

from .carrying import Looked, carry_on, look
from .gate import where_on, why_not

A_PAGE = 50
LASTING = (Booking.BOOKED, Booking.UNKNOWN)


class MoveForm(forms.Form):
    """Another day and time, by the person's own clock; how long it takes stays as it is."""

    day = forms.DateField(error_messages={"required": said.BAD["no_time"], "invalid": said.BAD["no_time"]})
    time = forms.TimeField(error_messages={"required": said.BAD["no_time"], "invalid": said.BAD["no_time"]})


@require_safe
@where_on
def mine(request: Asked) -> HttpResponse:
    """What is to come, or with ?past=on what was, 50 a page."""
    is_past, now = bool(request.GET.get("past")), timezone.now()
    rows = access.bookings_of(request.user)
    rows = rows.filter(ends_at__lt=now).order_by("-starts_at", "-pk") if is_past else rows.filter(ends_at__gte=now)
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    return render(request, "meetings/mine.html", {
        "title": "My meetings",
        "lead": "What you booked here. Meetings that were made in Outlook are not listed.",
        "rows": [_line(row) for row in page],
        "page": page,
        "is_past": is_past,
        "tabs": [
            ("To come", reverse("meetings:mine"), None, not is_past),
            ("Past", reverse("meetings:mine") + "?past=on", None, is_past),
        ],
    })  # fmt: skip


@never_cache
@limited("meetings", methods=("GET",))
@require_safe
@where_on
def booking(request: Asked, public_id: str) -> HttpResponse:
    """One meeting; where nothing is on its way it is read back, with who accepted."""
    row = access.booking_of(request.user, public_id)
    cause = access.may_book(request.user)
    is_settled = not row.act and row.state in LASTING and row.ends_at > timezone.now()
    looked = look(row) if is_settled and not cause and request.method == "GET" else None
    return _page(request, row, cause, looked)


@never_cache
@limited("meetings")
@require_POST
@where_on
def look_again(request: Asked, public_id: str) -> HttpResponse:
    """Takes what is on its way a step further; a page with JavaScript asks for this every few seconds."""
    row = access.booking_of(request.user, public_id)
    if row.act:
        carry_on(row)
        row = access.booking_of(request.user, public_id)
    if row.act and "HX-Request" in request.headers:
        return _page(request, row, access.may_book(request.user), None)
    return redirect("meetings:booking", public_id)


@never_cache
@limited("meetings")
@require_http_methods(["GET", "HEAD", "POST"])
@where_on
def move(request: Asked, public_id: str) -> HttpResponse:
    """To another time, which is typed or was found; Outlook tells the others."""
    row = access.booking_of(request.user, public_id)
    if not _may_change(row):
        return redirect("meetings:booking", public_id)
    if cause := access.may_book(request.user):
        return why_not(request, cause)
    at = _asked_at(request)
    local = timezone.localtime(at or row.starts_at)
    page: dict[str, Any] = {
        "title": "Move this meeting?", "booking": row, "line": _line(row), "is_found": at is not None,
        "day": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M}", "errors": [],
    }  # fmt: skip
    if request.method != "POST":
        return render(request, "meetings/move.html", page)
    form = MoveForm(request.POST)
    page |= {"day": request.POST.get("day", ""), "time": request.POST.get("time", "")}
    if not form.is_valid():
        page["errors"] = [(said.BAD["no_time"], "#id_day")]
        return render(request, "meetings/move.html", page, status=422)
    here = timezone.get_current_timezone()
    start = datetime.combine(form.cleaned_data["day"], form.cleaned_data["time"], here)
    try:
        bookings.move(booking=row, starts_at=start, ends_at=start + (row.ends_at - row.starts_at), now=timezone.now())
    except bookings.BadMeeting as refused:
        page["errors"] = [(said.bad(refused.cause), "#id_day")]
        return render(request, "meetings/move.html", page, status=422)
    except (bookings.Underway, NotNow):
        return redirect("meetings:booking", public_id)
    carry_on(row)
    return redirect("meetings:booking", public_id)


@never_cache
@limited("meetings")
@require_http_methods(["GET", "HEAD", "POST"])
@where_on
def cancel(request: Asked, public_id: str) -> HttpResponse:
    """Asks once more, because Outlook tells the others; then it is cancelled."""
    row = access.booking_of(request.user, public_id)
    if not _may_change(row):
        return redirect("meetings:booking", public_id)
    if cause := access.may_book(request.user):
        return why_not(request, cause)
    if request.method == "POST":
        try:
            bookings.cancel(booking=row, now=timezone.now())
            carry_on(row)
        except (bookings.Underway, NotNow):
            pass  # the page says how it stands
        return redirect("meetings:booking", public_id)
    page = {"title": "Cancel this meeting?", "booking": row, "line": _line(row)}
    return render(request, "meetings/cancel.html", page)


def _page(request: Asked, row: Booking, cause: str, looked: Looked | None) -> HttpResponse:
    responses = looked.responses if looked else {}
    return render(request, "meetings/booking.html", {
        "title": words.visible(row.subject),
        "booking": row,
        "line": _line(row),
        "said": said.booking_cause(row.cause),
        "why": said.WHY_NOT.get(cause),
        "may_lend": cause == "not_lent",
        "may_change": _may_change(row) and not cause,
        "looked": looked,
        "people": [
            (name or address, address if name else "", *said.answer(responses.get(address.casefold(), "")))
            for address, name in ((each["address"], each["name"]) for each in row.attendees)
        ],
        "has_answers": bool(looked and looked.is_there),
    })  # fmt: skip


def _may_change(row: Booking) -> bool:
    """There, with nothing on its way, and not over."""
    return row.state == Booking.BOOKED and not row.act and row.ends_at > timezone.now()


def _line(row: Booking) -> dict[str, Any]:
    """A booking as every page of them shows it."""
    start, end = timezone.localtime(row.starts_at), timezone.localtime(row.ends_at)
    wanted, until = row.wanted_starts_at, row.wanted_ends_at
    return {
        "row": row,
        "url": reverse("meetings:booking", args=[row.public_id]),
        "day": f"{said.weekday(start.date())} {start:%Y}",
        "time": said.from_to(start, end),
        "to": f"{said.weekday(timezone.localtime(wanted).date())}, "
        f"{said.from_to(timezone.localtime(wanted), timezone.localtime(until))}" if wanted and until else "",
        "words": said.booking_words(row.state, row.act),
        "who": ", ".join(each["name"] or each["address"] for each in row.attendees[:3]),
        "more": max(0, len(row.attendees) - 3),
    }  # fmt: skip


def _asked_at(request: Asked) -> datetime | None:
    """A time that was found for it; a plus sign of an address means a space."""
    try:
        at = parse_datetime(request.GET.get("at", "").replace(" ", "+"))
    except ValueError:
        return None
    return at if at and at.utcoffset() is not None else None
