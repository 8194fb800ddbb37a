"""What operators, deputies, sharees and end dates may change on calendars that are not theirs."""

from dataclasses import dataclass

from sharing.models import CalendarPermission, Change, Deputy, Mailbox, Person, Role, User, reach
from sharing.models.names import folded

from .operators import gains, is_same_person, operates

NOT_ALLOWED, OWN_ACCESS, NEEDS_APPROVAL, NO_PRIVATE = "not_allowed", "own_access", "needs_approval", "no_private"


@dataclass(frozen=True, slots=True)
class Step:
    """What a change comes to: `role` None is an end of access, or nothing about access where nobody is named."""

    permission: CalendarPermission | None
    role: str | None
    address: str = ""  # of a new entry
    before: str | None = None  # where the entry's role may have moved on

    @property
    def is_about_access(self) -> bool:
        return self.permission is not None or self.role is not None

    @property
    def is_lowering(self) -> bool:
        """Does it give nobody anything, as far as anybody can say? Of a custom role only the least is surely less."""
        if self.permission is None:
            return False
        before = self.permission.role if self.before is None else self.before
        if self.role is None or self.role == Role.NONE:
            return True
        if reach(before) >= reach(Role.CUSTOM):
            return self.role == Role.FREE_BUSY_READ
        return reach(self.role) <= reach(before)

    def gives_to(self, user: User) -> bool:
        """Would it be a gift to `user`, or can nobody say that it would not?"""
        if self.permission is not None:
            return gains(user, self.permission.grantee, "" if self.is_everybody else self.permission.address)
        return gains(user, None, self.address)

    @property
    def is_everybody(self) -> bool:
        return self.permission is not None and self.permission.is_organization

    def is_of(self, user: User) -> bool:
        """Is it the person's own entry, beyond doubt?"""
        grantee = self.permission.grantee if self.permission else None
        if grantee is not None and grantee.oid is not None:
            return grantee.oid == user.oid and grantee.tenant_id == user.tenant_id
        address = self.permission.address if self.permission else self.address
        return bool(address) and folded(address) == folded(user.address)


def may_act(
    actor: User, row: Mailbox, kind: str, step: Step, approved_by: User | None, *, has_said_yes: bool
) -> str:  # fmt: skip
    """The cause word, or nothing; `has_said_yes` where the mailbox's own person approved."""
    if kind == Change.END_DATE:  # who chose the day may be gone
        return "" if step.is_lowering else NOT_ALLOWED
    if not actor.is_active or (row.is_lent and not _is_own_copy(actor, row, kind, step)):
        return NOT_ALLOWED  # what was lent serves who lent it
    if kind == Change.OPERATOR:
        return _operator(actor, row, step, approved_by, has_said_yes=has_said_yes)
    if kind == Change.DEPUTY:
        return _deputy(actor, row, step)
    if kind == Change.SHAREE:
        return _sharee(actor, row, step)
    return NOT_ALLOWED


def _operator(actor: User, row: Mailbox, step: Step, approved_by: User | None, *, has_said_yes: bool) -> str:
    """Lowering and removing; all else with somebody's yes, and never as a gift to the operator."""
    if not operates(actor, row.tenant):
        return NOT_ALLOWED
    if step.is_lowering:
        return ""
    if step.gives_to(actor) if step.is_about_access else _answers_for(actor, row):
        return OWN_ACCESS
    if approved_by is None or is_same_person(approved_by, actor):
        return NEEDS_APPROVAL
    if has_said_yes:
        return ""
    approver = User.objects.get(pk=approved_by.pk)
    is_gift = step.gives_to(approver) if step.is_about_access else _answers_for(approver, row)
    return NEEDS_APPROVAL if is_gift or not operates(approver, row.tenant) else ""


def _answers_for(user: User, row: Mailbox) -> bool:
    """Might `user` get the meeting requests of this mailbox?"""
    delegates = CalendarPermission.objects.open().delegates().filter(mailbox=row).select_related("grantee")
    return any(gains(user, each.grantee, each.address) for each in delegates)


def _deputy(actor: User, row: Mailbox, step: Step) -> str:
    """All that the owner may, but nothing on the deputy's own access, and private events only where that was ticked."""
    deputy = Deputy.objects.filter(mailbox=row, oid=actor.oid, ended_at=None).first()
    if deputy is None or actor.tenant_id != row.tenant_id or not row.tenant.deputies_on:
        return NOT_ALLOWED
    if not step.is_about_access:
        return ""
    if step.is_of(actor) or (not step.is_lowering and step.gives_to(actor)):
        return OWN_ACCESS
    if step.role == Role.PRIVATE_DELEGATE and not deputy.lets_grant_private:
        return NO_PRIVATE
    return ""


def _sharee(actor: User, row: Mailbox, step: Step) -> str:
    """Their own entry's end, and copies in their own mailbox."""
    if not step.is_about_access:
        is_own = row.person.oid == actor.oid and row.tenant_id == actor.tenant_id
        return "" if is_own else NOT_ALLOWED
    grantee: Person | None = step.permission.grantee if step.permission else None
    is_theirs = grantee is not None and grantee.oid == actor.oid and grantee.tenant_id == actor.tenant_id
    return "" if is_theirs and step.role is None else NOT_ALLOWED


def _is_own_copy(actor: User, row: Mailbox, kind: str, step: Step) -> bool:
    grant = row.shard.grant if row.shard else None
    return kind == Change.SHAREE and not step.is_about_access and grant is not None and grant.user_id == actor.pk
