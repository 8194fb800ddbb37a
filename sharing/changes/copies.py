"""A sharee's own copy of somebody's calendar: renamed, or taken off the list, in the sharee's mailbox alone."""

from datetime import datetime

from sharing.models import Calendar, Change, User

from .intent import Asking, new_change, write_down
from .refusals import AlreadyGone, BadName, NotACopy, NothingToDo

LONGEST_NAME = 255


def request_copy_name(*, calendar: Calendar, name: str, actor: User, now: datetime) -> Change:
    """Ask for another name of the copy in the actor's own list; nobody else sees it. Raises Refused."""
    asking, row = _fresh(calendar, actor, now)
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise BadName
    if name == row.name:
        raise NothingToDo
    return _write_down(Change.COPY_NAME, row, name, asking)


def request_copy_removal(*, calendar: Calendar, actor: User, now: datetime) -> Change:
    """Ask for the copy to leave the actor's own list; what the owner granted stays. Raises Refused."""
    asking, row = _fresh(calendar, actor, now)
    return _write_down(Change.COPY_REMOVE, row, "", asking)


def _fresh(calendar: Calendar, actor: User, now: datetime) -> tuple[Asking, Calendar]:
    asking = Asking(actor, now, kind=Change.SHAREE)
    row = Calendar.objects.select_related("mailbox__tenant", "mailbox__person").get(pk=calendar.pk)
    asking.check(row.mailbox)
    if row.is_own or row.is_default:
        raise NotACopy
    if row.ended_at is not None:
        raise AlreadyGone
    return asking, row


def _write_down(kind: str, row: Calendar, after: str, asking: Asking) -> Change:
    change = new_change(
        kind, row.mailbox, f"copy:{row.pk}", before=row.name, after=after, calendar=row,
        name=row.owner_name, address=row.owner_address,
    )  # fmt: skip
    return write_down(change, asking)
