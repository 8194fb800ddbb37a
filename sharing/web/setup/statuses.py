"""How each user is connected, worked out in the database, and how many there are of every kind, in one question."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When

from sharing import words
from sharing.models import Grant, Invitation, Mailbox, Person, SyncShard, Tenant
from sharing.web.it.tables import Filter, Option
from sharing.words.users import LOCKED, USER_STATUSES

BY_APP = ("admin", "both")
NOBODYS = ("shared", "room", "equipment")  # their accounts are disabled, and should be
OF_INVITATIONS = {"unmatched": Invitation.WAITING, "ambiguous": Invitation.AMBIGUOUS}
LEFT_OUT = ("disconnected", "outside_group", "not_matched")  # causes that are statuses of their own

_GONE = Q(enabled=False) | ~Q(ended_at=None)  # as the index `person_gone` has it
_LENT = Grant.objects.filter(state=Grant.CONNECTED, mailbox__isnull=False)

# In this order: what is true of its person, what its own row says, and who reads it.
_OF_PERSON: list[tuple[Q, str]] = [
    (Q(person__ended_at__isnull=False), "left"),
    (Q(person__enabled=False) & ~Q(purpose__in=NOBODYS), "disabled"),
]
_OF_ROW: list[tuple[tuple[str, ...], str | None, str]] = [  # states, the cause (None: any), status
    *(((Mailbox.EXCLUDED,), cause, cause) for cause in LEFT_OUT),
    ((Mailbox.EXCLUDED,), None, "removed"),
    ((Mailbox.NO_MAILBOX,), None, "no_mailbox"),
    ((Mailbox.DENIED, Mailbox.UNREACHABLE, Mailbox.INCOMPLETE), None, "error"),
]
_OF_READER: list[tuple[Q, str]] = [
    (Q(shard__grant__isnull=False), "own"),
    (Q(pk__in=_LENT.values("mailbox")), "both"),
]


def _row_says(states: tuple[str, ...], cause: str | None) -> Q:
    return Q(state__in=states) if cause is None else Q(state__in=states, cause=cause)


# The same as columns with an index, so that a rare status is not looked for in every row.
_NARROWED: dict[str, Q] = {
    "left": Q(person__ended_at__isnull=False),
    "disabled": Q(person__enabled=False),
    **{status: _row_says(states, cause) for states, cause, status in _OF_ROW},
    **{status: condition for condition, status in _OF_READER},
}


def with_status(mailboxes: QuerySet[Mailbox]) -> Any:
    """Adds `status`, one of words.users.USER_STATUSES."""
    said = [(_row_says(states, cause), status) for states, cause, status in _OF_ROW]
    whens = [When(condition, then=Value(status)) for condition, status in (*_OF_PERSON, *said, *_OF_READER)]
    return mailboxes.annotate(status=Case(*whens, default=Value("admin"), output_field=CharField()))


def _of_row(state: str, cause: str) -> str:
    """The status of a mailbox of whose person and reader nothing is to be said."""
    return next((said for states, why, said in _OF_ROW if state in states and why in (None, cause)), "admin")


@dataclass(frozen=True, slots=True)
class Group:
    """So many users are alike in all that the list is narrowed by; invitations have a status only."""

    state: str
    cause: str
    purpose: str
    status: str
    count: int


class Counts:
    """How many users there are of every kind."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self._groups = [group for group in groups if group.count]

    def by(self, column: str) -> dict[str, int]:
        """By `state` or `status`; nothing is counted where the column is empty."""
        found: dict[str, int] = {}
        for group in self._groups:
            if value := getattr(group, column):
                found[value] = found.get(value, 0) + group.count
        return found

    def of(self, is_meant: Callable[[Group], bool] = lambda group: True) -> int:
        return sum(group.count for group in self._groups if is_meant(group))


def count_users(mailboxes: QuerySet[Mailbox], invitations: QuerySet[Invitation], tenant: Tenant) -> Counts:
    """All of `mailboxes` and `invitations`, which are the tenant's, in one statement.

    Most mailboxes are counted in an index, as what their own row says; then the few whose person is gone, or who lent
    something, are taken out of that and counted as what they are.
    """
    gone = mailboxes.filter(person__in=Person.objects.filter(_GONE, tenant=tenant)).values("pk")
    lent = mailboxes.filter(shard__in=SyncShard.objects.filter(tenant=tenant, grant__isnull=False)).values("pk")
    both = mailboxes.filter(pk__in=_LENT.filter(tenant=tenant).values("mailbox")).values("pk")
    special = with_status(mailboxes.filter(pk__in=gone.order_by().union(lent.order_by(), both.order_by())))
    own, none = {"a": F("state"), "b": F("cause"), "c": F("purpose")}, Value("")
    branches = [
        mailboxes.annotate(**own, now=none),
        special.annotate(**own, now=F("status")),
        with_invited(invitations).annotate(a=none, b=none, c=none, now=F("status")),
    ]
    first, *others = (
        rows.order_by().values_list("a", "b", "c", "now").annotate(count=Count("pk")) for rows in branches
    )  # fmt: skip
    found: Counter[tuple[str, str, str, str]] = Counter()
    for state, cause, purpose, now, count in first.union(*others, all=True):
        said = _of_row(state, cause)
        found[state, cause, purpose, now or said] += count
        if now and state:
            found[state, cause, purpose, said] -= count
    return Counts(Group(*key, count) for key, count in found.items())


def with_invited(invitations: QuerySet[Invitation]) -> Any:
    """Those that are nobody's, or more than one person's, with `status`."""
    whens = [When(state=state, then=Value(status)) for status, state in OF_INVITATIONS.items()]
    rows = invitations.filter(state__in=OF_INVITATIONS.values())
    return rows.annotate(status=Case(*whens, output_field=CharField()))


def _is(status: str) -> Callable[[datetime, Tenant], Q]:
    return lambda now, tenant: _NARROWED.get(status, Q()) & Q(status=status)


def is_locked(status: str, tenant: Tenant) -> bool:
    """Can its person not stop the app from reading it?"""
    return status in BY_APP and not tenant.people_may_disconnect


def _locked(now: datetime, tenant: Tenant) -> Q:
    return Q(pk__in=[]) if tenant.people_may_disconnect else Q(status__in=BY_APP)


STATUS = Filter("status", "Connection", "Any connection", (
    *(Option(value, label, _is(value)) for value, (label, _, _) in USER_STATUSES.items()),
    Option("locked", "Locked", _locked, chip=LOCKED),
))  # fmt: skip


def choices(counts: dict[str, int], tenant: Tenant) -> list[tuple[str, str]]:
    """The filter's choices with their counts; what is nobody's is left out."""
    locked = 0 if tenant.people_may_disconnect else sum(counts.get(status, 0) for status in BY_APP)
    found = {**counts, "locked": locked}
    return [("", STATUS.anything)] + [
        (option.value, f"{option.label} ({found[option.value]:,})")
        for option in STATUS.options
        if found.get(option.value)
    ]


def cause_of(row: dict[str, Any]) -> words.CauseWords | None:
    return words.cause_words(row["cause"], is_deleted=bool(row["person__ended_at"])) if row["cause"] else None
