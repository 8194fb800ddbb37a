"""Who may change a mailbox's sharing for its owner: given and ended by the owner, ended by the deputy or IT as well."""

from datetime import datetime

from django.db import IntegrityError, transaction

from sharing import access
from sharing.models import AuditEvent, Deputy, Mailbox, Person, User

from .refusals import AlreadyGone, BadAddress, NothingToDo, NotNow


def give_deputy(*, mailbox: Mailbox, person: Person, lets_grant_private: bool, by: User, now: datetime) -> Deputy:
    """Let `person` act for the owner of `mailbox`, who is, or whose steward is, `by`.

    Raises NotNow (not_allowed, deputies_off), BadAddress for who cannot be one: the owner, a group, somebody outside or
    disabled, and NothingToDo where they are one on these terms already.
    """
    row = Mailbox.objects.select_related("tenant", "person").get(pk=mailbox.pk)
    if not by.is_active or not access.owns(by, row):
        raise NotNow("not_allowed")
    if not row.tenant.deputies_on:
        raise NotNow("deputies_off")
    if person.oid is None or not is_possible(row, person):
        raise BadAddress
    live = Deputy.objects.filter(mailbox=row, oid=person.oid, ended_at=None)
    with transaction.atomic():
        before = live.first()
        if before and before.lets_grant_private == lets_grant_private:
            raise NothingToDo
        if before:
            _end(before, by, now)
        try:
            with transaction.atomic():
                deputy = Deputy.objects.create(
                    tenant=row.tenant, mailbox=row, oid=person.oid, lets_grant_private=lets_grant_private,
                    given_by=by, given_at=now,
                )  # fmt: skip
        except IntegrityError as error:
            raise NothingToDo from error
        _record(deputy, "deputy.given", by, now)
    return deputy


def end_deputy(*, deputy: Deputy, by: User, now: datetime) -> None:
    """End it: the owner, a steward, the deputy, or an operator of the tenant. Raises NotNow, AlreadyGone."""
    row = Deputy.objects.select_related("mailbox__person", "tenant").get(pk=deputy.pk)
    is_theirs = row.oid == by.oid and row.tenant_id == by.tenant_id
    if not by.is_active or not (is_theirs or access.owns(by, row.mailbox) or access.operates(by, row.tenant)):
        raise NotNow("not_allowed")
    with transaction.atomic():
        _end(row, by, now)


def is_possible(mailbox: Mailbox, person: Person) -> bool:
    """Can this person be a deputy there: a user of the same directory, not gone, not the owner?"""
    is_user = person.kind == Person.USER and person.oid is not None and person.tenant_id == mailbox.tenant_id
    return is_user and person.enabled is not False and person.ended_at is None and person.pk != mailbox.person_id


def acts(mailbox: Mailbox, person: Person, *, lets_grant_private: bool) -> bool:
    """Is this person a deputy there already, on these terms?"""
    if person.oid is None:
        return False
    live = Deputy.objects.filter(mailbox=mailbox, oid=person.oid, ended_at=None)
    return live.filter(lets_grant_private=lets_grant_private).exists()


def _end(deputy: Deputy, by: User, now: datetime) -> None:
    if not Deputy.objects.filter(pk=deputy.pk, ended_at=None).update(ended_at=now, ended_by=by):
        raise AlreadyGone
    _record(deputy, "deputy.ended", by, now)


def _record(deputy: Deputy, verb: str, actor: User, now: datetime) -> None:
    subject = {"deputy": deputy.public_id, "mailbox": deputy.mailbox.public_id, "oid": str(deputy.oid)}
    after = "with private events" if deputy.lets_grant_private and verb == "deputy.given" else ""
    AuditEvent.objects.record(
        now=now, verb=verb, tenant=deputy.tenant, actor=actor, subject=subject, after=after
    )  # fmt: skip
