"""One calendar for IT, its history, and who could see it on a day; and the history and days of people."""

from datetime import UTC
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing import access, changes, words
from sharing.access import timeline
from sharing.changes import restore
from sharing.models import Calendar, Change, Mailbox, Person, Tenant
from sharing.web import past
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.words import batches as batch_words
from sharing.words import history as said

from . import figures
from .bulk import refused
from .frame import it_page, may_operate, operator_action, person_links, same_tenant
from .history import lines_of
from .looking import note_looking
from .rows import COLUMNS, row_of
from .tables import asked

SHOWN, RECENT, A_PAGE = 200, 10, 30


@it_page
def calendar_page(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """One calendar: who can see or change it now, and what happened to it last."""
    calendar, now = access.calendar_for_it(request.user, tenant, public_id), timezone.now()
    note_looking(request, tenant, "calendar.viewed", now, calendar=public_id)
    mailbox = Mailbox.objects.with_freshness().get(pk=calendar.mailbox_id)
    rows = access.permissions_for_it(request.user, tenant).filter(calendar=calendar)
    found = rows.order_by("-is_organization", "-reach", "name_sort", "id").values(*COLUMNS)[:SHOWN]
    link = person_links(request)
    page = timeline.page_of(timeline.of_calendar(calendar), size=RECENT)
    return render(request, "it/calendar.html", {
        **_frame(request, calendar),
        "mailbox": mailbox,
        "is_unread": mailbox.state in figures.UNREAD,
        "cause": words.cause_words(mailbox.cause) if mailbox.cause else None,
        "delivery": words.delivery_words(mailbox.delivery_option).it if calendar.is_default else "",
        "rows": [row_of(row, org=str(tenant), now=now, link=link) for row in found],
        "count": rows.count(),
        "shown": SHOWN,
        "may_operate": may_operate(request, tenant),
        "history": lines_of(page.events, org=str(tenant), now=now),
        "has_older": bool(page.older),
    })  # fmt: skip


@it_page
def calendar_history(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    calendar = access.calendar_for_it(request.user, tenant, public_id)
    note_looking(request, tenant, "calendar.viewed", timezone.now(), calendar=public_id, page="history")
    frame = _frame(request, calendar)
    return _history(request, tenant, timeline.of_calendar(calendar), frame["title"], frame["links"])


@it_page
def permission_history(request: Asked, tenant: Tenant, pk: int) -> HttpResponse:
    """All that happened to one entry, also where it has ended."""
    permission = access.permission_for_it(request.user, tenant, pk)
    subject = {"calendar": permission.calendar.public_id, "page": f"permission {pk}"}
    note_looking(request, tenant, "calendar.viewed", timezone.now(), **subject)
    frame = _frame(request, permission.calendar)
    name = words.everyone_at(str(tenant)) if permission.is_organization else words.visible(permission.name)
    links = [*frame["links"], (frame["title"], frame["calendar_href"])]
    return _history(request, tenant, timeline.of_permission(permission), f"{name} on {frame['title']}", links)


@it_page
def person_history(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """What a person was given and lost, and all that happened on their calendars."""
    person = _person(request, tenant, public_id, "history")
    links = _person_links(request, person)
    return _history(request, tenant, timeline.of_person(person), words.visible(str(person)), links)


def _history(
    request: Asked, tenant: Tenant, sources: list[timeline.Source], title: str, links: list[tuple[str, str]]
) -> HttpResponse:
    before = asked(request, "before")
    page = timeline.page_of(sources, size=A_PAGE, before=before)
    return render(request, "it/history.html", {
        "title": f"History: {title}",
        "links": links,
        "entries": lines_of(page.events, org=str(tenant), now=timezone.now()),
        "older": same_tenant(request, before=page.older) if page.older else "",
        "newest": f"{request.path}{same_tenant(request)}" if before else "",
    })  # fmt: skip


@it_page
def calendar_on_date(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """Who could see one calendar on a day, in the time zone of its mailbox."""
    calendar, now = access.calendar_for_it(request.user, tenant, public_id), timezone.now()
    note_looking(request, tenant, "calendar.viewed", now, calendar=public_id, page="on")
    frame = _frame(request, calendar)
    day = past.day_asked(asked(request, "date"), past.zone_of(calendar.mailbox), now)
    with timezone.override(day.zone or UTC):
        kept_from, kept = past.kept_words(tenant, now)
        boards: list[past.Board] = []
        if day.start and day.end:
            then = access.calendar_on(
                calendar, start=day.start, end=day.end, kept_from=kept_from, cut=past.cut_of(request)
            )
            boards = [_board(then, day, now, tenant, kept_from)]
        page: dict[str, Any] = {"title": frame["title"], "day": day, "kept": kept, "boards": boards, "held": None}
        page["links"] = [*frame["links"], (frame["title"], frame["calendar_href"])]
        is_known = bool(boards) and boards[0].nothing is None
        if is_known and may_operate(request, tenant) and not calendar.ended_at:
            page["restore_href"] = reverse("it:restore_calendar", args=[public_id]) + same_tenant(request)
        return render(request, "it/on_date.html", page | {"hidden": _tenant_field(request)})


@limited("saving")
@operator_action
def restore_calendar(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """Freeze what would have to change for a calendar to be as it was at the end of a day, and go to that list.

    What gives more than now needs its owner's yes, so an operator's list leaves it out.
    """
    calendar, now = access.calendar_for_it(request.user, tenant, public_id), timezone.now()
    day = past.day_asked(request.POST.get("date", ""), past.zone_of(calendar.mailbox), now)
    if day.end is None:
        return redirect(reverse("it:calendar_on", args=[public_id]) + same_tenant(request))
    kept_from, _ = past.kept_words(tenant, now)
    try:
        batch = restore.check_restore(
            calendar=calendar, as_of=min(day.end, now), actor=request.user, actor_kind=Change.OPERATOR,
            kept_from=kept_from, now=now,
        )  # fmt: skip
    except restore.NotKnown as unknown:
        return refused(request, *said.why_not(unknown.why, first="", kept_from=""))
    except changes.NotNow as never:
        return refused(request, "Nothing was done", batch_words.not_possible(never.cause))
    return redirect(reverse("it:job", args=[batch.public_id]) + same_tenant(request))


@it_page
def person_on_date(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """What a person could reach on a day, and who could reach them; in the time zone of their own mailbox."""
    person, now = _person(request, tenant, public_id, "on"), timezone.now()
    mailbox = Mailbox.objects.filter(person=person).first()
    day = past.day_asked(asked(request, "date"), past.zone_of(mailbox), now)
    with timezone.override(day.zone or UTC):
        kept_from, kept = past.kept_words(tenant, now)
        boards: list[past.Board] = []
        held: list[past.Line] | None = None
        held_page = None
        if day.start and day.end:
            own = Calendar.objects.filter(mailbox=mailbox, is_own=True).select_related("mailbox__person")
            calendars = list(own.order_by("-is_default", "name", "pk")) if mailbox else []
            span, first = {"start": day.start, "end": day.end}, access.Cut(past.A_PAGE)
            found = access.calendars_on(calendars, **span, kept_from=kept_from, cut=first)
            boards = [_board(then, day, now, tenant, kept_from) for then in found if then.why_not != "not_there"]
            if kept_from is None or day.end > kept_from:
                held_page = access.reached_on(person, **span, cut=past.cut_of(request))
                held = [past.line_of(row, day, now, org=str(tenant), audience=words.IT) for row in held_page.held]
        return render(request, "it/on_date.html", {
            "title": words.visible(str(person)),
            "day": day,
            "kept": kept,
            "boards": boards,
            "held": held,
            "held_page": held_page,
            "is_person": True,
            "keep": same_tenant(request, date=day.text),
            "links": _person_links(request, person),
            "hidden": _tenant_field(request),
        })  # fmt: skip


def _board(then: access.CalendarThen, day: past.Day, now: Any, tenant: Tenant, kept_from: Any) -> past.Board:
    return past.board_of(then, day, now, org=str(tenant), audience=words.IT, kept_from=kept_from)


def _person(request: Asked, tenant: Tenant, public_id: str, page: str) -> Person:
    person = access.person_for_it(request.user, public_id)
    if person.tenant_id != tenant.pk:
        raise Http404
    note_looking(request, tenant, "person.viewed", timezone.now(), person=public_id, page=page)
    return person


def _person_links(request: Asked, person: Person) -> list[tuple[str, str]]:
    return [
        ("People", reverse("it:people") + same_tenant(request)),
        (words.visible(str(person)), person_links(request)(person.public_id)),
    ]


def _frame(request: Asked, calendar: Calendar) -> dict[str, Any]:
    keep, owner = same_tenant(request), words.visible(str(calendar.mailbox.person))
    return {
        "title": f"{owner}: {words.visible(calendar.name) or 'Calendar without a name'}",
        "calendar": calendar,
        "links": _person_links(request, calendar.mailbox.person),
        "calendar_href": reverse("it:calendar", args=[calendar.public_id]) + keep,
        "history_href": reverse("it:calendar_history", args=[calendar.public_id]) + keep,
        "on_href": reverse("it:calendar_on", args=[calendar.public_id]) + keep,
        "on_date": said.ON_DATE,
        "keep": keep,
    }


def _tenant_field(request: Asked) -> str:
    """The tenant that a form of this page carries along, where the address names one."""
    return asked(request, "tenant")
