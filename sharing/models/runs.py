"""Sync runs: one reading of a tenant, from its beginning to how it ended."""

from django.db import models
from django.db.models import Q

from .due import Due, DueQuerySet
from .tenants import Tenant, User, public_id


class SyncRun(Due):
    """A run's `due_at` drives the directory listing; its shards do the rest and the last one finishes it."""

    FULL, HOURLY, ASKED, ACCEPTED = "full", "hourly", "asked", "accepted"
    KINDS = [(k, k) for k in (FULL, HOURLY, ASKED, ACCEPTED)]
    DONE, HELD, STOPPED = "done", "held", "stopped"
    OUTCOMES = [(o, o) for o in (DONE, HELD, STOPPED)]
    SAMPLE = 100  # so many of the permissions that a held run would have ended are kept, by id

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="runs", db_index=False)
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    kind = models.CharField(max_length=12, choices=KINDS)
    began_at = models.DateTimeField()
    listed_at = models.DateTimeField(null=True, blank=True, help_text="The directory part is done; shards are due.")
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=OUTCOMES, blank=True)
    cause = models.CharField(max_length=80, blank=True)
    mailboxes = models.PositiveIntegerField(default=0, help_text="How many this run set out to read.")
    mailboxes_read = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    ended = models.PositiveIntegerField(default=0)
    held_back = models.PositiveIntegerField(default=0, help_text="Endings that the breaker did not let through.")
    ended_limit = models.PositiveIntegerField(null=True, blank=True, help_text="Null: the breaker is off.")
    totals = models.JSONField(default=dict, blank=True)  # added up when the run ends; see `found`
    requests = models.PositiveIntegerField(default=0)
    sub_requests = models.PositiveIntegerField(default=0)
    throttled = models.PositiveIntegerField(default=0)
    asked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    accepts = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="accepted_as",
        help_text="The held run that a person accepted.",
    )  # fmt: skip
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When a held run was accepted or rejected.")
    settled_as = models.CharField(max_length=12, blank=True)

    objects = DueQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"], name="one_unfinished_run_per_tenant", condition=Q(finished_at__isnull=True)
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "-began_at"], name="run_began"),
            models.Index(fields=["due_at"], name="run_due", condition=Q(due_at__isnull=False)),
        ]

    @property
    def is_waiting(self) -> bool:
        """Was it held, and has nobody decided yet?"""
        return self.outcome == self.HELD and self.settled_at is None and self.finished_at is not None

    @property
    def found(self) -> list[tuple[str, str, bool, int]]:
        """How many mailboxes had which state and cause, and whether the account is deleted; most first.

        Empty unless it is known of every mailbox that was read: an older run did not keep it, and a worker that was
        overtaken by the end of its run counts what it read after that.
        """
        found = [(state, cause, is_deleted, count) for state, cause, is_deleted, count in self.totals.get("found", [])]
        return found if sum(count for *_, count in found) == self.mailboxes_read else []

    def __str__(self) -> str:
        return f"{self.tenant} {self.kind} {self.began_at:%Y-%m-%d %H:%M}"
