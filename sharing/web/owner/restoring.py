"""Puts one of the owner's calendars back to a day: every difference first, then a job, then how each of it went."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from sharing import access, changes, tasks, words
from sharing.changes import restore
from sharing.changes.restore_more import is_delivery
from sharing.models import BatchItem, Calendar, ChangeBatch
from sharing.web import past
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.web.tags import people as tags
from sharing.words import batches as batch_words
from sharing.words import history as said

from . import outcomes
from .rows import named, title_of, whose

STATUS = {"not_allowed": 403}
SHOWN = 100  # lines of a list; all of it is put back


@limited("saving")
@require_http_methods(["GET", "HEAD", "POST"])
def restore_calendar(request: Asked, public_id: str) -> HttpResponse:
    """What would change for the calendar to be as it was at the end of a day; a POST confirms the list that was shown.

    Where the list is not that one any more, the new one is shown instead.
    """
    calendar = access.calendar_for_owner(request.user, public_id)
    now = timezone.now()
    day = past.day_asked(
        request.POST.get("date", "") or request.GET.get("date", ""), past.zone_of(calendar.mailbox), now
    )
    if request.method == "POST" and day.end:
        return _confirm(request, calendar, day, now)
    return _page(request, calendar, day, now)


def _confirm(request: Asked, calendar: Calendar, day: past.Day, now: datetime) -> HttpResponse:
    kept_from, _ = past.kept_words(calendar.mailbox.tenant, now)
    assert day.end
    try:
        batch = restore.check_restore(
            calendar=calendar, as_of=min(day.end, now), actor=request.user, now=now, kept_from=kept_from,
            actor_kind=access.actor_kind(request.user, calendar.mailbox), shown=request.POST.get("shown", "") or "none",
            takes_delivery=request.POST.get("delivery") == "on",
        )  # fmt: skip
        changes.confirm_batch(batch=batch, actor=request.user, now=now, typed=request.POST.get("typed", ""))
    except (restore.MovedOn, restore.NotKnown):
        problem = "The list changed while this page was open. Nothing was done: look at it again."
        return _page(request, calendar, day, now, problem=problem, status=409)
    except changes.NotTyped as wrong:
        return _page(request, calendar, day, now, problem=f"Type the number of changes, {wrong.count}.", status=422)
    except changes.NothingLeft:
        return _page(request, calendar, day, now, problem="There is nothing to put back.", status=422)
    except changes.NotNow as never:
        problem = outcomes.not_now(never.cause).text
        return _page(request, calendar, day, now, problem=problem, status=STATUS.get(never.cause, 409))
    tasks.ring(tasks.step_batch, batch.pk)
    return redirect(reverse("restored", args=[batch.public_id]))


def _page(
    request: Asked, calendar: Calendar, day: past.Day, now: datetime, *, problem: str = "", status: int = 200
) -> HttpResponse:  # fmt: skip
    mailbox, of = calendar.mailbox, whose(calendar.mailbox, request.user)
    with timezone.override(day.zone or UTC):
        kept_from, kept = past.kept_words(mailbox.tenant, now)
        page: dict[str, Any] = {"plan": None, "nothing": None}
        if day.end:
            kind = access.actor_kind(request.user, mailbox)
            try:
                plan = restore.plan_restore(
                    calendar=calendar,
                    as_of=min(day.end, now),
                    actor=request.user,
                    actor_kind=kind,
                    kept_from=kept_from,
                    now=now,
                )
                org = str(mailbox.tenant)
                page |= {
                    "plan": plan,
                    "todo": [line_of(item, org, of) | {"until": _until(plan, item, org)} for item in _first(plan.todo)],
                    "todo_count": len(plan.todo),
                    "left_out": [line_of(item, org, of) for item in _first(plan.left_out)],
                    "left_count": len(plan.left_out),
                    "invitations": said.invitations(len(plan.invited), tuple(plan.invited_outside)),
                    "must_type": len(plan.todo) >= changes.TYPED_FROM,
                }
            except restore.NotKnown as unknown:
                page["nothing"] = said.why_not(unknown.why, first="", kept_from=kept)
        cause = access.may_change(request.user, mailbox)
        return render(request, "owner/restore.html", {
            "title": "Put back",
            "lead": "Gives this calendar the access it had at the end of a day. You see every change first.",
            "calendar": calendar,
            "calendar_title": title_of(calendar, request.user),
            "day": day,
            "kept": kept,
            "problem": problem,
            "not_now": outcomes.not_now(cause) if cause else None,
            "on_href": f"{reverse('on_date', args=[calendar.public_id])}?{urlencode({'date': day.text})}",
            **page,
        }, status=status)  # fmt: skip


def _first(items: list[BatchItem]) -> list[BatchItem]:
    """The first SHOWN of them; who gets the meeting requests is always among them, as its line has a box to tick."""
    return sorted(items, key=lambda item: not is_delivery(item))[:SHOWN] if len(items) > SHOWN else items


def line_of(item: BatchItem, org: str, of: words.Whose) -> dict[str, Any]:
    """One difference: who, what they have now, what they had, and why it is left out where it is."""
    if is_delivery(item):
        before, after = (words.delivery_words(option, whose=of).title for option in (item.before, item.after))
        return {
            "name": of.said("Who gets {your} meeting requests"), "before": f"“{before}”", "after": f"“{after}”",
            "why": said.WHY_NOT_RESTORED.get(item.skipped) or batch_words.left_out_words(item.skipped)
            if item.skipped else "", "is_delivery": True,
        }  # fmt: skip
    everyone = item.permission is not None and item.permission.is_organization
    return {
        "name": words.everyone_at(org) if everyone else named(item.name, item.address),
        "before": tags.role(item.before, words.OWNER, organization=everyone, whose=of) if item.before else "",
        "after": tags.role(item.after, words.OWNER, organization=everyone, whose=of) if item.after else "",
        "why": said.WHY_NOT_RESTORED.get(item.skipped) or batch_words.left_out_words(item.skipped)
        if item.skipped else "",
    }  # fmt: skip


def _until(plan: restore.Plan, item: BatchItem, org: str) -> str:
    """The last day that what is put back gets, where the organization lets it last no longer."""
    day = plan.last_day(item)
    return said.restored_until(words.day(day), org) if day else ""


@require_safe
def restored(request: Asked, public_id: str) -> HttpResponse:
    """How far putting back got, line by line; asked again by the page while it goes on."""
    batch = access.restore_for_owner(request.user, public_id)
    calendar = access.calendar_for_owner(request.user, batch.calendar.public_id if batch.calendar else "")
    of, so_far = whose(calendar.mailbox, request.user), changes.progress(batch)
    items = BatchItem.objects.filter(batch=batch).select_related("permission", "change").order_by("pk")
    label, tone = batch_words.BATCH_STATES[batch.state]
    lines = [line_of(item, str(calendar.mailbox.tenant), of) | _how(item) for item in items[:500]]
    return render(request, "owner/restored.html", {
        "title": "Putting back",
        "calendar": calendar,
        "calendar_title": title_of(calendar, request.user),
        "batch": batch,
        "as_of": batch.as_of,
        "label": label,
        "tone": tone,
        "is_running": batch.state == ChangeBatch.RUNNING,
        "so_far": so_far,
        "lines": lines,
        "paused": batch_words.PAUSED.get(batch.cause, "") if batch.state == ChangeBatch.RUNNING else "",
    })  # fmt: skip


def _how(item: BatchItem) -> dict[str, Any]:
    if item.skipped:
        label, tone = batch_words.OUTCOMES["left_out"]
    elif item.change is None:
        label, tone = batch_words.OUTCOMES["waiting"]
    else:
        label, tone = words.STATE_LABELS[item.change.state]
    return {"how": tags.pill(label, tone)}
