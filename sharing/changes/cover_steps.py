"""Takes one cover a step further: it begins with a change, and ends with an end date back to what there was."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from sharing.models import Change, Cover, EndDate, Mailbox, Proposal, reach

from . import days
from .covers import entry_of, record_cover
from .end_dates import PASSING, STANDING, end_row, new_end_date, record, what_then
from .end_policy import EndDateRequired, EndsTooLate
from .end_steps import AGAIN, FOR_GOOD, LATE_AFTER, LEASE, SOON, Superseded
from .refusals import AlreadyGone, BadAddress, ChangeOpen, NothingToDo, NotNow, RoleNotAllowed, Stale, WouldRaise
from .request import request_create, request_role

log = logging.getLogger(__name__)

# Tells the owner of one thing about a cover, in the transaction it is called in.
TellCover = Callable[[Cover, str, datetime], None]
FAILED, OVER = "cover_failed", "cover_over"
AFTER_END = timedelta(minutes=5)


def step_cover(*, cover: Cover, now: datetime, tell: TellCover) -> bool:
    """Do what is due about it, once; False where it is not due or not ours. Safe to call at any time, and twice."""
    if not cover.claim(now=now, lease=LEASE):
        return False
    related = (
        "tenant", "by__tenant", "change__permission", "person", "end_date", "calendar", "mailbox__tenant",
        "mailbox__person", "mailbox__shard__grant",
    )  # fmt: skip
    row = Cover.objects.select_related(*related).get(pk=cover.pk)
    row.attempt = cover.attempt
    row.calendar.mailbox = row.mailbox
    try:
        _Step(row, now, tell).take()
    except Superseded:
        return False
    return True


class _Step:
    def __init__(self, row: Cover, now: datetime, tell: TellCover) -> None:
        self.row, self.now, self.tell = row, now, tell

    def take(self) -> None:
        row, zone = self.row, days.zone_of(self.row.mailbox)
        row.starts_at, row.ends_at = days.starts_at(row.starts_on, zone), days.ends_at(row.ends_on, zone)
        if row.state == Cover.WAITING:
            return self._begin() if self.now >= row.starts_at else self._let_go(row.starts_at)
        if row.state == Cover.BEGINNING and row.change is not None:
            return self._follow(row.change)
        if row.state == Cover.BEGUN and row.end_date is not None:
            return self._watch(row.end_date)
        return self._let_go(None)

    # Its start ------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        row = self.row
        if self.now >= row.ends_at:
            return self._fail("too_late")
        if row.person.ended_at is not None or row.person.enabled is False:
            return self._fail("person_gone")
        entry = entry_of(row.calendar, row.person)
        if entry is not None and reach(entry.role) >= reach(row.role):
            return self._fail("already_so")  # whoever gave that did not say that it ends
        try:
            if entry is not None:
                request_role(
                    permission=entry, role=row.role, seen=entry.role, actor=row.by, now=self.now, kind=row.by_kind,
                    reason=row.reason, approved_by=self._approved_by(), ends_on=row.ends_on, also=self._link,
                )  # fmt: skip
            else:
                request_create(
                    calendar=row.calendar, address=row.person.address, name=row.person.name, role=row.role,
                    actor=row.by, now=self.now, kind=row.by_kind, reason=row.reason,
                    approved_by=self._approved_by(), ends_on=row.ends_on, also=self._link,
                )  # fmt: skip
        except (NothingToDo, Stale):
            return self._let_go(self.now)  # another reading came between: look again
        except ChangeOpen:
            return self._let_go(self.now + SOON)
        except NotNow as never:
            if never.cause not in PASSING:
                return self._fail(never.cause)
            span = AGAIN if self.now - row.starts_at < LATE_AFTER else timedelta(hours=1)
            return self._let_go(self.now + span, cause=never.cause)
        except AlreadyGone:
            return self._fail("not_found")
        except BadAddress:
            return self._fail("person_gone")
        except (EndDateRequired, EndsTooLate):
            return self._fail("end_date_required")
        except (RoleNotAllowed, WouldRaise):
            return self._fail("role_not_allowed")

    def _approved_by(self):
        """Whose yes it has, where it was somebody else's wish; asked again when it begins."""
        yes = Proposal.objects.filter(cover=self.row, state=Proposal.ACCEPTED).select_related("decided_by").first()
        return yes.decided_by if yes else None

    def _link(self, change: Change) -> None:
        self._let_go(self.now + SOON, change=change, state=Cover.BEGINNING, cause="")

    def _follow(self, change: Change) -> None:
        if change.state == Change.OPEN:
            return self._let_go(self.now + SOON)
        if change.state == Change.APPLIED:
            return self._begun(change)
        entry = entry_of(self.row.calendar, self.row.person)
        is_so = entry is not None and entry.role == self.row.role
        if change.state == Change.UNKNOWN:
            fresh = Mailbox.objects.with_freshness().get(pk=self.row.mailbox_id).fresh_at
            if change.finished_at is None or fresh is None or fresh <= change.finished_at:
                return self._let_go(self.now + AGAIN)
            # Ours may have landed after all: what we asked for is what we take back.
            return self._begun(change) if is_so else self._fail("not_confirmed")
        if change.sent_at is None and change.cause not in FOR_GOOD:
            soon = SOON if change.state == Change.CONFLICT else AGAIN
            return self._let_go(self.now + soon, state=Cover.WAITING, change=None, cause=change.cause[:80])
        return self._fail(change.cause or change.state)

    def _begun(self, change: Change) -> None:
        """Access is there: in one transaction with that, it gets its end."""
        row = self.row
        permission = change.permission or entry_of(row.calendar, row.person)
        if permission is None or permission.ended_at is not None:
            return self._fail("already_gone")
        permission.mailbox = row.mailbox
        try:
            with transaction.atomic():
                role_after = self._set_aside(permission.pk, change.before)
                end_date = new_end_date(
                    permission, role=row.role, ends_on=row.ends_on, role_after=role_after, asks=False, by=row.by,
                    by_kind=row.by_kind, reason=row.reason, now=self.now,
                )  # fmt: skip
                self._let_go(row.ends_at + AFTER_END, state=Cover.BEGUN, end_date=end_date, cause="")
                record(
                    end_date, "end_date.set", None, now=self.now, after=str(row.ends_on), outcome=what_then(end_date)
                )
                record_cover(row, "cover.begun", None, now=self.now)
        except ChangeOpen:  # the date that was there before ends it this very minute
            return self._let_go(self.now + SOON)

    def _set_aside(self, permission_pk: int, before: str) -> str:
        """Puts a date that was there before away until the leave is over; what is left then."""
        there = EndDate.objects.filter(permission=permission_pk, state__in=STANDING).order_by("-pk").first()
        if there is None:
            return before
        is_over_by_then = there.ends_on <= self.row.ends_on and not there.asks
        end_row(there, EndDate.REPLACED, self.now, cause="" if is_over_by_then else self._aside())
        return there.role_after if is_over_by_then else before

    def _aside(self) -> str:
        return f"cover:{self.row.public_id}"

    # Its end --------------------------------------------------------------------------------------------------

    def _watch(self, end_date: EndDate) -> None:
        if end_date.state == EndDate.REPLACED:
            newer = (
                EndDate.objects.filter(permission=end_date.permission_id, pk__gt=end_date.pk).order_by("-pk").first()
            )
            if newer is not None:
                return self._let_go(max(self.now, newer.ends_at) + AFTER_END, end_date=newer)
        if end_date.state in STANDING:
            return self._let_go(max(self.now + AGAIN, end_date.ends_at + AFTER_END))
        with transaction.atomic():
            self._let_go(None, state=Cover.OVER, cause="" if end_date.state == EndDate.DONE else "kept")
            record_cover(self.row, "cover.over", None, now=self.now)
            if end_date.state == EndDate.DONE and not end_date.cause:  # it ended by us, not by other hands before
                self.tell(self.row, OVER, self.now)
            if end_date.state == EndDate.DONE and end_date.role_after:
                self._bring_back(end_date)

    def _bring_back(self, ended: EndDate) -> None:
        """The date that was set aside counts again."""
        aside = EndDate.objects.filter(permission=ended.permission_id, state=EndDate.REPLACED, cause=self._aside())
        if EndDate.objects.filter(permission=ended.permission_id, state=EndDate.LIVE).exists():
            return
        last = list(aside.order_by("-pk").values_list("pk", flat=True)[:1])
        fields = {"state": EndDate.LIVE, "cause": "", "over_at": None, "change": None, "due_at": self.now}
        EndDate.objects.filter(pk__in=last).update(**fields)

    # Writing --------------------------------------------------------------------------------------------------

    def _fail(self, cause: str) -> None:
        log.warning("a cover did not begin", extra={"cover": self.row.public_id, "cause": cause})
        with transaction.atomic():
            self._let_go(None, state=Cover.FAILED, cause=cause[:80])
            self.row.cause = cause[:80]
            self.tell(self.row, FAILED, self.now)
            record_cover(self.row, "cover.failed", None, now=self.now, outcome=cause)

    def _let_go(self, due_at: datetime | None, **fields: object) -> None:
        if not self.row.let_go(due_at=due_at, starts_at=self.row.starts_at, ends_at=self.row.ends_at, **fields):
            raise Superseded
