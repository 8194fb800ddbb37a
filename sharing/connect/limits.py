"""The limit to a security group: declared, its members listed, tested, and lifted."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from sharing import graph
from sharing.graph import groups
from sharing.models import AuditEvent, GroupLimit, GroupMember, Person, Tenant, User
from sharing.words import limits as said
from sharing.words import visible

from .probing import Membership, still_stand, try_both
from .verdicts import PROPAGATION, Verdict

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=3)
MEMBERS_EVERY = timedelta(hours=1)  # who joins the group is read soon
TEST_EVERY = timedelta(days=1)
PENDING_EVERY = timedelta(minutes=15)
AT_ONCE = 500
# What may change by itself soon: these are tested again soon for a day, and then daily like the others.
_MOVING = (GroupLimit.UNTESTED, GroupLimit.PENDING, GroupLimit.NO_ACCESS, GroupLimit.INCONCLUSIVE)
# What must not stay so.
ALARMS = (GroupLimit.NOT_LIMITED, GroupLimit.NO_ACCESS, GroupLimit.INVERTED, GroupLimit.INEFFECTIVE)
# A test that was not made, or did not tell, for so long is told to somebody.
UNTOLD = timedelta(days=3)
NOT_TESTED = "not_tested"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a limit: one of ALARMS or NOT_TESTED, and since when."""

    word: str
    since: datetime


class NotAGroup(Exception):
    """Nothing that could limit: no group of this tenant with an address, and no object id."""


class OnlyKnown(Exception):
    """Only people known here are read, as whoever approved was told: a group's members would be more."""


# What an admin decides ------------------------------------------------------------------------------------


def declare(*, tenant: Tenant, group: str, actor: User, now: datetime) -> GroupLimit:
    """Read the members of this group (its object id) only, from now on. Safe to repeat.

    Raises NotAGroup, also where the directory knows the id as somebody else's, and OnlyKnown.
    """
    try:
        oid = uuid.UUID(group)
    except ValueError:
        raise NotAGroup from None
    known = Person.objects.filter(tenant=tenant, oid=oid).first()
    if known and (known.kind != Person.GROUP or not known.address):
        raise NotAGroup
    with transaction.atomic():
        tenant.scope = Tenant.objects.select_for_update().get(pk=tenant.pk).scope  # one admin after the other
        if tenant.scope == Tenant.PEOPLE:
            raise OnlyKnown
        before = GroupLimit.objects.select_for_update().filter(tenant=tenant).first()
        if before and before.group_oid == oid and tenant.scope == Tenant.GROUP:
            return before
        if before and before.group_oid != oid:
            _forget(before)
            before = None
        limit = before or GroupLimit.objects.create(
            tenant=tenant, group_oid=oid, group_name=(known.name if known else "")[:256],
            group_address=known.address if known else "", declared_by=actor, declared_at=now, changed_at=now,
            due_at=now,
        )  # fmt: skip
        _read_only(tenant, Tenant.GROUP)
        AuditEvent.objects.record(
            now=now, verb="limit.declared", tenant=tenant, actor=actor, subject={"group": str(oid)}
        )  # fmt: skip
    return limit


def lift(*, tenant: Tenant, actor: User, now: datetime) -> None:
    """Read everybody again. What Exchange was told stays there until somebody runs the script that takes it back."""
    with transaction.atomic():
        tenant.scope = Tenant.objects.select_for_update().get(pk=tenant.pk).scope
        limit = GroupLimit.objects.select_for_update().filter(tenant=tenant).first()
        if limit is None and tenant.scope != Tenant.GROUP:
            return
        group = str(limit.group_oid) if limit else ""
        if limit:
            _forget(limit)
        _read_only(tenant, Tenant.EVERYBODY)
        AuditEvent.objects.record(now=now, verb="limit.lifted", tenant=tenant, actor=actor, subject={"group": group})


def ask(*, limit: GroupLimit, now: datetime) -> None:
    """Test at the next opportunity, because somebody ran the script; what is underway is left alone and comes first."""
    mine = GroupLimit.objects.filter(pk=limit.pk)
    mine.filter(Q(due_at=None) | ~Q(due_at__gt=now, due_at__lte=now + LEASE)).update(due_at=now)
    mine.update(tested_at=None)


def is_underway(limit: GroupLimit, now: datetime) -> bool:
    """Whether a test waits or runs; also for the lease of one that broke off."""
    return limit.tested_at is None and limit.due_at is not None and limit.due_at <= now + LEASE


def sentence(limit: GroupLimit) -> str:
    """The verdict in one line, for whoever runs the portal."""
    group = visible(limit.group_name or str(limit.group_oid))
    when = f"tested {limit.tested_at:%Y-%m-%d %H:%M} UTC" if limit.tested_at else "not tested yet"
    by = ", by an application access policy from before" if limit.is_legacy else ""
    return f"limit to the group {group} ({when}{by}): {said.verdict_words(limit.verdict).title}."


def trouble(tenant: Tenant, now: datetime) -> Trouble | None:
    """What an admin must be told of the limit of this tenant; None where it holds, or where there is none.

    In the first two hours after it was declared nothing is: Exchange needs as long to take in what it was told.
    """
    limit = GroupLimit.objects.filter(tenant=tenant).first() if tenant.scope == Tenant.GROUP else None
    if limit is None:
        return None
    if limit.verdict in ALARMS:
        return Trouble(limit.verdict, limit.changed_at) if now - limit.declared_at > PROPAGATION else None
    asked_at = None if limit.tested_at else limit.due_at
    known_at = limit.tested_at or max(filter(None, (limit.declared_at, limit.changed_at, asked_at)))
    if limit.verdict == GroupLimit.INCONCLUSIVE:
        known_at = min(known_at, limit.changed_at)
    return Trouble(NOT_TESTED, known_at) if now - known_at > UNTOLD else None


def _forget(limit: GroupLimit) -> None:
    GroupMember.objects.filter(limit=limit).delete()
    limit.delete()


def _read_only(tenant: Tenant, scope: str) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(scope=scope)
    tenant.scope = scope


# What is due ----------------------------------------------------------------------------------------------


def due(now: datetime) -> QuerySet[GroupLimit]:
    """Limits of tenants that are asked whose time has come."""
    return GroupLimit.objects.due(now).filter(tenant__in=Tenant.objects.asked(), tenant__scope=Tenant.GROUP)


def try_limit(*, limit: GroupLimit, client: graph.Client, clock: Callable[[], datetime]) -> None:
    """List the members, and once a day (or sooner, while it is not verified) try one mailbox on each side.

    Safe to repeat. Half a listing, or none, changes nobody's membership.
    """
    now = clock()
    if not limit.claim(now=now, lease=LEASE):
        return
    fields: dict[str, Any] = {}
    membership, cause = _membership(limit, client, fields)
    if membership and not _store_members(limit, membership.inside, now, fields):
        return
    verdict = None
    found = {**limit.found, "members": cause}
    if _wants_test(limit, membership, now):
        test = try_both(limit=limit, client=client, membership=membership, cause=cause, clock=clock)
        verdict = test.verdict
        fields |= {"inside": test.inside, "outside": test.outside}
        found |= test.found
    _end(limit, verdict, clock(), fields | {"found": found})


def _wants_test(limit: GroupLimit, membership: Membership | None, now: datetime) -> bool:
    if limit.tested_at is None or now - limit.tested_at >= TEST_EVERY or _is_moving(limit.verdict, limit, now):
        return True
    return bool(membership and not still_stand(limit, membership))


def _is_moving(verdict: str, limit: GroupLimit, now: datetime) -> bool:
    return verdict in _MOVING and now - max(limit.changed_at, limit.declared_at) < TEST_EVERY


def _membership(limit: GroupLimit, client: graph.Client, fields: dict[str, Any]) -> tuple[Membership | None, str]:
    """The whole membership, or none and the cause. Exchange's roles count direct members, policies nested ones too."""
    oid = str(limit.group_oid)
    try:
        group = groups.get_group(client, oid)
        fields |= {"group_name": group.name[:256], "group_address": group.address or ""}
        if not group.address:
            return None, "group_without_address"
        direct = groups.list_members(client, oid)
        below = groups.list_members(client, oid, nested=True) if direct.groups else direct
    except graph.GraphError as error:
        log.warning("a group could not be listed", extra={"tenant": str(limit.tenant.tid), "cause": error.cause})
        return None, f"group_{error.word}"
    inside = (below if limit.is_legacy else direct).users
    if not inside:
        return None, "group_empty"  # or it hides its members, which looks the same
    return Membership(inside, below.users | direct.users, len(direct.groups), direct.others), ""


def _store_members(limit: GroupLimit, oids: frozenset[str], now: datetime, fields: dict[str, Any]) -> bool:
    """Exactly these from now on; rows of those who stay are left alone, so that the oldest are the longest inside.

    False where the claim was lost meanwhile: nothing was written.
    """
    wanted = {uuid.UUID(oid) for oid in oids}
    with transaction.atomic():
        claimed = GroupLimit.objects.filter(pk=limit.pk, attempt=limit.attempt)
        if not claimed.update(members=len(wanted), members_read_at=now):
            return False
        held = set(GroupMember.objects.filter(limit=limit).values_list("oid", flat=True))
        gone, new = sorted(held - wanted), sorted(wanted - held)
        for start in range(0, len(gone), AT_ONCE):
            GroupMember.objects.filter(limit=limit, oid__in=gone[start : start + AT_ONCE]).delete()
        rows = (GroupMember(tenant_id=limit.tenant_id, limit=limit, oid=oid) for oid in new)
        GroupMember.objects.bulk_create(rows, batch_size=AT_ONCE)
        if gone or new:
            AuditEvent.objects.record(
                now=now, verb="limit.members_changed", tenant=limit.tenant,
                subject={"group": str(limit.group_oid), "joined": len(new), "left": len(gone)},
            )  # fmt: skip
    fields |= {"members": len(wanted), "members_read_at": now}
    return True


def _end(limit: GroupLimit, verdict: Verdict | None, now: datetime, fields: dict[str, Any]) -> None:
    with transaction.atomic():
        before = limit.verdict
        if verdict:
            fields |= {"verdict": verdict.word, "cause": verdict.cause, "is_legacy": verdict.is_legacy}
            fields |= {"tested_at": now}
            if verdict.word != before:
                limit.changed_at = fields["changed_at"] = now
        is_moving = _is_moving(verdict.word if verdict else before, limit, now)
        if not limit.let_go(due_at=now + (PENDING_EVERY if is_moving else MEMBERS_EVERY), **fields):
            return
        if not verdict:  # somebody may have asked for a test while members were only listed
            GroupLimit.objects.filter(pk=limit.pk, tested_at=None).update(due_at=now)
        if verdict and verdict.word != before:
            AuditEvent.objects.record(
                now=now, verb="limit.judged", tenant=limit.tenant, subject={"group": str(limit.group_oid)},
                before=before, after=verdict.word, outcome=verdict.cause,
            )  # fmt: skip
