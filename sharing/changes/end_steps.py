"""Takes one end date a step further: a mail to its owner, the question on the day, or the end and what came of it."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import transaction

from sharing.models import CalendarPermission, Change, Cover, EndDate, Mailbox, PermissionPeriod, reach

from .days import DAY, ends_at, morning_of, starts_at, working_moment, zone_of
from .end_dates import ASKED, NOTICES, record
from .refusals import AlreadyGone, ChangeOpen, NothingToDo, NotNow, NotRemovable, RoleNotAllowed, Stale, WouldRaise
from .request import request_removal, request_role

log = logging.getLogger(__name__)

# Tells the owner of one thing about an end date, in the transaction it is called in.
Tell = Callable[[EndDate, str, datetime], None]
NEAR, ASKS, LATE, FAILED, DONE = "end_near", "end_asks", "end_late", "end_failed", "end_done"

LEASE = timedelta(minutes=2)
SOON, AGAIN = timedelta(minutes=1), timedelta(minutes=15)
LATE_AFTER = timedelta(hours=24)
GIVE_UP_AFTER = timedelta(days=30)
ASK_AGAIN_AFTER, ASKED_AT_MOST = timedelta(days=7), 4
EASTERNMOST = timedelta(hours=14)  # no clock is further ahead: before that a day is over nowhere
# Nothing was sent and asking again would end the same way.
FOR_GOOD = {"not_allowed", "own_access", "not_removable", "role_not_allowed", "would_raise", "needs_approval"}


class Superseded(Exception):
    """A person decided something else meanwhile, or another worker has the row: nothing of this step may stand."""


def step_end_date(*, end_date: EndDate, now: datetime, tell: Tell) -> bool:
    """Do what is due about it, once; False where it is not due or not ours. Safe to call at any time, and twice.

    Every write is fenced by the claim, and a change is written down in the same transaction in which the row learns of
    it: whenever a worker dies, the next one finds either both or neither.
    """
    if not end_date.claim(now=now, lease=LEASE):
        return False
    related = (
        "tenant", "by__tenant", "change", "mailbox__tenant", "mailbox__person", "mailbox__shard__grant",
        "permission__calendar", "permission__grantee", "permission__change",
    )  # fmt: skip
    row = EndDate.objects.select_related(*related).get(pk=end_date.pk)
    row.attempt = end_date.attempt
    row.permission.mailbox = row.mailbox
    try:
        _Step(row, now, tell).take()
    except Superseded:
        return False
    return True


class _Step:
    def __init__(self, row: EndDate, now: datetime, tell: Tell) -> None:
        self.row, self.now, self.tell = row, now, tell
        self.permission, self.mailbox = row.permission, row.mailbox
        self.zone = zone_of(row.mailbox)

    def take(self) -> None:
        row = self.row
        if row.state != EndDate.LIVE:
            return self._let_go(None)
        if row.change is not None:
            return self._follow(row.change)
        row.ends_at = ends_at(row.ends_on, self.zone)  # the mailbox may have moved, or its country its clocks
        if self.permission.ended_at is not None:
            return self._gone()
        if self._was_given_anew():
            return self._done("already_gone")
        if self._must_ask() and self.now >= self._asked_at():
            return self._ask()
        if self.now < row.ends_at:
            return self._before()
        planned = self.planned_at()
        if self.now < planned:
            return self._let_go(planned)
        return self._end(planned)

    # Before the day is over -----------------------------------------------------------------------------------

    def _before(self) -> None:
        row = self.row
        mornings = [morning_of(row.ends_on - DAY * days, self.zone) for days in NOTICES]
        passed = sum(at <= self.now for at in mornings)
        if row.is_accepted or row.notices_sent >= passed:
            return self._let_go(self._next(mornings))
        with transaction.atomic():
            self.tell(row, NEAR, self.now)
            self._let_go(self._next(mornings), notices_sent=passed)

    def _next(self, mornings: list[datetime]) -> datetime:
        """The next mail, or a look a day; an hour once the day may be over somewhere: the mailbox may move there."""
        ahead = [at for at in mornings if at > self.now and not self.row.is_accepted]
        ahead += [self._asked_at()] if self._must_ask() else []
        somewhere = starts_at(self.row.ends_on + DAY, UTC) - EASTERNMOST
        end = min(self.row.ends_at, max(somewhere, self.now + timedelta(hours=1)))
        return min([*ahead, end, self.now + DAY])

    # On the day -----------------------------------------------------------------------------------------------

    def _must_ask(self) -> bool:
        """A delegate is only ever ended by the word of somebody who knew that it would be one."""
        became_delegate = self.permission.is_delegate and not CalendarPermission(role=self.row.role).is_delegate
        return self.row.asks or became_delegate

    def _asked_at(self) -> datetime:
        return morning_of(self.row.ends_on, self.zone)

    def _ask(self) -> None:
        times = min(1 + (self.now - self._asked_at()) // ASK_AGAIN_AFTER, ASKED_AT_MOST)
        with transaction.atomic():
            if self.row.notices_sent < ASKED - 1 + times:
                self.tell(self.row, ASKS, self.now)
            # Looked at once a day: it may have ended by other hands.
            self._let_go(self.now + DAY, notices_sent=ASKED - 1 + times, asks=True, is_accepted=False)

    def planned_at(self) -> datetime:
        return planned_at(self.row)

    def _end(self, planned: datetime) -> None:
        """Ask for it, from whatever the role is by now; more is never given."""
        row, permission = self.row, self.permission
        if row.role_after and reach(permission.role) <= reach(row.role_after):
            return self._done("already_less" if permission.role != row.role_after else "already_so")
        try:
            if row.role_after:
                request_role(
                    permission=permission, role=row.role_after, seen=permission.role, actor=row.by, now=self.now,
                    kind=Change.END_DATE, reason=row.reason, also=self._link,
                )  # fmt: skip
            else:
                request_removal(
                    permission=permission, seen=permission.role, actor=row.by, now=self.now,
                    kind=Change.END_DATE, reason=row.reason, also=self._link,
                )  # fmt: skip
        except (NothingToDo, Stale):
            return self._let_go(self.now)  # another reading came between: look again
        except AlreadyGone:
            self.permission.refresh_from_db()
            return self._gone()
        except ChangeOpen:
            return self._wait("change_open", SOON, planned)
        except NotNow as never:
            if never.cause in FOR_GOOD:
                return self._fail(never.cause)
            return self._wait(never.cause, AGAIN, planned)
        except WouldRaise:
            return self._fail("would_raise")
        except NotRemovable:
            return self._fail("not_removable")
        except RoleNotAllowed:
            return self._fail("role_not_allowed")

    def _link(self, change: Change) -> None:
        """In the transaction that writes the change down: ours, or it is not written down at all."""
        self._let_go(self.now + SOON, change=change, cause="")

    # What came of it ------------------------------------------------------------------------------------------

    def _follow(self, change: Change) -> None:
        if change.state == Change.OPEN:
            return self._let_go(self.now + SOON)
        if change.state == Change.APPLIED:
            return self._came_true()
        if self._is_so():
            return self._done("already_gone" if self.permission.ended_at else "already_so")
        if change.state == Change.UNKNOWN:
            return self._unknown(change)
        if change.sent_at is None and change.cause not in FOR_GOOD:
            # Nothing left this machine, so another try is the first one. A conflict is new: the list was just read.
            soon = SOON if change.state == Change.CONFLICT else AGAIN
            return self._wait(change.cause or change.state, soon, self.planned_at(), change=None)
        return self._fail(change.cause or change.state)

    def _came_true(self) -> None:
        """Told once, unless the owner asked for no more mail, or a cover tells of its own end."""
        with transaction.atomic():
            if not self.row.is_accepted and not Cover.objects.filter(end_date=self.row.pk).exists():
                self.tell(self.row, DONE, self.now)
            self._done("")

    def _unknown(self, change: Change) -> None:
        """A later reading decides; until there is one nobody says that it ended."""
        fresh = Mailbox.objects.with_freshness().get(pk=self.mailbox.pk).fresh_at
        if change.finished_at is None or fresh is None or fresh <= change.finished_at:
            return self._wait("not_confirmed", AGAIN, self.planned_at())
        return self._fail("not_confirmed")

    def _is_so(self) -> bool:
        """Does the mirror show no more than was to be left?"""
        if self.permission.ended_at is not None:
            return not _is_out_of_sight(self.permission)
        return bool(self.row.role_after) and reach(self.permission.role) <= reach(self.row.role_after)

    def _gone(self) -> None:
        """It ended by other hands; where we only may not look any more, it may well go on."""
        if _is_out_of_sight(self.permission):
            return self._wait("left_out", DAY, self.planned_at())
        last = self._last_removal()
        if self.now < self.row.ends_at and last is not None and last.change_id is not None:
            return self._let_go(min(self.now + DAY, self.row.ends_at))  # its undo brings the date back, too
        return self._done("already_gone")

    def _was_given_anew(self) -> bool:
        """Did it end since, and was it shared again? A date falls with the access it was set for; not with an undo."""
        last = self._last_removal()
        if last is None:
            return False
        ours = self.permission.change
        return last.change_id is None or ours is None or ours.undoes_id != last.change_id

    def _last_removal(self) -> PermissionPeriod | None:
        ended = self.permission.periods.filter(end=PermissionPeriod.REMOVED, ended_at__gte=self.row.made_at)
        return ended.order_by("-ended_at", "-pk").first()

    # Writing --------------------------------------------------------------------------------------------------

    def _wait(self, cause: str, span: timedelta, planned: datetime, **fields: object) -> None:
        late = self.now - planned
        if late > GIVE_UP_AFTER and cause not in ("left_out", "frozen", "writes_off", "not_connected"):
            return self._fail(cause)
        with transaction.atomic():
            if late > LATE_AFTER:
                self.tell(self.row, LATE, self.now)  # told once, whatever the cause is by then
                span = max(span, timedelta(hours=1))
            self._let_go(self.now + span, cause=cause[:80], **fields)

    def _done(self, cause: str) -> None:
        self._finish(EndDate.DONE, cause, "end_date.ended")

    def _fail(self, cause: str) -> None:
        log.warning("an end date could not be kept", extra={"end_date": self.row.public_id, "cause": cause})
        with transaction.atomic():
            self.row.cause = cause[:80]
            self.tell(self.row, FAILED, self.now)
            self._finish(EndDate.FAILED, cause, "end_date.failed")

    def _finish(self, state: str, cause: str, verb: str) -> None:
        with transaction.atomic():
            self._let_go(None, state=state, cause=cause[:80], over_at=self.now)
            record(self.row, verb, None, now=self.now, before=str(self.row.ends_on), outcome=cause)

    def _let_go(self, due_at: datetime | None, **fields: object) -> None:
        if not self.row.let_go(due_at=due_at, ends_at=self.row.ends_at, **fields):
            raise Superseded


def planned_at(end_date: EndDate) -> datetime:
    """When it is to be carried out: at the end of its day; for a delegate in the owner's next working hours.

    Unless somebody said so after the day had passed: then at once.
    """
    if not end_date.permission.is_delegate or (end_date.is_accepted and end_date.notices_sent >= ASKED):
        return end_date.ends_at
    return working_moment(end_date.mailbox, end_date.ends_at)


def _is_out_of_sight(permission: CalendarPermission) -> bool:
    last = permission.periods.order_by("-ended_at", "-pk").first()
    return last is not None and last.end == PermissionPeriod.OUT_OF_SCOPE
