"""Where an owner has somebody cover a leave: who and which days, then the role, with what happens when."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sharing import access, changes, tasks, words
from sharing.changes import days
from sharing.models import Calendar, CalendarPermission, Cover, Person, User
from sharing.web.asked import Asked
from sharing.web.limits import limited, searched
from sharing.words import ends

from . import outcomes
from .rows import title_of, whose, words_for

SHOWN = timedelta(days=14)  # so long a cover that failed stays on the calendar's page
MOST = 12


class CoverForm(forms.Form):
    """Who covers (a person's public id), from which day to which; `role` once it was chosen."""

    to = forms.CharField(max_length=22, error_messages={"required": "Choose who covers."})
    first = forms.DateField(
        error_messages={"required": "Choose the first day.", "invalid": "The first day is no date."}
    )
    last = forms.DateField(error_messages={"required": "Choose the last day.", "invalid": "The last day is no date."})
    role = forms.CharField(max_length=48, required=False)
    reason = forms.CharField(max_length=500, required=False)

    def clean(self) -> None:
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if first and last and last < first:
            self.add_error("last", "The last day must not be before the first.")


@searched
@limited("saving")
@require_http_methods(["GET", "HEAD", "POST"])
def cover(request: Asked, public_id: str) -> HttpResponse:
    """Three questions on two pages; a POST plans it, a GET looks only."""
    calendar = access.calendar_for_owner(request.user, public_id)
    page = _frame(request, calendar)
    if page["not_now"]:
        return render(request, "owner/cover.html", page)
    asked = request.POST if request.method == "POST" else request.GET
    form = CoverForm(asked) if "to" in asked or "first" in asked else None
    if form is None or "find" in asked:
        return _who(request, calendar, page)
    if not form.is_valid():
        return _who(request, calendar, page, form=form, status=422)
    person = _person(request, calendar, form.cleaned_data["to"])
    if person is None:
        form.add_error("to", "Choose who covers.")
        return _who(request, calendar, page, form=form, status=422)
    if request.method == "POST":
        return _plan(request, calendar, person, form, page)
    return _look(request, calendar, person, form, page)


@limited("saving")
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: Asked, public_id: str) -> HttpResponse:
    """Asks before a cover is called off, and calls it off."""
    row = access.cover_for_owner(request.user, public_id)
    back = redirect(f"{reverse('calendar', args=[row.calendar.public_id])}#covers")
    is_on = row.state in (Cover.WAITING, Cover.BEGINNING, Cover.BEGUN)
    problem = "" if is_on else "It is over already."
    if request.method == "POST" and is_on:
        try:
            ended = changes.cancel_cover(cover=row, actor=request.user, now=timezone.now())
            if ended.end_date_id:
                tasks.ring(tasks.step_end_date, ended.end_date_id)
            return back
        except changes.ChangeOpen:
            problem = "It is beginning, or ending, right now. Wait a minute."
        except changes.NotNow as never:
            problem = outcomes.not_now(never.cause).text
        except changes.Refused:
            problem = "It is over already."
    calendar, who = words_for(row.calendar, request.user), str(row.person)
    return render(request, "owner/cover_cancel.html", {
        "title": f"Call off that {who} covers {calendar}?",
        "calendar": row.calendar,
        "calendar_title": title_of(row.calendar, request.user),
        "calendar_words": calendar,
        "cover": cover_row(row, request.user, timezone.now()),
        "problem": problem,
        "is_on": is_on,
    }, status=409 if problem and request.method == "POST" else 200)  # fmt: skip


# What the calendar's page shows ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CoverRow:
    """One cover in words; `is_on` where it can still be called off."""

    cover: Cover
    name: str
    label: str
    sentence: str
    tone: str
    is_on: bool


def covers_on(calendar: Calendar, user: User, now: datetime) -> list[CoverRow]:
    """What is planned and under way on one calendar, and what failed lately."""
    rows = access.covers_of(user).filter(calendar=calendar)
    rows = rows.filter(state__in=[Cover.WAITING, Cover.BEGINNING, Cover.BEGUN, Cover.FAILED])
    rows = rows.filter(ends_at__gt=now - SHOWN).order_by("starts_on", "pk")[:MOST]
    return [cover_row(row, user, now) for row in rows]


def cover_row(row: Cover, user: User, now: datetime) -> CoverRow:
    of, today = whose(row.mailbox, user), days.today(row.mailbox, now)
    role = words.role_label(row.role, words.OWNER, whose=of)
    label, tone = ends.cover_label(row.state, row.starts_on, row.ends_on, today)
    sentence = f"“{role}”, {ends.span(row.starts_on, row.ends_on)}."
    if row.state == Cover.FAILED:
        why = ends.why_not(row.cause)
        sentence = f"{sentence} {why.what} {why.todo}".strip()
    elif row.cause:
        sentence = f"{sentence} {ends.why_not(row.cause).what}"
    return CoverRow(row, str(row.person), label, sentence, tone, row.state != Cover.FAILED)


# Pages -----------------------------------------------------------------------------------------------------


def _who(
    request: Asked, calendar: Calendar, page: dict[str, Any], *, form: CoverForm | None = None, status: int = 200
) -> HttpResponse:
    """Who covers, and from when to when."""
    asked = request.POST if request.method == "POST" else request.GET
    q = " ".join(asked.get("q", "").split())[:320]
    there = _there(calendar) + _elsewhere(calendar)
    found, is_cut = access.people_to_share_with(request.user, calendar, q) if q else ([], False)
    people = there + [(person, "") for person in found if person.pk not in {each.pk for each, _ in there}]
    to = asked.get("to", "") or (people[0][0].public_id if len(people) == 1 else "")
    page |= {
        "form": form,
        "people": [(person, str(person), label, person.public_id == to) for person, label in people],
        "q": q,
        "is_cut": is_cut,
        "can_search": calendar.mailbox.tenant.creates_on,
        "first": asked.get("first", ""),
        "last": asked.get("last", ""),
        "today": days.today(calendar.mailbox, timezone.now()).isoformat(),
    }
    return render(request, "owner/cover.html", page, status=status)


def _look(
    request: Asked, calendar: Calendar, person: Person, form: CoverForm, page: dict[str, Any], *, problem: str = "",
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The roles that there are for this person, one of them marked, and what happens when."""
    of, name = page["whose"], str(person)
    entry = changes.entry_of(calendar, person)
    roles = _roles(calendar, person, entry)
    first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    marked = form.cleaned_data["role"] if form.cleaned_data["role"] in roles else _usual(roles)
    page |= {
        "title": f"What can {name} do on {page['calendar_words']} {ends.span(first, last)}?",
        "person": person,
        "name": name,
        "sub": words.visible(person.address),
        "now_role": entry.role if entry else "",
        "first": first.isoformat(),
        "last": last.isoformat(),
        "reason": words.visible(form.cleaned_data["reason"]),
        "choices": [
            (words.role_words(role, of), words.role_label(role, words.OWNER, whose=of), role == marked)
            for role in roles
        ],
        "happens": _happens(name, entry, first, last, page, calendar),
        "private_events": words.PRIVATE_EVENTS,
        "problem": problem or ("" if roles else _no_role(name, entry)),
    }  # fmt: skip
    return render(request, "owner/cover_role.html", page, status=status)


def _plan(
    request: Asked, calendar: Calendar, person: Person, form: CoverForm, page: dict[str, Any]
) -> HttpResponse:  # fmt: skip
    wish = form.cleaned_data
    try:
        planned = changes.plan_cover(
            calendar=calendar, person=person, role=wish["role"], starts_on=wish["first"], ends_on=wish["last"],
            reason=wish["reason"], actor=request.user, now=timezone.now(),
        )  # fmt: skip
    except changes.CoverExists as exists:
        if (exists.cover.role, exists.cover.starts_on, exists.cover.ends_on) == (
            wish["role"], wish["first"], wish["last"],
        ):  # fmt: skip
            return redirect(f"{reverse('calendar', args=[calendar.public_id])}#covers")  # a second click
        on = ends.span(exists.cover.starts_on, exists.cover.ends_on)
        problem = f"{person} covers it {on} already. Call that off first."
        return _look(request, calendar, person, form, page, problem=problem, status=409)
    except changes.Refused as refused:
        problem, status = _why(refused, str(person), page["org"])
        return _look(request, calendar, person, form, page, problem=problem, status=status)
    tasks.ring(tasks.step_cover, planned.pk)
    return redirect(f"{reverse('calendar', args=[calendar.public_id])}#covers")


def _why(refused: changes.Refused, name: str, org: str) -> tuple[str, int]:
    if isinstance(refused, changes.NotNow):
        return outcomes.not_now(refused.cause).text, 403 if refused.cause == "not_allowed" else 409
    if isinstance(refused, changes.EndsTooSoon):
        return "The first day is over already. Choose another.", 422
    if isinstance(refused, changes.EndsTooLate):
        if refused.limit is None:
            return f"The last day must be {ends.on(refused.latest)} or before.", 422
        return f"{ends.needed(refused.limit.why, refused.limit.days, org)} Choose fewer days.", 422
    if isinstance(refused, changes.RoleNotAllowed):
        return f"Choose what {name} can do.", 422
    if isinstance(refused, changes.NothingToDo):
        return f"{name} has as much already.", 409
    if isinstance(refused, changes.BadAddress):
        return f"{name} cannot cover here: the account is disabled or deleted, or it is the calendar’s own.", 422
    return words.NOTHING_CHANGED, 409


def _frame(request: Asked, calendar: Calendar) -> dict[str, Any]:
    user = request.user
    calendar.mailbox = access.mailbox_for_owner(user, calendar.mailbox.public_id)
    cause = access.may_change(user, calendar.mailbox)
    where = words_for(calendar, user)
    return {
        "title": f"Who covers {where}?",
        "lead": "Somebody gets more access for some days. After the last one it is again what it was.",
        "calendar": calendar,
        "calendar_title": title_of(calendar, user),
        "calendar_words": where,
        "org": str(user.tenant),
        "whose": whose(calendar.mailbox, user),
        "not_now": outcomes.not_now(cause) if cause else None,
        "url": reverse("cover", args=[calendar.public_id]),
    }


def _there(calendar: Calendar) -> list[tuple[Person, str]]:
    """People on the calendar who could be given more, with what they can do now."""
    rows = CalendarPermission.objects.open().of_people().filter(calendar=calendar, grantee__isnull=False)
    rows = rows.exclude(grantee__enabled=False).filter(grantee__ended_at=None).select_related("grantee")
    there = []
    for row in rows.order_by("-reach", "name_sort", "pk"):
        if row.grantee and any(words.rank(role) > words.rank(row.role) for role in row.choices()):
            there.append((row.grantee, words.role_label(row.role, words.OWNER)))
    return there


def _elsewhere(calendar: Calendar) -> list[tuple[Person, str]]:
    """Where people may be added: those inside who have access to another calendar of the mailbox, as likely as any."""
    if not calendar.mailbox.tenant.creates_on:
        return []
    rows = CalendarPermission.objects.open().of_people().filter(mailbox=calendar.mailbox_id, calendar__is_own=True)
    here = rows.filter(calendar=calendar, grantee__isnull=False).values("grantee")
    people = Person.objects.filter(pk__in=rows.exclude(calendar=calendar).values("grantee"), kind=Person.USER)
    people = people.filter(ended_at=None).exclude(pk__in=here).exclude(enabled=False).exclude(address="")
    return [(person, "") for person in people.order_by("name", "pk")[:MOST]]


def _person(request: Asked, calendar: Calendar, public_id: str) -> Person | None:
    """Somebody on the calendar or, where people may be added, of the directory."""
    there = CalendarPermission.objects.open().filter(calendar=calendar).values("grantee")
    everybody = Person.objects.filter(tenant=calendar.tenant_id, public_id=public_id)
    known = everybody.filter(pk__in=there).first()
    if known is None and calendar.mailbox.tenant.creates_on:
        known = everybody.filter(kind__in=(Person.USER, Person.GROUP), ended_at=None).exclude(address="").first()
    return known


def _roles(calendar: Calendar, person: Person, entry: CalendarPermission | None) -> list[str]:
    if entry is not None:
        return [role for role in entry.choices() if words.rank(role) > words.rank(entry.role)]
    try:
        found = changes.holder_at(calendar.mailbox, person.address, str(person))
    except changes.BadAddress:
        return []
    return list(changes.roles_to_give(calendar, found))


def _usual(roles: list[str]) -> str:
    """What a cover mostly needs: to act, but not on private events."""
    for role in ("delegateWithoutPrivateEventAccess", "write"):
        if role in roles:
            return role
    return roles[-1] if roles else ""


def _no_role(name: str, entry: CalendarPermission | None) -> str:
    return f"{name} has as much already." if entry else words.ROLE_NOT_FOR_THEM


def _happens(
    name: str, entry: CalendarPermission | None, first: date, last: date, page: dict[str, Any], calendar: Calendar
) -> list[tuple[str, str]]:
    """What happens on the first day and after the last, in sentences with their icons."""
    today = days.today(calendar.mailbox, timezone.now())
    begins = "It begins now" if first <= today else f"It begins on {ends.on(first)}"
    happens = [("calendar-event", f"{begins}, and {ends.on(last)} is the last day.")]
    if entry is None:
        happens.append(("mail", f"Outlook sends {name} an invitation when it begins."))
        happens.append(("x", f"After that {name} is removed from {page['calendar_words']}."))
    else:
        label = words.role_label(entry.role, words.OWNER, whose=page["whose"])
        happens.append(("history", f"After that {name} has “{label}” again."))
    if calendar.is_default:
        hours = page["whose"].said("A delegate’s access ends in {your} next working hours after that day.")
        happens.append(("clock", hours))
    return happens
