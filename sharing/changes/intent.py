"""Writes a wish down: the row and its audit line, durably, before anything is sent."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F

from sharing import access, graph
from sharing.models import AuditEvent, Calendar, CalendarPermission, Change, Mailbox, User

from .refusals import ChangeOpen, NotNow

AFTER_UNKNOWN = timedelta(minutes=3)  # lease and deadline of a change whose outcome nobody confirmed


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for something, as what, and why; `kind` empty is an owner or a steward.

    `follows` is the change without which this one is not carried out, `undoes` the one that it takes back.
    """

    actor: User
    now: datetime
    kind: str = ""
    approved_by: User | None = None
    reason: str = ""
    undoes: Change | None = None
    follows: Change | None = None
    also: Callable[[Change], None] | None = None  # done in the same transaction; what it raises undoes all of it
    ends_on: date | None = None  # its last day, where whoever asks sees to that themselves

    def check(
        self, mailbox: Mailbox, *, permission: CalendarPermission | None = None, role: str | None = None,
        address: str = "",
    ) -> None:  # fmt: skip
        """Raises NotNow where the actor may not."""
        if cause := access.may_change(
            self.actor, mailbox, self.kind, permission, role, self.approved_by, address=address
        ):  # fmt: skip
            raise NotNow(cause)


def write_down(change: Change, asking: Asking) -> Change:
    """Intent and audit commit together and durably; ringing is the caller's, after this returned. Raises ChangeOpen."""
    change.actor = asking.actor
    change.actor_kind = asking.kind or access.actor_kind(asking.actor, change.mailbox)
    change.approved_by, change.reason = asking.approved_by, asking.reason[:500]
    change.undoes, change.follows = asking.undoes, asking.follows
    change.requested_at = asking.now
    change.due_at = _first_try(change, asking.now)
    with transaction.atomic(durable=True):
        if change.follows and _still_open(change.follows):
            change.due_at = None  # the end of that one wakes it, in the same transaction
        try:
            with transaction.atomic():
                change.save(force_insert=True)
        except IntegrityError as error:
            raise ChangeOpen(Change.objects.open().filter(target=change.target).first()) from error
        record(change, "change.requested", actor=asking.actor, now=asking.now)
        if asking.also:
            asking.also(change)
    return change


def _still_open(leader: Change) -> bool:
    """Holds the row until we committed: whoever ends that change then sees who waits for it."""
    return bool(Change.objects.open().filter(pk=leader.pk).update(due_at=F("due_at")))


def _first_try(change: Change, now: datetime) -> datetime:
    """A change after one whose outcome is unknown waits until that one can no longer land."""
    before = Change.objects.filter(mailbox=change.mailbox, target=change.target, state=Change.UNKNOWN)
    unknown = before.filter(finished_at__gt=now - AFTER_UNKNOWN).order_by("-finished_at")
    last = unknown.values_list("finished_at", flat=True).first()
    return last + AFTER_UNKNOWN if last else now


def create_target(calendar: Calendar | int, address: str) -> str:
    """What a creation is about, short enough for its column whatever the address."""
    folded = graph.fold_address(address.strip())
    key = folded if len(folded) <= 80 else f"{folded[:40]}…{folded[-39:]}"
    return f"create:{calendar if isinstance(calendar, int) else calendar.pk}:{key}"


def same_thing(change: Change) -> list[str]:
    """The targets of whatever alters the same: a creation and the entry that came of it have two names."""
    names = [change.target]
    if change.calendar_id and change.address and change.kind in (Change.ROLE, Change.REMOVE):
        names.append(create_target(change.calendar_id, change.address))
    if change.kind == Change.CREATE and change.permission_id:
        names.append(f"permission:{change.permission_id}")
    return names


def new_change(
    kind: str, mailbox: Mailbox, target: str, *, before: str, after: str, calendar: Calendar | None = None,
    permission: CalendarPermission | None = None, name: str = "", address: str = "",
) -> Change:  # fmt: skip
    """A row that is not stored yet."""
    return Change(
        kind=kind, tenant=mailbox.tenant, mailbox=mailbox, target=target, before=before, after=after,
        calendar=calendar, permission=permission, name=name, address=address,
    )  # fmt: skip


def record(change: Change, verb: str, *, actor: User | None, now: datetime, outcome: str = "") -> None:
    """One audit line about a change: ids and codes only. Raises whatever the database does: no audit, no change."""
    subject = {
        "change": change.public_id, "kind": change.kind, "mailbox": change.mailbox.public_id,
        "calendar": change.calendar.public_id if change.calendar else "", "permission": change.permission_id,
        "as": change.actor_kind,
    }  # fmt: skip
    if change.permission and change.permission.grantee:
        subject["person"] = change.permission.grantee.public_id
    if change.approved_by_id:
        subject["approved_by"] = change.approved_by.username if change.approved_by else ""
    values = ("", "") if change.kind in (Change.COPY_NAME, Change.COPY_REMOVE) else (change.before, change.after)
    on_behalf = change.mailbox.person if actor and change.actor_kind == Change.DEPUTY else None
    AuditEvent.objects.record(
        now=now, verb=verb, tenant=change.tenant, actor=actor, outcome=outcome, before=values[0][:80],
        after=values[1][:80], request_id=str(change.request_id), subject=subject,
        on_behalf=on_behalf,
    )  # fmt: skip
