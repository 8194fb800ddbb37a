"""Reads in the foreground what people lent: each mailbox with its own person's token, and nobody else's."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from sharing import graph
from sharing.models import Grant, Mailbox, SyncShard, Tenant

from .sync import sync_shard


@dataclass(slots=True)
class OwnReading:
    """What reading the lent mailboxes of a tenant did and cost, in the names of a run's columns.

    `unread` are those that are lent still, not read by the app either, and could not be read now.
    """

    mailboxes: int = 0
    unread: int = 0
    added: int = 0
    changed: int = 0
    ended: int = 0
    requests: int = 0
    sub_requests: int = 0
    throttled: int = 0


def read_own_here(
    *,
    tenant: Tenant,
    client_of: Callable[[SyncShard], graph.Client],
    clock: Callable[[], datetime],
    mailboxes: Iterable[int] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> OwnReading:
    """Read what people of whatever organization lent in this tenant, all of it or only `mailboxes` (ids).

    What a worker holds right now, or what was put off because it failed, is left to whoever comes when it is due.
    """
    shards = SyncShard.objects.filter(tenant=tenant, grant__in=Grant.objects.in_use())
    if mailboxes is not None:
        shards = shards.filter(mailboxes__in=list(mailboxes))
    pks = list(shards.order_by("pk").values_list("pk", flat=True))
    Mailbox.objects.filter(shard__in=pks).covered().update(due_at=clock())
    SyncShard.objects.filter(pk__in=pks, due_at=None).update(due_at=clock())
    total, found = len(pks), OwnReading()
    for done, pk in enumerate(pks, start=1):
        shard = SyncShard.objects.select_related("tenant", "run", "grant__tenant").get(pk=pk)
        client = client_of(shard)
        stored = sync_shard(shard=shard, client=client, clock=clock)
        if stored:
            found.mailboxes += stored.mailboxes
            found.added, found.changed = found.added + stored.added, found.changed + stored.changed
            found.ended += stored.ended
        elif Grant.objects.in_use().filter(Q(mailbox=None) | Q(mailbox__shard=pk), shard=pk).exists():
            found.unread += 1
        for name in ("requests", "sub_requests", "throttled"):
            setattr(found, name, getattr(found, name) + getattr(client.stats, name))
        if progress:
            progress(done, total)
    return found
