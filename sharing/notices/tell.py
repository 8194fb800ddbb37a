"""Tells one person one thing, once: what concerns them on a day, not what lasts until somebody mends it."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string

from sharing.models import Grant, Mailbox, Notice, Person, Stewardship, Tenant, User
from sharing.words import visible

from .decide import LONGEST_SUBJECT, one_line
from .recipients import mail_address, person_address

NOBODYS = ("shared", "room", "equipment")  # mailboxes that no person signs in to: their stewards answer for them


def tell(
    *,
    tenant: Tenant,
    kind: str,
    key: str,
    subject: str,
    now: datetime,
    user: User | None = None,
    person: Person | None = None,
    path: str = "",
    facts: dict[str, Any] | None = None,
) -> bool:
    """Mail one person once; False where they were told of `key` already. Safe to repeat, and in a transaction.

    Exactly one of `user` and `person`; raises ValueError otherwise. The text is mail/<kind>.txt, written with `facts`,
    with `tenant` and `name` (who reads it), and with `link`, the address of `path`. Who has no address gets a notice
    that says why it was not sent.
    """
    if (user is None) == (person is None):
        raise ValueError("one of user and person")
    whom = {"user": user} if user else {"person": person}
    if Notice.objects.filter(key=key, **whom).exists():
        return False
    address, cause = mail_address(user) if user else person_address(person)  # type: ignore[arg-type]
    known = {
        "tenant": one_line(str(tenant)), "name": one_line(str(user or person)), "link": f"{settings.PORTAL_URL}{path}",
    }  # fmt: skip
    body = render_to_string(f"mail/{kind}.txt", {**known, **(facts or {})}).strip() + "\n"
    try:
        with transaction.atomic():
            Notice.objects.create(
                tenant=tenant, kind=kind, key=key, **whom, is_lasting=False, address=address,
                subject=one_line(subject)[:LONGEST_SUBJECT], body=body, made_at=now, cause=cause,
                due_at=now if address else None,
            )  # fmt: skip
    except IntegrityError:  # another worker was first
        return False
    return True


def tell_owner(
    *,
    mailbox: Mailbox,
    kind: str,
    key: str,
    subject: str,
    now: datetime,
    path: str = "",
    facts: dict[str, Any] | None = None,
) -> int:
    """Mail whoever answers for `mailbox`, each once; to how many. `facts` may name the `mailbox` itself.

    Where nobody does, a notice to the mailbox's own account says that nobody could be told.
    """
    said = {"mailbox": visible(str(mailbox.person)), **(facts or {})}
    return sum(
        tell(
            tenant=mailbox.tenant, kind=kind, key=key, subject=subject, now=now, person=person, path=path,
            facts={**said, "is_own": person.pk == mailbox.person_id},
        )
        for person in owners_of(mailbox)
    )  # fmt: skip


def owners_of(mailbox: Mailbox) -> list[Person]:
    """The person whose mailbox it is; else its stewards; else who connected it; else its own account after all."""
    own = mailbox.person
    is_somebodys = mailbox.purpose not in NOBODYS and own.enabled is not False and own.ended_at is None
    if is_somebodys:
        return [own]
    stewards = Stewardship.objects.filter(mailbox=mailbox).values("oid")
    there = Person.objects.filter(tenant=mailbox.tenant_id, ended_at=None).exclude(enabled=False).order_by("pk")
    if found := list(there.filter(oid__in=stewards)):
        return found
    lenders = Grant.objects.filter(mailbox=mailbox, state=Grant.CONNECTED, user__tenant=mailbox.tenant_id)
    return list(there.filter(oid__in=lenders.values("user__oid"))) or [own]
