"""What a person asked to change at Microsoft: intent log, queue, retry state and what the owner sees."""

import uuid

from django.db import models
from django.db.models import Q

from .due import Due, DueQuerySet
from .mailboxes import Mailbox
from .permissions import Calendar, CalendarPermission
from .tenants import Tenant, User, public_id


class ChangeQuerySet(DueQuerySet):
    def open(self):
        return self.filter(state=Change.OPEN)


class Change(Due):
    """One wish: `before` is what the person saw, `after` what they want; nothing is done before a read-back."""

    ROLE, REMOVE, DELIVERY, CREATE = "role", "remove", "delivery", "create"
    COPY_NAME, COPY_REMOVE = "copy_name", "copy_remove"  # a sharee's own copy of somebody's calendar
    KINDS = [(k, k) for k in (ROLE, REMOVE, DELIVERY, CREATE, COPY_NAME, COPY_REMOVE)]
    OPEN, APPLIED, CONFLICT, FAILED, UNKNOWN, CANCELLED = (
        "open",
        "applied",
        "conflict",
        "failed",
        "unknown",
        "cancelled",
    )
    STATES = [(s, s) for s in (OPEN, APPLIED, CONFLICT, FAILED, UNKNOWN, CANCELLED)]
    OWNER, STEWARD, OPERATOR, DEPUTY, SHAREE, END_DATE = (
        "owner",
        "steward",
        "operator",
        "deputy",
        "sharee",
        "end_date",  # nobody at the screen: the day came that `actor` had chosen
    )
    ACTOR_KINDS = [(k, k) for k in (OWNER, STEWARD, OPERATOR, DEPUTY, SHAREE, END_DATE)]

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="changes", db_index=False)
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    kind = models.CharField(max_length=12, choices=KINDS)
    target = models.CharField(max_length=120, help_text="What it changes; unique while open.")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="changes", db_index=False)
    calendar = models.ForeignKey(Calendar, null=True, blank=True, on_delete=models.PROTECT, related_name="changes")
    permission = models.ForeignKey(
        CalendarPermission, null=True, blank=True, on_delete=models.PROTECT, related_name="changes"
    )
    name = models.CharField(max_length=512, blank=True, help_text="The holder's name when asked.")
    address = models.CharField(max_length=320, blank=True)
    before = models.CharField(max_length=512, blank=True, help_text="Empty where access is to be created.")
    after = models.CharField(max_length=512, blank=True, help_text="Empty where access is to end.")
    found = models.CharField(max_length=512, blank=True, help_text="What Microsoft showed instead, in a conflict.")
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="changes")
    actor_kind = models.CharField(max_length=12, choices=ACTOR_KINDS)
    approved_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="Whose yes an operator's change needed; they must still be able to give it when it is sent.",
    )  # fmt: skip
    reason = models.CharField(max_length=500, blank=True)
    undoes = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="undone_by")
    follows = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="followed_by",
        help_text="Carried out only once that one was applied; cancelled if it never is.",
    )  # fmt: skip
    state = models.CharField(max_length=12, choices=STATES, default=OPEN)
    cause = models.CharField(max_length=80, blank=True)
    requested_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True, help_text="Committed before the request leaves.")
    finished_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True, help_text="The later reading that confirmed it.")
    reverted_at = models.DateTimeField(null=True, blank=True, help_text="A later reading found it undone outside.")
    dismissed_at = models.DateTimeField(null=True, blank=True)
    request_id = models.UUIDField(default=uuid.uuid4, help_text="client-request-id of its calls.")

    objects = ChangeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["target"], name="one_open_change_per_target", condition=Q(state="open"))
        ]
        indexes = [
            models.Index(fields=["due_at"], name="change_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["mailbox", "requested_at"], name="change_history"),
            models.Index(fields=["tenant", "requested_at"], name="change_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target}: {self.before} to {self.after or 'removed'}"

    @property
    def is_open(self) -> bool:
        return self.state == self.OPEN
