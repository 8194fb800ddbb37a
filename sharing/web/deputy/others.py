"""The deputy's page: for whom I act, who gets their requests, and asking for cover of my own leave."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from sharing import access, changes, notices, words
from sharing.changes import days
from sharing.models import Change, Mailbox, Person, Proposal, Role
from sharing.web.asked import Asked
from sharing.web.limits import limited, searched
from sharing.words import batches


class CoverForm(forms.Form):
    """Who stands in, from when to when, and why; for which owners is told by their mailboxes."""

    person = forms.CharField(max_length=22, error_messages={"required": "Choose who covers for you."})
    starts = forms.DateField(error_messages={"required": "Give the first day.", "invalid": "The first day is no date."})
    ends = forms.DateField(error_messages={"required": "Give the last day.", "invalid": "The last day is no date."})
    reason = forms.CharField(max_length=500, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        starts, ends = cleaned.get("starts"), cleaned.get("ends")
        if starts and ends and ends < starts:
            raise forms.ValidationError("The last day comes before the first one.")
        return cleaned


@require_safe
def for_others(request: Asked) -> HttpResponse:
    """Every owner the person acts for, or serves as a delegate, and who gets their meeting requests."""
    return render(request, "deputy/for_others.html", {
        "title": "For others",
        "owners": _owners(request),
        "asked": [
            {
                "owner": str(row.mailbox.person), "person": str(row.person), "row": row,
                "state": batches.PROPOSAL_STATES[row.state],
            }
            for row in access.cover_proposals_by(request.user)[:20]
        ],
    })  # fmt: skip


@searched
@limited("saving")
@require_http_methods(["GET", "HEAD", "POST"])
def ask_cover(request: Asked) -> HttpResponse:
    """Asked once, of several owners; each says yes or no."""
    page: dict[str, Any] = {"title": "Ask for cover while you are away", "owners": _owners(request)}
    person = _person(request)
    if request.method == "POST":
        form = CoverForm(request.POST)
        chosen = [each for each in page["owners"] if each["mailbox"].public_id in request.POST.getlist("owner")]
        problem = next((str(errors[0]) for errors in form.errors.values()), "")
        problem = problem or ("" if person else "Choose who covers for you.")
        problem = problem or ("" if chosen else "Choose at least one owner.")
        if problem or person is None:
            page |= {"problem": problem, "form": form, "person": person}
            return render(request, "deputy/ask_cover.html", page, status=422)
        outcomes = [_ask(request, each, person, form.cleaned_data) for each in chosen]
        page |= {"title": "Asked", "outcomes": outcomes}
        return render(request, "deputy/asked_cover.html", page, status=200 if any(o["ok"] for o in outcomes) else 409)
    q = " ".join(request.GET.get("q", "").split())[:200]
    page |= {"q": q, "person": person, "found": access.colleagues(request.user, q) if q else []}
    return render(request, "deputy/ask_cover.html", page)


def _person(request: Asked) -> Person | None:
    asked = request.POST if request.method == "POST" else request.GET
    return access.colleague(request.user, asked.get("person", ""))


def _ask(request: Asked, each: dict[str, Any], person: Person, wish: dict[str, Any]) -> dict[str, Any]:
    """One owner's question, and mail to them; or why it was not asked."""
    mailbox, now = each["mailbox"], timezone.now()
    said: dict[str, Any] = {"owner": each["owner"], "ok": False}
    zone = days.zone_of(mailbox)
    if wish["ends"] < days.today(mailbox, now):
        return said | {"why": "The last day is over already."}
    if each["calendar"] is None:
        return said | {"why": "The main calendar is not known."}
    try:
        proposal = changes.propose(
            kind=Proposal.COVER, mailbox=mailbox, calendar=each["calendar"], person=person, role=each["role"],
            actor=request.user, now=now, asked_as=Change.DEPUTY if each["is_deputy"] else Change.SHAREE,
            reason=wish["reason"] or f"Cover for {words.visible(str(request.user))}",
            starts_at=days.starts_at(wish["starts"], zone), ends_at=days.ends_at(wish["ends"], zone),
        )  # fmt: skip
    except changes.AlreadyAsked:
        return said | {"why": "This was asked already, and waits for an answer."}
    except changes.Refused:
        return said | {"why": "Nothing can be changed there at the moment."}
    notices.tell_owner(
        mailbox=mailbox, kind="cover_asked", key=f"cover_asked:{proposal.public_id}", now=now,
        subject=f"{words.visible(str(request.user))} asks for cover", path=reverse("asked", args=[proposal.public_id]),
        facts=_facts(request, person, wish),
    )  # fmt: skip
    return said | {"ok": True}


def _facts(request: Asked, person: Person, wish: dict[str, Any]) -> dict[str, Any]:
    return {
        "who": words.visible(str(request.user)), "person": str(person),
        "starts": words.day(datetime.combine(wish["starts"], datetime.min.time())),
        "ends": words.day(datetime.combine(wish["ends"], datetime.min.time())),
    }  # fmt: skip


def _owners(request: Asked) -> list[dict[str, Any]]:
    """One entry an owner: as a deputy, as a delegate, or both."""
    user = request.user
    acted = {mailbox.pk: mailbox for mailbox in access.acted_for(user)}
    served = {held.mailbox_id: held for held in access.served_by(user)}
    terms = {row.mailbox_id: row for row in access.deputyships_of(user)}
    mailboxes: dict[int, Mailbox] = {pk: held.calendar.mailbox for pk, held in served.items()} | acted
    mains = access.main_calendars(user, list(mailboxes))
    delegates = access.delegates_on(list(mains.values()))
    return [
        {
            "mailbox": mailbox, "owner": str(mailbox.person), "is_deputy": pk in acted, "deputy": terms.get(pk),
            "held": served.get(pk), "calendar": mains.get(pk), "delegates": words.listed(delegates.get(pk, [])),
            "requests": words.delivery_words(mailbox.delivery_option, whose=words.Whose(str(mailbox.person))).it,
            "role": served[pk].role if pk in served else Role.DELEGATE.value,
        }
        for pk, mailbox in sorted(mailboxes.items(), key=lambda each: str(each[1].person))
    ]  # fmt: skip
