"""Who may change what, asked afresh each time."""

from sharing.models import Change, Grant, Mailbox, Tenant, User

from .owners import mailboxes_of


def may_change(actor: User, mailbox: Mailbox) -> str:
    """Why `actor` may not change this mailbox's sharing right now, as a cause word; empty where they may.

    Read afresh from the database: it is asked again right before a change is sent.
    """
    actor = User.objects.select_related("tenant").get(pk=actor.pk)
    row = mailboxes_of(actor).filter(pk=mailbox.pk).first()
    if not actor.is_active or row is None:
        return "not_allowed"
    tenant = row.tenant
    left_out = "left_out" if row.state == Mailbox.EXCLUDED else ""
    # Where no run reads a whole tenant, the one mailbox that was read since is looked at afresh.
    is_fresh = row.is_lent and tenant.mode == Tenant.INDIVIDUAL and row.read_at and row.state == Mailbox.OK
    if tenant.frozen_at and not (is_fresh and row.read_at > tenant.frozen_at):
        return "frozen"
    if row.shard and row.shard.grant:
        return _may_change_by(row.shard.grant, actor, tenant) or left_out
    if left_out:
        return left_out
    if actor.tenant_id != tenant.pk:
        return "not_allowed"
    if tenant.state != Tenant.CONNECTED:
        return "not_connected"
    if not tenant.writes_on:
        return "writes_off"
    return ""


def _may_change_by(grant: Grant, actor: User, tenant: Tenant) -> str:
    """What was lent serves who lent it, as far as they agreed to; an organization's own switch counts too."""
    if grant.user_id != actor.pk:
        return "not_allowed"
    if grant.state != Grant.CONNECTED:
        return "grant_lost"
    if tenant.mode == Tenant.DOMAIN_WIDE and not tenant.writes_on:
        return "writes_off"
    return "" if grant.lets_change else "grant_reads"


def actor_kind(user: User, mailbox: Mailbox) -> str:
    is_own = mailbox.person.oid == user.oid or Grant.objects.filter(user=user.pk, mailbox=mailbox).exists()
    return Change.OWNER if is_own else Change.STEWARD
