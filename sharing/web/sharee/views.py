"""The desk of whoever was given access: look, rename my copy, leave, say that I should not have it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sharing import access, changes, notices, tasks, words
from sharing.models import DELEGATE_ROLES, CalendarPermission, Change
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.web.owner.outcomes import not_now
from sharing.words import shared

from .rows import SharedRow, desk_of, row_of

RECENT = 5


class NameForm(forms.Form):
    name = forms.CharField(max_length=255, error_messages={"required": "Type a name."})


@require_safe
def desk(request: Asked) -> HttpResponse:
    """Every calendar of others that this person can reach in their own name, or has in their list."""
    user, now = request.user, timezone.now()
    recent = list(access.changes_by_sharee(user).filter(finished_at__isnull=False, dismissed_at=None)[:RECENT])
    return render(request, "sharee/desk.html", {
        "title": "Shared with me",
        "desk": desk_of(user, now),
        "told": [shared.became(change) for change in recent if (now - change.requested_at).days < 1],
        "through_others": shared.THROUGH_OTHERS,
    })  # fmt: skip


@limited("saving")
@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: Asked, public_id: str) -> HttpResponse:
    """Another name for the copy in the person's own list, which nobody else sees."""
    row = _row(request, public_id)
    copy = row.copy
    if copy is None:
        return redirect("shared") if request.method == "POST" else _refused(request, row, shared.NO_NAME)
    # A name in which something hides is not put into a field, where nothing would show it.
    shown = copy.name if copy.name == words.visible(copy.name) else ""
    form = NameForm(request.POST or None, initial={"name": shown})
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        ask: Callable[[datetime], Change] = lambda now: changes.request_copy_name(  # noqa: E731
            calendar=copy, name=name, actor=request.user, now=now
        )
        problem = _ask(ask)
        if not problem:
            return redirect("shared")
        form.add_error("name", problem)
    status = 422 if form.errors else 200
    page = {"title": f"Rename {row.my_name or row.title} in your list", "row": row, "form": form}
    return render(request, "sharee/rename.html", page | _now(request, row), status=status)


@limited("saving")
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: Asked, public_id: str) -> HttpResponse:
    """Out of the list, or out of the calendar, or both; said plainly which is which."""
    row = _row(request, public_id)
    choices = shared.leave_choices(
        has_copy=row.copy is not None, has_grant=row.held is not None and row.held.removable is not False,
        owner=row.owner,
    )  # fmt: skip
    page = {"title": f"Leave {row.title}?", "row": row, "choices": choices, "warning": _warning(row)}
    if request.method != "POST":
        return render(request, "sharee/leave.html", page | _now(request, row))
    how = request.POST.get("how", "")
    if how not in {value for value, _, _ in choices}:
        return render(request, "sharee/leave.html", page | _now(request, row) | {"problem": "Choose one."}, status=422)
    problems = []
    if how in (shared.LEAVE_GRANT, shared.LEAVE_BOTH) and row.held:
        problems.append(_give_up(request, row.held))
    if how in (shared.LEAVE_COPY, shared.LEAVE_BOTH) and row.copy and not any(problems):
        copy = row.copy
        problems.append(
            _ask(lambda now: changes.request_copy_removal(calendar=copy, actor=request.user, now=now))
        )  # fmt: skip
    if any(problems):
        problem = next(filter(None, problems))
        return render(request, "sharee/leave.html", page | _now(request, row) | {"problem": problem}, status=409)
    return redirect("shared")


@limited("saving")
@require_http_methods(["GET", "HEAD", "POST"])
def objection(request: Asked, public_id: str) -> HttpResponse:
    """Says to the owner that this person should not have the access; nothing is changed by it."""
    held = access.held_for_sharee(request.user, public_id)
    row = _row(request, public_id)
    if request.method == "POST":
        now = timezone.now()
        try:
            made = changes.object_to(permission=held, note=request.POST.get("note", ""), by=request.user, now=now)
        except changes.Refused:
            return redirect("shared")  # said already, or gone: the desk shows which
        notices.tell_owner(
            mailbox=held.calendar.mailbox, kind="objection", key=f"objection:{made.public_id}", now=now,
            subject=f"{words.visible(str(request.user))} says they should not see a calendar of yours",
            path=reverse("role", args=[public_id, held.pk]),
            facts={"who": str(request.user), "calendar": row.title, "note": words.visible(made.note)},
        )  # fmt: skip
        return redirect("shared")
    page = {"title": f"You should not see {row.title}?", "row": row}
    return render(request, "sharee/objection.html", page)


@limited("saving")
@require_POST
def keep(request: Asked, public_id: str) -> HttpResponse:
    """The owner's answer to it: the access stays as it is."""
    found = get_object_or_404(access.objections_for_owner(request.user), public_id=public_id)
    try:
        changes.answer_objection(objection=found, by=request.user, now=timezone.now())
    except changes.NothingToDo:
        pass
    return redirect("calendar", found.permission.calendar.public_id)


def _row(request: Asked, public_id: str) -> SharedRow:
    return row_of(request.user, public_id, timezone.now())


def _now(request: Asked, row: SharedRow) -> dict[str, Any]:
    """Why nothing can be changed at the moment, if so: in the reader's own mailbox, or in the owner's."""
    mailbox = row.copy.mailbox if row.copy else row.held.calendar.mailbox if row.held else None
    cause = access.may_change(request.user, mailbox, Change.SHAREE, None if row.copy else row.held) if mailbox else ""
    return {"not_now": not_now(cause) if cause else None}


def _ask(ask: Callable[[datetime], Change]) -> str:
    """Write it down and ring; or why not, in one sentence."""
    try:
        change = ask(timezone.now())
    except changes.NothingToDo:
        return ""
    except changes.NotNow as never:
        return not_now(never.cause).text
    except changes.Refused as refused:
        return shared.why_not(type(refused).__name__)
    tasks.ring(tasks.apply_change, change.pk)
    return ""


def _give_up(request: Asked, held: CalendarPermission) -> str:
    """The end of the person's own access; the owner of a last delegate is told."""
    asked: list[Change] = []

    def ask(now: datetime) -> Change:
        asked.append(
            changes.request_removal(
                permission=held, seen=held.role, actor=request.user, now=now, kind=Change.SHAREE
            )
        )  # fmt: skip
        return asked[0]

    was_last = changes.is_last_delegate(held)
    problem = _ask(ask)
    if asked and held.role in DELEGATE_ROLES:
        notices.tell_owner(
            mailbox=held.calendar.mailbox, kind="delegate_left", key=f"delegate_left:{asked[0].public_id}",
            now=asked[0].requested_at, subject=f"{words.visible(str(request.user))} is no longer your delegate",
            path=reverse("delivery"), facts={"who": str(request.user), "was_last": was_last},
        )  # fmt: skip
    return problem


def _warning(row: SharedRow) -> str:
    """What the reader should know before the owner is left without a delegate."""
    if row.held is None or not changes.is_last_delegate(row.held):
        return ""
    return shared.last_delegate(row.owner, row.held.calendar.mailbox.delivery_option)


def _refused(request: Asked, row: SharedRow, text: str) -> HttpResponse:
    return render(request, "sharee/refused.html", {"title": row.title, "text": text})
