"""Tries one mailbox inside the limiting group and one outside; asks for an id only, never for what is in them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet

from sharing import graph
from sharing.graph import applications
from sharing.models import AuditEvent, GroupLimit, GroupMember, Mailbox, Person

from .verdicts import POLICY, READ, REFUSED, Seen, Verdict, judge, mailbox_roles

MOST_CANDIDATES = 5  # people tried on one side until one turns out to have a mailbox
AT_ONCE = 500
INSIDE, OUTSIDE = "inside", "outside"
_NO_MAILBOX = ("no_mailbox", "not_found", "mailbox_unproved")


@dataclass(frozen=True, slots=True)
class Membership:
    """Who counts as inside, and who must not be taken for somebody outside; both by object id."""

    inside: frozenset[str]
    near: frozenset[str]
    groups: int
    others: int


@dataclass(frozen=True, slots=True)
class Test:
    """How a test ended; `found` is what GroupLimit keeps of it."""

    verdict: Verdict
    inside: Person | None = None
    outside: Person | None = None
    found: dict[str, Any] = field(default_factory=dict)


def try_both(
    *, limit: GroupLimit, client: graph.Client, membership: Membership | None, cause: str, clock: Callable[[], datetime]
) -> Test:
    """Ask Entra what it grants, then try both sides; `cause` is why the membership is not known, where it is not.

    Every mailbox that is tried stands in the activity log.
    """
    try:
        token = client.renew()  # one that was kept would still name roles that were taken away
        principal = applications.principal_of(token)
        granted = _granted(client, token, principal)
    except graph.GraphError as error:
        return Test(Verdict(GroupLimit.INCONCLUSIVE, error.word, limit.is_legacy), limit.inside, limit.outside)
    if membership:
        inside = _try_side(limit, client, _inside(limit, membership), INSIDE, clock)
        outside = _try_side(limit, client, _outside(limit, membership), OUTSIDE, clock)
    else:
        inside = outside = _Tried(None, cause)
    found = {
        "principal": principal or limit.found.get("principal", ""),
        "granted": None if granted is None else sorted(granted),  # unknown is not none
        INSIDE: inside.word, OUTSIDE: outside.word,
        "groups": membership.groups if membership else 0, "others": membership.others if membership else 0,
    }  # fmt: skip
    verdict = judge(
        seen=Seen(inside.word, outside.word, granted), was=limit.verdict, since=limit.changed_at,
        was_legacy=limit.is_legacy, now=clock(),
    )  # fmt: skip
    return Test(verdict, inside.person, outside.person, found)


def still_stand(limit: GroupLimit, membership: Membership) -> bool:
    """Whether the two people of the last test are still on their sides."""
    inside, outside = limit.inside, limit.outside
    return bool(inside and outside and str(inside.oid) in membership.inside and str(outside.oid) not in membership.near)


def _granted(client: graph.Client, token: graph.Token, principal: str | None) -> frozenset[str] | None:
    """Mailbox roles granted tenant-wide, by the token and, where we may ask, by the directory itself."""
    held = token.roles
    if principal:
        try:
            held = (held or frozenset()) | applications.granted_roles(client, principal)
        except graph.Denied:
            pass  # Application.Read.All is not needed for anything else, so few grant it
    return None if held is None else mailbox_roles(held)


@dataclass(frozen=True, slots=True)
class _Tried:
    person: Person | None
    word: str


def _try_side(
    limit: GroupLimit, client: graph.Client, people: Iterable[Person], side: str, clock: Callable[[], datetime]
) -> _Tried:
    """The first of these people who has a mailbox, and what was met there."""
    tried = _Tried(None, f"nobody_{side}")
    for person in people:
        word = _probe(client, person)
        AuditEvent.objects.record(
            now=clock(), verb="limit.probed", tenant=limit.tenant, subject={"side": side, "oid": str(person.oid)},
            outcome=word,
        )  # fmt: skip
        if word == REFUSED and side == OUTSIDE and not _has_mailbox(limit, person):
            word = "mailbox_unproved"
        tried = _Tried(person, word)
        if word not in _NO_MAILBOX:
            break
    return tried


def _probe(client: graph.Client, person: Person) -> str:
    try:
        applications.try_mailbox(client, str(person.oid))
    except graph.Denied as error:
        if not applications.is_refusal(error):
            return error.word
        return POLICY if isinstance(error, graph.OutOfScope) else REFUSED
    except graph.GraphError as error:
        return error.word
    return READ


def _has_mailbox(limit: GroupLimit, person: Person) -> bool:
    """A refusal says something only of a mailbox that exists: it was read once, or opened to an earlier test."""
    if limit.outside_id == person.pk and limit.found.get(OUTSIDE) in (READ, REFUSED, POLICY):
        return True
    return Mailbox.objects.filter(person=person, read_at__isnull=False).exists()


def _mailboxes(limit: GroupLimit) -> QuerySet[Mailbox]:
    """Whom to try: people whose account is on and whose mailbox is not known to lack; those read before come first."""
    people = {"person__kind": Person.USER, "person__missed_at": None, "person__ended_at": None}
    rows = Mailbox.objects.filter(tenant=limit.tenant_id, disconnected_at=None, **people)
    rows = rows.exclude(person__enabled=False).exclude(state=Mailbox.NO_MAILBOX).select_related("person")
    return rows.order_by(F("read_at").asc(nulls_last=True), "pk")


def _inside(limit: GroupLimit, membership: Membership) -> list[Person]:
    """The one of last time while they are in it, then those who have been in it longest."""
    longest = GroupMember.objects.filter(limit=limit).order_by("pk").values_list("oid", flat=True)[:AT_ONCE]
    rows = _mailboxes(limit).filter(person__oid__in=list(longest))
    return _first(limit.inside, rows, lambda oid: oid in membership.inside)


def _outside(limit: GroupLimit, membership: Membership) -> list[Person]:
    """The one of last time while they are out of it, then those whose mailbox was read before."""
    members = GroupMember.objects.filter(limit=limit).values("oid")
    return _first(
        limit.outside, _mailboxes(limit).exclude(person__oid__in=members), lambda oid: oid not in membership.near
    )


def _first(last: Person | None, rows: QuerySet[Mailbox], stands: Callable[[str], bool]) -> list[Person]:
    """`last` if they may still be tried, and some others: whoever turns out to have no mailbox says nothing."""
    people = [mailbox.person for mailbox in rows[:AT_ONCE]]
    if last and rows.filter(person=last).exists():
        people = [last, *(person for person in people if person != last)]
    return [person for person in people if stands(str(person.oid))][:MOST_CANDIDATES]
