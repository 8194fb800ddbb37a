"""What happened to one person's access: what they were given and lost, and what happened on their calendars."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from sharing import words
from sharing.models import CalendarPermission, Change, DeliveryPeriod, PermissionPeriod, Person

LATEST = 30


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: `sentence` with `names` in bold, and `when`, which also says where and by whom."""

    at: datetime
    sentence: str
    names: tuple[str, ...]
    when: str


def history_of(person: Person, *, org: str, now: datetime) -> list[Entry]:
    """The latest LATEST differences seen or made, newest first."""
    found = [*_ended(person, org, now), *_begun(person, org, now), *_deliveries(person, now)]
    return sorted(found, key=lambda entry: entry.at, reverse=True)[:LATEST]


def _ended(person: Person, org: str, now: datetime) -> Iterator[Entry]:
    """Roles that were changed or ended."""
    for side in ("permission__grantee", "permission__mailbox__person"):
        periods = PermissionPeriod.objects.filter(**{side: person}).select_related(
            "permission__calendar", "permission__mailbox__person", "change__actor"
        )
        for period in periods.order_by("-ended_at", "-pk")[:LATEST]:
            yield _entry(
                period.permission, period.ended_at, period.role, period.after, period.end, period.change, org, now
            )


def _begun(person: Person, org: str, now: datetime) -> Iterator[Entry]:
    """Roles that began without another before them; one that replaced another is told by what it ended."""
    for side in (Q(grantee=person), Q(mailbox__person=person)):
        replaced = PermissionPeriod.objects.filter(
            permission=OuterRef("pk"), ended_at=OuterRef("began_at"), end=PermissionPeriod.CHANGED
        )
        given = CalendarPermission.objects.open().filter(side, ~Exists(replaced), began_after_at__isnull=False)
        given = given.select_related("calendar", "mailbox__person", "change__actor")
        for permission in given.order_by("-began_at", "-pk")[:LATEST]:
            yield _entry(permission, permission.began_at, "", permission.role, "", permission.change, org, now)


def _entry(
    permission: CalendarPermission, at: datetime, before: str, after: str, end: str, change: Change | None,
    org: str, now: datetime,
) -> Entry:  # fmt: skip
    name = (
        words.everyone_at(org) if permission.is_organization else words.visible(permission.name or permission.address)
    )
    owner = str(permission.mailbox.person)
    sentence = words.noticed_sentence(name, before, after, end, audience=words.IT)
    calendar = str(permission.calendar) or "Calendar without a name"
    return Entry(at, f"{owner}, {calendar}: {sentence}", (owner, name), _when(at, change, now))


def _deliveries(person: Person, now: datetime) -> Iterator[Entry]:
    periods = DeliveryPeriod.objects.filter(mailbox__person=person).select_related("change__actor")
    for period in periods.order_by("-ended_at", "-pk")[:LATEST]:
        before, after = (words.delivery_words(option).it for option in (period.delivery_option, period.after))
        sentence = f"{person}: meeting requests changed from “{before}” to “{after}”"
        yield Entry(period.ended_at, sentence, (str(person),), _when(period.ended_at, period.change, now))


def _when(at: datetime, change: Change | None, now: datetime) -> str:
    local = timezone.localtime(now)
    if change is None:
        return words.noticed(timezone.localtime(at), local)
    said = words.moment(timezone.localtime(at), local)
    return f"{said[0].upper()}{said[1:]}, in Calwarden, by {change.actor}"
