"""The page on which access gets its last day: a day, what is left then, and whether somebody is asked first."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sharing import access, changes, tasks, words
from sharing.changes import days
from sharing.models import CalendarPermission, EndDate
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.words import ends

from . import saving
from .end_field import why_no_day
from .rows import choices_of, named_inside

PRESETS = {"3": "In 3 months", "6": "In 6 months", "year": "At the end of the year"}


class EndForm(forms.Form):
    """A day of the person's own, or a preset's; `role_after` empty is removal, `asks` is for delegates."""

    ends_on = forms.DateField(
        error_messages={"required": "Choose the last day.", "invalid": "The end date is no date."}
    )
    role_after = forms.CharField(required=False, max_length=48)
    asks = forms.ChoiceField(required=False, choices=[("yes", "yes"), ("no", "no")])
    reason = forms.CharField(required=False, max_length=500)


@limited("saving")
@require_http_methods(["GET", "HEAD", "POST"])
def end_date(request: Asked, public_id: str, pk: int) -> HttpResponse:
    """What happens when; a POST sets a day, lets it come, or takes it away."""
    permission = access.ended_permission_for_owner(request.user, public_id, pk)
    if permission.ended_at:
        return saving.gone(request, permission)
    standing = standing_of(request, permission)
    if request.method != "POST":
        return _page(request, permission, standing)
    do = request.POST.get("do", "set")
    if do in ("accept", "cancel"):
        return _decide(request, permission, standing, do)
    return _set(request, permission, standing)


def standing_of(request: Asked, permission: CalendarPermission) -> EndDate | None:
    """The end date that is to come, or that failed and waits for somebody."""
    return access.standing_end_dates(request.user).filter(permission=permission).order_by("-pk").first()


def preset_day(preset: str, today: date) -> date | None:
    """The day of a preset: the same day of the month, or the month's last; None for no preset."""
    if preset == "year":
        end = date(today.year, 12, 31)
        return end if end > today else date(today.year + 1, 12, 31)
    if preset not in PRESETS:
        return None
    month = today.month + int(preset)
    year, month = today.year + (month - 1) // 12, (month - 1) % 12 + 1
    for day in (today.day, 30, 29, 28):
        try:
            return date(year, month, min(day, today.day))
        except ValueError:
            continue
    return None


def _set(request: Asked, permission: CalendarPermission, standing: EndDate | None) -> HttpResponse:
    sent = request.POST.copy()
    today = days.today(permission.mailbox, timezone.now())
    if day := preset_day(sent.get("preset", ""), today):
        sent["ends_on"] = day.isoformat()
    form = EndForm(sent)
    if not form.is_valid():
        return _page(request, permission, standing, form=form, status=422)
    wish = form.cleaned_data
    asks = wish["asks"] == "yes" if permission.is_delegate and wish["asks"] else None
    try:
        row = changes.set_end_date(
            permission=permission, ends_on=wish["ends_on"], role_after=wish["role_after"], asks=asks,
            reason=wish["reason"], actor=request.user, now=timezone.now(),
        )  # fmt: skip
    except changes.NothingToDo:
        return redirect(_row(permission))
    except changes.AlreadyGone:
        permission.refresh_from_db(fields=["ended_at"])
        return saving.gone(request, permission)
    except changes.Refused as refused:
        form.add_error("ends_on", why_no_day(refused, permission, str(request.user.tenant)))
        is_late = isinstance(refused, changes.NotNow | changes.ChangeOpen)
        status = saving.NOT_NOW.get(getattr(refused, "cause", ""), 409) if is_late else 422
        return _page(request, permission, standing, form=form, status=status)
    tasks.ring(tasks.step_end_date, row.pk)
    return redirect(_row(permission))


def _decide(request: Asked, permission: CalendarPermission, standing: EndDate | None, do: str) -> HttpResponse:
    """Let it end, or take the date away; both are said of the date that the page showed."""
    if standing is None or standing.public_id != request.POST.get("of", ""):
        note = words.Outcome(
            "The end date changed while this page was open", "Look at it as it is now.", "alert-triangle", "warn", True
        )
        return _page(request, permission, standing, note=note, status=409)
    try:
        if do == "accept":
            changes.accept_end(end_date=standing, actor=request.user, now=timezone.now())
            tasks.ring(tasks.step_end_date, standing.pk)
        else:
            changes.cancel_end_date(end_date=standing, actor=request.user, now=timezone.now())
    except changes.Refused as refused:
        text = why_no_day(refused, permission, str(request.user.tenant))
        note = words.Outcome("Nothing was changed", text, "alert-triangle", "warn", True)
        status = saving.NOT_NOW.get(getattr(refused, "cause", ""), 409)
        return _page(request, permission, standing, note=note, status=status)
    return redirect(_row(permission))


def _row(permission: CalendarPermission) -> str:
    return f"{reverse('calendar', args=[permission.calendar.public_id])}#person-{permission.pk}"


def _page(
    request: Asked, permission: CalendarPermission, standing: EndDate | None, *, form: EndForm | None = None,
    note: words.Outcome | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    now, org = timezone.now(), str(request.user.tenant)
    page = saving.frame(request, permission)
    of, name = page["row"].whose, named_inside(permission, org)
    today = days.today(permission.mailbox, now)
    limit = changes.limit_of(permission, permission.role)
    shown: dict[str, Any] = {
        "ends_on": standing.ends_on.isoformat() if standing and standing.ends_on > today else "",
        "role_after": standing.role_after if standing else _usual(permission),
        "asks": standing.asks if standing else permission.is_delegate,
        "reason": standing.reason if standing else "",
    }
    if form is not None:
        shown = {key: form.data.get(key, "") for key in shown} | {"asks": form.data.get("asks", "yes") == "yes"}
    page |= {
        "title": f"Until when has {name} this access to {page['calendar_words']}?",
        "form": form,
        "note": note,
        "standing": standing,
        "shown": shown,
        "today": today,
        "is_over": standing is not None and standing.ends_on < today,
        "planned": _planned(standing, today, of) if standing else "",
        "why": ends.why_not(standing.cause) if standing and standing.cause else None,
        "first_day": (today + days.DAY).isoformat(),
        "latest": limit.latest(permission.mailbox, now).isoformat() if limit else "",
        "needed": ends.needed(limit.why, limit.days, org) if limit else "",
        "lower": _lower(permission, of),
        "presets": [(key, label) for key, label in PRESETS.items() if _fits(key, today, limit, permission, now)],
    }
    return render(request, "owner/end_date.html", page, status=status)


def _planned(standing: EndDate, today: date, of: words.Whose) -> str:
    if standing.state == EndDate.FAILED:
        return f"It was to end on {ends.on(standing.ends_on)}, and that did not work."
    return ends.planned(standing.ends_on, standing.role_after, asks=standing.asks, today=today, whose=of)


def _usual(permission: CalendarPermission) -> str:
    """What is marked at first: removal, or where there is none the least there is."""
    if permission.removable is not False:
        return ""
    return next((role for role in choices_of(permission) if role != permission.role), "")


def _lower(permission: CalendarPermission, of: words.Whose) -> list[tuple[str, str]]:
    """What may be left: (role, its words), the most first."""
    everyone = permission.is_organization
    roles = [role for role in choices_of(permission) if words.rank(role) < words.rank(permission.role)]
    return [(role, words.role_label(role, words.OWNER, is_organization=everyone, whose=of)) for role in reversed(roles)]


def _fits(
    preset: str, today: date, limit: changes.Limit | None, permission: CalendarPermission, now: datetime
) -> bool:  # fmt: skip
    day = preset_day(preset, today)
    return day is not None and (limit is None or day <= limit.latest(permission.mailbox, now))
