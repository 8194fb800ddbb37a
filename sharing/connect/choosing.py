"""What an admin chooses for a tenant before its administrator is asked: which one, how, and who is read."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from sharing import graph
from sharing.graph import discovery
from sharing.models import BOOKER, READER, WRITER, ActivationLink, AuditEvent, GroupLimit, Tenant, User

from . import calls, clients, links, proof, tenants
from .sentences import NotConnected, sentence_for

# What a link asks for; the last two are for registrations of their own.
READ, BOTH, CHANGE, MEETINGS = Tenant.READ, Tenant.BOTH, "change", "meetings"
_APPS = {CHANGE: WRITER, MEETINGS: BOOKER}
CHANGED = "choices_changed"  # why a link was revoked


class AlreadyConnected(Exception):
    """The tenant is connected, or was and lost its access: its choices are changed on its own pages."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__(str(tenant))
        self.tenant = tenant


def has_second() -> bool:
    """Whether a second registration, for changes, is set up."""
    return bool(clients.client_id_of(WRITER))


def may_ask(tenant: Tenant) -> list[str]:
    """What a link may ask for here: what has a registration of its own needs that, and a tenant that is read."""
    others = [asks for asks, app in _APPS.items() if clients.client_id_of(app)]
    return [READ, BOTH, *(others if tenant.is_read else [])]


def permissions_for(asks: str) -> list[str]:
    """Microsoft's names of what is asked for; where both are, the wider permission stands for the narrower one."""
    writing = [need.role for need in proof.WRITES]
    if asks == MEETINGS:
        return [need.role for need in proof.MEETINGS]
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


def choose(
    *, tid: str, name: str, mode: str, scope: str, actor: User, now: datetime, asks: str = READ
) -> Tenant:  # fmt: skip
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
        _save(tenant, {"mode": mode, "scope": scope, "asks": asks, "name": name}, since, actor, now)
    tenant.refresh_from_db()
    return tenant


def change(
    *, tenant: Tenant, name: str, mode: str, scope: str, asks: str, actor: User, now: datetime
) -> int:  # fmt: skip
    """Other choices for a tenant that is listed and not connected; how many open links they ended.

    A new name alone ends none. Safe to repeat. Raises AlreadyConnected where somebody confirmed it meanwhile.
    """
    with transaction.atomic():
        return _save(tenant, {"mode": mode, "scope": scope, "asks": asks, "name": name}, tenant.state_since, actor, now)


def make_link(*, tenant: Tenant, asks: str, actor: User, now: datetime) -> tuple[ActivationLink, str]:
    """A new link for what is asked, which is remembered as the tenant's choice; and its token."""
    with transaction.atomic():
        if asks not in _APPS:
            Tenant.objects.filter(pk=tenant.pk).update(asks=asks)
        return links.make_link(
            tenant=tenant, permissions=permissions_for(asks), actor=actor, now=now,
            app=_APPS.get(asks, READER),
        )  # fmt: skip


def _save(tenant: Tenant, chosen: dict[str, str], since: datetime, actor: User, now: datetime) -> int:
    """Keep what was chosen, and revoke links that tell something else. Raises AlreadyConnected."""
    # Writing the event takes the chain's row, so that two admins, or one who confirms, come one after the other.
    asked = "/".join(chosen[name] for name in ("mode", "scope", "asks"))
    before = f"{tenant.mode}/{tenant.scope}/{tenant.asks}"
    AuditEvent.objects.record(now=now, verb="tenant.chosen", tenant=tenant, actor=actor, before=before, after=asked)
    tenant.refresh_from_db(fields=["mode", "scope", "asks"])
    ended = 0
    if asked != f"{tenant.mode}/{tenant.scope}/{tenant.asks}":
        for link in ActivationLink.objects.filter(tenant=tenant, state__in=ActivationLink.OPEN):
            ended += links.revoke_link(link=link, actor=actor, now=now, cause=CHANGED)
    if chosen["scope"] != Tenant.GROUP:
        GroupLimit.objects.filter(tenant=tenant).delete()  # declared under a choice of before
    # Whoever confirms it at the same moment wins.
    free = Tenant.objects.filter(pk=tenant.pk).exclude(state__in=(Tenant.CONNECTED, Tenant.LOST))
    if not free.update(state=Tenant.LISTED, cause="", state_since=since, **chosen):
        raise AlreadyConnected(tenant)
    return ended
