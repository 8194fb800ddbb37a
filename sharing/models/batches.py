"""Many changes asked for at once: the list as it was checked, and how far it got."""

from django.db import models
from django.db.models import Q

from .due import Due, DueQuerySet
from .permissions import Calendar, CalendarPermission
from .tenants import Tenant, User, public_id


class ChangeBatch(Due):
    """A list frozen on its check page; once confirmed it hands out changes piece by piece, and can be cancelled."""

    CHECKED, RUNNING, DONE, CANCELLED = "checked", "running", "done", "cancelled"
    STATES = [(s, s) for s in (CHECKED, RUNNING, DONE, CANCELLED)]
    LOWER, REMOVE, END_DATE, RESTORE = "lower", "remove", "end_date", "restore"
    KINDS = [(k, k) for k in (LOWER, REMOVE, END_DATE, RESTORE)]

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="batches")
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    kind = models.CharField(max_length=12, choices=KINDS)
    role = models.CharField(max_length=48, blank=True, help_text="What to lower to.")
    ends_at = models.DateTimeField(null=True, blank=True)
    calendar = models.ForeignKey(
        Calendar, null=True, blank=True, on_delete=models.PROTECT, related_name="batches",
        help_text="The one calendar that a restore is about.",
    )  # fmt: skip
    as_of = models.DateTimeField(null=True, blank=True, help_text="The moment a restore goes back to.")
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="batches")
    actor_kind = models.CharField(max_length=12)
    reason = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=12, choices=STATES, default=CHECKED)
    cause = models.CharField(max_length=80, blank=True)
    made_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = DueQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="batch_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["tenant", "made_at"], name="batch_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class BatchItem(models.Model):
    """One line of a batch: what was seen, what is wanted, why it is left out, and the change that came of it."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    batch = models.ForeignKey(ChangeBatch, on_delete=models.PROTECT, related_name="items", db_index=False)
    permission = models.ForeignKey(
        CalendarPermission, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="Null where a restore creates access anew.",
    )  # fmt: skip
    name = models.CharField(max_length=512, blank=True)
    address = models.CharField(max_length=320, blank=True)
    before = models.CharField(max_length=48, blank=True, help_text="What the check page showed; empty: no access.")
    after = models.CharField(max_length=48, blank=True, help_text="Empty where access is to end.")
    skipped = models.CharField(max_length=80, blank=True, help_text="Why nothing is asked for; empty where it is.")
    change = models.OneToOneField(
        "sharing.Change", null=True, blank=True, on_delete=models.PROTECT, related_name="batch_item"
    )
    end_date = models.ForeignKey("sharing.EndDate", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    handed_out_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "permission"], name="one_item_per_batch_and_permission")
        ]
        indexes = [
            models.Index(fields=["batch", "id"], name="item_waiting", condition=Q(handed_out_at=None, skipped="")),
            models.Index(fields=["batch", "skipped", "id"], name="item_batch"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.before} to {self.after or 'removed'}"
