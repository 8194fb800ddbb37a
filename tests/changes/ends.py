"""A worker that lives through days, and what Alex's people had and get back."""

from datetime import timedelta

import pytest
import time_machine

from sharing import tasks
from sharing.models import AuditEvent, Change, Cover, EndDate, Notice
from tests.contoso import user

ALEX, ADELE, MEGAN = "AlexW@contoso.com", "AdeleV@contoso.com", "MeganB@contoso.com"
KIDS = "Kids parties"


@pytest.fixture
def alex(sync, contoso, cloud):
    sync()
    cloud.log.clear()
    contoso.refresh_from_db()
    return user(contoso, ALEX)


@pytest.fixture
def work(clock):
    """A worker does what is due among the changes and ends, now; how much that was."""

    def once():
        with time_machine.travel(clock(), tick=False):
            due = list(tasks.due_changes(clock()))
            for task, pk in due:
                task(pk)
        return len(due)

    return once


@pytest.fixture
def live(clock, work):
    """`live(days=3)`: so long goes by, and a worker does each thing when it is due."""

    def through(**span):
        until = clock() + timedelta(**span)
        for _ in range(3000):
            nexts = [
                rows.filter(due_at__isnull=False).order_by("due_at").values_list("due_at", flat=True).first()
                for rows in (Change.objects.all(), EndDate.objects.all(), Cover.objects.all())
            ]
            moment = min((at for at in nexts if at), default=None)
            if moment is None or moment > until:
                clock.now = until
                return
            clock.now = max(clock.now, moment)
            work()
        raise AssertionError("something is due again and again")

    return through


def truth(cloud, who, calendar=KIDS):
    """The role that the sandbox holds on one of Alex's calendars, or None."""
    users = cloud.state.tenants["1717622f-1d94-4d0c-9d74-709fad664b77"].users
    box = users["64339082-ed84-4b0b-b4ab-004ae54f3747"].mailbox
    rows = next(c for c in box.calendars.values() if c.name == calendar).permissions.values()
    return next((row.role for row in rows if (row.address or "").casefold() == who.casefold()), None)


def told():
    """The subjects of the mails to owners, oldest first."""
    return list(Notice.objects.filter(is_lasting=False).order_by("pk").values_list("subject", flat=True))


def verbs(of):
    events = AuditEvent.objects.filter(verb__startswith=of).order_by("pk")
    return [event.verb.partition(".")[2] for event in events]


__all__ = ["ADELE", "ALEX", "KIDS", "MEGAN", "alex", "live", "told", "truth", "verbs", "work"]
