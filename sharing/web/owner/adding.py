"""Where an owner gives somebody access, or gives one person's access to another: who, what, look, save."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from sharing import access, changes, tasks, words
from sharing.changes.preview import preview_create, preview_removal
from sharing.models import DELEGATE_ROLES, Calendar, CalendarPermission, Change
from sharing.web.asked import Asked
from sharing.web.limits import limited, searched
from sharing.web.previews import shown
from sharing.words import ends

from . import outcomes
from .rows import named_inside, title_of, whose, words_for

STATUS = {"not_allowed": 403}  # everything else that is refused: 409


class AddForm(forms.Form):
    """Who gets which role; `instead` is the row of whoever loses it, and `seen` the role that row showed."""

    to = forms.CharField(max_length=320, error_messages={"required": "Choose who gets access."})
    role = forms.CharField(max_length=48, error_messages={"required": "Choose what they can do."})
    seen = forms.CharField(max_length=48, required=False)
    reason = forms.CharField(max_length=500, required=False)
    until = forms.DateField(required=False, error_messages={"invalid": "The end date is no date."})


@searched
@limited("saving")
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: Asked, public_id: str) -> HttpResponse:
    """Access for somebody who has none; a search finds them, then a role is chosen, then it is looked at."""
    return _flow(request, access.calendar_for_owner(request.user, public_id), None)


@searched
@limited("saving")
@require_http_methods(["GET", "HEAD", "POST"])
def replace(request: Asked, public_id: str, pk: int) -> HttpResponse:
    """The same, and once Microsoft confirmed it the access of one who has it now ends."""
    permission = access.permission_for_owner(request.user, public_id, pk)
    return _flow(request, permission.calendar, permission)


def _flow(request: Asked, calendar: Calendar, instead: CalendarPermission | None) -> HttpResponse:
    page = _frame(request, calendar, instead)
    if page["not_now"]:
        return render(request, "owner/add.html", page, status=409 if request.method == "POST" else 200)
    if request.method == "POST":
        return _save(request, calendar, instead, page)
    to, role = request.GET.get("to", "").strip(), request.GET.get("role", "")
    if not to:
        return render(request, "owner/add.html", page | _find(request, calendar))
    return _step(request, calendar, instead, page, to=to, role=role)


def _step(
    request: Asked, calendar: Calendar, instead: CalendarPermission | None, page: dict[str, Any], *, to: str,
    role: str = "", problem: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The roles that `to` may get or, with a role that is one of them, the look before it is saved."""
    try:
        holder = changes.holder_at(calendar.mailbox, to)
    except changes.BadAddress:
        found = _find(request, calendar) | {"problem": _bad_address(to), "q": to}
        return render(request, "owner/add.html", page | found, status=422)
    allowed = changes.roles_to_give(calendar, holder)
    of, org = page["whose"], page["org"]
    name = words.visible(holder.name)
    page |= {"holder": holder, "name": name, "problem": problem, "kind": holder.person.kind if holder.person else ""}
    if role not in allowed:
        wanted = instead.role if instead and instead.role in allowed else ""
        page |= {
            "title": f"What can {name} do on {page['calendar_words']}?",
            "choices": [
                (words.role_words(each, of), words.role_label(each, words.OWNER, whose=of), each == wanted)
                for each in allowed
            ],
            "private_events": words.PRIVATE_EVENTS,
        }  # fmt: skip
        return render(request, "owner/add.html", page, status=status)
    limit = changes.limit_for(calendar.mailbox.tenant, role, holder.is_inside)
    page |= {
        "title": f"Give {name} access to {page['calendar_words']}?",
        "role": role,
        "until": request.POST.get("until", ""),
        "must_end": ends.needed(limit.why, limit.days, org) if limit else "",
        "latest": limit.latest(calendar.mailbox, timezone.now()).isoformat() if limit else "",
        "happens": words.adding(
            name=name, is_inside=holder.is_inside, org=org, acts=role in DELEGATE_ROLES,
            private=role == "delegateWithPrivateEventAccess", instead=page["instead_name"], whose=of,
        ),
    }  # fmt: skip
    first = preview_create(calendar, address=holder.address, name=holder.name, role=role)
    page |= shown(first, (f"Then, for {page['instead_name']}", preview_removal(instead) if instead else None))
    return render(request, "owner/add.html", page, status=status)


def _save(request: Asked, calendar: Calendar, instead: CalendarPermission | None, page: dict[str, Any]) -> HttpResponse:
    form = AddForm(request.POST)
    to, role = request.POST.get("to", "").strip(), request.POST.get("role", "")
    if not form.is_valid():
        problem = str(next(iter(form.errors.values()))[0])
        if not to:
            return render(request, "owner/add.html", page | _find(request, calendar) | {"problem": problem}, status=422)
        return _step(request, calendar, instead, page, to=to, problem=problem, status=422)
    if instead and instead.role != form.cleaned_data["seen"]:
        problem = words.replaced_changed(page["instead_name"], words.role_label(instead.role, words.OWNER))
        return _step(request, calendar, instead, page, to=to, role=role, problem=problem, status=409)
    now, reason = timezone.now(), form.cleaned_data["reason"]
    try:
        if form.cleaned_data["until"] and not instead:
            return _for_a_while(request, calendar, form, now)
        change = changes.request_create(
            calendar=calendar, address=to, name="", role=role, actor=request.user, now=now, reason=reason
        )
    except changes.Refused as refused:
        problem, status = _why(refused, page)
        return _step(request, calendar, instead, page, to=to, role=role, problem=problem, status=status)
    if instead:
        _end_after(change, instead, request, reason)
    tasks.ring(tasks.apply_change, change.pk)
    return redirect("calendar", calendar.public_id)


def _for_a_while(request: Asked, calendar: Calendar, form: AddForm, now: datetime) -> HttpResponse:
    """From today to a day: what begins and ends by itself is a cover. Raises changes.Refused."""
    holder = changes.holder_at(calendar.mailbox, form.cleaned_data["to"])
    cover = changes.plan_cover(
        calendar=calendar, person=changes.person_of(calendar.mailbox, holder), role=form.cleaned_data["role"],
        ends_on=form.cleaned_data["until"], actor=request.user, now=now, reason=form.cleaned_data["reason"],
    )  # fmt: skip
    tasks.ring(tasks.step_cover, cover.pk)
    return redirect("calendar", calendar.public_id)


def _end_after(change: Change, instead: CalendarPermission, request: Asked, reason: str) -> None:
    """The removal that waits for the creation; where it is refused the page of the calendar still shows both."""
    try:
        changes.request_removal(
            permission=instead, seen=instead.role, actor=request.user, now=timezone.now(), reason=reason,
            follows=change,
        )  # fmt: skip
    except changes.Refused:
        return


def _why(refused: changes.Refused, page: dict[str, Any]) -> tuple[str, int]:
    """Why nothing was written down, in one sentence, and the status to answer with."""
    name = page.get("name") or "This person"
    if isinstance(refused, changes.NotNow):
        said = outcomes.not_now(refused.cause)
        return said.text, STATUS.get(refused.cause, 409)
    if isinstance(refused, changes.EndDateRequired):
        return ends.needed(refused.limit.why, refused.limit.days, page["org"]), 422
    if isinstance(refused, changes.EndsTooSoon):
        return words.END_TOO_SOON, 422
    if isinstance(refused, changes.EndsTooLate):
        return words.end_too_late(ends.on(refused.latest)), 422
    if isinstance(refused, changes.RoleNotAllowed):
        return words.ROLE_NOT_FOR_THEM, 422
    if isinstance(refused, changes.NothingToDo | changes.Stale | changes.CoverExists):
        return words.has_access_already(page["calendar_words"]), 409
    if isinstance(refused, changes.ChangeOpen):
        return words.ALREADY_ASKED, 409
    if isinstance(refused, changes.BadAddress):
        return _bad_address(name), 422
    return words.NOTHING_CHANGED, 409


def _bad_address(text: str) -> str:
    return f"“{words.visible(text)}” is no address that this calendar could be shared with."


def _find(request: Asked, calendar: Calendar) -> dict[str, Any]:
    q = " ".join(request.GET.get("q", "").split())[:320]
    found, is_cut = access.people_to_share_with(request.user, calendar, q) if q else ([], False)
    is_known = any(q.casefold() == person.address.casefold() for person in found)
    rows = [(str(person), person.address, person.kind) for person in found]
    return {"q": q, "found": rows, "is_cut": is_cut, "typed": q if "@" in q and not is_known else ""}


def _frame(request: Asked, calendar: Calendar, instead: CalendarPermission | None) -> dict[str, Any]:
    user, of = request.user, whose(calendar.mailbox, request.user)
    mailbox = access.mailbox_for_owner(user, calendar.mailbox.public_id)
    calendar.mailbox = mailbox
    cause = access.may_change(user, mailbox) or ("" if mailbox.tenant.creates_on else "creates_off")
    org, where = str(user.tenant), words_for(calendar, user)
    instead_name = named_inside(instead, org) if instead else ""
    return {
        "title": f"Give {instead_name}’s access to somebody else" if instead else f"Give access to {where}",
        "calendar": calendar,
        "calendar_title": title_of(calendar, user),
        "calendar_words": where,
        "org": org,
        "whose": of,
        "instead": instead,
        "instead_name": instead_name,
        "not_now": outcomes.not_now(cause) if cause else None,
        "url": reverse("replace", args=[calendar.public_id, instead.pk]) if instead
        else reverse("add", args=[calendar.public_id]),
        "again": urlencode({"q": request.GET.get("q", "")}),
    }  # fmt: skip
