"""Lists tenants, and switches reading and writing on and off; every step is audited."""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction

from sharing import graph
from sharing.models import WRITER, AuditEvent, GroupLimit, Tenant, User, list_tenant

from . import clients, freezing, limits
from .proof import WRITES, Need, Proof, lacking_for_writes
from .sentences import NotConnected, sentence_for

NIGHTLY_HOUR = 1  # UTC


def checked_id(value: str, *, what: str) -> str:
    """`value` as a GUID in lower case. Raises NotConnected; `what` names it in the sentence."""
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise NotConnected(f"{value!r} is not {what}: it looks like 00000000-0000-0000-0000-000000000000.") from None


def enlist(*, tid: str, now: datetime, by: str, name: str = "") -> Tenant:
    """The tenant, listed from now on: its people may sign in. Safe to repeat.

    Raises NotConnected where this database serves another cloud: sandbox and real tenants never share one.
    """
    cloud = clients.endpoints().cloud.value
    other = Tenant.objects.exclude(cloud=cloud).first()
    if other:
        raise NotConnected(
            f"The database holds tenants of the cloud {other.cloud!r}, but this installation is set to {cloud!r}: "
            "give each cloud its own DATABASE_URL."
        )
    if Tenant.objects.filter(tid=tid, state=Tenant.ENDED, cause="erasing").exists():
        raise NotConnected("What was known of this organization is still being erased. Try again in some minutes.")
    with transaction.atomic():
        # One that is private so far becomes everybody's of that organization, under the choices made for it.
        private = Tenant.objects.filter(tid=tid, state=Tenant.PRIVATE)
        is_new = bool(private.update(state=Tenant.LISTED, state_since=now, mode=Tenant.DOMAIN_WIDE))
        is_new = is_new or not Tenant.objects.filter(tid=tid).exists()
        tenant = list_tenant(tid=tid, now=now, cloud=cloud)
        if name and tenant.name != name:
            tenant.name = name
            tenant.save(update_fields=["name"])
        if is_new:
            AuditEvent.objects.record(now=now, verb="tenant.listed", tenant=tenant, actor_name=by)
    return tenant


def find_person(*, client: graph.Client, oid: str) -> graph.User | None:
    """Somebody of the directory, or None where the directory may not be read. Raises NotConnected for nobody."""
    try:
        return graph.get_user(client, oid)
    except (graph.NotFound, graph.MailboxMissing):
        raise NotConnected(f"Nobody in the tenant has the object id {oid}.") from None
    except graph.Denied:
        return None


def connect(*, tenant: Tenant, proof: Proof, now: datetime, by: str) -> None:
    """Read the tenant from now on: everything at once, then hourly and nightly.

    Raises NotConnected, naming what lacks.
    """
    if proof.missing or proof.organization is None:
        raise NotConnected(
            f"The app may not read in {tenant}: it lacks {listed(proof.missing)}. "
            "An administrator of the tenant must grant and approve that in Entra."
        )
    if not proof.probed and not proof.nobody_to_try:
        raise NotConnected(f"Not one mailbox of {tenant} could be read, so it is not connected.")
    begin_reading(
        tenant=tenant, name=proof.organization.name, domains=list(proof.organization.domains), roles=proof.roles,
        now=now, by=by,
    )  # fmt: skip


def begin_reading(
    *, tenant: Tenant, name: str, domains: list[str], roles: Collection[str] | None, now: datetime, by: str
) -> None:
    """The tenant is connected: read it from now on, under the name and domains that Microsoft gave.

    `roles` is what the token named, None where it could not be looked into.
    """
    was, since = tenant.state, tenant.state_since
    tenant.name, tenant.domains = name[:256], domains
    tenant.state, tenant.cause = Tenant.CONNECTED, ""
    tenant.roles_held, tenant.roles_held_at = None if roles is None else sorted(roles)[:200], now
    tenant.state_since = since if was == Tenant.CONNECTED else now
    if was != Tenant.CONNECTED or tenant.next_full_at is None:
        # A night that is past is made up for at once, and the next one is at its usual hour.
        tenant.next_full_at = last_night(now)
        tenant.next_hourly_at = now
    with transaction.atomic():
        tenant.save(
            update_fields=[
                "name", "domains", "state", "cause", "state_since", "next_full_at", "next_hourly_at", "roles_held",
                "roles_held_at",
            ]
        )  # fmt: skip
        for limit in GroupLimit.objects.filter(tenant=tenant):
            limits.ask(limit=limit, now=now)  # an approval may have brought tenant-wide grants back
        if was != Tenant.CONNECTED:
            AuditEvent.objects.record(
                now=now, verb="tenant.connected", tenant=tenant, actor_name=by, before=was, after=tenant.state
            )


def listed(needs: tuple[Need, ...]) -> str:
    return ", ".join(f"{need.role} ({need.purpose})" for need in needs)


def last_night(now: datetime) -> datetime:
    """The latest nightly hour that is not in the future."""
    night = now.replace(hour=NIGHTLY_HOUR, minute=0, second=0, microsecond=0)
    return night if night <= now else night - timedelta(days=1)


def writes_on(*, tenant: Tenant, proof: Proof, now: datetime, by: str) -> None:
    """Let owners change their sharing, and end a freeze.

    Raises NotConnected where the tenant is not read, was not read whole since it was frozen, or the app may not write.
    """
    if tenant.state != Tenant.CONNECTED:
        raise NotConnected(f"{tenant} is not connected, so nothing can be changed in it.")
    try:
        lacking = lacking_for_writes(tenant, proof)
    except graph.GraphError as error:
        why = sentence_for(error, tid=str(tenant.tid), app=WRITER)
        raise NotConnected(f"Writing stays off in {tenant}. {why}") from None
    if lacking:
        raise NotConnected(f"Writing stays off in {tenant}: the app lacks {listed(lacking)}.")
    freezing.thaw(tenant=tenant, now=now, by=by)
    _switch(tenant, True, now, by)


def let_owners_change(*, tenant: Tenant, on: bool, actor: User, now: datetime) -> None:
    """The switch for writing as a page has it: by what the last token named, without asking Microsoft.

    Raises NotConnected as `writes_on` does, and where no token was seen yet.
    """
    by = actor.username
    if not on:
        writes_off(tenant=tenant, now=now, by=by)
        return
    if tenant.state != Tenant.CONNECTED:
        raise NotConnected(f"{tenant} is not connected, so nothing can be changed in it.")
    if not tenant.has_writer and tenant.scope != Tenant.GROUP:  # a limit in Exchange is not in a token
        if tenant.roles_held is None:
            raise NotConnected("No token was seen yet that names what is held: try again after the next check.")
        lacking = tuple(need for need in WRITES if need.role not in tenant.roles_held)
        if lacking:
            raise NotConnected(
                f"Changing stays off: the app lacks {listed(lacking)}. Make a new link that asks for it."
            )
    freezing.thaw(tenant=tenant, now=now, by=by)
    _switch(tenant, True, now, by)


def use_writer(*, tenant: Tenant, now: datetime, by: str) -> None:
    """Let changes go through the second registration from now on; the switch for writing stays where it is."""
    with transaction.atomic():
        if Tenant.objects.filter(pk=tenant.pk, has_writer=False).update(
            has_writer=True, writer_cause="", writer_cause_at=None
        ):
            AuditEvent.objects.record(now=now, verb="tenant.writer_connected", tenant=tenant, actor_name=by)
    tenant.has_writer = True


def use_booker(*, tenant: Tenant, now: datetime, by: str) -> None:
    """The registration for meetings was approved; the switch stays where it is."""
    with transaction.atomic():
        if Tenant.objects.filter(pk=tenant.pk, has_booker=False).update(
            has_booker=True, booker_cause="", booker_cause_at=None
        ):
            AuditEvent.objects.record(now=now, verb="tenant.booker_connected", tenant=tenant, actor_name=by)
    tenant.has_booker = True


def writes_off(*, tenant: Tenant, now: datetime, by: str) -> None:
    """Change nothing at Microsoft any more; possible at any time, and changes not sent yet are cancelled."""
    _switch(tenant, False, now, by)


def _switch(tenant: Tenant, on: bool, now: datetime, by: str) -> None:
    with transaction.atomic():
        if Tenant.objects.filter(pk=tenant.pk, writes_on=not on).update(writes_on=on):
            verb = "tenant.writes_on" if on else "tenant.writes_off"
            AuditEvent.objects.record(now=now, verb=verb, tenant=tenant, actor_name=by)
    tenant.writes_on = on
