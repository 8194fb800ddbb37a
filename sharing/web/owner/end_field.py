"""The last day beside a raise: needed or not, until when at most, and why a day was refused."""

from dataclasses import dataclass
from datetime import date, datetime

from sharing import access, changes, words
from sharing.changes import days
from sharing.models import CalendarPermission, Change, EndDate, User
from sharing.words import ends

from . import outcomes
from .rows import whose


@dataclass(frozen=True, slots=True)
class DayField:
    """What the field shows; `needed` is the sentence of a rule, where one asks for a day."""

    value: str
    first: str
    latest: str
    needed: str
    then: str
    problem: str


def day_field(
    permission: CalendarPermission, role: str, *, user: User, now: datetime, value: str | None = None, problem: str = ""
) -> DayField | None:
    """The field where access is raised; None where it is not, and on what everybody has."""
    if words.rank(role) <= words.rank(permission.role) or permission.is_organization:
        return None
    limit = changes.limit_of(permission, role)
    live = access.standing_end_dates(user).filter(permission=permission, state=EndDate.LIVE).first()
    latest = limit.latest(permission.mailbox, now) if limit else None
    if value is None:
        kept = live.ends_on if live and (latest is None or live.ends_on <= latest) else latest
        value = kept.isoformat() if kept else ""
    return DayField(
        value=value,
        first=(days.today(permission.mailbox, now) + days.DAY).isoformat(),
        latest=latest.isoformat() if latest else "",
        needed=ends.needed(limit.why, limit.days, str(user.tenant)) if limit else "",
        then=ends.then(live.role_after if live else permission.role, whose(permission.mailbox, user)),
        problem=problem,
    )


def raise_until(
    permission: CalendarPermission, role: str, *, seen: str, ends_on: date | None, user: User, now: datetime
) -> Change:
    """Ask for `role`, and before that for its last day: after it there is again what there is now. Raises Refused."""
    made = None
    if ends_on is not None and permission.role == seen:
        live = access.standing_end_dates(user).filter(permission=permission, state=EndDate.LIVE).first()
        try:
            made = changes.set_end_date(
                permission=permission, ends_on=ends_on, role_after=live.role_after if live else permission.role,
                for_role=role, actor=user, now=now,
            )  # fmt: skip
        except changes.NothingToDo:
            pass
    try:
        return changes.request_role(permission=permission, role=role, seen=seen, actor=user, now=now)
    except changes.Refused:
        if made is not None:
            _take_back(made, user, now)
        raise


def _take_back(made: EndDate, user: User, now: datetime) -> None:
    """A day for access that was not raised is no use; where one is needed anyway it stays."""
    try:
        changes.cancel_end_date(end_date=made, actor=user, now=now)
    except changes.Refused:
        return


def why_no_day(refused: changes.Refused, permission: CalendarPermission, org: str) -> str:
    """Why a day was refused, in one sentence at its field."""
    if isinstance(refused, changes.EndsTooSoon):
        return "The end date must be after today."
    if isinstance(refused, changes.EndsTooLate | changes.EndDateRequired) and refused.limit:
        limit = refused.limit
        return f"{ends.needed(limit.why, limit.days, org)} That is {ends.on(refused.latest)} at the latest."
    if isinstance(refused, changes.EndsTooLate):
        return f"The end date must be on {ends.on(refused.latest)} or before."
    if isinstance(refused, changes.RoleNotAllowed):
        return "Choose what is left then: less than now."
    if isinstance(refused, changes.NotRemovable):
        return "This can’t be removed. Choose what it goes back to."
    if isinstance(refused, changes.WouldRaise):
        return ends.why_not("would_raise").what
    if isinstance(refused, changes.ChangeOpen):
        return "It is being ended right now."
    if isinstance(refused, changes.NotNow):
        return outcomes.not_now(refused.cause).text
    return "Nothing was saved."
