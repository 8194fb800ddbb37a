"""How the person's latest changes went: toasts for what was done, notes for what was not, all from the Change rows."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from sharing import words
from sharing.changes import same_thing, sends_invitation
from sharing.models import Change, Mailbox, User
from sharing.web.actors import actor_words
from sharing.words import undo as undo_words

from .rows import is_own, named, whose, words_for
from .undoable import can_undo, is_outside, url_of

RECENT = timedelta(minutes=10)  # for so long a success is worth a toast
KEPT = timedelta(days=30)  # for so long a failure waits to be dismissed
MOST = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """A change as `words` wants it: with the name that this page uses."""

    kind: str
    name: str
    before: str
    after: str = ""
    found: str = ""
    state: str = "open"
    cause: str = ""
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One toast or note about one change."""

    title: str
    text: str
    icon: str
    tone: str
    dismiss_url: str
    undo_url: str = ""
    undo_says: str = ""  # what it would do beyond putting back, where that needs saying
    undo_asks: bool = False  # a page of its own asks first
    look_url: str = ""  # where nobody confirmed it
    is_looking: bool = False


def wish_of(change: Change, org: str) -> Wish:
    everyone = change.permission is not None and change.permission.is_organization
    name = words.everyone_at(org) if everyone else named(change.name, change.address)
    return Wish(
        change.kind, name, change.before, change.after, change.found, change.state, change.cause, change.sent_at
    )


def where(change: Change, user: User) -> str:
    """The calendar a change is about, inside a sentence; empty for meeting requests of one's own mailbox."""
    if change.calendar is None:
        return "" if is_own(change.mailbox, user) else str(change.mailbox.person)
    change.calendar.mailbox = change.mailbox
    return words_for(change.calendar, user)


def told(
    changes: Iterable[Change], *, user: User, org: str, mailbox: Mailbox, now: datetime, back: str
) -> tuple[list[Told], list[Told]]:
    """Toasts and notes of the newest change of each thing; `changes` are ended ones, newest first.

    `back` is the page that dismissing returns to, `mailbox` carries its `fresh_at`.
    """
    toasts: list[Told] = []
    notes: list[Told] = []
    seen: set[str] = set()
    changes = list(changes)
    undoable = can_undo([c for c in changes if c.state == Change.APPLIED and _is_told(c, now)][:MOST], now)
    for change in changes:
        if change.target in seen:
            continue
        seen |= set(same_thing(change))  # what was undone is not told beside its undo
        if not _is_told(change, now):
            continue
        said = _reverted(change, user, org, now) if change.reverted_at else None
        said = said or words.change_outcome(
            wish_of(change, org), where(change, user), whose=whose(change.mailbox, user)
        )
        url = f"{reverse('dismiss', args=[change.public_id])}?{urlencode({'next': back})}"
        line = Told(said.title, said.text, said.icon, said.tone, url)
        if change.pk in undoable and said.tone == "good":
            line = _with_undo(line, change, org, back)
        if change.state == Change.UNKNOWN:
            look_url = f"{reverse('look', args=[change.public_id])}?{urlencode({'next': back})}"
            line = replace(line, look_url=look_url, is_looking=change.due_at is not None)
        (toasts if said.tone == "good" else notes).append(line)
    return toasts[:MOST], notes[:MOST]


def _with_undo(line: Told, change: Change, org: str, back: str) -> Told:
    """Outlook’s invitation is said beside the button, and to somebody outside on a page of its own."""
    says = undo_words.undo_of_removal(wish_of(change, org).name) if sends_invitation(change) else ""
    asks = bool(says) and is_outside(change)
    return replace(line, undo_url=url_of(change, back), undo_says=says, undo_asks=asks)


def _is_told(change: Change, now: datetime) -> bool:
    ended = change.finished_at
    if ended is None or now - ended > KEPT:
        return False
    if change.reverted_at:
        return change.dismissed_at is None or change.dismissed_at < change.reverted_at
    if change.dismissed_at:
        return False
    if change.state == Change.APPLIED:
        return now - ended < RECENT
    return True


def _reverted(change: Change, user: User, org: str, now: datetime) -> words.Outcome:
    at = words.moment(timezone.localtime(change.reverted_at), timezone.localtime(now))
    of = whose(change.mailbox, user)
    if change.kind == Change.DELIVERY:
        is_now = f"“{words.delivery_words(change.found, whose=of).title}”"
        title = of.said("Who gets {your} meeting requests was changed again outside Calwarden")
    else:
        is_now = words.quoted(change.found, of)
        title = f"{wish_of(change, org).name}’s access was changed again outside Calwarden"
    text = f"You set it here, and a check found {is_now}"
    if change.calendar:
        text = f"{text} on {where(change, user)}"
    return words.Outcome(title, f"{text}, {at}.", "alert-triangle", "warn", True)


def refused(
    kind: str, name: str, *, before: str, origin: str, whose: words.Whose, after: str = "", found: str = "",
    calendar: str = "",
) -> words.Outcome:  # fmt: skip
    """What to say of a form that was refused because the truth had moved on."""
    return words.change_outcome(Wish(kind, name, before, after, found, "conflict"), calendar, origin, whose)


def origin_of(found: str, changes: QuerySet[Change], user: User, now: datetime) -> str:
    """Who set what is `found`: somebody here, by the newest of the `changes` of one thing, or somebody outside."""
    last = changes.filter(state=Change.APPLIED).order_by("-finished_at").first()
    if last is None or last.after != found or last.reverted_at or last.finished_at is None:
        return words.OUTSIDE
    actor = actor_words(last, user)
    actor = actor[0].lower() + actor[1:] if last.actor_id == user.pk else actor
    return f"set here by {actor}, {words.moment(timezone.localtime(last.finished_at), timezone.localtime(now))}"


def not_now(cause: str) -> words.Outcome:
    """What to say where nothing may be changed at the moment."""
    return words.change_outcome(Wish(words.ROLE, "", "", state="failed", cause=cause), "")
