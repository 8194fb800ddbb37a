"""Access that ends by itself, and access that begins and ends on days a person chose."""

from django.db import models
from django.db.models import Q

from .due import Due, DueQuerySet
from .mailboxes import Mailbox
from .people import Person
from .permissions import Calendar, CalendarPermission
from .tenants import Tenant, User, public_id


class EndDate(Due):
    """The day on which one permission ends: back to `role_after`, or removed where that is empty.

    `due_at` is the next thing to do: a notice, the end itself, or a look whether the end came true.
    """

    LIVE, DONE, CANCELLED, REPLACED, FAILED = "live", "done", "cancelled", "replaced", "failed"
    STATES = [(s, s) for s in (LIVE, DONE, CANCELLED, REPLACED, FAILED)]

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="end_dates")
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="end_dates")
    permission = models.ForeignKey(CalendarPermission, on_delete=models.PROTECT, related_name="end_dates")
    role = models.CharField(max_length=48, help_text="The role it had when the date was set.")
    ends_on = models.DateField(help_text="The day a person chose: the last one of this access, where the mailbox is.")
    ends_at = models.DateTimeField(help_text="The end of that day in the mailbox's time zone, as last known.")
    role_after = models.CharField(max_length=48, blank=True, help_text="Empty where access is removed.")
    asks = models.BooleanField(default=False, help_text="On the day the owner is asked; nothing ends by itself.")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by_kind = models.CharField(max_length=12)
    reason = models.CharField(max_length=500, blank=True)
    made_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=STATES, default=LIVE)
    cause = models.CharField(max_length=80, blank=True)
    over_at = models.DateTimeField(null=True, blank=True, help_text="When it was no longer live.")
    is_accepted = models.BooleanField(default=False, help_text="The owner said: let it end. No more notices.")
    notices_sent = models.PositiveSmallIntegerField(
        default=0, help_text="0, 1 (14 days before), 2 (the day before), 3 (asked on the day)."
    )
    change = models.ForeignKey("sharing.Change", null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = DueQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["permission"], name="one_live_end_date_per_permission", condition=Q(state="live")
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], name="end_date_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["tenant", "ends_at"], name="end_date_live", condition=Q(state="live")),
        ]

    def __str__(self) -> str:
        return f"{self.permission_id} ends {self.ends_at:%Y-%m-%d}"


class Cover(Due):
    """Access from one day to another, for a leave: a change at its start, an end date at its end."""

    WAITING, BEGINNING, BEGUN, OVER, CANCELLED, FAILED = "waiting", "beginning", "begun", "over", "cancelled", "failed"
    STATES = [(s, s) for s in (WAITING, BEGINNING, BEGUN, OVER, CANCELLED, FAILED)]

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="covers")
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="covers")
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="covers")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="covers", help_text="Who covers.")
    role = models.CharField(max_length=48)
    starts_on = models.DateField(help_text="Both days are the mailbox's own, and both are covered.")
    ends_on = models.DateField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by_kind = models.CharField(max_length=12)
    reason = models.CharField(max_length=500, blank=True)
    made_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=STATES, default=WAITING)
    cause = models.CharField(max_length=80, blank=True)
    change = models.ForeignKey("sharing.Change", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    end_date = models.ForeignKey(EndDate, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = DueQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="cover_due", condition=Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.person} from {self.starts_at:%Y-%m-%d} to {self.ends_at:%Y-%m-%d}"
