"""A meeting that somebody booked here: what was asked, what Microsoft holds, and which act on it is on its way."""

import uuid

from django.db import models
from django.db.models import Q

from .due import Due, DueQuerySet
from .mailboxes import Mailbox
from .tenants import Tenant, User, public_id


class Booking(Due):
    """One event of ours in its organizer's calendar; `act` is what is on its way, at most one at a time.

    An act is written down before it is sent and done only once the event was read back by `mark`, our own property
    on it. Only requests of the organizer carry an act on; `due_at` is the lease of the one that does. No job does.
    """

    CREATE, MOVE, CANCEL = "create", "move", "cancel"
    ACTS = [(a, a) for a in (CREATE, MOVE, CANCEL)]
    OPEN, BOOKED, CANCELLED, FAILED, UNKNOWN, GONE = "open", "booked", "cancelled", "failed", "unknown", "gone"
    STATES = [(s, s) for s in (OPEN, BOOKED, CANCELLED, FAILED, UNKNOWN, GONE)]

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="bookings")
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    mailbox = models.ForeignKey(
        Mailbox, on_delete=models.PROTECT, related_name="bookings", help_text="The organizer's."
    )
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="bookings", help_text="The organizer.")
    form_key = models.UUIDField(help_text="Of the form that asked for it: sent twice, it is the same booking.")
    mark = models.UUIDField(unique=True, default=uuid.uuid4, help_text="The property of ours on the event.")
    transaction_id = models.UUIDField(unique=True, default=uuid.uuid4)
    subject = models.CharField(max_length=255)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    zone = models.CharField(max_length=64, help_text="The organizer's, by its IANA name.")
    attendees = models.JSONField(default=list, help_text='Each {"address", "name"}.')
    event_id = models.CharField(max_length=512, blank=True, help_text="Immutable id; empty until it was read back.")
    ical_uid = models.CharField(max_length=512, blank=True)
    state = models.CharField(max_length=12, choices=STATES, default=OPEN)
    act = models.CharField(max_length=8, choices=ACTS, blank=True, default=CREATE)
    wanted_starts_at = models.DateTimeField(null=True, blank=True, help_text="Of a move on its way.")
    wanted_ends_at = models.DateTimeField(null=True, blank=True)
    cause = models.CharField(max_length=80, blank=True)
    asked_at = models.DateTimeField()
    act_at = models.DateTimeField(help_text="When the act on its way, or the last one, was asked for.")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="Committed before the request leaves.")
    finished_at = models.DateTimeField(null=True, blank=True)
    request_id = models.UUIDField(default=uuid.uuid4, help_text="client-request-id of its calls.")

    objects = DueQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "form_key"], name="one_booking_per_form"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("starts_at")), name="a_booking_ends_after_it_starts"
            ),
        ]
        indexes = [models.Index(fields=["user", "starts_at"], name="booking_user")]

    def __str__(self) -> str:
        return f"{self.public_id}: {self.state}"
