"""Tells owners of their end dates and covers: before the day, on it, once it came true, and where one was not kept."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from sharing import words
from sharing.models import Calendar, CalendarPermission, Cover, EndDate, Mailbox
from sharing.words import ends as said

from .tell import owners_of, tell_owner

SUBJECTS = {
    "end_near": "{who}’s access to {calendar} ends on {day}",
    "end_asks": "{who}’s access to {calendar}: let it end?",
    "end_late": "{who}’s access to {calendar} should have ended",
    "end_failed": "{who}’s access to {calendar} could not be ended",
    "end_done": "{who}’s access to {calendar} ended as planned",
    "cover_over": "{who} no longer covers {calendar}",
    "cover_failed": "{who} does not cover {calendar}",
}


def tell_of_end(end_date: EndDate, kind: str, now: datetime) -> None:
    """Mail the owner, or the stewards, about one end date; in the caller's transaction, and once for each thing."""
    permission = end_date.permission
    of = whose_of(end_date.mailbox)
    who = holder_of(permission, str(end_date.tenant))
    why = said.why_not(end_date.cause) if end_date.cause or kind == "end_failed" else None
    facts = {
        "who": who, "calendar": calendar_of(permission.calendar, of), "day": said.on(end_date.ends_on), "why": why,
        "role": words.role_label(permission.role, words.OWNER, whose=of), "then": said.then(end_date.role_after, of),
        "is_removal": not end_date.role_after, "reason": words.visible(end_date.reason),
    }  # fmt: skip
    path = reverse("end_date", args=[permission.calendar.public_id, permission.pk])
    # A day is told of twice before it comes, and asked about again each week after it.
    which = f":{(now - end_date.made_at).days}" if kind in ("end_near", "end_asks") else ""
    _mail(end_date.mailbox, kind, f"{kind}:{end_date.public_id}{which}", path, facts, now)


def tell_of_cover(cover: Cover, kind: str, now: datetime) -> None:
    """The same about a cover."""
    of = whose_of(cover.mailbox)
    facts = {
        "who": str(cover.person), "calendar": calendar_of(cover.calendar, of),
        "first": said.on(cover.starts_on), "last": said.on(cover.ends_on), "why": said.why_not(cover.cause),
        "day": said.on(cover.ends_on), "then": said.then(cover.end_date.role_after, of) if cover.end_date else "",
    }  # fmt: skip
    path = reverse("calendar", args=[cover.calendar.public_id])
    _mail(cover.mailbox, kind, f"{kind}:{cover.public_id}", path, facts, now)


def _mail(mailbox: Mailbox, kind: str, key: str, path: str, facts: dict[str, Any], now: datetime) -> None:
    subject = SUBJECTS[kind].format(**facts)  # names are put into a text of ours, never read as one
    tell_owner(mailbox=mailbox, kind=kind, key=key, subject=subject, path=path, facts=facts, now=now)


def whose_of(mailbox: Mailbox) -> words.Whose:
    """As whoever is mailed knows the mailbox: as their own, or as one they look after."""
    is_own = [person.pk for person in owners_of(mailbox)] == [mailbox.person_id]
    return words.YOU if is_own else words.Whose(str(mailbox.person))


def calendar_of(calendar: Calendar, of: words.Whose) -> str:
    named = words.visible(calendar.name) or "a calendar without a name"
    if not of.name:
        return words.calendar_words(named, calendar.is_default)
    return f"the main calendar of {of.name}" if calendar.is_default else f"{named} of {of.name}"


def holder_of(permission: CalendarPermission, org: str) -> str:
    if permission.is_organization:
        return words.everyone_at(org)
    name = permission.name or permission.address
    return words.GONE if words.is_account_number(name) else words.visible(name) or "Somebody without a name"
