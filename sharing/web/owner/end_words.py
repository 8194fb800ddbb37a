"""End dates in words for the owner's lists: a flag, and whether it is near."""

from dataclasses import dataclass
from datetime import datetime

from sharing.changes import days
from sharing.models import EndDate
from sharing.words import ends


@dataclass(frozen=True, slots=True)
class Ends:
    """One end date: `label` is a flag's, `is_due` where its day is over and the access still there."""

    end_date: EndDate
    label: str
    is_soon: bool
    is_due: bool


def ends_of(end_date: EndDate, now: datetime) -> Ends:
    today = days.today(end_date.mailbox, now)
    is_due = end_date.state == EndDate.FAILED or end_date.ends_on < today
    label = ends.was(end_date.ends_on) if is_due else ends.ends(end_date.ends_on, today)
    return Ends(end_date, label, ends.is_soon(end_date.ends_on, today), is_due)
