"""Tells owners what was done here and is undone outside; of access that is back, admins are told by `things`."""

from datetime import datetime
from itertools import groupby

from django.urls import reverse

from sharing import changes, words
from sharing.models import Change, Tenant

from .ends import calendar_of, holder_of, whose_of
from .tell import tell_owner

KIND, UNDONE = "access_back", "undone_outside"
MOST = 50


def tell_of_reverted(now: datetime) -> None:
    """Mail each owner once: about each access that is back, and once a reading about all else. Safe to repeat."""
    for tenant in Tenant.objects.exclude(state=Tenant.ENDED).order_by("pk"):
        for change in changes.came_back(now, tenant)[:MOST]:
            _tell(change, now)
        for _, seen_together in groupby(changes.undone_outside(now, tenant), lambda c: (c.mailbox_id, c.reverted_at)):
            _tell_undone(list(seen_together), now)


def _tell(change: Change, now: datetime) -> None:
    calendar = change.calendar
    if calendar is None or not calendar.is_own:
        return
    of = whose_of(change.mailbox)
    facts = {
        "who": words.visible(change.name) or words.visible(change.address),
        "calendar": calendar_of(calendar, of),
        "role": words.quoted(change.found, of),
        "wanted": words.quoted(change.after, of),
        "is_removal": change.kind == Change.REMOVE,
    }
    subject = f"{facts['who']} has access to {facts['calendar']} again"
    path = reverse("calendar", args=[calendar.public_id])
    key = f"{KIND}:{change.public_id}"
    tell_owner(mailbox=change.mailbox, kind=KIND, key=key, subject=subject, path=path, facts=facts, now=now)


def _tell_undone(undone: list[Change], now: datetime) -> None:
    """One mail about all that one reading of one mailbox showed."""
    first, of = undone[0], whose_of(undone[0].mailbox)
    facts = {
        "lines": [_line(change, of) for change in undone[:MOST]], "more": len(undone[MOST:]),
        "whose": of.said("{your}"),
    }  # fmt: skip
    key = f"{UNDONE}:{first.mailbox.public_id}:{first.reverted_at.isoformat() if first.reverted_at else ''}"
    subject = f"A change on {facts['whose']} calendar was undone outside Calwarden"
    path = reverse("history")
    tell_owner(mailbox=first.mailbox, kind=UNDONE, key=key, subject=subject, path=path, facts=facts, now=now)


def _line(change: Change, of: words.Whose) -> str:
    """ "Adele Vance on Kids parties: set to “Can edit” here, now “Can view all details”" """
    if change.kind == Change.DELIVERY:
        wanted, found = (words.delivery_words(option, whose=of).title for option in (change.after, change.found))
        return f"Who gets the meeting requests: set to “{wanted}” here, now “{found}”"
    who = holder_of(change.permission, str(change.tenant)) if change.permission else words.visible(change.name)
    where = f" on {calendar_of(change.calendar, of)}" if change.calendar else ""
    return f"{who}{where}: set to {words.quoted(change.after, of)} here, now {words.quoted(change.found, of)}"
