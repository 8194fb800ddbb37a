"""The owner's first page: which mailboxes are theirs, how well they were read, and what is shared of them."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from sharing import access, words
from sharing.models import Calendar, CalendarPermission, Grant, Mailbox, Person, Role, Tenant, User

from .delivering import Delivery, delivery_of, mailboxes_with_delivery
from .rows import CalendarRow, Checked, calendar_row, checked, count_words, is_own, moment

LAST_KNOWN = "This is the last known access."
LENT = {  # what ended the own connection of a mailbox: title and text
    "grant_lost": ("Not connected since", "Microsoft no longer accepts your connection, so nothing new is read."),
    "disconnected": ("Disconnected", "This mailbox was disconnected, so nothing new is read."),
}


@dataclass(frozen=True, slots=True)
class Note:
    """A remark about how well something could be read."""

    title: str
    text: str
    icon: str
    tone: str
    href: str = ""  # where somebody can do something about it
    action: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One mailbox: its calendars and, where it could not be read, what that means for them."""

    mailbox: Mailbox
    title: str
    is_own: bool
    calendars: list[CalendarRow]
    holders: int  # people and groups with access, each counted once
    has_groups: bool
    state: Note | None
    checked: Checked


@dataclass(frozen=True, slots=True)
class Home:
    """`none` says why there is no mailbox; otherwise there is at least one card."""

    cards: list[Card]
    none: Note | None
    lead: str
    delivery: Delivery | None

    @property
    def own(self) -> Card | None:
        return next((card for card in self.cards if card.is_own), None)

    @property
    def is_checking(self) -> bool:
        return any(card.checked.is_checking for card in self.cards)


def home_of(user: User, now: datetime) -> Home:
    """All of it in a fixed number of queries, however many calendars there are."""
    mailboxes = mailboxes_with_delivery(user)
    if not mailboxes:
        return Home([], _no_mailbox(user), "", None)
    cards = _cards(user, mailboxes, now)
    own = next((card for card in cards if card.is_own), None)
    has_delivery = own and (own.calendars or own.mailbox.delivery_option)
    delivery = delivery_of(user, own.mailbox, now) if own and has_delivery else None
    return Home(cards, None, _lead(own or cards[0]), delivery)


def mailbox_note(mailbox: Mailbox, user: User, now: datetime) -> Note | None:
    """What to say of a mailbox that was not read as it should be; None where all is well."""
    if mailbox.state == Mailbox.OK:
        return None
    if mailbox.cause in LENT:
        title, text = LENT[mailbox.cause]
        text = f"{text} {LAST_KNOWN}" if mailbox.is_lent else text
        action = "Connect again" if mailbox.is_lent else "Your connection"
        since = moment(mailbox.state_since, now)
        return Note(f"{title} {since}", text, "plug-connected-x", "warn", reverse("account:home"), action)
    said = words.state_words(mailbox.state)
    text = said.owner if is_own(mailbox, user) else said.sentence
    if mailbox.state == Mailbox.NEVER:
        return Note("Not read yet", text, said.icon, "")
    if mailbox.state == Mailbox.NO_MAILBOX:
        text = "No Exchange Online mailbox: on-premises, unlicensed or deleted."
        text = f"{text} {LAST_KNOWN}" if mailbox.read_at else text
        return Note("No mailbox", text, said.icon, "warn")
    if mailbox.cause == "breaker":
        text = f"Far more access would have ended than usual, so your IT looks at it first. {LAST_KNOWN}"
    if mailbox.read_at is None:
        text = "Nothing was read before, so there is nothing to show yet."
    return Note(f"Not readable since {moment(mailbox.state_since, now)}", text, said.icon, "warn")


def calendar_note(calendar: Calendar, user: User, now: datetime) -> Note | None:
    """The same on the page of one calendar, whose own list may be whole in a mailbox that is not."""
    mailbox = calendar.mailbox
    if mailbox.state not in (Mailbox.OK, Mailbox.INCOMPLETE) or mailbox.cause == "breaker":
        return mailbox_note(mailbox, user, now)
    if calendar.state == Mailbox.OK:
        return None
    if calendar.read_at is None:
        return Note("Not read yet", "We haven’t read who has access to this calendar yet.", "circle-dashed", "")
    return Note("We couldn’t read this calendar completely", LAST_KNOWN, "circle-minus", "warn")


def _cards(user: User, mailboxes: list[Mailbox], now: datetime) -> list[Card]:
    org = str(user.tenant)
    shared: dict[int, list[CalendarPermission]] = {}
    holders: dict[int, set[tuple[int | None, str]]] = {}
    with_groups: set[int] = set()
    for permission in access.permissions_of(user):
        shared.setdefault(permission.calendar_id, []).append(permission)
        if not permission.is_organization and permission.role != Role.NONE:
            who = (permission.grantee_id, "" if permission.grantee_id else permission.name_sort)
            holders.setdefault(permission.mailbox_id, set()).add(who)
            if permission.grantee and permission.grantee.kind == Person.GROUP:
                with_groups.add(permission.mailbox_id)
    waiting = set(access.changes_of(user).open().order_by().values_list("calendar_id", flat=True))
    calendars: dict[int, list[CalendarRow]] = {}
    for calendar in access.calendars_of(user):
        row = calendar_row(
            calendar, shared.get(calendar.pk, []), user=user, org=org, now=now, is_waiting=calendar.pk in waiting
        )
        calendars.setdefault(calendar.mailbox_id, []).append(row)
    return [
        Card(
            mailbox=mailbox,
            title="Owned by you" if is_own(mailbox, user) else str(mailbox.person),
            is_own=is_own(mailbox, user),
            calendars=calendars.get(mailbox.pk, []),
            holders=len(holders.get(mailbox.pk, ())),
            has_groups=mailbox.pk in with_groups,
            state=mailbox_note(mailbox, user, now),
            checked=checked(mailbox, now),
        )
        for mailbox in mailboxes
    ]


def _lead(card: Card) -> str:
    """How many people there are; nothing where that is not known."""
    if card.mailbox.state != Mailbox.OK:
        return ""
    if not card.holders:
        return "Nobody else has access of their own."
    return f"{count_words(card.holders, card.has_groups)} can see or edit them."


def _no_mailbox(user: User) -> Note:
    tenant = user.tenant
    if access.grants_of(user).filter(state=Grant.CONNECTED).exists():
        return Note("Connected", "We read your mailbox now. It appears here in a minute.", "loader", "")
    if tenant.mode == Tenant.INDIVIDUAL:
        text = f"In {tenant} everybody connects their own mailbox. It takes a minute, and you can take it back."
        return Note("Connect your mailbox", text, "plug-connected", "", reverse("account:home"), "Your connection")
    if tenant.state == Tenant.LISTED:
        text = f"Calwarden doesn’t read the calendars of {tenant} yet."
        if tenant in access.tenants_for_setup(user):
            href = f"{reverse('setup:connections')}?tenant={tenant.public_id}"
            return Note(f"{tenant} is not connected yet", text, "mailbox", "", href, "Go to Connections")
        return Note(f"{tenant} is not connected yet", f"{text} Ask your IT when it will.", "mailbox", "")
    if tenant.state == Tenant.LOST:
        text = "Calwarden lost its access to Microsoft 365, so it can’t look for a new one. Your IT can restore it."
        return Note("We know no mailbox of yours", text, "mailbox", "")
    text = f"Calwarden shows Exchange Online calendars of {tenant}. A new mailbox appears here after the next check."
    return Note("You have no mailbox here", text, "mailbox", "")
