"""Booking: what was chosen is shown once more, then it is written down and made."""

import uuid
from datetime import datetime, timedelta

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sharing.changes import NotNow, bookings
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.words import meetings as said

from .carrying import carry_on
from .gate import by_post, where_on, who_may, why_not
from .wish import Wish, wish_of

LONGEST_SUBJECT = 255


class MeetingForm(forms.Form):
    """What it is about; of a form sent twice `form_key` is the same."""

    subject = forms.CharField(max_length=LONGEST_SUBJECT, error_messages={
        "required": said.BAD["no_subject"], "max_length": "What it is about has more than 255 characters.",
        "null_characters_not_allowed": "What it is about has characters that cannot be sent.",
    })  # fmt: skip
    form_key = forms.UUIDField()
    at = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M:%S%z"])
    minutes = forms.TypedChoiceField(choices=said.LENGTHS, coerce=int)


@never_cache
@limited("search")
@require_http_methods(["GET", "HEAD", "POST"])
@where_on
@by_post
@who_may
def confirm(request: Asked) -> HttpResponse:
    """Who will be invited, to what time; nothing is asked of Microsoft yet."""
    wish, form = wish_of(request), MeetingForm(request.POST)
    is_sound = _slot(form) is not None and not wish.problems and bool(wish.people)
    return _page(request, wish, form, wish.problems, status=200 if is_sound else 422)


@never_cache
@limited("meetings")
@require_http_methods(["GET", "HEAD", "POST"])
@where_on
@by_post
@who_may
def book(request: Asked) -> HttpResponse:
    """The meeting, made once whatever is sent twice; then its page."""
    wish, form = wish_of(request), MeetingForm(request.POST)
    errors = [*wish.problems, *((str(text), "#id_subject") for texts in form.errors.values() for text in texts)]
    slot = _slot(form)
    if errors or slot is None:
        return _page(request, wish, form, errors, status=422)
    try:
        booking = bookings.book(
            user=request.user, form_key=form.cleaned_data["form_key"], subject=form.cleaned_data["subject"],
            starts_at=slot[0], ends_at=slot[1], attendees=wish.people, zone=str(timezone.get_current_timezone()),
            now=timezone.now(),
        )  # fmt: skip
    except bookings.BadMeeting as refused:
        return _page(request, wish, form, [(said.bad(refused.cause), "#id_subject")], status=422)
    except NotNow as never:
        return why_not(request, never.cause)
    carry_on(booking)
    return redirect("meetings:booking", booking.public_id)


def _slot(form: MeetingForm) -> tuple[datetime, datetime] | None:
    """From when to when; None where that is no time."""
    form.is_valid()
    at, minutes = form.cleaned_data.get("at"), form.cleaned_data.get("minutes")
    return (at, at + timedelta(minutes=minutes)) if at and minutes else None


def _page(
    request: Asked, wish: Wish, form: MeetingForm, errors: list[tuple[str, str]], *, status: int
) -> HttpResponse:  # fmt: skip
    slot = _slot(form)
    here = timezone.get_current_timezone()
    return render(request, "meetings/confirm.html", {
        "title": "Book a meeting",
        "wish": wish,
        "form_key": form.cleaned_data.get("form_key") or uuid.uuid4(),
        "subject": form.data.get("subject", ""),
        "longest": LONGEST_SUBJECT,
        "errors": errors,
        "day": said.weekday(slot[0].astimezone(here).date()) if slot else "",
        "time": said.from_to(slot[0].astimezone(here), slot[1].astimezone(here)) if slot else "",
        "at": slot[0].isoformat() if slot else "",
        "minutes": form.cleaned_data.get("minutes"),
        "invites_now": said.INVITES_NOW,
    }, status=status)  # fmt: skip
