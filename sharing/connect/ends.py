"""How connections end: one mailbox, by its person or an admin; a whole organization, with or without its mirror."""

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Model, Q

from sharing.models import (
    ActivationLink,
    AuditEvent,
    AuditQuery,
    BatchItem,
    Booking,
    Calendar,
    CalendarPermission,
    CallCount,
    Change,
    ChangeBatch,
    Cover,
    DeliveryPeriod,
    Deputy,
    EndDate,
    ExchangeSnapshot,
    FederationPlan,
    Grant,
    GroupLimit,
    GroupMember,
    Invitation,
    Mailbox,
    Notice,
    Objection,
    OrganizationRelationship,
    OutsideAct,
    Partner,
    PastValues,
    PermissionPeriod,
    Person,
    PersonAddress,
    PolicyAssignment,
    Probe,
    Proposal,
    PublishedCalendar,
    ShardReading,
    SharingPolicy,
    Stewardship,
    SyncRun,
    SyncShard,
    Tenant,
    User,
    Volunteer,
    keep_mailboxes,
)
from sharing.words.powershell import literal

from . import clients, grants, links

DISCONNECTED, ERASING, ERASED = "disconnected", "erasing", "erased"
AT_ONCE = 500  # rows in one statement
BATCH = 20_000  # rows in one transaction
_WAITS_FOR_SCOPE = {Tenant.GROUP: "outside_group", Tenant.PEOPLE: "not_matched"}


class DisconnectLocked(Exception):
    """The tenant does not let its people disconnect; an admin of it can."""


class NotThatWay(Exception):
    """Nothing to disconnect or to connect again: another state, or what reads it was lent and is given back instead."""


# One mailbox ---------------------------------------------------------------------------------------------


def disconnect_mailbox(*, mailbox: Mailbox, actor: User, now: datetime, is_admin: bool = False) -> None:
    """The app reads this mailbox no more; what it held ends here as out of scope. Nothing changes at Microsoft.

    Raises DisconnectLocked where people may not, and NotThatWay where the app does not read it.
    """
    if not is_admin and not Tenant.objects.filter(pk=mailbox.tenant_id, people_may_disconnect=True).exists():
        raise DisconnectLocked
    # It stays due until `mirror.end_disconnected` has ended its rows. The raised version is the fence of readers.
    rows = Mailbox.objects.filter(pk=mailbox.pk, shard__grant=None).covered()
    with transaction.atomic():
        keep_mailboxes(rows, now=now)
        if not rows.update(
            state=Mailbox.EXCLUDED, cause=DISCONNECTED, state_since=now, disconnected_at=now, due_at=now, digest="",
            version=F("version") + 1,
        ):  # fmt: skip
            raise NotThatWay
        Volunteer.objects.filter(mailbox=mailbox).delete()
        _record("mailbox.disconnected", mailbox, actor, now, "admin" if is_admin else "person")


def reconnect_mailbox(*, mailbox: Mailbox, actor: User, now: datetime, is_admin: bool = False) -> None:
    """The app reads it again, where the tenant's choice of who is read names its person. Raises NotThatWay."""
    waits_for = _WAITS_FOR_SCOPE.get(mailbox.tenant.scope)
    fields: dict[str, Any] = {"state": Mailbox.NEVER, "cause": "", "due_at": now}
    if waits_for:
        fields = {"cause": waits_for, "due_at": None}
    rows = Mailbox.objects.filter(pk=mailbox.pk, state=Mailbox.EXCLUDED, cause=DISCONNECTED, shard__grant=None)
    lent = Mailbox.objects.filter(pk=mailbox.pk, disconnected_at__isnull=False, shard__grant__isnull=False)
    with transaction.atomic():
        # Its rows are still open where nobody came by to end them: the next reading finds them as they are.
        keep_mailboxes(Mailbox.objects.filter(pk=mailbox.pk), now=now)
        is_back = rows.update(state_since=now, disconnected_at=None, version=F("version") + 1, **fields)
        if not is_back:
            lent.filter(state=Mailbox.EXCLUDED).update(state=Mailbox.NEVER, cause="", state_since=now)
            if not lent.update(disconnected_at=None):
                raise NotThatWay
        if waits_for or not is_back:  # the listing knows who is read by the app
            Tenant.objects.filter(pk=mailbox.tenant_id, state=Tenant.CONNECTED).update(next_hourly_at=now)
        _record("mailbox.reconnected", mailbox, actor, now, "admin" if is_admin else "person")


def _record(verb: str, mailbox: Mailbox, actor: User, now: datetime, by: str) -> None:
    subject = {"mailbox": mailbox.public_id}
    AuditEvent.objects.record(now=now, verb=verb, tenant=mailbox.tenant, actor=actor, subject=subject, outcome=by)


def let_people(*, tenant: Tenant, disconnect: bool, connect_others: bool, actor: User, now: datetime) -> None:
    """What people of the tenant may do about connections themselves.

    Where they may not connect other accounts, those they connected before are disconnected.
    """
    fields = {"people_may_disconnect": disconnect, "people_may_connect_others": connect_others}
    with transaction.atomic():
        Tenant.objects.select_for_update().get(pk=tenant.pk)  # against whoever comes back from Microsoft now
        if Tenant.objects.filter(pk=tenant.pk).exclude(**fields).update(**fields):
            may = [word for word, on in (("disconnect", disconnect), ("connect_others", connect_others)) if on]
            AuditEvent.objects.record(
                now=now, verb="tenant.people_let", tenant=tenant, actor=actor, after=" ".join(may) or "nothing"
            )  # fmt: skip
        if not connect_others:
            grants.disconnect_others(tenant=tenant, now=now, actor=actor)
    tenant.people_may_disconnect, tenant.people_may_connect_others = disconnect, connect_others


# A whole organization ------------------------------------------------------------------------------------


def disconnect_tenant(*, tenant: Tenant, erase: bool, actor: User, now: datetime) -> None:
    """Read and change nothing in the tenant any more, and keep no token of it; the activity log stays.

    With `erase` its mirror is due to be deleted. Stopping runs and cancelling changes is for the caller. The app stays
    approved at Microsoft until somebody there takes it away. Safe to repeat; erasing can be asked for later, too.
    """
    with transaction.atomic():
        locked = Tenant.objects.select_for_update().get(pk=tenant.pk)
        before = f"{locked.state} {locked.cause}".strip()
        if locked.state == Tenant.ENDED and (locked.cause in (ERASING, ERASED) or not erase):
            return
        for link in ActivationLink.objects.filter(tenant=tenant, state__in=ActivationLink.OPEN):
            links.revoke_link(link=link, actor=actor, now=now)
        _end_grants(tenant, actor, now)
        Volunteer.objects.filter(tenant=tenant).delete()
        # A worker that holds a shard or a test of the limit loses its claim.
        SyncShard.objects.filter(tenant=tenant).update(run=None, due_at=None, attempt=F("attempt") + 1)
        GroupLimit.objects.filter(tenant=tenant).update(due_at=None, attempt=F("attempt") + 1)
        Mailbox.objects.filter(tenant=tenant, due_at__isnull=False).update(due_at=None)
        fields: dict[str, Any] = {
            "state": Tenant.ENDED, "cause": ERASING if erase else "", "state_since": now, "writes_on": False,
            "has_writer": False, "has_booker": False, "bookings_on": False, "delta_link": "", "next_full_at": None,
            "next_hourly_at": None,
        }  # fmt: skip
        Tenant.objects.filter(pk=tenant.pk).update(**fields)
        AuditEvent.objects.record(
            now=now, verb="tenant.disconnected", tenant=tenant, actor=actor, before=before[:80],
            after="erase" if erase else "keep",
        )  # fmt: skip
    for name, value in fields.items():
        setattr(tenant, name, value)
    clients.forget_tenant(str(tenant.tid))


def _end_grants(tenant: Tenant, actor: User, now: datetime) -> None:
    """Delete what people lent: for mailboxes of the tenant, and what its people lent of accounts elsewhere."""
    lent = Grant.objects.filter(Q(tenant=tenant) | Q(user__tenant=tenant)).select_related("tenant", "user__tenant")
    for grant in lent:
        grants.disconnect(grant=grant, now=now, actor=actor)
        SyncShard.objects.filter(grant=grant).update(grant=None)
        # Nobody disconnected this mailbox for itself: whoever connects the tenant again reads it.
        own = Mailbox.objects.filter(tenant=tenant, person__oid=grant.account_oid, disconnected_at=None)
        own = own.filter(state=Mailbox.EXCLUDED, cause=DISCONNECTED)
        keep_mailboxes(own, now=now)
        own.update(state=Mailbox.NEVER, cause="", due_at=None)
        grant.delete()


def due(now: datetime):
    """Tenants whose mirror is being erased."""
    return Tenant.objects.filter(state=Tenant.ENDED, cause=ERASING)


def erase_some(*, tenant: Tenant, now: datetime) -> bool:
    """Delete at most BATCH rows of the mirror and write down how many of what; True once nothing is left.

    Counts and deletions are one transaction, so the sum of the events is what was deleted, however often it broke off.
    """
    with transaction.atomic():
        locked = Tenant.objects.select_for_update().filter(pk=tenant.pk, state=Tenant.ENDED, cause=ERASING).first()
        if locked is None:
            return True
        counts: dict[str, int] = {}
        for model, rows in mirror_of(locked):
            while (left := BATCH - sum(counts.values())) > 0:
                if not (count := delete_some(model, rows, min(AT_ONCE, left))):
                    break
                counts[model.__name__] = counts.get(model.__name__, 0) + count
        is_done = sum(counts.values()) < BATCH
        if counts:
            AuditEvent.objects.record(now=now, verb="mirror.erased", tenant=locked, subject=counts)
        if is_done:
            Tenant.objects.filter(pk=locked.pk).update(cause=ERASED, state_since=now, delta_link="")
            AuditEvent.objects.record(now=now, verb="tenant.erased", tenant=locked)
    return is_done


def mirror_of(tenant: Tenant) -> list[tuple[type[Model], Any]]:
    """Everything that was read or counted, what points before what is pointed at."""
    mine = {"tenant": tenant}
    return [
        (Notice, Notice.objects.filter(Q(**mine) | Q(person__tenant=tenant))),
        (PermissionPeriod, PermissionPeriod.objects.filter(**mine)),
        (DeliveryPeriod, DeliveryPeriod.objects.filter(**mine)),
        (PastValues, PastValues.objects.filter(**mine)),
        (ShardReading, ShardReading.objects.filter(**mine)),
        (Proposal, Proposal.objects.filter(**mine)),
        (Objection, Objection.objects.filter(**mine)),
        (BatchItem, BatchItem.objects.filter(**mine)),
        (ChangeBatch, ChangeBatch.objects.filter(**mine)),
        (Cover, Cover.objects.filter(**mine)),
        (EndDate, EndDate.objects.filter(**mine)),
        (Deputy, Deputy.objects.filter(**mine)),
        (OutsideAct, OutsideAct.objects.filter(**mine)),
        (AuditQuery, AuditQuery.objects.filter(**mine)),
        *_of_partners(mine),
        # A change points at its permission, and the permission at the change that made it what it is.
        (Change, Change.objects.filter(**mine)),
        (CalendarPermission, CalendarPermission.objects.filter(**mine)),
        (Calendar, Calendar.objects.filter(**mine)),
        (Stewardship, Stewardship.objects.filter(mailbox__tenant=tenant)),
        (Mailbox, Mailbox.objects.filter(**mine)),
        (Invitation, Invitation.objects.filter(**mine)),
        (GroupMember, GroupMember.objects.filter(**mine)),
        (GroupLimit, GroupLimit.objects.filter(**mine)),
        (PersonAddress, PersonAddress.objects.filter(**mine)),
        (Person, Person.objects.filter(**mine)),
        (SyncShard, SyncShard.objects.filter(**mine)),
        (SyncRun, SyncRun.objects.filter(**mine)),
        (CallCount, CallCount.objects.filter(**mine)),
    ]


def _of_partners(mine: dict[str, Tenant]) -> list[tuple[type[Model], Any]]:
    """What Exchange said, what was planned from it and tried, and meetings that were booked here."""
    models: list[type[Model]] = [
        Booking, Probe, Volunteer, FederationPlan, Partner, PublishedCalendar, PolicyAssignment, SharingPolicy,
        OrganizationRelationship, ExchangeSnapshot,
    ]  # fmt: skip
    return [(model, model._default_manager.filter(**mine)) for model in models]


def delete_some(model: type[Model], rows: Any, most: int) -> int:
    """Delete at most so many of `rows`, in the caller's transaction; how many they were."""
    pks = list(rows.order_by("-pk").values_list("pk", flat=True)[:most])
    if model is Change:
        CalendarPermission.objects.filter(change__in=pks).update(change=None)
    mine = model._default_manager.filter(pk__in=pks)
    # A run accepts an older one, a change undoes or follows one: newest first, and together let go of each other.
    if own := [field.name for field in model._meta.concrete_fields if field.related_model is model]:
        mine.update(**dict.fromkeys(own))
    mine.delete()
    return len(pks)


def removal_script(app_ids: list[str]) -> str:
    """PowerShell that takes the app out of the organization, for one of its administrators to run."""
    lines = [
        "# Removes the app from your organization. Run as Cloud Application Administrator or higher.",
        "Connect-MgGraph -Scopes Application.ReadWrite.All",
    ]
    for app_id in app_ids:
        lines += [
            f"$appId = {literal(str(uuid.UUID(app_id)))}",
            """$sp = Get-MgServicePrincipal -Filter ("appId eq '" + $appId + "'")""",
            "if (@($sp).Count -eq 1) { Remove-MgServicePrincipal -ServicePrincipalId $sp.Id -Confirm }",
        ]
    return "\n".join(lines) + "\n"
