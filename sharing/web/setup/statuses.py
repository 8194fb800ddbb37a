"""How each mailbox is connected, worked out in the database, and the filter and counts made of it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Value, When

from sharing import words
from sharing.models import Grant, Mailbox, Tenant
from sharing.web.it.tables import Filter, Option
from sharing.words.users import LOCKED, USER_STATUSES

_LENT = Grant.objects.filter(mailbox=OuterRef("pk"), state=Grant.CONNECTED)
BY_APP = ("admin", "both")
NOBODYS = ("shared", "room", "equipment")  # their accounts are disabled, and should be


def with_status(mailboxes: QuerySet[Mailbox]) -> Any:
    """Adds `status`, one of words.users.USER_STATUSES."""
    left_out = {"state": Mailbox.EXCLUDED}
    cases: list[tuple[Q, str]] = [
        (Q(person__ended_at__isnull=False), "left"),
        (Q(person__enabled=False) & ~Q(purpose__in=NOBODYS), "disabled"),
        *((Q(cause=cause, **left_out), cause) for cause in ("disconnected", "outside_group", "not_matched")),
        (Q(**left_out), "removed"),
        (Q(state=Mailbox.NO_MAILBOX), "no_mailbox"),
        (Q(state__in=[Mailbox.DENIED, Mailbox.UNREACHABLE, Mailbox.INCOMPLETE]), "error"),
        (Q(shard__grant__isnull=False), "own"),
        (Q(Exists(_LENT)), "both"),
    ]
    whens = [When(condition, then=Value(status)) for condition, status in cases]
    return mailboxes.annotate(status=Case(*whens, default=Value("admin"), output_field=CharField()))


def count_by_status(mailboxes: Any) -> dict[str, int]:
    """How many there are of each; one statement."""
    return dict(mailboxes.order_by().values_list("status").annotate(count=Count("pk")))


def _is(status: str) -> Callable[[datetime, Tenant], Q]:
    return lambda now, tenant: Q(status=status)


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
