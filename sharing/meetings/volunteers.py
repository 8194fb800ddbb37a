"""People who lend their mailbox, so that IT can try what partners let us see: each for themselves, until taken back."""

from datetime import datetime

from django.db import transaction

from sharing.models import AuditEvent, Mailbox, Tenant, User, Volunteer


class NotLendable(Exception):
    """It is not the person's own mailbox, or the app does not read it for the whole organization."""


def may_lend(mailbox: Mailbox) -> bool:
    """Does the app read it, in a tenant that it reads as a whole? Where not, nothing is asked from it."""
    tenant, person = mailbox.tenant, mailbox.person
    return (
        tenant.mode == Tenant.DOMAIN_WIDE and tenant.is_read and mailbox.is_read and not mailbox.is_lent
        and mailbox.state not in (Mailbox.EXCLUDED, Mailbox.NO_MAILBOX) and mailbox.disconnected_at is None
        and person.ended_at is None and person.enabled is not False
    )  # fmt: skip


def lend(*, mailbox: Mailbox, actor: User, now: datetime) -> None:
    """`actor` lends their own mailbox. Safe to repeat. Raises NotLendable."""
    if not _is_own(mailbox, actor) or not may_lend(mailbox):
        raise NotLendable
    with transaction.atomic():
        tenant = mailbox.tenant
        _, is_new = Volunteer.objects.get_or_create(mailbox=mailbox, defaults={"tenant": tenant, "since": now})
        if is_new:
            _record("volunteer.lent", mailbox, actor, now)


def take_back(*, mailbox: Mailbox, actor: User, now: datetime) -> None:
    """The loan is over, whatever became of the mailbox meanwhile. Safe to repeat. Raises NotLendable."""
    if not _is_own(mailbox, actor):
        raise NotLendable
    with transaction.atomic():
        count, _ = Volunteer.objects.filter(mailbox=mailbox).delete()
        if count:
            _record("volunteer.ended", mailbox, actor, now)


def _is_own(mailbox: Mailbox, actor: User) -> bool:
    return (mailbox.tenant_id, mailbox.person.oid) == (actor.tenant_id, actor.oid)


def _record(verb: str, mailbox: Mailbox, actor: User, now: datetime) -> None:
    subject = {"mailbox": mailbox.public_id}
    AuditEvent.objects.record(now=now, verb=verb, tenant=mailbox.tenant, actor=actor, subject=subject)
