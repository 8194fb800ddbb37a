"""Who gets the meeting requests of one mailbox, for a card, a form and a page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sharing import access, words
from sharing.changes.preview import preview_delivery
from sharing.models import Change, Mailbox, User
from sharing.web import previews

from .outcomes import not_now
from .rows import PersonRow, is_own, is_waiting_long, pace, person_row, whose


@dataclass(frozen=True, slots=True)
class Delivery:
    """The setting now, the choices, the delegates it is for, and the change underway."""

    mailbox: Mailbox
    now: words.DeliveryWords
    choices: list[tuple[words.DeliveryWords, bool]]  # with True where it is so now
    delegates: list[PersonRow]
    is_known: bool
    change: Change | None
    wanted: str
    waits_long: bool
    pace: str
    not_now: words.Outcome | None
    whose: words.Whose

    @property
    def title(self) -> str:
        return self.whose.said("Who gets {your} meeting requests")

    @property
    def one_setting(self) -> str:
        return self.whose.said("One setting for all {your} delegates")

    @property
    def again(self) -> str:
        return self.whose.said("When {you_have} a delegate again")

    @property
    def delegates_title(self) -> str:
        return self.whose.begun("{your} delegates")

    @property
    def no_delegate(self) -> str:
        return words.no_delegate(self.whose)

    @property
    def still_to_nobody(self) -> str:
        """Only where it is so, and not about to change."""
        is_so = self.has_none and self.now.value == words.TO_DELEGATES_ONLY and self.change is None
        return words.still_to_nobody(self.whose) if is_so else ""

    @property
    def answer_anyway(self) -> str:
        return words.answer_anyway(self.whose)

    @property
    def separate_rights(self) -> str:
        return words.separate_rights(self.whose)

    @property
    def has_none(self) -> bool:
        """No delegate, as far as a reading shows."""
        return not self.delegates and self.mailbox.read_at is not None

    @property
    def can_change(self) -> bool:
        return self.is_known and self.change is None and self.not_now is None


def delivery_of(
    user: User, mailbox: Mailbox, now: datetime, *, cause: str | None = None, underway: list[Change] | None = None
) -> Delivery:
    """`cause` is what `access.may_change` said, `underway` the mailbox's open changes, where asked already."""
    org, of = str(user.tenant), whose(mailbox, user)
    delegates = access.permissions_of(user).delegates().filter(mailbox=mailbox).order_by("-reach", "name_sort", "pk")
    rows = [person_row(p, org=org, now=now, whose=of) for p in delegates]
    if underway is None:
        underway = list(access.changes_of(user).open().filter(mailbox=mailbox, kind=Change.DELIVERY))
    change = next((one for one in underway if one.kind == Change.DELIVERY), None)
    cause = access.may_change(user, mailbox) if cause is None else cause
    return Delivery(
        mailbox=mailbox,
        now=words.delivery_words(mailbox.delivery_option, len(rows), of),
        choices=[(one, one.value == mailbox.delivery_option) for one in words.delivery_choices(len(rows), of)],
        delegates=rows,
        is_known=bool(mailbox.delivery_option),
        change=change,
        wanted=words.delivery_words(change.after, len(rows), of).title if change else "",
        waits_long=change is not None and is_waiting_long(change, now),
        pace=pace(change, now),
        not_now=not_now(cause) if cause else None,
        whose=of,
    )


def previews_of(delivery: Delivery) -> dict[str, Any]:
    """What each choice that is not so now would send, where one may be saved."""
    if not delivery.can_change:
        return {}
    others = [one for one, is_now in delivery.choices if not is_now]
    return previews.shown(None, *((one.title, preview_delivery(delivery.mailbox, one.value)) for one in others))


def mailboxes_with_delivery(user: User) -> list[Mailbox]:
    """The person's mailboxes, their own first."""
    found = access.mailboxes_of(user).with_freshness()
    return sorted(found, key=lambda mailbox: (not is_own(mailbox, user), str(mailbox.person).casefold(), mailbox.pk))
