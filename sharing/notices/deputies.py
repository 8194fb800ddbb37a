"""Tells owners and deputies that somebody acts for somebody, or no longer does."""

from datetime import datetime

from django.urls import reverse

from sharing import access, words
from sharing.models import Deputy, Person, User

from .ends import whose_of
from .tell import tell, tell_owner


def tell_of_deputy(deputy: Deputy, now: datetime) -> None:
    """The deputy is told for whom they act now. Safe to repeat."""
    _tell_deputy(deputy, "deputy_given", "now act", now)


def tell_of_deputy_ended(deputy: Deputy, by: User, now: datetime) -> None:
    """Each of owner and deputy is told where it was not they who ended it. Safe to repeat."""
    if (deputy.oid, deputy.tenant_id) == (by.oid, by.tenant_id):
        _tell_owner(deputy, "deputy_left", by, now)
        return
    _tell_deputy(deputy, "deputy_ended", "no longer act", now)
    if not access.owns(by, deputy.mailbox):
        _tell_owner(deputy, "deputy_taken", by, now)


def _tell_deputy(deputy: Deputy, kind: str, verb: str, now: datetime) -> None:
    person = _person(deputy)
    if person is None:
        return
    owner = words.visible(str(deputy.mailbox.person))
    tell(
        tenant=deputy.tenant, person=person, kind=kind, key=f"{kind}:{deputy.public_id}", now=now,
        subject=f"You {verb} for {owner}", path=reverse("for_others"),
        facts={"owner": owner, "private": deputy.lets_grant_private},
    )  # fmt: skip


def _tell_owner(deputy: Deputy, kind: str, by: User, now: datetime) -> None:
    person = _person(deputy)
    who = words.visible(str(person)) if person else words.GONE
    owner = whose_of(deputy.mailbox).name or "you"
    tell_owner(
        mailbox=deputy.mailbox, kind=kind, key=f"{kind}:{deputy.public_id}", now=now,
        subject=f"{who} no longer acts for {owner}", path=reverse("deputies"),
        facts={"who": who, "by": words.visible(str(by))},
    )  # fmt: skip


def _person(deputy: Deputy) -> Person | None:
    return Person.objects.filter(tenant=deputy.tenant_id, oid=deputy.oid).first()
