"""Which client reaches whose mailbox: the app's, one of its other registrations', or that of what a person lent."""

from sharing import graph
from sharing.models import BOOKER, Grant, Mailbox, SyncShard, Tenant, User

from . import clients
from .grants import client_for_grant


def client_for_shard(shard: SyncShard) -> graph.Client:
    """What reads these mailboxes: the app, or what a person lent for their own."""
    return client_for_grant(shard.grant) if shard.grant else clients.client_for(shard.tenant)


def client_for_mailbox(mailbox: Mailbox) -> graph.Client:
    """What changes this mailbox: what its person lent, or the app, by its second registration where there is one."""
    if mailbox.shard and mailbox.shard.grant:
        return client_for_grant(mailbox.shard.grant)
    return clients.writer_for(mailbox.tenant)


class NotLent(Exception):
    """This person did not agree yet, or no more, that meetings are booked for them."""


def client_for_meetings(user: User) -> graph.Client:
    """What finds times and books for `user`, whose tenant lets them: the app, or what they lent for it.

    Raises NotLent where everybody lends it for themselves and this person does not.
    """
    if user.tenant.mode == Tenant.DOMAIN_WIDE:
        return clients.booker_for(user.tenant)
    lent = Grant.objects.in_use().filter(user=user, app=BOOKER, tenant=user.tenant, account_oid=user.oid)
    grant = lent.select_related("tenant", "user__tenant").first()
    if grant is None:
        raise NotLent
    return client_for_grant(grant)
