"""Deletes rows that were made for a while only: trips to Microsoft, links long over, old counts, mail, and sessions.

What happened stays in the activity log, which names all of it by ids and is never touched here.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet

from sharing.models import ActivationLink, CallCount, ConsentAttempt, Notice

log = logging.getLogger(__name__)

# After their end, so that whoever asks "what happened last week" still finds them.
TRIPS, LINKS, NOTICES = timedelta(days=7), timedelta(days=90), timedelta(days=90)
COUNTS = timedelta(days=90)  # 30 are shown
TOLD_ONCE = timedelta(days=400)  # what is told once only, must not be told again by being forgotten
AT_ONCE, MOST = 500, 20_000  # rows in one statement, and of one kind in one go


def is_untidy(now: datetime) -> bool:
    """Is there anything to delete?"""
    return any(rows.exists() for _, rows in _over(now))


def tidy(now: datetime) -> dict[str, int]:
    """Delete what is over, at most MOST rows of a kind; how many of what. Safe to repeat, and in many workers."""
    counts: dict[str, int] = {}
    for name, rows in _over(now):
        while counts.get(name, 0) < MOST and (pks := list(rows.values_list("pk", flat=True)[:AT_ONCE])):
            gone, _ = rows.model._default_manager.filter(pk__in=pks).delete()
            counts[name] = counts.get(name, 0) + gone
    if counts:
        log.info("rows that were over are deleted", extra=counts)
    return counts


def _over(now: datetime) -> Iterator[tuple[str, QuerySet]]:
    """By name, what points before what is pointed at."""
    yield "trips", ConsentAttempt.objects.filter(expires_at__lt=now - TRIPS)
    yield "links", _links(now)
    yield "counts", CallCount.objects.filter(day__lt=(now - COUNTS).date())
    told_once = Q(is_lasting=False, due_at=None, made_at__lt=now - TOLD_ONCE)
    yield "notices", Notice.objects.filter(Q(over_at__lt=now - NOTICES) | told_once)
    yield "sessions", Session.objects.filter(expire_date__lt=now)


def _links(now: datetime) -> QuerySet[ActivationLink]:
    """Those that led nowhere. One that was confirmed says what was approved, and the newest of all how it stands."""
    ended = Q(state__in=(ActivationLink.REVOKED, ActivationLink.FAILED)) | Q(state=ActivationLink.ISSUED)
    newer = ActivationLink.objects.filter(tenant=OuterRef("tenant"), app=OuterRef("app"), pk__gt=OuterRef("pk"))
    trips = ConsentAttempt.objects.filter(link=OuterRef("pk"))
    old = ActivationLink.objects.filter(ended, expires_at__lt=now - LINKS, state_since__lt=now - LINKS)
    return old.filter(Exists(newer), ~Exists(trips))
