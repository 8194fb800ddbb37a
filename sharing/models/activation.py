"""Asking a Microsoft administrator to approve the app in a tenant: the link, and each attempt to use it."""

from django.db import models

from .due import Due, DueQuerySet
from .tenants import Tenant, User, public_id

READER, WRITER, BOOKER = "reader", "writer", "booker"
APPS = [(app, app) for app in (READER, WRITER, BOOKER)]


class ActivationLink(Due):
    """A link that somebody else opens; only its hash is kept. While it is `approved` it is due until it is proved.

    issued ─► approved (Microsoft's administrator came back and is who they should be) ─► proved (token, organization
    and probe are right) ─► confirmed by the portal's admin. Ends otherwise as revoked or failed, with a cause; a
    declined one stays issued, with the cause `declined`, until `expires_at`.
    """

    ISSUED, APPROVED, PROVED, CONFIRMED = "issued", "approved", "proved", "confirmed"
    REVOKED, FAILED = "revoked", "failed"
    STATES = [(s, s) for s in (ISSUED, APPROVED, PROVED, CONFIRMED, REVOKED, FAILED)]
    OPEN = (ISSUED, APPROVED, PROVED)

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="activation_links")
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of what the link carries.")
    app = models.CharField(max_length=8, choices=APPS, default=READER)
    permissions = models.JSONField(default=list, help_text="What is asked for, by Microsoft's names.")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True, help_text="First time; opening uses nothing up.")
    state = models.CharField(max_length=12, choices=STATES, default=ISSUED)
    cause = models.CharField(max_length=80, blank=True)
    state_since = models.DateTimeField()
    approved_by_oid = models.UUIDField(null=True, blank=True)
    approved_by_name = models.CharField(max_length=256, blank=True)
    organization = models.JSONField(default=dict, blank=True, help_text="Name, domains and roles as they were proved.")
    confirmed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = DueQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "app"],
                name="one_open_link_per_tenant_and_app",
                condition=models.Q(state__in=["issued", "approved", "proved"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.tenant}: {self.state}"


class ConsentAttempt(models.Model):
    """One trip to Microsoft from an activation link, bound to the browser that began it; its state is used once."""

    CONSENT, SIGNIN = "consent", "signin"
    STEPS = [(CONSENT, CONSENT), (SIGNIN, SIGNIN)]

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    link = models.ForeignKey(ActivationLink, on_delete=models.PROTECT, related_name="attempts")
    step = models.CharField(max_length=8, choices=STEPS)
    state_hash = models.CharField(max_length=64, unique=True)
    browser_hash = models.CharField(max_length=64)
    began_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=80, blank=True)

    def __str__(self) -> str:
        return f"{self.link_id}: {self.step}"
