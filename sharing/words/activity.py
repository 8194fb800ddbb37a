"""What the activity log calls each act; and who is behind a change that was made outside."""

from datetime import datetime

from .times import moment

NOBODY_KNOWS = "unknown"


def made_outside(name: str, at: datetime | None, after_at: datetime | None, seen_at: datetime, now: datetime) -> str:
    """Who made what a reading showed: "AlexW@contoso.com, outside Calwarden, today 10:12", or between which readings.

    All moments are in the reader's zone. Without a name: "unknown, outside Calwarden, between today 09:00 and 13:00".
    """
    if name and at:
        return f"{name}, outside Calwarden, {moment(at, now)}"
    if after_at is None:
        return f"{NOBODY_KNOWS}, outside Calwarden, before {moment(seen_at, now)}"
    until = f"{seen_at:%H:%M}" if seen_at.date() == after_at.date() else moment(seen_at, now)
    return f"{NOBODY_KNOWS}, outside Calwarden, between {moment(after_at, now)} and {until}"
