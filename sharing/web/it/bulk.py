"""From a selection in a table to a list that is checked: what is to be done, then the list with its numbers."""

import re
from datetime import UTC, date, datetime, time
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing import changes, words
from sharing.models import CalendarPermission, CalendarPermissionQuerySet, ChangeBatch, Tenant
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.words import batches as batch_words

from .access import rows_asked
from .frame import operator_action, same_tenant

LOWER, REMOVE, END = "lower", "remove", "end"
KINDS = {LOWER: ChangeBatch.LOWER, REMOVE: ChangeBatch.REMOVE, END: ChangeBatch.END_DATE}


@limited("saving")
@operator_action
def bulk(request: Asked, tenant: Tenant) -> HttpResponse:
    """Takes rows that were ticked, or the whole list that the address asks for, to the page that checks them.

    A role or a day that is still missing is asked for first, with the selection carried along.
    """
    kind = KINDS.get(request.POST.get("do", ""), "")
    is_all = bool(request.POST.get("all"))
    seen = seen_of(request.POST.getlist("id"))
    if not kind or not (seen or is_all):
        return redirect(back_of(request))
    role, day = request.POST.get("role", ""), day_of(request.POST.get("preset") or request.POST.get("day", ""))
    problem, field = problem_with(kind, role, day, is_sent="chosen" in request.POST)
    if problem or (kind == ChangeBatch.LOWER and not role) or (kind == ChangeBatch.END_DATE and not day):
        return _choose(request, kind, seen, problem, field)
    rows = CalendarPermission.objects.filter(tenant=tenant)
    rows = rows.filter(pk__in=_all_asked(request, tenant)) if is_all else rows.filter(pk__in=seen)
    return checked(request, tenant, kind, rows, {} if is_all else seen, role=role, day=day)


def checked(
    request: Asked, tenant: Tenant, kind: str, rows: CalendarPermissionQuerySet, seen: dict[int, str], *,
    role: str = "", day: date | None = None, takes_custom: bool = False,
) -> HttpResponse:  # fmt: skip
    """Freeze the list and go to its page; or say why there is none."""
    ends_at = datetime.combine(day, time(), UTC) if day and kind == ChangeBatch.END_DATE else None
    try:
        batch = changes.check_batch(
            tenant=tenant, kind=kind, permissions=rows, actor=request.user, now=timezone.now(), seen=seen,
            role=role if kind == ChangeBatch.LOWER else "", ends_at=ends_at, takes_custom=takes_custom,
        )  # fmt: skip
    except changes.TooMany as many:
        title, text = "Choose fewer", f"At most {many.most:,} entries can be changed at once. Nothing was done."
        return refused(request, title, text)
    except changes.NotNow as never:
        return refused(request, "Nothing was done", batch_words.not_possible(never.cause))
    return redirect(reverse("it:job", args=[batch.public_id]) + same_tenant(request))


def refused(request: Asked, title: str, text: str, *, status: int = 409) -> HttpResponse:
    page = {"title": title, "text": text, "back": back_of(request)}
    return render(request, "it/refused.html", page, status=status)


def back_of(request: Asked) -> str:
    """The list that the selection was made in, as it was filtered; or the person's page."""
    if (person := request.POST.get("from", "")) and re.fullmatch(r"[\w-]{1,22}", person):
        return reverse("it:person", args=[person]) + same_tenant(request)
    query = request.GET.urlencode()
    return reverse("it:access") + (f"?{query}" if query else "")


def _all_asked(request: Asked, tenant: Tenant) -> list[int]:
    """Ids of the whole list that the address asks for; one more than a batch may hold, at most."""
    found: list[int] = []
    for branch in rows_asked(request, tenant, timezone.now()):
        found += branch.order_by("pk").values_list("pk", flat=True)[: changes.MOST_ITEMS + 1]
    return found[: changes.MOST_ITEMS + 1]


def seen_of(ids: list[str]) -> dict[int, str]:
    """What ticked boxes send, "8841.read": the entry and the role that its row showed."""
    found = {}
    for each in ids[: changes.MOST_ITEMS + 1]:
        pk, _, role = each.partition(".")
        if pk.isdecimal() and len(pk) <= 18:
            found[int(pk)] = role[:48]
    return found


def day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def problem_with(kind: str, role: str, day: date | None, *, is_sent: bool) -> tuple[str, str]:
    """What is wrong with what was filled in, as (sentence, field); nothing where it was not asked for yet."""
    if not is_sent:
        return "", ""
    if kind == ChangeBatch.LOWER and role not in changes.LOWERED_TO:
        return "Choose what they can do from now on.", "role"
    if kind == ChangeBatch.END_DATE and (day is None or day <= timezone.localdate()):
        return "The end date must be after today.", "day"
    return "", ""


def _choose(request: Asked, kind: str, seen: dict[int, str], problem: str, field: str) -> HttpResponse:
    is_lower = kind == ChangeBatch.LOWER
    page: dict[str, Any] = {
        "title": "Lower to which role?" if is_lower else "When does the access end?",
        "action": f"{request.path}?{request.GET.urlencode()}",
        "do": request.POST.get("do", ""),
        "is_all": bool(request.POST.get("all")),
        "ids": request.POST.getlist("id") if not request.POST.get("all") else [],
        "count": len(seen),
        "roles": role_choices() if is_lower else [],
        "days": [] if is_lower else presets(timezone.localdate()),
        "first_day": date.fromordinal(timezone.localdate().toordinal() + 1).isoformat(),
        "day": request.POST.get("day", ""),
        "asks_delegates": batch_words.ASKS_DELEGATES,
        "problem": problem,
        "field": field,
        "back": back_of(request),
        "from": request.POST.get("from", ""),
    }
    return render(request, "it/bulk_choose.html", page, status=422 if problem else 200)


def role_choices() -> list[tuple[str, str]]:
    return [(role.value, words.role_label(role.value)) for role in changes.LOWERED_TO]


def presets(today: date) -> list[tuple[str, str]]:
    """Days that are chosen often, as (day, words)."""
    in_3, in_6 = (_months_on(today, months) for months in (3, 6))
    end = date(today.year + (today.month == 12 and today.day == 31), 12, 31)
    return [(d.isoformat(), said) for d, said in ((in_3, "3 months"), (in_6, "6 months"), (end, "End of the year"))]


def _months_on(day: date, months: int) -> date:
    year, month = divmod(day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(day.year + year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
