"""A row that waits is its own queue entry: when it is due, who claimed it, for how long."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import F


class DueQuerySet(models.QuerySet):
    def due(self, now: datetime):
        """Rows that wait and whose time has come, longest waiting first."""
        return self.filter(due_at__lte=now).order_by("due_at", "pk")


class Due(models.Model):
    """`due_at` null is idle, past is waiting, future is claimed or postponed; `attempt` is the fence.

    Only the claimant moves a `due_at` that is not null. An unfinished claim becomes due again by itself.
    """

    due_at = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    def claim(self, *, now: datetime, lease: timedelta) -> bool:
        """Take the row for `lease`; False where another worker was first or it is not due."""
        mine = type(self)._base_manager.filter(pk=self.pk, attempt=self.attempt, due_at__lte=now)
        if not mine.update(due_at=now + lease, attempt=F("attempt") + 1):
            return False
        self.attempt += 1
        self.due_at = now + lease
        return True

    def let_go(self, *, due_at: Any = None, **fields: Any) -> bool:
        """End the claim and set `fields`; False where the claim was lost meanwhile: nothing was written."""
        mine = type(self)._base_manager.filter(pk=self.pk, attempt=self.attempt)
        return bool(mine.update(due_at=due_at, **fields))
