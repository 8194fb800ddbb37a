"""What an owner looks at: the calendars, one calendar, the history, and a change underway."""

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from sharing import access, mirror, tasks, words
from sharing.models import Calendar, Change, Mailbox
from sharing.web.asked import Asked

from . import homes, outcomes
from .answering import waiting_for
from .covering import covers_on
from .delivering import delivery_of
from .end_lines import ending_soon
from .history import History
from .rows import OUTLOOK, checked, named, people_on, title_of, whose, words_for

RECENT_HOME, RECENT_CALENDAR, A_PAGE = 4, 5, 50


@require_safe
def home(request: Asked) -> HttpResponse:
    """The person's calendars with who is on them, or why there are none."""
    now = timezone.now()
    found = homes.home_of(request.user, now)
    for card in found.cards:
        if card.mailbox.state == Mailbox.NEVER:
            _ring(card.mailbox, now)
    page = {"title": "Your calendars", "home": found, "recent": History(request.user, now).page(RECENT_HOME)}
    page["asks"] = waiting_for(request.user)
    page["ending"] = ending_soon(request.user, now)
    return render(request, "owner/home.html", page)


@require_safe
def calendar(request: Asked, public_id: str) -> HttpResponse:
    """One calendar. An old reading is renewed, and while that goes on the page asks what became of it."""
    row = access.calendar_for_owner(request.user, public_id)
    now = timezone.now()
    page = _calendar_page(request, row, now)
    if page["checked"].is_old(now) and not page["checked"].is_checking and _ring(page["mailbox"], now):
        page["checked"] = checked(page["mailbox"], now, row)
    page["is_open"] = page["is_open"] or page["checked"].is_checking
    if "HX-Request" not in request.headers:
        return render(request, "owner/calendar.html", page)
    if page["checked"].is_checking:
        return HttpResponse(status=204)
    page["is_same"] = request.GET.get("version") == str(page["mailbox"].version)
    return render(request, "owner/parts/checked_now.html", page)


@require_safe
def history(request: Asked) -> HttpResponse:
    """Everything that changed on the person's calendars, newest first."""
    before = request.GET.get("before", "")
    page = History(request.user, timezone.now()).page(A_PAGE, before, undo_back=request.get_full_path())
    first = access.calendars_of(request.user).order_by("first_seen_at").values_list("first_seen_at", flat=True).first()
    return render(request, "owner/history.html", {
        "title": "History",
        "lead": "Everything that changed on your calendars: here, and noticed outside Calwarden.",
        "page": page,
        "is_newest": not before,
        "is_open": page.is_open,
        "first": first,
    })  # fmt: skip


@require_safe
def change(request: Asked, public_id: str) -> HttpResponse:
    """A change underway, asked for every second by the row that shows it; once it ended, all that it touched.

    Whether it ended is asked last: it may end while this is put together, and what still shows it underway asks again.
    """
    row = access.change_for_owner(request.user, public_id)
    back = request.GET.get("back", "")
    if row.calendar and not row.calendar.is_own:  # a copy of somebody else's has no page here
        return redirect("home")
    if row.calendar is None and back:
        row.calendar = access.calendar_for_owner(request.user, back)
    home_page = reverse("calendar", args=[row.calendar.public_id]) if row.calendar else _delivery_url(row.mailbox)
    if "HX-Request" not in request.headers:
        return redirect(home_page)
    now = timezone.now()
    page = _calendar_page(request, row.calendar, now) if row.calendar else _delivery_part(request, row, now)
    if "change" not in page:
        page["change"] = access.change_for_owner(request.user, public_id)
    page["person"] = next((p for p in _rows(page) if p.permission.pk == row.permission_id), None)
    return render(request, "owner/parts/change.html", page)


@require_POST
def dismiss(request: Asked, public_id: str) -> HttpResponse:
    """Put a toast or note away, for this change and for good."""
    row = access.change_for_owner(request.user, public_id)
    if row.finished_at:
        Change.objects.filter(pk=row.pk).update(dismissed_at=timezone.now())
    back = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        has_page = row.calendar is not None and row.calendar.is_own
        back = reverse("calendar", args=[row.calendar.public_id]) if row.calendar and has_page else reverse("home")
    return HttpResponseRedirect(back)


def _calendar_page(request: Asked, row: Calendar, now: datetime) -> dict[str, Any]:
    """Everything the page of one calendar shows."""
    user, org = request.user, str(request.user.tenant)
    mailbox = access.mailbox_for_owner(user, row.mailbox.public_id)
    row.mailbox = mailbox
    cause = access.may_change(user, mailbox)
    here = Q(calendar=row) | Q(kind=Change.DELIVERY) if row.is_default else Q(calendar=row)
    mine = access.changes_of(user).filter(here, mailbox=mailbox)
    underway = list(mine.open())
    url = reverse("calendar", args=[row.public_id])
    theirs = Q(actor=user) | Q(reverted_at__isnull=False)  # what came back is told whoever had ended it
    toasts, notes = outcomes.told(
        mine.filter(theirs, finished_at__isnull=False)[:50], user=user, org=org, mailbox=mailbox, now=now, back=url
    )
    q = request.GET.get("q", "")
    return {
        "title": title_of(row, user),
        "lead": words.LEAD,
        "calendar": row,
        "calendar_words": words_for(row, user),
        "mailbox": mailbox,
        "org": org,
        "url": url,
        "q": q,
        "people": people_on(
            access.permissions_of(user).filter(calendar=row), org=org, now=now, whose=whose(mailbox, user), q=q,
            may_change=not cause, changes={c.permission_id: c for c in underway if c.permission_id},
            end_dates=access.standing_end_dates(user).filter(permission__calendar=row),
        ),
        "delivery": delivery_of(user, mailbox, now, cause=cause, underway=underway) if row.is_default else None,
        "covers": covers_on(row, user, now),
        "history": History(user, now, row).page(RECENT_CALENDAR, undo_back=url),
        "checked": checked(mailbox, now, row),
        "state": homes.calendar_note(row, user, now),
        "not_now": outcomes.not_now(cause) if cause else None,
        "toasts": toasts,
        "notes": notes,
        "is_open": bool(underway),
        "arriving": [
            f"{named(change.name, change.address)}: {words.quoted(change.after, whose(mailbox, user))}"
            for change in underway if change.kind == Change.CREATE
        ],
        "can_add": not cause and mailbox.tenant.creates_on,
        "outlook": OUTLOOK.get(mailbox.tenant.cloud, ""),
        "private_events": words.PRIVATE_EVENTS,
    }  # fmt: skip


def _delivery_part(request: Asked, row: Change, now: datetime) -> dict[str, Any]:
    mailbox = access.mailbox_for_owner(request.user, row.mailbox.public_id)
    delivery = delivery_of(request.user, mailbox, now)
    row = access.change_for_owner(request.user, row.public_id)
    toasts, notes = outcomes.told(
        [] if row.is_open else [row], user=request.user, org=str(request.user.tenant), mailbox=mailbox, now=now,
        back=_delivery_url(mailbox),
    )  # fmt: skip
    return {"change": row, "delivery": delivery, "toasts": toasts, "notes": notes}


def _rows(page: dict[str, Any]):
    people = page.get("people")
    if people is not None:
        for group in people.groups:
            yield from group.rows
        if people.everyone:
            yield people.everyone


def _delivery_url(mailbox: Mailbox) -> str:
    return f"{reverse('delivery')}?mailbox={mailbox.public_id}"


def _ring(mailbox: Mailbox, now: datetime) -> bool:
    """Ask for a reading of this mailbox, once; False where one is underway or none is possible."""
    if mailbox.shard_id is None or not mailbox.is_read or not mirror.ask_to_read(mailbox, now=now):
        return False
    mailbox.due_at = now
    tasks.ring(tasks.wake, mailbox.shard_id)
    return True
