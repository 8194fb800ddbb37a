"""What needs somebody else's yes, who acts for whom, and what a sharee says is wrong."""

from django.db import models
from django.db.models import Q

from .mailboxes import Mailbox
from .people import Person
from .permissions import Calendar, CalendarPermission
from .tenants import Tenant, User, public_id


class Proposal(models.Model):
    """A wish that becomes a change only when the calendar's owner, or a second operator, says yes."""

    ROLE, CREATE, COVER, DEPUTY = "role", "create", "cover", "deputy"
    KINDS = [(k, k) for k in (ROLE, CREATE, COVER, DEPUTY)]
    WAITING, ACCEPTED, DECLINED, WITHDRAWN, EXPIRED = "waiting", "accepted", "declined", "withdrawn", "expired"
    STATES = [(s, s) for s in (WAITING, ACCEPTED, DECLINED, WITHDRAWN, EXPIRED)]

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="proposals")
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    kind = models.CharField(max_length=12, choices=KINDS)
    target = models.CharField(max_length=120, help_text="What it is about; unique while waiting.")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="proposals")
    calendar = models.ForeignKey(Calendar, null=True, blank=True, on_delete=models.PROTECT, related_name="proposals")
    permission = models.ForeignKey(
        CalendarPermission, null=True, blank=True, on_delete=models.PROTECT, related_name="proposals"
    )
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="proposals")
    before = models.CharField(max_length=48, blank=True)
    after = models.CharField(max_length=48, blank=True)
    lets_grant_private = models.BooleanField(default=False, help_text="Of a deputy.")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="proposals")
    asked_as = models.CharField(max_length=12)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=STATES, default=WAITING)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_as = models.CharField(max_length=12, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    change = models.ForeignKey("sharing.Change", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    cover = models.ForeignKey("sharing.Cover", null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["target"], name="one_waiting_proposal_per_target", condition=Q(state="waiting")
            )
        ]
        indexes = [models.Index(fields=["tenant", "asked_at"], name="proposal_tenant")]

    def __str__(self) -> str:
        return f"{self.kind} {self.target}: {self.before} to {self.after}"


class Deputy(models.Model):
    """Who may change a mailbox's sharing for its owner, until one of them or IT ends it."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="deputies")
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="deputies")
    oid = models.UUIDField(help_text="The deputy's object id in the same tenant.")
    lets_grant_private = models.BooleanField(default=False, help_text="May give access to private events.")
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox", "oid"], name="one_deputy_per_pair", condition=Q(ended_at=None)
            )
        ]  # fmt: skip
        indexes = [models.Index(fields=["tenant", "oid"], name="deputy_person", condition=Q(ended_at=None))]

    def __str__(self) -> str:
        return f"{self.oid} for {self.mailbox_id}"


class Objection(models.Model):
    """A sharee says "I should not have this"; open until the access ended or somebody answered."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="objections")
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    permission = models.ForeignKey(CalendarPermission, on_delete=models.PROTECT, related_name="objections")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=500, blank=True)
    made_at = models.DateTimeField()
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["permission", "by"], name="one_open_objection_per_person", condition=Q(answered_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.by} about {self.permission_id}"
