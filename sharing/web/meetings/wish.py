"""What a person is looking for, as its form says it: whom to meet, how long, and between which days."""

import re
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from sharing import access
from sharing.meetings.addresses import domain_of
from sharing.models import Booking, Person
from sharing.web.asked import Asked
from sharing.words import meetings as said

MOST_OTHERS = 19
MOST_SENT = 100  # what a form of ours never has
WEEK = timedelta(days=7)
MOST_DAYS = timedelta(days=40)
_PUBLIC_ID = re.compile(r"[\w-]{1,22}", re.ASCII)


class WishForm(forms.Form):
    """How long, and between which days."""

    minutes = forms.TypedChoiceField(
        choices=said.LENGTHS, coerce=int, initial=60,
        error_messages={"required": said.BAD["length"], "invalid_choice": said.BAD["length"]},
    )  # fmt: skip
    first = forms.DateField(error_messages={"required": "Give the first day.", "invalid": "The first day is no date."})
    last = forms.DateField(error_messages={"required": "Give the last day.", "invalid": "The last day is no date."})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", said.BAD["days"])
        elif first and last and last - first >= MOST_DAYS:
            self.add_error("last", said.BAD["window"])
        return cleaned


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom to meet and when; `problems` are what is wrong with the people, as (text, address of the field)."""

    form: WishForm
    colleagues: list[Person]
    outside: list[str]
    moving: Booking | None = None
    typed: str = ""
    not_asked: list[str] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)

    @property
    def people(self) -> list[tuple[str, str]]:
        """(address, name) of each, colleagues first."""
        return [(person.address, str(person)) for person in self.colleagues] + [(each, "") for each in self.outside]

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Everything that is in the way of looking for times."""
        found = list(self.problems)
        if not self.people:
            found.append((said.BAD["nobody"], "#id_q"))
        return found + [(str(text), f"#id_{name}") for name, texts in self.form.errors.items() for text in texts]

    @property
    def window(self) -> tuple[datetime, datetime]:
        """From the beginning of the first day to the end of the last, by the person's own clock."""
        first, last = self.form.cleaned_data["first"], self.form.cleaned_data["last"]
        here = timezone.get_current_timezone()
        return datetime.combine(first, time(), here), datetime.combine(last + timedelta(days=1), time(), here)

    @property
    def length(self) -> timedelta:
        if self.moving:  # it stays as long as it is
            return self.moving.ends_at - self.moving.starts_at
        return timedelta(minutes=self.form.cleaned_data["minutes"])


def first_wish(request: Asked, moving: Booking | None = None) -> Wish:
    """Nothing was said yet: an hour within the next week."""
    today = timezone.localdate()
    initial: dict[str, Any] = {"first": today.isoformat(), "last": (today + WEEK).isoformat()}
    if moving is None:
        return Wish(WishForm(initial=initial), [], [])
    return _moving(request, WishForm(initial=initial | {"minutes": _minutes(moving)}), moving)


def wish_of(request: Asked) -> Wish:
    """What was sent, with who was added or taken off just now."""
    sent, user = request.POST, request.user
    form = WishForm(sent)
    if sent.get("moving"):
        return _moving(request, form, access.booking_of(user, sent["moving"]))
    drop = sent.get("drop", "")
    asked = {each for each in [*sent.getlist("person"), sent.get("add", "")] if each and each != drop}
    colleagues = access.chosen_colleagues(user, filter(_PUBLIC_ID.fullmatch, sorted(asked)[:MOST_SENT]))
    kept = {each.casefold() for each in sent.getlist("outside")[:MOST_SENT] if each != drop}
    is_short = len(colleagues) < len(asked)
    outside, typed, problems = _outside(sent, request, colleagues, kept)
    if is_short or not kept <= set(outside):
        problems.append((said.BAD["gone"], "#id_q"))
    if len(colleagues) + len(outside) > MOST_OTHERS:
        problems.append((said.BAD["too_many"], "#id_q"))
    return Wish(form, colleagues, outside, typed=typed, problems=problems)


def _moving(request: Asked, form: WishForm, booking: Booking) -> Wish:
    """The same people again; whom one may no longer ask about stays invited and is not asked about."""
    addresses = [each["address"] for each in booking.attendees]
    colleagues = access.colleagues_at(request.user, addresses)
    known = {person.address.casefold() for person in colleagues}
    others = [address for address in addresses if address.casefold() not in known]
    domains = access.partner_domains(request.user) if others else {}
    outside = [address for address in others if domain_of(address) in domains]
    not_asked = [address for address in others if address not in outside]
    return Wish(form, colleagues, outside, booking, not_asked=not_asked)


def _minutes(booking: Booking) -> int:
    length = int((booking.ends_at - booking.starts_at) / timedelta(minutes=1))
    return length if length in dict(said.LENGTHS) else 60


def _outside(
    sent: QueryDict, request: Asked, colleagues: list[Person], kept: set[str]
) -> tuple[list[str], str, list[tuple[str, str]]]:
    """Addresses at partners; the one just typed where it is none; and what is wrong with it.

    A colleague's address is as good as their name.
    """
    typed = sent.get("address", "").strip()[:320]
    if not typed and not kept:
        return [], "", []
    domains = access.partner_domains(request.user)
    outside = sorted(each for each in kept if domain_of(each) in domains)
    if not typed:
        return outside, "", []
    if domain_of(typed) in domains:
        return sorted({*outside, typed.casefold()}), "", []
    found = access.colleagues_at(request.user, [typed]) if domain_of(typed) else []
    if not found:
        return outside, typed, [(said.not_partner(typed, sorted(domains)), "#id_address")]
    colleagues += [person for person in found if person not in colleagues]
    return outside, "", []
