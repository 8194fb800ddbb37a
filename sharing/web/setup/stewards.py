"""Who answers for a shared or room mailbox: found in the directory by address, kept by object id."""

from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import F

from sharing import words
from sharing.models import AuditEvent, Mailbox, Person, PersonAddress, Stewardship, Tenant, User

NOBODYS = ("shared", "room", "equipment")  # purposes of mailboxes that no person signs in to


class PersonField(forms.CharField):
    """An address that is exactly one living user of the tenant."""

    def __init__(self, **options: Any) -> None:
        super().__init__(label="Address", max_length=320, **options)
        self.widget.attrs |= {"class": "form-control", "autocomplete": "off", "spellcheck": "false"}


def find_user(tenant: Tenant, address: str) -> Person:
    """The one user of `tenant` with this address. Raises forms.ValidationError, saying why there is none."""
    rows = PersonAddress.objects.filter(tenant=tenant, address=address.replace("\0", "").casefold())
    people = Person.objects.filter(pk__in=rows.values("person"), kind=Person.USER, oid__isnull=False)
    known = list(people.order_by(F("ended_at").desc(nulls_first=True))[:3])
    found = [person for person in known if person.ended_at is None] or known[:1]
    if len(found) > 1:
        raise forms.ValidationError(f"More than one person has the address {address}. Use another address of theirs.")
    if not found:
        raise forms.ValidationError(f"Nobody in the directory of {tenant} has the address {address}.")
    person = found[0]
    refusal = _why_nobody(person)
    if refusal:
        raise forms.ValidationError(refusal)
    return person


def _why_nobody(person: Person) -> str:
    """Why this account cannot answer for anything: nobody signs in with it; empty where somebody may."""
    if person.ended_at:
        return f"The account of {person} is deleted."
    if person.enabled is False:
        return f"The account of {person} is disabled."
    if person.enabled is None:
        return f"It is not known yet whether the account of {person} is enabled. Try again after the next check."
    purpose = Mailbox.objects.filter(person=person).values_list("purpose", flat=True).first()
    if purpose in NOBODYS:
        return f"{person} is not a person: {words.purpose_label(purpose).lower()}."
    return ""


class StewardForm(forms.Form):
    """Names a steward of one mailbox by address; `person` is who was found."""

    address = PersonField(
        help_text="Somebody of the directory. They will see and change this mailbox’s calendars as their own."
    )
    person: Person

    def __init__(self, data: Any, *, mailbox: Mailbox, actor: User) -> None:
        super().__init__(data)
        self.mailbox, self.actor = mailbox, actor

    def clean_address(self) -> str:
        address = self.cleaned_data["address"].strip()
        if self.mailbox.purpose not in NOBODYS:
            raise forms.ValidationError("This is a person’s mailbox: its owner alone answers for it.")
        self.person = find_user(self.mailbox.tenant, address)
        if self.person.oid == self.actor.oid and self.actor.tenant_id == self.mailbox.tenant_id:
            raise forms.ValidationError("Nobody makes themselves a steward: ask another admin.")
        if Stewardship.objects.filter(mailbox=self.mailbox, oid=str(self.person.oid)).exists():
            raise forms.ValidationError(f"{self.person} is steward of this mailbox already.")
        return address


def of(mailbox: Mailbox) -> list[tuple[Stewardship, Person | None]]:
    """The stewards of a mailbox with who they are in the directory, where it still lists them."""
    held = list(mailbox.stewardships.order_by("pk"))
    people = {p.oid: p for p in Person.objects.filter(tenant=mailbox.tenant, oid__in=[s.oid for s in held])}
    return [(stewardship, people.get(stewardship.oid)) for stewardship in held]


def of_many(tenant: Tenant, mailboxes: list[int]) -> dict[int, list[Person | None]]:
    """The stewards of each mailbox by its id; None for who is not in the directory any more."""
    held = list(Stewardship.objects.filter(mailbox__in=mailboxes).order_by("pk").values_list("mailbox", "oid"))
    people = {p.oid: p for p in Person.objects.filter(tenant=tenant, oid__in={oid for _, oid in held})}
    found: dict[int, list[Person | None]] = {}
    for mailbox, oid in held:
        found.setdefault(mailbox, []).append(people.get(oid))
    return found


def add(*, mailbox: Mailbox, person: Person, actor: User, now: datetime) -> None:
    """Make `person` steward of `mailbox`; safe to repeat."""
    with transaction.atomic():
        _, is_new = Stewardship.objects.get_or_create(
            mailbox=mailbox,
            oid=str(person.oid),
            defaults={"tenant": mailbox.tenant, "given_by": actor, "given_at": now},
        )
        if is_new:
            _record("steward.given", mailbox, str(person.oid), actor, now)


def end(*, stewardship: Stewardship, actor: User, now: datetime) -> None:
    with transaction.atomic():
        oid, mailbox = str(stewardship.oid), stewardship.mailbox
        stewardship.delete()
        _record("steward.taken", mailbox, oid, actor, now)


def _record(verb: str, mailbox: Mailbox, oid: str, actor: User, now: datetime) -> None:
    subject = {"mailbox": mailbox.public_id, "oid": oid}
    AuditEvent.objects.record(now=now, verb=verb, tenant=mailbox.tenant, actor=actor, subject=subject)
