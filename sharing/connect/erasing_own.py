"""Erases what was read of a mailbox that its person lent in a tenant nobody listed, once they took it back."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, Model, OuterRef, Q

from sharing.models import (
    AuditEvent,
    BatchItem,
    Booking,
    Calendar,
    CalendarPermission,
    Change,
    ChangeBatch,
    Cover,
    DeliveryPeriod,
    Deputy,
    EndDate,
    Grant,
    Mailbox,
    Notice,
    Objection,
    OutsideAct,
    PastValues,
    PermissionPeriod,
    Person,
    PolicyAssignment,
    Probe,
    Proposal,
    PublishedCalendar,
    ShardReading,
    Stewardship,
    SyncShard,
    Tenant,
    User,
    Volunteer,
)

from . import ends, grants

ERASING = "erasing"


class NotErasable(Exception):
    """It is connected, or its organization is listed here: then the mirror is the organization's."""


def may_be_erased(grant: Grant) -> bool:
    """Is it given back, or lost, in a tenant that is known only because of what people lent?"""
    return grant.tenant.state == Tenant.PRIVATE and grant.state == Grant.LOST


def ask(*, grant: Grant, actor: User, now: datetime) -> None:
    """Have everything deleted that was read of this mailbox; the activity log stays. Safe to repeat.

    Raises NotErasable. Who connects it again before a worker comes has nothing erased.
    """
    lost = Grant.objects.filter(pk=grant.pk, state=Grant.LOST, tenant__state=Tenant.PRIVATE)
    with transaction.atomic():
        if not lost.exclude(cause=ERASING).update(cause=ERASING, state_since=now):
            if lost.exists():
                return
            raise NotErasable
        AuditEvent.objects.record(
            now=now, verb="grant.erase_asked", tenant=grant.user.tenant, actor=actor, subject={"grant": grant.public_id}
        )  # fmt: skip


def due(now: datetime):
    """Connections whose mailbox is to be erased."""
    return Grant.objects.filter(state=Grant.LOST, cause=ERASING, tenant__state=Tenant.PRIVATE)


def erase(*, pk: int, now: datetime) -> bool:
    """Delete what was read through one connection, and the connection; False where there is nothing to do.

    One transaction: it is one mailbox. What another person lent of the same tenant stays, down to the names in it.
    """
    with transaction.atomic():
        grant = due(now).select_for_update(of=("self",)).select_related("user__tenant", "tenant").filter(pk=pk).first()
        if grant is None:
            return False
        counts: dict[str, int] = {}
        SyncShard.objects.filter(grant=grant).update(due_at=None, attempt=F("attempt") + 1)  # the fence of a reader
        others = Grant.objects.filter(tenant=grant.tenant).exclude(pk=grant.pk)
        if grant.mailbox_id and not others.filter(mailbox=grant.mailbox_id, state=Grant.CONNECTED).exists():
            others.filter(mailbox=grant.mailbox_id).update(mailbox=None)
            person = Mailbox.objects.filter(pk=grant.mailbox_id).values_list("person", flat=True)[0]
            Grant.objects.filter(pk=grant.pk).update(mailbox=None)
            _delete_all(_of_mailbox(grant.mailbox_id), counts)
            _delete_all([(Person, _unnamed(person))], counts)
        shard = SyncShard.objects.filter(grant=grant, mailboxes=None)
        _delete_all([(ShardReading, ShardReading.objects.filter(shard__in=shard)), (SyncShard, shard)], counts)
        SyncShard.objects.filter(grant=grant).update(grant=None)
        Grant.objects.filter(pk=grant.pk).delete()
        if not others.exists() and not Mailbox.objects.filter(tenant=grant.tenant).exists():
            _delete_all(ends.mirror_of(grant.tenant), counts)
            Tenant.objects.filter(pk=grant.tenant_id, state=Tenant.PRIVATE).update(name="", domains=[])
        AuditEvent.objects.record(
            now=now, verb="grant.erased", tenant=grant.user.tenant, subject={"grant": grant.public_id, **counts}
        )  # fmt: skip
    grants.forget(grant.pk)
    return True


def _of_mailbox(pk: int) -> list[tuple[type[Model], Any]]:
    """Everything that was read, planned or done in one mailbox, what points before what is pointed at."""
    mine, by_permission = {"mailbox": pk}, {"permission__mailbox": pk}
    of_calendar = Q(calendar__mailbox=pk)
    return [
        (PermissionPeriod, PermissionPeriod.objects.filter(**by_permission)),
        (DeliveryPeriod, DeliveryPeriod.objects.filter(**mine)),
        (PastValues, PastValues.objects.filter(**mine)),
        (Proposal, Proposal.objects.filter(**mine)),
        (Objection, Objection.objects.filter(**by_permission)),
        (BatchItem, BatchItem.objects.filter(Q(**by_permission) | Q(batch__calendar__mailbox=pk))),
        (ChangeBatch, ChangeBatch.objects.filter(of_calendar)),
        (Cover, Cover.objects.filter(**mine)),
        (EndDate, EndDate.objects.filter(**mine)),
        (Deputy, Deputy.objects.filter(**mine)),
        (OutsideAct, OutsideAct.objects.filter(**mine)),
        (Booking, Booking.objects.filter(**mine)),
        (Probe, Probe.objects.filter(**mine)),
        (Volunteer, Volunteer.objects.filter(**mine)),
        (PublishedCalendar, PublishedCalendar.objects.filter(**mine)),
        (PolicyAssignment, PolicyAssignment.objects.filter(**mine)),
        (Change, Change.objects.filter(**mine)),
        (CalendarPermission, CalendarPermission.objects.filter(**mine)),
        (Calendar, Calendar.objects.filter(**mine)),
        (Stewardship, Stewardship.objects.filter(**mine)),
        (Mailbox, Mailbox.objects.filter(pk=pk)),
    ]


def _unnamed(pk: int):
    """The person, unless somebody else's mailbox there names them."""
    named = CalendarPermission.objects.filter(grantee=OuterRef("pk"))
    covers = Cover.objects.filter(person=OuterRef("pk"))
    told = Notice.objects.filter(person=OuterRef("pk"))
    return Person.objects.filter(~Exists(named), ~Exists(covers), ~Exists(told), pk=pk, mailboxes=None)


def _delete_all(rows: list[tuple[type[Model], Any]], counts: dict[str, int]) -> None:
    for model, some in rows:
        while count := ends.delete_some(model, some, ends.AT_ONCE):
            counts[model.__name__] = counts.get(model.__name__, 0) + count
