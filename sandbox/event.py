"""One event as a mailbox keeps it: what somebody put into Outlook, or a meeting made by an app, or a copy of one."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox import ids


@dataclass(slots=True)
class Event:
    """`start` and `end` are ISO texts in UTC, `zone` the time zone they were given in; `organizer` is (name, address).

    `attendees` are {"name", "address", "type", "response"}; a copy in an attendee's calendar has `is_organizer` False
    and the organizer's `ical_uid`. `app_id` is the app that made it, None for what people made; a copy that keeps
    the properties keeps it, too. `properties` are extended properties by id. Until `hidden_until` the event is seen as
    it stood in `shown` (None: not at all).
    """

    id: str
    ical_uid: str
    subject: str
    start: str
    end: str
    organizer: tuple[str, str]
    zone: str = "UTC"
    body: str = ""
    place: str = ""
    show_as: str = "busy"
    is_private: bool = False
    is_organizer: bool = True
    is_cancelled: bool = False
    is_gone: bool = False
    attendees: list[dict[str, str]] = field(default_factory=list)
    app_id: str | None = None
    transaction_id: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    created_at: str = "2025-01-15T09:00:00Z"
    modified_at: str = "2025-01-15T09:00:00Z"
    writes: int = 0
    hidden_until: str | None = None
    shown: dict[str, Any] | None = None

    @property
    def immutable_id(self) -> str:
        return ids.event_id("immutable", self.id)

    @property
    def change_key(self) -> str:
        return ids.change_key(self.id, self.writes)

    @property
    def is_live(self) -> bool:
        """Whether it stands in the calendar and takes time there."""
        return not self.is_gone and not self.is_cancelled


def event_of(value: dict[str, Any]) -> Event:
    """The event that `rows.plain` wrote down."""
    name, address = value["organizer"]
    return Event(**{**value, "organizer": (name, address)})


def moment(text: str) -> datetime:
    """The moment of one of its texts."""
    return datetime.fromisoformat(text)


def as_text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
