"""A sharee says "I should not have this": nothing changes at Microsoft until the owner decides."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from sharing.models import AuditEvent, CalendarPermission, Objection, User

from .refusals import AlreadyGone, NothingToDo, NotNow

LONGEST_NOTE = 500


def object_to(*, permission: CalendarPermission, note: str, by: User, now: datetime) -> Objection:
    """Write down that `by` thinks they should not have `permission`, which is theirs.

    Raises NotNow("not_allowed") where it is not, AlreadyGone, and NothingToDo where they said so already.
    """
    row = CalendarPermission.objects.select_related("grantee", "calendar", "tenant", "mailbox").get(pk=permission.pk)
    if row.ended_at is not None:
        raise AlreadyGone
    holder = row.grantee
    if holder is None or holder.oid != by.oid or holder.tenant_id != by.tenant_id or not by.is_active:
        raise NotNow("not_allowed")
    try:
        with transaction.atomic():
            objection = Objection.objects.create(
                tenant=row.tenant, permission=row, by=by, note=" ".join(note.split())[:LONGEST_NOTE], made_at=now
            )
            _record(objection, "objection.made", by, now)
    except IntegrityError as error:
        raise NothingToDo from error
    return objection


def answer_objection(*, objection: Objection, by: User, now: datetime) -> None:
    """The owner keeps the access as it is. Raises NothingToDo where it was answered. Authority is the caller's."""
    with transaction.atomic():
        if not Objection.objects.filter(pk=objection.pk, answered_at=None).update(answered_by=by, answered_at=now):
            raise NothingToDo
        _record(objection, "objection.answered", by, now)


def close_objections(now: datetime) -> int:
    """Objections whose access ended, or is less by now, are answered by that; how many. Safe to repeat."""
    is_over = Q(permission__ended_at__isnull=False) | Q(permission__calendar__ended_at__isnull=False)
    rows = Objection.objects.filter(is_over, answered_at=None).values_list("pk", flat=True)
    return Objection.objects.filter(pk__in=list(rows[:500]), answered_at=None).update(answered_at=now)


def _record(objection: Objection, verb: str, actor: User, now: datetime) -> None:
    row = objection.permission
    AuditEvent.objects.record(
        now=now, verb=verb, tenant=objection.tenant, actor=actor,
        subject={
            "objection": objection.public_id, "mailbox": row.mailbox.public_id, "calendar": row.calendar.public_id,
            "permission": row.pk,
        },
    )  # fmt: skip
