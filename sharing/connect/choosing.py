"""What an admin chooses for a tenant before its administrator is asked: which one, how, and who is read."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from sharing import graph
from sharing.graph import discovery
from sharing.models import WRITER, ActivationLink, AuditEvent, Tenant, User

from . import calls, clients, links, proof, tenants
from .sentences import NotConnected, sentence_for

READ, BOTH, CHANGE = "read", "both", "change"  # what a link asks for; `change` is the second registration's


class AlreadyConnected(Exception):
    """The tenant is connected, or was and lost its access: its choices are changed on its own pages."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__(str(tenant))
        self.tenant = tenant


def has_second() -> bool:
    """Whether a second registration, for changes, is set up."""
    return bool(clients.client_id_of(WRITER))


def may_ask(tenant: Tenant) -> list[str]:
    """What a link may ask for in this tenant: changing alone needs a second registration, and a tenant that is read."""
    return [READ, BOTH, CHANGE] if has_second() and tenant.is_read else [READ, BOTH]


def permissions_for(asks: str) -> list[str]:
    """Microsoft's names of what is asked for; where both are, the wider permission stands for the narrower one."""
    writing = [need.role for need in proof.WRITES]
    if asks == CHANGE:
        return writing
    if asks == READ:
        return [need.role for need in proof.READS]
    return [need.role for need in proof.READS if set(writing).isdisjoint(need.within)] + writing


def compare(asked: Collection[str], held: Collection[str]) -> tuple[list[str], list[str]]:
    """Which of the asked permissions are not held, not even within a wider one; and what is held beyond them."""
    wider = {need.role: {need.role, *need.within} for need in proof.READS}
    missing = [role for role in asked if wider.get(role, {role}).isdisjoint(held)]
    return missing, sorted(set(held) - set(asked))


def find_tenant(name: str) -> str:
    """The id of the tenant with this id or verified domain, asked of Microsoft. Raises NotConnected with a sentence."""
    try:
        where = clients.endpoints()
        tid = discovery.find_tenant(name, endpoints=where, session=clients.session_for(where))
        calls.take(tid)
        return tid
    except graph.TenantNotFound as error:
        if error.cause == "not_a_name":
            raise NotConnected("Give a tenant id or one of the organization’s domains, such as contoso.com.") from None
        if error.cause == "other_cloud":
            raise NotConnected("This organization is in another Microsoft cloud than this portal.") from None
        raise NotConnected("Microsoft knows no organization with this id or domain.") from None
    except (graph.ConfigurationRefused, graph.GraphError) as error:
        raise NotConnected(sentence_for(error)) from None


def choose(*, tid: str, name: str, mode: str, scope: str, actor: User, now: datetime) -> Tenant:
    """The tenant, listed with these choices; nothing is asked of Microsoft yet. Safe to repeat until it is connected.

    Other choices than those an open link tells end that link. Raises AlreadyConnected, and NotConnected where this
    database serves another cloud.
    """
    if known := Tenant.objects.filter(tid=tid, state__in=(Tenant.CONNECTED, Tenant.LOST)).first():
        raise AlreadyConnected(known)
    with transaction.atomic():
        tenant = tenants.enlist(tid=tid, now=now, by=actor.username, name=name)
        was, since = tenant.state, tenant.state_since
        if was != Tenant.LISTED:
            since = now
            AuditEvent.objects.record(
                now=now, verb="tenant.listed", tenant=tenant, actor=actor, before=was, after=Tenant.LISTED
            )
        before, after = f"{tenant.mode}/{tenant.scope}", f"{mode}/{scope}"
        AuditEvent.objects.record(
            now=now, verb="tenant.chosen", tenant=tenant, actor=actor, before=before, after=after
        )  # fmt: skip
        if before != after:
            for link in ActivationLink.objects.filter(tenant=tenant, state__in=ActivationLink.OPEN):
                links.revoke_link(link=link, actor=actor, now=now)
        # Whoever confirms it at the same moment wins.
        free = Tenant.objects.filter(pk=tenant.pk).exclude(state__in=(Tenant.CONNECTED, Tenant.LOST))
        if not free.update(state=Tenant.LISTED, cause="", state_since=since, mode=mode, scope=scope):
            raise AlreadyConnected(tenant)
    tenant.refresh_from_db()
    return tenant
