"""What needs somebody else's yes: asked by an operator, answered by the calendar's owner or a second operator."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from sharing import access
from sharing.models import (
    AuditEvent,
    Calendar,
    CalendarPermission,
    Change,
    Mailbox,
    Person,
    Proposal,
    Tenant,
    User,
    reach,
)

from . import request
from .covers import CoverExists, plan_cover
from .deputies import acts, give_deputy, is_possible
from .refusals import AlreadyGone, BadAddress, ChangeOpen, NothingToDo, NotNow, Refused, RoleNotAllowed, Stale

GOOD_FOR = timedelta(days=14)
MADE_AT_ONCE = timedelta(minutes=1)  # whoever said yes is doing it right now
MADE_WITHIN = timedelta(days=1)  # for so long a yes whose change was never written down is tried again


class NotYours(Exception):
    """Whoever answers may not: they asked themselves, would gain by it, or have nothing to do with it."""


class Answered(Exception):
    """Somebody answered before, or it ended; `proposal` says how."""

    def __init__(self, proposal: Proposal) -> None:
        super().__init__(proposal.state)
        self.proposal = proposal


class NeedsReason(Exception):
    """Whoever is asked must read why."""


class AlreadyAsked(Exception):
    """The same is waiting for an answer; `proposal` is that one (None where it was just answered)."""

    def __init__(self, proposal: Proposal | None) -> None:
        super().__init__("asked already")
        self.proposal = proposal


def propose(
    *, kind: str, mailbox: Mailbox, actor: User, now: datetime, reason: str, calendar: Calendar | None = None,
    permission: CalendarPermission | None = None, person: Person | None = None, role: str = "", seen: str = "",
    starts_at: datetime | None = None, ends_at: datetime | None = None, lets_grant_private: bool = False,
    asked_as: str = Change.OPERATOR,
) -> Proposal:  # fmt: skip
    """Write down what somebody asks an owner for; nothing happens before a yes.

    `seen` is the role that the page showed. Raises NeedsReason, AlreadyAsked, or Refused: NotNow with the cause
    own_access for anything that is, or may be, for the operator's own account or a group they are in.
    """
    mailbox = Mailbox.objects.select_related("tenant", "person", "shard").get(pk=mailbox.pk)
    if not reason.strip():
        raise NeedsReason
    if permission is not None:
        permission = CalendarPermission.objects.select_related("calendar", "grantee").get(pk=permission.pk)
        calendar, person = permission.calendar, permission.grantee
    _check(kind, mailbox, actor, permission, person, role, seen, asked_as)
    if kind == Proposal.DEPUTY and person is not None and acts(mailbox, person, lets_grant_private=lets_grant_private):
        raise NothingToDo
    proposal = Proposal(
        tenant=mailbox.tenant, kind=kind, target=_target(kind, mailbox, calendar, permission, person), mailbox=mailbox,
        calendar=calendar, permission=permission, person=person, before=permission.role[:48] if permission else "",
        after=role, lets_grant_private=lets_grant_private, starts_at=starts_at, ends_at=ends_at,
        reason=reason.strip()[:500], asked_by=actor, asked_as=asked_as, asked_at=now, expires_at=now + GOOD_FOR,
    )  # fmt: skip
    expire(now)
    try:
        with transaction.atomic():
            proposal.save(force_insert=True)
            record(proposal, "proposal.asked", actor=actor, now=now)
    except IntegrityError as error:
        raise AlreadyAsked(Proposal.objects.filter(target=proposal.target, state=Proposal.WAITING).first()) from error
    return proposal


def accept(*, proposal: Proposal, by: User, now: datetime) -> Proposal:
    """Say yes: one person's yes counts, and what was asked for is then written down as a change.

    Raises NotYours, Answered, or Refused where it cannot be done any more; where that may pass, it goes on waiting.
    """
    proposal = _fresh(proposal, now)
    as_what = access.answers_as(by, proposal)
    if not as_what:
        raise NotYours
    if proposal.state != Proposal.WAITING:
        raise Answered(proposal)
    _check(
        proposal.kind, proposal.mailbox, proposal.asked_by, proposal.permission, proposal.person, proposal.after,
        proposal.before, proposal.asked_as,
    )  # fmt: skip
    with transaction.atomic():
        _answer(proposal, Proposal.ACCEPTED, by, as_what, now)
        if proposal.kind in _AT_ONCE:
            _AT_ONCE[proposal.kind](proposal)
    carry_out(proposal=proposal, now=now)
    return proposal


def decline(*, proposal: Proposal, by: User, now: datetime) -> Proposal:
    """Say no; nothing happens. Raises NotYours or Answered."""
    proposal = _fresh(proposal, now)
    as_what = access.answers_as(by, proposal)
    if not as_what:
        raise NotYours
    _answer(proposal, Proposal.DECLINED, by, as_what, now)
    return proposal


def withdraw(*, proposal: Proposal, actor: User, now: datetime) -> Proposal:
    """Whoever asked takes it back. Raises NotYours or Answered."""
    proposal = _fresh(proposal, now)
    if proposal.asked_by_id != actor.pk:
        raise NotYours
    _answer(proposal, Proposal.WITHDRAWN, actor, proposal.asked_as, now)
    return proposal


def expire(now: datetime) -> int:
    """End what nobody answered in time; how many. Safe to repeat."""
    ended = 0
    for proposal in Proposal.objects.filter(state=Proposal.WAITING, expires_at__lte=now).select_related("tenant"):
        with transaction.atomic():
            if _move(proposal, Proposal.WAITING, Proposal.EXPIRED, now):
                record(proposal, "proposal.expired", actor=None, now=now)
                ended += 1
    return ended


def end_all(*, tenant: Tenant, now: datetime, cause: str) -> int:
    """End what waits for an answer, or was agreed to and is no change yet: what is true is not known any more."""
    open_ones = Q(state=Proposal.WAITING) | Q(state=Proposal.ACCEPTED, kind__in=_CARRY_OUT, change=None)
    ended = 0
    for proposal in Proposal.objects.filter(open_ones, tenant=tenant).select_related("tenant", "mailbox", "person"):
        with transaction.atomic():
            if _move(proposal, proposal.state, Proposal.EXPIRED, now):
                record(proposal, "proposal.expired", actor=None, now=now, outcome=cause)
                ended += 1
    return ended


def accepted_and_not_carried_out(now: datetime) -> list[Proposal]:
    """Those with a yes whose change was not noted, as after a crash: `carry_out` is safe to repeat for each."""
    rows = Proposal.objects.filter(state=Proposal.ACCEPTED, kind__in=_CARRY_OUT, change=None, cover=None)
    return list(rows.filter(decided_at__gt=now - MADE_WITHIN, decided_at__lt=now - MADE_AT_ONCE))


def carry_out(*, proposal: Proposal, now: datetime) -> None:
    """Write down the change that was agreed to, or find the one that was before a crash; safe to repeat.

    It carries the moment of the yes and the name of who said it. Raises Refused where it cannot be any more.
    """
    proposal = Proposal.objects.select_related(*_RELATED).get(pk=proposal.pk)
    if proposal.state != Proposal.ACCEPTED or proposal.kind not in _CARRY_OUT or proposal.change_id:
        return
    try:
        change = _made(proposal) or _CARRY_OUT[proposal.kind](proposal)
    except Refused as refused:
        made = _made(proposal)  # by whoever was at it at the same time
        if made is None:
            _not_made(proposal, refused, now)
            raise
        change = made
    Proposal.objects.filter(pk=proposal.pk, change=None).update(change=change)


def _made(proposal: Proposal) -> Change | None:
    """The change that this yes made: it carries the moment of the yes and both names."""
    ours: dict[str, Any] = {"actor": proposal.asked_by_id, "approved_by": proposal.decided_by_id}
    ours |= {"mailbox": proposal.mailbox_id, "requested_at": proposal.decided_at}
    return Change.objects.filter(**ours, tenant=proposal.tenant_id).first()


def _not_made(proposal: Proposal, refused: Refused, now: datetime) -> None:
    """What may pass goes on waiting for another yes, unless the same was asked anew; what moved on is over."""
    anew = Proposal.objects.filter(target=proposal.target, state=Proposal.WAITING).exists()
    passes = isinstance(refused, (NotNow, ChangeOpen)) and not anew
    with transaction.atomic():
        _move(proposal, Proposal.ACCEPTED, Proposal.WAITING if passes else Proposal.EXPIRED, now)
        record(proposal, "proposal.not_made", actor=None, now=now, outcome=type(refused).__name__)


def _who(proposal: Proposal) -> dict[str, Any]:
    return {
        "actor": proposal.asked_by, "kind": proposal.asked_as, "approved_by": proposal.decided_by,
        "reason": proposal.reason, "now": proposal.decided_at,
    }  # fmt: skip


def _make_role(proposal: Proposal) -> Change:
    if proposal.permission is None:
        raise AlreadyGone
    return request.request_role(
        permission=proposal.permission, role=proposal.after, seen=proposal.before, **_who(proposal)
    )


def _make_create(proposal: Proposal) -> Change:
    if proposal.calendar is None or proposal.person is None:
        raise AlreadyGone
    return request.request_create(
        calendar=proposal.calendar, address=proposal.person.address, name=proposal.person.name, role=proposal.after,
        **_who(proposal),
    )  # fmt: skip


def _make_deputy(proposal: Proposal) -> None:
    if proposal.person is None or proposal.decided_by is None or proposal.decided_at is None:
        raise AlreadyGone
    try:
        give_deputy(
            mailbox=proposal.mailbox, person=proposal.person, lets_grant_private=proposal.lets_grant_private,
            by=proposal.decided_by, now=proposal.decided_at,
        )  # fmt: skip
    except NothingToDo:
        return


def _make_cover(proposal: Proposal) -> None:
    """A cover is the owner's, who said yes to it; one that is planned already serves."""
    calendar, person, by, at = proposal.calendar, proposal.person, proposal.decided_by, proposal.decided_at
    if calendar is None or person is None or by is None or at is None:
        raise AlreadyGone
    try:
        cover = plan_cover(
            calendar=calendar, person=person, role=proposal.after, starts_at=proposal.starts_at,
            ends_at=proposal.ends_at, actor=by, now=at, reason=proposal.reason,
        )  # fmt: skip
    except CoverExists as there:
        cover = there.cover
    Proposal.objects.filter(pk=proposal.pk).update(cover=cover)
    proposal.cover = cover


# What touches nothing at Microsoft now is done with the answer, in one transaction.
_AT_ONCE: dict[str, Callable[[Proposal], None]] = {Proposal.DEPUTY: _make_deputy, Proposal.COVER: _make_cover}
_CARRY_OUT: dict[str, Callable[[Proposal], Change]] = {Proposal.ROLE: _make_role, Proposal.CREATE: _make_create}
_RELATED = (
    "tenant", "mailbox__tenant", "mailbox__person", "mailbox__shard", "calendar__mailbox__tenant",
    "calendar__mailbox__person", "permission__calendar", "permission__grantee", "permission__mailbox", "person",
    "asked_by__tenant", "decided_by__tenant",
)  # fmt: skip


def _check(
    kind: str, mailbox: Mailbox, actor: User, permission: CalendarPermission | None, person: Person | None, role: str,
    seen: str, asked_as: str,
) -> None:  # fmt: skip
    """What must be true when it is asked, and still when somebody says yes. Raises Refused."""
    tenant = mailbox.tenant
    if tenant.frozen_at:
        raise NotNow("frozen")
    if not tenant.may_write:
        raise NotNow("writes_off")
    if asked_as == Change.OPERATOR:
        if not access.operates(actor, tenant):
            raise NotNow("not_allowed")
        if mailbox.is_lent:
            raise NotNow("lent")
        if access.gains(actor, person, permission.address if permission and not permission.is_organization else ""):
            raise NotNow("own_access")
    if kind == Proposal.COVER and not access.may_ask_cover(actor, mailbox):
        raise NotNow("not_allowed")
    if kind == Proposal.DEPUTY:
        _check_deputy(mailbox, person)
    if kind == Proposal.ROLE:
        _check_role(permission, role, seen)
    elif kind == Proposal.CREATE and not tenant.creates_on:
        raise NotNow("creates_off")


def _check_deputy(mailbox: Mailbox, person: Person | None) -> None:
    if not mailbox.tenant.deputies_on:
        raise NotNow("deputies_off")
    if person is None or not is_possible(mailbox, person):
        raise BadAddress


def _check_role(permission: CalendarPermission | None, role: str, seen: str) -> None:
    if permission is None or permission.ended_at:
        raise AlreadyGone
    if permission.role != seen:
        raise Stale(permission.role)
    if role == permission.role:
        raise NothingToDo
    if role not in permission.choices() or reach(role) < permission.reach:
        raise RoleNotAllowed


def _target(
    kind: str, mailbox: Mailbox, calendar: Calendar | None, permission: CalendarPermission | None,
    person: Person | None,
) -> str:  # fmt: skip
    """What it is about, so that the same is not asked twice at a time."""
    if permission is not None:
        return f"permission:{permission.pk}"
    return f"{kind}:{calendar.pk if calendar else f'mailbox {mailbox.pk}'}:{person.pk if person else ''}"


def _fresh(proposal: Proposal, now: datetime) -> Proposal:
    expire(now)
    return Proposal.objects.select_related(*_RELATED).get(pk=proposal.pk)


def _answer(proposal: Proposal, state: str, by: User, as_what: str, now: datetime) -> None:
    """The first answer counts. Raises Answered."""
    with transaction.atomic():
        if not _move(proposal, Proposal.WAITING, state, now, by, as_what):
            proposal.refresh_from_db()
            raise Answered(proposal)
        record(proposal, f"proposal.{state}", actor=by, now=now, outcome=as_what)


def _move(
    proposal: Proposal, before: str, after: str, now: datetime, by: User | None = None, as_what: str = ""
) -> bool:
    fields: dict[str, Any] = {"state": after, "decided_by": by, "decided_as": as_what}
    fields["decided_at"] = None if after == Proposal.WAITING else now
    if not Proposal.objects.filter(pk=proposal.pk, state=before).update(**fields):
        return False
    for name, value in fields.items():
        setattr(proposal, name, value)
    return True


def record(proposal: Proposal, verb: str, *, actor: User | None, now: datetime, outcome: str = "") -> None:
    """One audit line about a proposal: ids and codes only."""
    subject = {
        "proposal": proposal.public_id, "kind": proposal.kind, "mailbox": proposal.mailbox.public_id,
        "permission": proposal.permission_id, "person": proposal.person.public_id if proposal.person else "",
    }  # fmt: skip
    AuditEvent.objects.record(
        now=now, verb=verb, tenant=proposal.tenant, actor=actor, before=proposal.before, after=proposal.after,
        outcome=outcome[:80], subject=subject,
    )  # fmt: skip
