"""Which permissions are held in a tenant, beside what is needed for what it is connected for."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sharing import graph
from sharing.models import BOOKER, READER, WRITER, ActivationLink, Grant, Tenant

from . import clients, proof

HELD, PART, LACKING, OPTIONAL, BY_GROUP = "held", "part", "lacking", "optional", "by_group"
UNUSED, EXCESS = "unused", "excess"
LIMIT = proof.Need("Application.Read.All", "what a limit to a group is tested with", False)
_IN_EXCHANGE = frozenset(each.role for each in (proof.CALENDARS, proof.SETTINGS, *proof.WRITES))


@dataclass(frozen=True, slots=True)
class Standing:
    """One permission: `state` is one of the words above, `within` the wider one that a part is held by."""

    role: str
    state: str
    purpose: str = ""
    within: str = ""


def note_roles(*, tenant: Tenant, client: graph.Client, now: datetime) -> None:
    """Remember what the token names that `client` holds anyway; asks Microsoft nothing while it lives."""
    roles = client.roles()
    Tenant.objects.filter(pk=tenant.pk).update(
        roles_held=None if roles is None else sorted(roles)[:200], roles_held_at=now
    )


def note_others(*, tenant: Tenant, now: datetime) -> None:
    """Ask for a token of each further registration that this tenant has, and remember why there was none.

    No change need fail to tell. Trouble of the network changes nothing that is known. Safe to repeat.
    """
    for app in (WRITER, BOOKER):
        if getattr(tenant, f"has_{app}"):
            _note_other(tenant, app, now)


def _note_other(tenant: Tenant, app: str, now: datetime) -> None:
    cause = ""
    try:
        clients.client_of(tenant, app=app).renew()
    except (graph.Unreachable, graph.Throttled, graph.Malformed):
        return
    except graph.GraphError as error:
        cause = error.cause[:80] or error.word
    rows = Tenant.objects.filter(pk=tenant.pk)
    name, at = f"{app}_cause", f"{app}_cause_at"
    if not cause:
        rows.exclude(**{name: ""}).update(**{name: "", at: None})
    elif not rows.filter(**{name: ""}).update(**{name: cause, at: now}):
        rows.exclude(**{name: cause}).update(**{name: cause})


def held_in(tenant: Tenant) -> tuple[list[str] | None, datetime | None]:
    """What the reading app held, and as of when; None where no token could be looked into."""
    return tenant.roles_held, tenant.roles_held_at


def held_by_other(tenant: Tenant, app: str) -> tuple[list[str], datetime] | None:
    """What a further registration held when it was approved; None where the tenant has none."""
    link = ActivationLink.objects.filter(tenant=tenant, app=app, state=ActivationLink.CONFIRMED)
    newest = link.order_by("-state_since").first() if getattr(tenant, f"has_{app}") else None
    return (list(newest.organization.get("roles", [])), newest.state_since) if newest else None


def lent_in(tenant: Tenant, app: str = READER) -> dict[str, int]:
    """How many people lent which delegated permission for their own mailbox to this registration."""
    counts: dict[str, int] = {}
    lent = Grant.objects.filter(tenant=tenant, app=app, state=Grant.CONNECTED)
    for scopes in lent.values_list("scopes", flat=True):
        for scope in scopes:
            counts[scope] = counts.get(scope, 0) + 1
    return dict(sorted(counts.items()))


def standings(tenant: Tenant, held: Collection[str]) -> list[Standing]:
    """Every permission that is held or of use in this tenant, needed ones first."""
    is_limited = tenant.scope == Tenant.GROUP
    writes_here = tenant.writes_on and not tenant.has_writer
    needs: Iterable[proof.Need] = (
        *proof.READS, proof.AUDIT_LOG, *(proof.WRITES if writes_here else ()), *((LIMIT,) if is_limited else ())
    )  # fmt: skip
    found = [_standing(need, held, is_limited) for need in needs]
    told = {each.role for each in found} | {each.within for each in found}
    # A wider permission that stands for a narrower one is listed once more, as itself, where it is of no use otherwise.
    writes = {need.role: need.purpose for need in proof.WRITES}
    for role in sorted(held):
        if role in writes and not writes_here:
            found.append(Standing(role, UNUSED, writes[role]))
        elif role not in told and not (role == LIMIT.role and is_limited):
            found.append(Standing(role, EXCESS))
    return found


def _standing(need: proof.Need, held: Collection[str], is_limited: bool) -> Standing:
    if need.role in held:
        return Standing(need.role, HELD, need.purpose)
    wider = next((role for role in need.within if role in held), "")
    if wider:
        return Standing(need.role, PART, need.purpose, wider)
    if is_limited and need.role in _IN_EXCHANGE:
        return Standing(need.role, BY_GROUP, need.purpose)
    return Standing(need.role, LACKING if need.is_required else OPTIONAL, need.purpose)
