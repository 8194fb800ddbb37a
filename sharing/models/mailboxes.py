"""Mailboxes, their settings as last read, and the standing slices they are read in."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest

from .due import Due, DueQuerySet
from .people import Person
from .tenants import Tenant, public_id

# Graph's delegateMeetingMessageDeliveryOptions; a word not listed here is kept, shown and never written.
DELIVERY_OPTIONS = (
    "sendToDelegateOnly",
    "sendToDelegateAndInformationToPrincipal",
    "sendToDelegateAndPrincipal",
)


class SyncShard(Due):
    """A standing slice of about 200 mailboxes; its `read_at` is the freshness of its ok mailboxes."""

    SIZE = 200

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="shards", db_index=False)
    number = models.PositiveIntegerField()
    run = models.ForeignKey("sharing.SyncRun", null=True, blank=True, on_delete=models.SET_NULL, related_name="shards")
    grant = models.OneToOneField(
        "sharing.Grant", null=True, blank=True, on_delete=models.PROTECT, related_name="shard",
        help_text="Whose own token reads it; null where the app reads.",
    )  # fmt: skip
    read_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict, blank=True)

    objects = DueQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "number"], name="one_shard_per_number")]
        indexes = [models.Index(fields=["due_at"], name="shard_due", condition=Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.tenant} {self.number}"


class MailboxQuerySet(models.QuerySet):
    def with_freshness(self):
        """Adds `fresh_at`: when what is shown was last confirmed; an ok mailbox is as fresh as its shard."""
        return self.annotate(
            fresh_at=models.Case(
                models.When(
                    state=Mailbox.OK,
                    shard__read_at__isnull=False,
                    read_at__isnull=False,
                    then=Greatest("read_at", "shard__read_at"),
                ),
                default=F("read_at"),
            )
        )

    def covered(self):
        return self.exclude(state=Mailbox.EXCLUDED)


class Mailbox(models.Model):
    """One mailbox: how well it could be read, its settings, and the fence every reader respects."""

    NEVER, OK, INCOMPLETE, DENIED = "never", "ok", "incomplete", "denied"
    UNREACHABLE, NO_MAILBOX, EXCLUDED = "unreachable", "no_mailbox", "excluded"
    STATES = [(s, s) for s in (NEVER, OK, INCOMPLETE, DENIED, UNREACHABLE, NO_MAILBOX, EXCLUDED)]

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="mailboxes", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="mailboxes", db_index=False)
    shard = models.ForeignKey(SyncShard, null=True, blank=True, on_delete=models.PROTECT, related_name="mailboxes")
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    state = models.CharField(max_length=12, choices=STATES, default=NEVER)
    cause = models.CharField(max_length=80, blank=True)
    state_since = models.DateTimeField()
    first_seen_at = models.DateTimeField(null=True, blank=True, help_text="Null: before this was noted.")
    read_at = models.DateTimeField(null=True, blank=True, help_text="Last own reading that was stored.")
    version = models.PositiveIntegerField(default=0)
    judged_version = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=40, blank=True)
    delivery_option = models.CharField(max_length=48, blank=True)
    purpose = models.CharField(max_length=24, blank=True)
    settings = models.JSONField(default=dict, blank=True)
    settings_state = models.CharField(max_length=12, choices=STATES, default=NEVER)
    settings_cause = models.CharField(max_length=80, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True, help_text="Last difference seen or made.")
    due_at = models.DateTimeField(null=True, blank=True)
    fresh_at: datetime | None  # only after with_freshness()
    failures = models.PositiveIntegerField(default=0)
    disconnected_at = models.DateTimeField(null=True, blank=True, help_text="Its person wanted it read no more.")

    objects = MailboxQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "person"], name="one_mailbox_per_person")]
        indexes = [
            models.Index(fields=["due_at"], name="mailbox_due", condition=Q(due_at__isnull=False)),
            # All that the list of users counts and narrows by, so that it opens no row to do so.
            models.Index(fields=["tenant", "state", "cause", "purpose", "state_since"], name="mailbox_state"),
            models.Index(fields=["person"], name="mailbox_person"),
            models.Index(fields=["id"], name="mailbox_unjudged", condition=~Q(judged_version=F("version"))),
        ]

    def __str__(self) -> str:
        return str(self.person)

    @property
    def is_lent(self) -> bool:
        """Is it read with what its person lent, not by the app?"""
        return self.shard is not None and self.shard.grant_id is not None

    @property
    def is_read(self) -> bool:
        """Does anything read it now: the app in its tenant, or what its person lent?"""
        if self.shard is None:
            return False
        return self.shard.grant.state == "connected" if self.shard.grant else self.tenant.is_read


class DeliveryPeriod(models.Model):
    """A past value of who gets the meeting requests."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="delivery_periods", db_index=False)
    delivery_option = models.CharField(max_length=48)
    after = models.CharField(max_length=48, help_text="What it was found to be at ended_at.")
    ended_after_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField()
    change = models.ForeignKey("sharing.Change", null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["mailbox", "ended_at"], name="delivery_history")]

    def __str__(self) -> str:
        return f"{self.mailbox_id}: {self.delivery_option}"
