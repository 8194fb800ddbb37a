"""An owner's calendar on a day of the past, and all that happened to one calendar or to one person's access to it."""

from datetime import UTC
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from sharing import access, words
from sharing.access import timeline
from sharing.models import Calendar, CalendarPermission
from sharing.web import past
from sharing.web.asked import Asked
from sharing.words import history as said

from .history import History
from .rows import holder, title_of, whose

A_PAGE = 50


@require_safe
def on_date(request: Asked, public_id: str) -> HttpResponse:
    """Who could see one calendar on a day, in the time zone of its mailbox."""
    calendar = access.calendar_for_owner(request.user, public_id)
    mailbox, now = calendar.mailbox, timezone.now()
    day = past.day_asked(request.GET.get("date", ""), past.zone_of(mailbox), now)
    with timezone.override(day.zone or UTC):
        kept_from, kept = past.kept_words(mailbox.tenant, now)
        page: dict[str, Any] = {"day": day, "kept": kept, "board": None}
        if day.start and day.end:
            then = access.calendar_on(
                calendar, start=day.start, end=day.end, kept_from=kept_from, cut=past.cut_of(request)
            )
            page["board"] = past.board_of(
                then, day, now, org=str(request.user.tenant), audience=words.OWNER, kept_from=kept_from,
                whose=whose(mailbox, request.user),
            )  # fmt: skip
        return render(request, "owner/on_date.html", {
            "title": said.ON_DATE,
            "lead": "Who could see this calendar on a day, as far as checks show it.",
            "calendar": calendar,
            "calendar_title": title_of(calendar, request.user),
            **page,
        })  # fmt: skip


@require_safe
def calendar_history(request: Asked, public_id: str) -> HttpResponse:
    """All that happened on one calendar, page by page."""
    calendar = access.calendar_for_owner(request.user, public_id)
    here = reverse("calendar_history", args=[public_id])
    lead = "Everything that changed on this calendar: here, and noticed outside Calwarden."
    return _history(request, calendar, timeline.of_calendar(calendar), "History", lead, here)


@require_safe
def permission_history(request: Asked, public_id: str, pk: int) -> HttpResponse:
    """All that happened to one person's access, also where it has ended."""
    permission: CalendarPermission = access.ended_permission_for_owner(request.user, public_id, pk)
    name = holder(permission, str(request.user.tenant))
    here = reverse("permission_history", args=[public_id, pk])
    lead = f"Everything that changed in the access of {name} to this calendar."
    return _history(request, permission.calendar, timeline.of_permission(permission), f"History of {name}", lead, here)


def _history(
    request: Asked, calendar: Calendar, sources: list[timeline.Source], title: str, lead: str, here: str
) -> HttpResponse:
    before = request.GET.get("before", "")
    page = timeline.page_of(sources, size=A_PAGE, before=before)
    history = History(request.user, timezone.now(), calendar)
    return render(request, "owner/calendar_history.html", {
        "title": title,
        "lead": lead,
        "calendar": calendar,
        "calendar_title": title_of(calendar, request.user),
        "entries": history.entries_of(page.events, undo_back=request.get_full_path()),
        "older": page.older,
        "is_newest": not before,
        "here": here,
    })  # fmt: skip
