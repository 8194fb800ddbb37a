"""A mailbox that its person connected: that one person instead of the directory, in a shard of its own."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from sharing import graph
from sharing.models import Grant, Mailbox, SyncShard, Tenant, keep_mailboxes

from .directory import store_person
from .store import BREAKER

log = logging.getLogger(__name__)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def prepare_own(*, shard: SyncShard, client: graph.Client, now: datetime) -> bool:
    """Make the mailbox of a claimed shard that has a grant due; False where there is nothing to read, then let go.

    What the app reads is left to the app; the grant is then only tried once a day, which also keeps it alive.
    Nothing is asked with what somebody lent who may not sign in here: that is looked at again in an hour.
    """
    grant = Grant.objects.select_related("tenant").get(shard=shard)
    if not Grant.objects.in_use().filter(pk=grant.pk).exists():
        shard.let_go(due_at=now + HOUR if grant.state == Grant.CONNECTED else None)
        return False
    try:
        user = graph.get_user(client, str(grant.account_oid))
        name = _name_of(client, grant.tenant)
    except graph.GrantEnded:
        shard.let_go()
        return False
    except graph.GraphError as error:
        log.warning("an own connection could not be read", extra={"grant": grant.public_id, "cause": error.cause})
        _note(shard, error, now)
        shard.let_go(due_at=now + HOUR)
        return False
    with transaction.atomic():
        if name:
            Tenant.objects.filter(pk=grant.tenant_id, state=Tenant.PRIVATE).update(name=name)
        mailbox = _take(shard, grant, user, now)
    if mailbox is None:
        shard.let_go(due_at=now + DAY)
    return mailbox is not None


def plan_next(shard: SyncShard, now: datetime) -> None:
    """No nightly run comes by: whatever has no date of its own is read again in a day."""
    Mailbox.objects.filter(shard=shard, due_at=None).exclude(state=Mailbox.EXCLUDED).update(due_at=now + DAY)


def was_held(shard: SyncShard) -> bool:
    """Did the last reading of a person's own mailbox end implausibly much? If it does again, a day later, it is so."""
    return shard.grant_id is not None and Mailbox.objects.filter(shard=shard, cause=BREAKER.cause).exists()


def _name_of(client: graph.Client, tenant: Tenant) -> str:
    """What a tenant is called that nobody listed."""
    if tenant.state != Tenant.PRIVATE or tenant.name:
        return ""
    try:
        return graph.get_organization(client).name
    except graph.SignInError:
        raise
    except graph.GraphError:
        return ""


def _take(shard: SyncShard, grant: Grant, user: graph.User, now: datetime) -> Mailbox | None:
    """The grant's mailbox in its own shard and due, or None where somebody else reads it."""
    person = store_person(tenant=grant.tenant, user=user, now=now)
    mailbox, is_new = Mailbox.objects.get_or_create(
        tenant=grant.tenant,
        person=person,
        defaults={"shard": shard, "state_since": now, "first_seen_at": now, "due_at": now},
    )
    Grant.objects.filter(pk=grant.pk).update(mailbox=mailbox, account_address=user.address or grant.account_address)
    if is_new:
        return mailbox
    if mailbox.shard_id != shard.pk and _is_read_by_another(mailbox, grant.tenant):
        return None
    back = {"state": Mailbox.NEVER, "cause": "", "state_since": now} if mailbox.state == Mailbox.EXCLUDED else {}
    if back or mailbox.shard_id != shard.pk:
        keep_mailboxes(Mailbox.objects.filter(pk=mailbox.pk), now=now)
    Mailbox.objects.filter(pk=mailbox.pk).update(shard=shard, due_at=now, **back)
    return mailbox


def _is_read_by_another(mailbox: Mailbox, tenant: Tenant) -> bool:
    """By the app, which goes first, or by the connection of another account of the same person."""
    if mailbox.shard is None:
        return False
    if mailbox.shard.grant:
        return mailbox.shard.grant.state == Grant.CONNECTED
    is_wide = tenant.mode == Tenant.DOMAIN_WIDE and tenant.state == Tenant.CONNECTED
    return is_wide and mailbox.state != Mailbox.EXCLUDED


def _note(shard: SyncShard, error: graph.GraphError, now: datetime) -> None:
    """The mailbox stays as last known, and says why."""
    state = Mailbox.DENIED if isinstance(error, graph.Denied | graph.SignInError) else Mailbox.UNREACHABLE
    rows = Mailbox.objects.filter(shard=shard).exclude(state__in=[Mailbox.EXCLUDED, state])
    with transaction.atomic():
        keep_mailboxes(rows, now=now)
        rows.update(state=state, cause=error.cause[:80], state_since=now, digest="")
