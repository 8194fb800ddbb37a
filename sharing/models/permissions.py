"""Calendars, who may do what on them now, and what was true before."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from .mailboxes import Mailbox
from .names import visible
from .people import Person
from .tenants import Tenant, public_id

ORGANIZATION_ID = "RGVmYXVsdA=="  # base64 of "Default": the My Organization row, matched by id, never by name


class Role(models.TextChoices):
    """Graph's calendarRoleType; a word not listed here is kept, shown and never written."""

    NONE = "none"
    FREE_BUSY_READ = "freeBusyRead"
    LIMITED_READ = "limitedRead"
    READ = "read"
    WRITE = "write"
    DELEGATE = "delegateWithoutPrivateEventAccess"
    PRIVATE_DELEGATE = "delegateWithPrivateEventAccess"
    CUSTOM = "custom"


DELEGATE_ROLES = (Role.DELEGATE, Role.PRIVATE_DELEGATE)
_REACH = {role.value: reach for reach, role in enumerate(Role)}
UNKNOWN_REACH = len(_REACH)


def reach(role: str) -> int:
    """How far a role reaches, 0 (none) to 6 (delegate with private events); 7 custom, 8 unknown: nobody can say."""
    return _REACH.get(role, UNKNOWN_REACH)


class Calendar(models.Model):
    """One calendar in one mailbox; what another mailbox sees of it is a row of its own (`is_own` false)."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="calendars", db_index=False)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="calendars", db_index=False)
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    graph_id = models.CharField(max_length=512)
    name = models.CharField(max_length=512, blank=True)
    search = models.CharField(max_length=512, blank=True, help_text="The name, folded.")
    is_default = models.BooleanField(default=False)
    is_own = models.BooleanField(default=True)
    owner_name = models.CharField(max_length=512, blank=True)
    owner_address = models.CharField(max_length=320, blank=True)
    can_share = models.BooleanField(null=True, blank=True)
    can_edit = models.BooleanField(null=True, blank=True)
    can_view_private = models.BooleanField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=Mailbox.STATES, default=Mailbox.NEVER)
    cause = models.CharField(max_length=80, blank=True)
    read_at = models.DateTimeField(null=True, blank=True, help_text="Last stored complete list of its permissions.")
    first_seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "graph_id"], name="one_calendar_per_graph_id")]
        indexes = [
            models.Index(
                fields=["tenant", "is_default", "id", "search"], name="calendar_search",
                condition=Q(ended_at=None, is_own=True),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return visible(self.name)


class CalendarPermissionQuerySet(models.QuerySet):
    def open(self):
        return self.filter(ended_at__isnull=True)

    def of_people(self):
        return self.filter(is_organization=False)

    def delegates(self):
        return self.filter(role__in=DELEGATE_ROLES)


_OF_PEOPLE = Q(ended_at=None, is_organization=False)
_OF_ORGANIZATIONS = Q(ended_at=None, is_organization=True)


class CalendarPermission(models.Model):
    """The open period of one holder's access to one calendar; past periods are PermissionPeriod rows."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="permissions", db_index=False)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="permissions")
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="permissions", db_index=False)
    grantee = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="permissions", db_index=False,
        help_text="Null for the organisation row.",
    )  # fmt: skip
    graph_id = models.CharField(max_length=512)
    is_organization = models.BooleanField(default=False)
    role = models.CharField(max_length=48)
    reach = models.PositiveSmallIntegerField(help_text="models.reach(role), for filters and sorting.")
    allowed_roles = models.JSONField(default=list)
    name = models.CharField(max_length=512, blank=True)
    address = models.CharField(max_length=320, blank=True)
    inside = models.BooleanField(null=True, blank=True)
    removable = models.BooleanField(null=True, blank=True)
    owner_sort = models.CharField(max_length=128, blank=True, help_text="Casefolded owner's name.")
    name_sort = models.CharField(max_length=128, blank=True, help_text="Casefolded holder's name.")
    first_seen_at = models.DateTimeField()
    began_after_at = models.DateTimeField(null=True, blank=True, help_text="Last reading without this role.")
    began_at = models.DateTimeField(help_text="First reading with this role.")
    change = models.ForeignKey(
        "sharing.Change", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False,
        help_text="The change of ours that made the role what it is.",
    )  # fmt: skip
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = CalendarPermissionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["calendar", "graph_id"], name="one_permission_per_graph_id")]
        # A list is of people or of organisation rows, so are its indexes: then a count needs no look at the table.
        indexes = [
            models.Index(fields=["tenant", "owner_sort", "id"], name="perm_owner", condition=_OF_PEOPLE),
            models.Index(fields=["tenant", "name_sort", "id"], name="perm_name", condition=_OF_PEOPLE),
            models.Index(fields=["tenant", "began_at", "id"], name="perm_began", condition=_OF_PEOPLE),
            models.Index(fields=["tenant", "reach", "owner_sort", "id"], name="perm_reach", condition=_OF_PEOPLE),
            models.Index(fields=["tenant", "role", "owner_sort", "id"], name="perm_role", condition=_OF_PEOPLE),
            models.Index(
                fields=["tenant", "reach", "owner_sort", "id"], name="perm_outside",
                condition=_OF_PEOPLE & Q(inside=False),
            ),
            models.Index(fields=["tenant", "reach"], name="perm_organization", condition=_OF_ORGANIZATIONS),
            models.Index(
                fields=["tenant", "owner_sort", "id"], name="perm_wide", condition=_OF_ORGANIZATIONS & Q(reach__gt=1)
            ),
            models.Index(fields=["tenant", "grantee", "began_at", "id"], name="perm_grantee", condition=_OF_PEOPLE),
            models.Index(
                fields=["grantee", "ended_at"], name="perm_grantee_ended", condition=Q(ended_at__isnull=False)
            ),
            # Whose past is no news of people; as ids alone, so that a year of periods is sieved without these rows.
            models.Index(fields=["tenant", "id"], name="perm_not_people", condition=Q(is_organization=True)),
            models.Index(
                fields=["tenant", "began_at", "id"], name="perm_changed",
                condition=Q(ended_at=None, began_after_at__isnull=False, is_organization=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{visible(self.name)}: {self.role}"

    def choices(self) -> tuple[str, ...]:
        """Roles a person may pick here: Graph's allowedRoles that we know how to write, in order of reach."""
        known = {r.value for r in Role} - {Role.CUSTOM.value}
        return tuple(sorted((r for r in self.allowed_roles if r in known), key=reach))

    @property
    def is_delegate(self) -> bool:
        return self.role in DELEGATE_ROLES


class PermissionPeriod(models.Model):
    """A past role of one permission: true from between began_after_at and began_at to between the two ends."""

    CHANGED, REMOVED, CALENDAR_REMOVED, MAILBOX_REMOVED, OUT_OF_SCOPE = (
        "changed",
        "removed",
        "calendar_removed",
        "mailbox_removed",
        "out_of_scope",  # it may go on at Microsoft; Calwarden reads that mailbox no more
    )
    WITH_ITS_CALENDAR = (CALENDAR_REMOVED, MAILBOX_REMOVED, OUT_OF_SCOPE)

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    permission = models.ForeignKey(CalendarPermission, on_delete=models.PROTECT, related_name="periods", db_index=False)
    # Its permission's, so that one calendar's or one mailbox's history is read in its order, however long it is.
    calendar = models.ForeignKey(Calendar, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    mailbox = models.ForeignKey(Mailbox, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    is_first = models.BooleanField(default=False, help_text="Nothing went right before: access came with it.")
    role = models.CharField(max_length=48)
    began_after_at = models.DateTimeField(null=True, blank=True)
    began_at = models.DateTimeField()
    ended_after_at = models.DateTimeField(null=True, blank=True, help_text="Last reading with this role.")
    ended_at = models.DateTimeField(help_text="First reading without it.")
    end = models.CharField(max_length=20, default=CHANGED)
    after = models.CharField(max_length=48, blank=True, help_text="The role found instead; empty where it ended.")
    change = models.ForeignKey(
        "sharing.Change", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False,
        help_text="The change of ours that ended it.",
    )  # fmt: skip

    class Meta:
        indexes = [
            # What is asked of a day is in these two, so that thousands of past roles are found without their rows.
            models.Index(
                fields=["permission", "ended_at", "began_at", "began_after_at", "role"], name="period_of_entry"
            ),
            models.Index(
                fields=["calendar", "ended_at", "id", "began_at", "began_after_at", "permission", "role"],
                name="period_of_calendar",
            ),
            models.Index(fields=["mailbox", "ended_at", "id"], name="period_of_mailbox"),
            models.Index(fields=["mailbox", "began_at"], name="period_first", condition=Q(is_first=True)),
            models.Index(fields=["permission", "began_at"], name="period_first_of_entry", condition=Q(is_first=True)),
            # All that the figures of a week count, so that none of these rows is looked at.
            models.Index(
                fields=["tenant", "ended_at", "end", "began_at", "began_after_at", "permission"], name="period_ended"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.permission_id}: {self.role}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.calendar is None:
            self.calendar, self.mailbox = self.permission.calendar, self.permission.mailbox
            before = PermissionPeriod.objects.filter(permission=self.permission_id, ended_at=self.began_at)
            self.is_first = not before.exists()
        super().save(*args, **kwargs)


def role_as_of(permission: CalendarPermission, moment: datetime) -> str | None:
    """The role `permission` was last seen to have at `moment`; None where no reading shows it then."""
    period = permission.periods.filter(began_at__lte=moment, ended_at__gt=moment).order_by("-began_at").first()
    if period:
        return period.role
    if permission.ended_at is None and permission.began_at <= moment:
        return permission.role
    return None
