"""Tells owners what operators did on their calendars and what they are asked for, and who asked what the answer was."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.urls import reverse

from sharing import changes, words
from sharing.models import BatchItem, CalendarPermission, Change, ChangeBatch, Mailbox, Notice, Proposal, Tenant
from sharing.words import batches as said

from .ends import calendar_of, holder_of, whose_of
from .tell import tell, tell_owner

LOOK_BACK = timedelta(days=2)  # a worker may have been away for a while; what is older is in the history
LINES = 50  # of one mail; the rest is counted
DONE = (Change.APPLIED, Change.UNKNOWN)


def tell_of_operators(now: datetime) -> int:
    """Make every mail that is due because of operators and proposals; how many. Safe to repeat: each is told once.

    One mail for each list and owner, once nothing of it waits or is underway in their mailbox.
    """
    return _of_changes(now) + _of_batches(now) + _of_questions(now) + _of_answers(now)


def _untold(rows: QuerySet, prefix: str) -> QuerySet:
    """Those of which nobody was told yet."""
    told = Notice.objects.filter(over_at=None, key=Concat(Value(prefix), OuterRef("public_id")))
    return rows.filter(~Exists(told))


def _of_changes(now: datetime) -> int:
    """Changes that stand alone: with somebody's yes, or an undo."""
    rows = Change.objects.filter(
        tenant__in=Tenant.objects.values("pk"), requested_at__gt=now - 2 * LOOK_BACK, finished_at__gt=now - LOOK_BACK,
        actor_kind=Change.OPERATOR, state__in=DONE, batch_item=None,
    )  # fmt: skip
    related = ("mailbox__person", "mailbox__tenant", "calendar", "permission", "actor", "approved_by")
    made = 0
    for change in _untold(rows, "operator:").select_related(*related).order_by("pk"):
        line = _line(change.mailbox, change.name, change.before, change.after, change.permission, change.state)
        if change.kind == Change.DELIVERY:
            line = f"Who gets the meeting requests: {words.delivery_words(change.after).title}"
        approved = "" if change.approved_by is None else words.visible(str(change.approved_by))
        made += _tell(
            change.mailbox, f"operator:{change.public_id}", words.visible(str(change.actor)), [line], 1,
            words.visible(change.reason), now, approved_by=approved,
        )  # fmt: skip
    return made


def _of_batches(now: datetime) -> int:
    made = 0
    rows = ChangeBatch.objects.filter(
        tenant__in=Tenant.objects.values("pk"), made_at__gt=now - 3 * LOOK_BACK, confirmed_at__isnull=False,
        actor_kind=Change.OPERATOR,
    )  # fmt: skip
    rows = rows.filter(Q(finished_at=None) | Q(finished_at__gt=now - LOOK_BACK))
    for batch in rows.select_related("actor", "tenant").order_by("pk"):
        settled = Mailbox.objects.filter(pk__in=changes.settled_mailboxes(batch)).select_related("person", "tenant")
        for mailbox in _untold(settled, f"operator:{batch.public_id}:"):
            made += _of_batch(batch, mailbox, now)
    return made


def _of_batch(batch: ChangeBatch, mailbox: Mailbox, now: datetime) -> int:
    """One digest; nothing where nothing was done there."""
    done = Q(change__state__in=DONE) | Q(end_date__isnull=False)
    items = BatchItem.objects.filter(done, batch=batch, permission__mailbox=mailbox, skipped="")
    count = items.count()
    if not count:
        return 0
    found = items.select_related("permission__calendar", "change", "end_date").order_by("pk")[:LINES]
    lines = [_item_line(mailbox, item) for item in found]
    key = f"operator:{batch.public_id}:{mailbox.public_id}"
    by = words.visible(str(batch.actor))
    return _tell(mailbox, key, by, lines, count, words.visible(batch.reason), now)


def _item_line(mailbox: Mailbox, item: BatchItem) -> str:
    state = item.change.state if item.change else ""
    line = _line(mailbox, item.name, item.before, item.after, item.permission, state)
    if item.end_date is None or item.permission is None:
        return line
    day = words.day(item.end_date.ends_on)
    who = f"{holder_of(item.permission, str(mailbox.tenant))} on {_calendar(mailbox, item.permission)}"
    return f"{who}: you are asked on {day} whether it ends" if item.end_date.asks else f"{who}: ends on {day}"


def _line(
    mailbox: Mailbox, name: str, before: str, after: str, permission: CalendarPermission | None, state: str
) -> str:
    """ "Megan Bowen on your main calendar: “Can edit”, now “Can view all details”" """
    of = whose_of(mailbox)
    who = holder_of(permission, str(mailbox.tenant)) if permission else words.visible(name)
    where = f" on {_calendar(mailbox, permission)}" if permission else ""
    was = f"{words.quoted(before, of)}, " if before else ""
    line = f"{who}{where}: {was}now {words.quoted(after, of)}"
    return f"{line} (not confirmed yet)" if state == Change.UNKNOWN else line


def _calendar(mailbox: Mailbox, permission: CalendarPermission) -> str:
    return calendar_of(permission.calendar, whose_of(mailbox))


def _tell(
    mailbox: Mailbox, key: str, by: str, lines: Iterable[str], count: int, reason: str, now: datetime, *,
    approved_by: str = "",
) -> int:  # fmt: skip
    lines = list(lines)
    facts = {
        "by": by, "lines": lines, "more": count - len(lines), "reason": reason, "approved_by": approved_by,
        "whose": whose_of(mailbox).said("{your}"),
    }  # fmt: skip
    subject = f"IT changed who has access to {facts['whose']} calendar"
    return tell_owner(
        mailbox=mailbox,
        kind="operator_changed",
        key=key,
        subject=subject,
        facts=facts,
        path=reverse("history"),
        now=now,
    )


def _of_questions(now: datetime) -> int:
    """What waits for an owner's answer."""
    rows = Proposal.objects.filter(state=Proposal.WAITING, expires_at__gt=now)
    made = 0
    for proposal in _untold(rows, "asked:").select_related(*_RELATED).order_by("pk"):
        facts = {
            "question": _question(proposal), "reason": words.visible(proposal.reason),
            "last": words.day(proposal.expires_at),
        }  # fmt: skip
        made += tell_owner(
            mailbox=proposal.mailbox, kind="asked", key=f"asked:{proposal.public_id}", subject=facts["question"],
            facts=facts, path=reverse("asked", args=[proposal.public_id]), now=now,
        )  # fmt: skip
    return made


def _of_answers(now: datetime) -> int:
    """Whoever asked reads what the answer was, where it was not their own."""
    states = (Proposal.ACCEPTED, Proposal.DECLINED, Proposal.EXPIRED)
    rows = Proposal.objects.filter(state__in=states, decided_at__gt=now - LOOK_BACK)
    made = 0
    for proposal in _untold(rows, "answered:").select_related(*_RELATED).order_by("pk"):
        answer = said.PROPOSAL_STATES[proposal.state][0]
        facts = {
            "question": _question(proposal), "answer": answer,
            "by": words.visible(str(proposal.decided_by)) if proposal.decided_by else "",
        }  # fmt: skip
        made += tell(
            tenant=proposal.tenant, user=proposal.asked_by, kind="answered", key=f"answered:{proposal.public_id}",
            subject=f"{answer}: {facts['question']}", facts=facts, path=_page_of(proposal), now=now,
        )  # fmt: skip
    return made


_RELATED = (
    "tenant", "mailbox__person", "mailbox__tenant", "calendar", "permission", "person", "asked_by", "decided_by",
)  # fmt: skip


def _page_of(proposal: Proposal) -> str:
    if proposal.asked_as == Change.OPERATOR:
        return f"{reverse('it:proposal', args=[proposal.public_id])}?tenant={proposal.tenant.public_id}"
    return reverse("home")


def _question(proposal: Proposal) -> str:
    of = whose_of(proposal.mailbox)
    name = words.visible(str(proposal.person)) if proposal.person else "somebody"
    if proposal.permission:
        name = holder_of(proposal.permission, str(proposal.tenant))
    where = calendar_of(proposal.calendar, of) if proposal.calendar else of.said("{your} calendars")
    return said.asks(
        by=words.visible(str(proposal.asked_by)), as_what=proposal.asked_as, kind=proposal.kind, name=name,
        role=words.role_label(proposal.after, words.OWNER, whose=of) if proposal.after else "", where=where,
    )  # fmt: skip
