"""Who of a tenant is read: everybody, members of one group, or people known here; the others are left out."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from sharing.models import (
    AuditEvent,
    Calendar,
    CalendarPermission,
    GroupLimit,
    GroupMember,
    Invitation,
    Mailbox,
    MailboxQuerySet,
    PermissionPeriod,
    Person,
    PersonAddress,
    Tenant,
    User,
    keep_mailboxes,
)

from .known import load_calendars
from .rows import chunks, moment, update_rows
from .write import Entry, write_periods

# Causes of `excluded`: not in the group, nobody's account here, its person wanted it so.
OUTSIDE_GROUP, NOT_MATCHED, DISCONNECTED = "outside_group", "not_matched", "disconnected"
_BY_SCOPE = {Tenant.GROUP: OUTSIDE_GROUP, Tenant.PEOPLE: NOT_MATCHED}


def is_unknown(tenant: Tenant) -> bool:
    """A group limits the tenant and nobody has listed its members yet: then no mailbox is read, and none ends."""
    return tenant.scope == Tenant.GROUP and not _read_limits(tenant).exists()


def _read_limits(tenant: Tenant):
    return GroupLimit.objects.filter(tenant=tenant, members_read_at__isnull=False)


def inside(tenant: Tenant) -> Q:
    """The condition on mailboxes of `tenant` that are to be read."""
    if tenant.scope == Tenant.GROUP:
        members = GroupMember.objects.filter(limit__in=_read_limits(tenant).values("pk"))
        return Q(person__oid__in=members.values("oid"))
    if tenant.scope == Tenant.PEOPLE:
        return Q(person__oid__in=accounts(tenant).values("oid")) | Q(person__in=_matched(tenant).values("person"))
    return Q()


def accounts(tenant: Tenant):
    """People of the tenant who have an account here that is not switched off."""
    return User.objects.filter(tenant=tenant, is_active=True)


def _matched(tenant: Tenant):
    return Invitation.objects.filter(tenant=tenant, state=Invitation.MATCHED, person__isnull=False)


def apply_scope(*, tenant: Tenant, now: datetime) -> None:
    """Leave out whom the tenant's choice does not name, and take back whom it names again. Safe to repeat.

    What people lent of their own mailbox is theirs and not looked at.
    """
    if is_unknown(tenant):
        return
    cause = _BY_SCOPE.get(tenant.scope, "")
    mine = Mailbox.objects.filter(tenant=tenant, shard__grant=None)
    left_out = mine.filter(state=Mailbox.EXCLUDED, cause__in=_BY_SCOPE.values())
    with transaction.atomic():
        back = left_out.filter(inside(tenant), disconnected_at=None, person__ended_at=None)
        keep_mailboxes(back, now=now)
        taken = back.update(
            state=Mailbox.NEVER, cause="", state_since=now, due_at=now, version=F("version") + 1
        )  # fmt: skip
        gone = 0
        if cause:
            keep_mailboxes(left_out.exclude(cause=cause), now=now)
            left_out.exclude(cause=cause).update(cause=cause)
            gone = leave_out(mailboxes=mine.exclude(inside(tenant)), tenant=tenant, cause=cause, now=now)
        if taken or gone:
            AuditEvent.objects.record(
                now=now, verb="scope.applied", tenant=tenant, after=tenant.scope,
                subject={"taken_in": taken, "left_out": gone},
            )  # fmt: skip


def leave_out(*, mailboxes: MailboxQuerySet, tenant: Tenant, cause: str, now: datetime) -> int:
    """Read these mailboxes no more, and end what they held as out of scope: how many they were. Safe to repeat.

    A worker that is reading one loses its fence.
    """
    pks = list(mailboxes.filter(tenant=tenant).covered().order_by("pk").values_list("pk", flat=True))
    for chunk in chunks(pks):
        with transaction.atomic():
            keep_mailboxes(Mailbox.objects.filter(pk__in=chunk), now=now)
            Mailbox.objects.filter(pk__in=chunk).update(
                state=Mailbox.EXCLUDED, cause=cause, state_since=now, due_at=None, digest="", version=F("version") + 1
            )
            end_rows(mailboxes=chunk, tenant=tenant, now=now)
    return len(pks)


def end_rows(*, mailboxes: Iterable[int], tenant: Tenant, now: datetime) -> None:
    """End every open row of these mailboxes as out of scope: nobody took it away, it is only known no more."""
    past = []
    for pk, calendars in load_calendars(list(mailboxes)).items():
        for calendar in calendars.values():
            entry = Entry(pk, calendar.id, "", calendar.read_at)
            past += [
                (row, entry, PermissionPeriod.OUT_OF_SCOPE, "") for row in calendar.permissions.values() if row.is_open
            ]
    write_periods(tenant=tenant, past=past, now=now)
    update_rows(CalendarPermission, ("ended_at",), [(moment(now), row.id) for row, *_ in past])
    Calendar.objects.filter(mailbox__in=list(mailboxes), ended_at=None).update(ended_at=now)


def end_disconnected(now: datetime) -> None:
    """End what mailboxes held whose person, or an admin, disconnected them; those are due until that is done."""
    waiting = Mailbox.objects.filter(state=Mailbox.EXCLUDED, cause=DISCONNECTED, due_at__lte=now)
    for mailbox in waiting.select_related("tenant").order_by("pk")[:200]:
        with transaction.atomic():
            if Mailbox.objects.filter(pk=mailbox.pk, version=mailbox.version, due_at=mailbox.due_at).update(
                due_at=None, version=F("version") + 1
            ):
                end_rows(mailboxes=[mailbox.pk], tenant=mailbox.tenant, now=now)


# Invited people ------------------------------------------------------------------------------------------


def match_invitations(*, tenant: Tenant, now: datetime) -> None:
    """Find the one person of the directory behind each invited address. More than one is shown, never guessed.

    Once matched it is that person, whoever gets the address later; when they leave, it ends.
    """
    invitations = Invitation.objects.filter(tenant=tenant)
    left = invitations.filter(state=Invitation.MATCHED, person__ended_at__isnull=False)
    left.update(state=Invitation.ENDED, state_since=now)
    waiting = invitations.filter(state__in=[Invitation.WAITING, Invitation.AMBIGUOUS]).order_by("pk")
    for chunk in chunks(waiting):
        owners = _owners(tenant, [each.address for each in chunk])
        for each in chunk:
            found = owners.get(each.address, set()) if in_domains(tenant, each.address) else set()
            state = Invitation.MATCHED if len(found) == 1 else Invitation.AMBIGUOUS if found else Invitation.WAITING
            if state != each.state:
                person = next(iter(found)) if len(found) == 1 else None
                Invitation.objects.filter(pk=each.pk, state=each.state).update(
                    state=state, person=person, state_since=now
                )


def in_domains(tenant: Tenant, address: str) -> bool:
    """Is it an address within the domains that Microsoft verified for this tenant?"""
    return address.rpartition("@")[2] in tenant.domains


def invited(tenant: Tenant) -> list[str]:
    """Addresses of people who are looked for."""
    waiting = Invitation.objects.filter(tenant=tenant, state__in=[Invitation.WAITING, Invitation.AMBIGUOUS])
    return [a for a in waiting.order_by("pk").values_list("address", flat=True) if in_domains(tenant, a)]


def known_ids(tenant: Tenant) -> set[str]:
    """Object ids of the people who are read where only people known here are."""
    people = Person.objects.filter(pk__in=_matched(tenant).values("person"), oid__isnull=False)
    return {str(oid) for oids in (accounts(tenant), people) for oid in oids.values_list("oid", flat=True)}


def _owners(tenant: Tenant, addresses: list[str]) -> dict[str, set[int]]:
    """Who has each address: people of the organization, not guests, groups or those who left."""
    rows = PersonAddress.objects.filter(tenant=tenant, address__in=addresses, person__kind=Person.USER)
    owners: dict[str, set[int]] = {}
    rows = rows.filter(person__ended_at=None, person__missed_at=None)
    for address, person in rows.values_list("address", "person_id"):
        owners.setdefault(address, set()).add(person)
    return owners
