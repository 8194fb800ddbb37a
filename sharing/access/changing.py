"""Who may change what, asked afresh each time."""

from sharing.models import CalendarPermission, Change, Grant, Mailbox, Stewardship, Tenant, User

from .acting import Step, may_act
from .owners import deputyships_of, owned_by

ON_OWN = (Change.OWNER, Change.STEWARD)


def may_change(
    actor: User, mailbox: Mailbox, kind: str = "", permission: CalendarPermission | None = None,
    role: str | None = None, approved_by: User | None = None, *, address: str = "", before: str | None = None,
) -> str:  # fmt: skip
    """Why `actor` may not change this mailbox's sharing right now, as a cause word; empty where they may.

    `kind` is as what they act, a word of Change's; empty is on a mailbox of their pages, as owner, steward or deputy.
    What a change comes to counts for those who act on other people's: `permission` and the `role` it is to have (None:
    none), the role alone for a new entry at `address`, neither for the delivery option and for a sharee's own copy.
    `before` is the entry's role where that may have moved on. Read afresh: it is asked again right before a change is
    sent.
    """
    actor = User.objects.select_related("tenant").get(pk=actor.pk)
    row = Mailbox.objects.select_related("person", "shard__grant").get(pk=mailbox.pk)
    if row.tenant_id == actor.tenant_id:
        row.tenant = actor.tenant  # read this moment
    kind = kind or actor_kind(actor, row)
    if kind in ON_OWN:
        cause = _own(actor, row)
    else:
        step = Step(permission, role or None, address, before)
        cause = may_act(actor, row, kind, step, approved_by, has_said_yes=_may_say_yes(approved_by, row))
    # Who may not is told that before what stops everybody; who only lacks a yes is told what stops everybody.
    return cause if cause == "not_allowed" else stopped(row) or cause


def stopped(row: Mailbox) -> str:
    """Why nothing may be changed in this mailbox now, whoever asks; a fresh row with its tenant and its grant."""
    tenant, grant = row.tenant, row.shard.grant if row.shard else None
    left_out = "left_out" if row.state == Mailbox.EXCLUDED else ""
    # Where no run reads a whole tenant, the one mailbox that was read since is looked at afresh.
    is_fresh = row.is_lent and tenant.mode == Tenant.INDIVIDUAL and row.read_at and row.state == Mailbox.OK
    if tenant.frozen_at and not (is_fresh and row.read_at and row.read_at > tenant.frozen_at):
        return "frozen"
    if grant:
        return _stopped_by(grant, tenant) or left_out
    if left_out:
        return left_out
    if tenant.state != Tenant.CONNECTED:
        return "not_connected"
    return "" if tenant.writes_on else "writes_off"


def _stopped_by(grant: Grant, tenant: Tenant) -> str:
    """What was lent serves as far as its person agreed to; an organization's own switch counts too."""
    if grant.state != Grant.CONNECTED:
        return "grant_lost"
    if tenant.mode == Tenant.DOMAIN_WIDE and not tenant.writes_on:
        return "writes_off"
    return "" if grant.lets_change else "grant_reads"


def _own(actor: User, row: Mailbox) -> str:
    """What is lent serves who lent it; everything else its owner and its stewards, who are of the same tenant."""
    if not actor.is_active or not owns(actor, row):
        return "not_allowed"
    grant = row.shard.grant if row.shard else None
    is_theirs = grant.user_id == actor.pk if grant else actor.tenant_id == row.tenant_id
    return "" if is_theirs else "not_allowed"


def _may_say_yes(person: User | None, row: Mailbox) -> bool:
    """Is this the owner or a steward, still?"""
    person = User.objects.filter(pk=person.pk).first() if person else None
    return person is not None and not _own(person, row)


def owns(user: User, mailbox: Mailbox) -> bool:
    """Is it theirs: their own, one they are steward of, or one they connected? Nobody's deputy owns anything."""
    return owned_by(user).filter(pk=mailbox.pk).exists()


def actor_kind(user: User, mailbox: Mailbox) -> str:
    """As what `user` acts on a mailbox of their pages; a deputy only where it is not theirs anyway."""
    is_own = mailbox.person.oid == user.oid and mailbox.tenant_id == user.tenant_id
    if is_own or Grant.objects.filter(user=user.pk, mailbox=mailbox).exists():
        return Change.OWNER
    kept = Stewardship.objects.filter(tenant=user.tenant_id, oid=user.oid, mailbox=mailbox)
    if not kept.exists() and deputyships_of(user).filter(mailbox=mailbox).exists():
        return Change.DEPUTY
    return Change.STEWARD
