"""Tells owners that access which was taken away here is back; admins are told by `things`."""

from datetime import datetime

from django.urls import reverse

from sharing import changes, words
from sharing.models import Change, Tenant

from .ends import calendar_of, whose_of
from .tell import tell_owner

KIND = "access_back"
MOST = 50


def tell_of_reverted(now: datetime) -> None:
    """Mail each owner once about each such change. Safe to repeat."""
    for tenant in Tenant.objects.exclude(state=Tenant.ENDED).order_by("pk"):
        for change in changes.came_back(now, tenant)[:MOST]:
            _tell(change, now)


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
