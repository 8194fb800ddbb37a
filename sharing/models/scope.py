"""Who of a tenant is read: people invited before they ever signed in, and the limit to a security group."""

from django.db import models

from .due import Due, DueQuerySet
from .people import Person
from .tenants import Tenant, User


class Invitation(models.Model):
    """An address an admin added; matched to one person of the directory, within the tenant's verified domains."""

    WAITING, MATCHED, AMBIGUOUS, ENDED = "waiting", "matched", "ambiguous", "ended"
    STATES = [(s, s) for s in (WAITING, MATCHED, AMBIGUOUS, ENDED)]

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="invitations", db_index=False)
    address = models.CharField(max_length=320, help_text="Casefolded.")
    name = models.CharField(max_length=256, blank=True)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="invitations")
    state = models.CharField(max_length=12, choices=STATES, default=WAITING)
    state_since = models.DateTimeField()
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "address"], name="one_invitation_per_address")]

    def __str__(self) -> str:
        return self.address


class GroupLimit(Due):
    """The one group whose members are read, and what two probes said of how far Exchange keeps the app to it.

    Verdicts: https://learn.microsoft.com/exchange/permissions-exo/application-rbac; due once a day.
    """

    UNTESTED, VERIFIED, PENDING, NOT_LIMITED = "untested", "verified", "pending", "not_limited"
    NO_ACCESS, INVERTED, INCONCLUSIVE, INEFFECTIVE = "no_access", "inverted", "inconclusive", "ineffective"
    VERDICTS = [
        (v, v)
        for v in (UNTESTED, VERIFIED, PENDING, NOT_LIMITED, NO_ACCESS, INVERTED, INCONCLUSIVE, INEFFECTIVE)
    ]  # fmt: skip

    tenant = models.OneToOneField(Tenant, on_delete=models.PROTECT, related_name="group_limit")
    group_oid = models.UUIDField()
    group_name = models.CharField(max_length=256, blank=True)
    group_address = models.CharField(max_length=320, blank=True)
    members = models.PositiveIntegerField(null=True, blank=True, help_text="Direct members; null where not read.")
    members_read_at = models.DateTimeField(null=True, blank=True)
    inside = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    outside = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=12, choices=VERDICTS, default=UNTESTED)
    cause = models.CharField(max_length=80, blank=True)
    found = models.JSONField(default=dict, blank=True, help_text="What the last test met: ids and words of ours only.")
    is_legacy = models.BooleanField(default=False, help_text="An application access policy, not RBAC, limits the app.")
    declared_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    declared_at = models.DateTimeField()
    changed_at = models.DateTimeField(help_text="When the verdict last changed.")
    tested_at = models.DateTimeField(null=True, blank=True)

    objects = DueQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.tenant}: {self.group_name or self.group_oid}"


class GroupMember(models.Model):
    """A person whom the last complete listing of the limiting group named."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    limit = models.ForeignKey(GroupLimit, on_delete=models.CASCADE, related_name="group_members", db_index=False)
    oid = models.UUIDField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["limit", "oid"], name="one_row_per_group_member")]

    def __str__(self) -> str:
        return str(self.oid)


class CallCount(models.Model):
    """How often the portal asked Microsoft for one kind of thing in a tenant on one day (UTC)."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="call_counts", db_index=False)
    day = models.DateField()
    kind = models.CharField(max_length=80, help_text="Method and path with the ids left out.")
    calls = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "day", "kind"], name="one_count_per_kind_and_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.kind}: {self.calls}"
