"""Tenants, the people who sign in, and what they may do."""

import secrets
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models

from .names import visible


def public_id() -> str:
    """A random id for the start of a URL: 16 characters, never guessed, never a Graph id."""
    return secrets.token_urlsafe(12)


class TenantQuerySet(models.QuerySet):
    def may_sign_in(self):
        return self.exclude(state__in=[Tenant.ENDED, Tenant.PRIVATE])

    def asked(self):
        """Tenants that are asked on schedule: a lost one too, to notice when it answers again."""
        return self.filter(state__in=[Tenant.CONNECTED, Tenant.LOST])

    def read(self):
        """Tenants whose Graph is connected domain-wide."""
        return self.filter(state=Tenant.CONNECTED)


class Tenant(models.Model):
    """One Entra tenant; being listed is enough to sign in, reading and writing are switched on after it.

    A private one is known only because somebody connected their own mailbox in it.
    """

    LISTED, CONNECTED, LOST, ENDED, PRIVATE = "listed", "connected", "lost", "ended", "private"
    STATES = [(s, s) for s in (LISTED, CONNECTED, LOST, ENDED, PRIVATE)]
    DOMAIN_WIDE, INDIVIDUAL = "domain_wide", "individual"
    MODES = [(m, m) for m in (DOMAIN_WIDE, INDIVIDUAL)]
    EVERYBODY, GROUP, PEOPLE = "everybody", "group", "people"
    SCOPES = [(s, s) for s in (EVERYBODY, GROUP, PEOPLE)]
    READ, BOTH = "read", "both"
    ASKS = [(a, a) for a in (READ, BOTH)]

    tid = models.UUIDField(unique=True)
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    name = models.CharField(max_length=256, blank=True)
    domains = models.JSONField(default=list, help_text="Verified domains, lower case.")
    cloud = models.CharField(max_length=16, default="global")
    state = models.CharField(max_length=12, choices=STATES, default=LISTED)
    cause = models.CharField(max_length=80, blank=True)
    state_since = models.DateTimeField()
    mode = models.CharField(max_length=12, choices=MODES, default=DOMAIN_WIDE)
    scope = models.CharField(max_length=12, choices=SCOPES, default=EVERYBODY, help_text="Who is read.")
    asks = models.CharField(max_length=8, choices=ASKS, default=READ, help_text="What the first link asks for.")
    people_may_disconnect = models.BooleanField(default=False)
    people_may_connect_others = models.BooleanField(default=False, help_text="Mailboxes of other accounts.")
    writes_on = models.BooleanField(default=False)
    creates_on = models.BooleanField(default=False, help_text="People may be added from the portal.")
    deputies_on = models.BooleanField(default=False, help_text="Owners may have a deputy act for them here.")
    longest_days_outside = models.PositiveIntegerField(null=True, blank=True, help_text="Null: no limit.")
    longest_days_delegate = models.PositiveIntegerField(null=True, blank=True, help_text="Null: no limit.")
    history_days = models.PositiveIntegerField(null=True, blank=True, help_text="Days the past is kept; null: always.")
    has_writer = models.BooleanField(default=False, help_text="Writing goes through the second registration.")
    writer_cause = models.CharField(
        max_length=80, blank=True, help_text="Why the second registration got no token when it was asked last."
    )
    writer_cause_at = models.DateTimeField(null=True, blank=True, help_text="Since when.")
    bookings_on = models.BooleanField(default=False, help_text="People may find times and book meetings here.")
    has_booker = models.BooleanField(default=False, help_text="The registration for meetings was approved.")
    booker_cause = models.CharField(max_length=80, blank=True, help_text="As writer_cause, of the one for meetings.")
    booker_cause_at = models.DateTimeField(null=True, blank=True)
    roles_held = models.JSONField(null=True, blank=True, help_text="App roles that our last token named, by name.")
    roles_held_at = models.DateTimeField(null=True, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    guests_may_sign_in = models.BooleanField(default=False)
    delta_link = models.TextField(blank=True)
    next_full_at = models.DateTimeField(null=True, blank=True)
    next_hourly_at = models.DateTimeField(null=True, blank=True)
    # What reads outside a run ended since the last full one, for the breaker.
    loose_ended = models.PositiveIntegerField(default=0)

    objects = TenantQuerySet.as_manager()

    def __str__(self) -> str:
        return visible(self.name) or str(self.tid)

    @property
    def is_read(self) -> bool:
        return self.state == self.CONNECTED

    @property
    def may_write(self) -> bool:
        return self.state == self.CONNECTED and self.writes_on and self.frozen_at is None


class UserManager(BaseUserManager):
    def get_by_natural_key(self, username):
        return self.get(username=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signed in, keyed by (tid, oid); there is no password and no lookup by address."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="users")
    oid = models.UUIDField()
    username = models.CharField(max_length=80, unique=True, editable=False, help_text="<tid>.<oid>")
    name = models.CharField(max_length=256, blank=True)
    address = models.CharField(max_length=320, blank=True, help_text="Shown only, never a key.")
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = []
    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "oid"], name="one_user_per_tenant_and_oid")]

    def __str__(self) -> str:
        return visible(self.name or self.address) or self.username

    def save(self, *args, **kwargs):
        if not self.username:
            self.username = f"{self.tenant.tid}.{self.oid}"
        if not self.password:
            self.set_unusable_password()
        super().save(*args, **kwargs)

    @property
    def is_staff(self) -> bool:
        """Django's admin opens for superusers only."""
        return self.is_superuser

    @property
    def email(self) -> str:
        return self.address

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name


class RoleAssignment(models.Model):
    """What a person may do in the portal; tenant null is the whole installation and for admins only."""

    REVIEWER, OPERATOR, ADMIN = "reviewer", "operator", "admin"
    ROLES = [(REVIEWER, "Reviewer"), (OPERATOR, "Operator"), (ADMIN, "Admin")]

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="role_assignments")
    tenant = models.ForeignKey(Tenant, null=True, blank=True, on_delete=models.PROTECT, related_name="role_assignments")
    role = models.CharField(max_length=12, choices=ROLES)
    source = models.CharField(max_length=12, default="page")
    given_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()

    class Meta:
        constraints = [
            # Two, because SQLite cannot make one in which null equals null.
            models.UniqueConstraint(fields=["user", "role", "tenant"], name="one_role_per_user_and_tenant"),
            models.UniqueConstraint(
                fields=["user", "role"], name="one_installation_role_per_user", condition=models.Q(tenant=None)
            ),
            models.CheckConstraint(
                condition=models.Q(tenant__isnull=False) | models.Q(role="admin"),
                name="only_admins_hold_the_installation",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"


class Stewardship(models.Model):
    """Who answers for a shared or room mailbox that no person signs in to."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    mailbox = models.ForeignKey("sharing.Mailbox", on_delete=models.PROTECT, related_name="stewardships")
    oid = models.UUIDField(help_text="The steward's object id in the same tenant.")
    given_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "oid"], name="one_stewardship_per_pair")]

    def __str__(self) -> str:
        return f"{self.oid} for {self.mailbox_id}"


def list_tenant(*, tid: str, now: datetime, cloud: str) -> Tenant:
    """The tenant with this id, listed now if it was not; safe to repeat."""
    tenant, _ = Tenant.objects.get_or_create(tid=tid, defaults={"state_since": now, "cloud": cloud})
    return tenant
