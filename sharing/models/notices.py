"""Mail to people: a row waits until it was handed to the mail server."""

from django.db import models

from .due import Due, DueQuerySet
from .people import Person
from .tenants import Tenant, User, public_id


class Notice(Due):
    """One mail to one person about one thing; `key` names the thing, so that it is told once and not every hour."""

    tenant = models.ForeignKey(Tenant, null=True, blank=True, on_delete=models.PROTECT, related_name="notices")
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=160, help_text="Kind and subject; a thing that ended may be told again.")
    # An admin is a user; an owner or a sharee may never have signed in.
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="notices")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="notices")
    is_lasting = models.BooleanField(default=True, help_text="Over once its thing is; else it is told once.")
    address = models.CharField(max_length=320)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    cause = models.CharField(max_length=80, blank=True, help_text="Why it was not sent.")
    over_at = models.DateTimeField(null=True, blank=True, help_text="When the thing it tells of was found to be over.")

    objects = DueQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key", "user"], name="one_open_notice_per_thing", condition=models.Q(over_at=None)
            ),
            models.UniqueConstraint(
                fields=["key", "person"], name="one_open_notice_per_person", condition=models.Q(over_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.address}"
