"""What ends soon on a person's calendars, for their first page."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.urls import reverse

from sharing import access
from sharing.changes import days
from sharing.models import EndDate, Person, User
from sharing.words import ends

from .end_words import Ends, ends_of
from .rows import holder, whose, words_for

SOON_DAYS, MOST = 30, 8


@dataclass(frozen=True, slots=True)
class Ending:
    """One line; `why` says what keeps it, where something does."""

    name: str
    kind: str
    calendar: str
    ends: Ends
    then: str
    why: str
    href: str


def ending_soon(user: User, now: datetime) -> list[Ending]:
    """What ends in the next weeks on all calendars of a person's, and what should have ended; that comes first."""
    near = (now + days.DAY * SOON_DAYS).date()
    rows = access.standing_end_dates(user).filter(Q(ends_on__lte=near) | Q(state=EndDate.FAILED))
    return [_line(row, user, now) for row in rows[:MOST]]


def _line(row: EndDate, user: User, now: datetime) -> Ending:
    permission, said = row.permission, ends_of(row, now)
    why = ends.why_not(row.cause).what if row.cause and said.is_due else ""
    kind = permission.grantee.kind if permission.grantee else Person.UNRESOLVED
    return Ending(
        name=holder(permission, str(user.tenant)),
        kind="organization" if permission.is_organization else kind,
        calendar=words_for(permission.calendar, user),
        ends=said,
        then="you are asked" if row.asks else ends.then(row.role_after, whose(row.mailbox, user)),
        why=why or ("Let it end, or keep it longer." if row.asks and said.is_due else ""),
        href=reverse("end_date", args=[permission.calendar.public_id, permission.pk]),
    )
