"""What Exchange said about sharing with other organizations, what was planned from it, and what was tried."""

from django.db import models
from django.db.models import Q

from .mailboxes import Mailbox
from .tenants import Tenant, User, public_id


class ExchangeSnapshot(models.Model):
    """One export of a tenant's Exchange, as it was uploaded; its rows never change.

    `sections` says of each part whether the export holds it: `read`, `missing` (an older script, or not asked for) or
    `cut` (it began and did not end). What is missing or cut is unknown, never nothing.
    """

    READ, MISSING, CUT = "read", "missing", "cut"
    CONFIG, DOMAINS = "organizationConfig", "acceptedDomains"
    RELATIONSHIPS, POLICIES = "organizationRelationships", "sharingPolicies"
    ASSIGNMENTS, PUBLISHED = "sharingPolicyAssignments", "publishedCalendars"
    SECTIONS = (CONFIG, DOMAINS, RELATIONSHIPS, POLICIES, ASSIGNMENTS, PUBLISHED)

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="exchange_snapshots", db_index=False)
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    exported_at = models.DateTimeField(help_text="By the clock of who ran the script.")
    taken_at = models.DateTimeField()
    taken_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64, help_text="SHA-256 of what was uploaded.")
    sections = models.JSONField(default=dict)
    is_dehydrated = models.BooleanField(null=True, help_text="Organization customization was never enabled.")
    domains = models.JSONField(default=list, help_text="Accepted domains, lower case.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "digest"], name="one_snapshot_per_export")]
        indexes = [models.Index(fields=["tenant", "exported_at"], name="snapshot_tenant")]

    def __str__(self) -> str:
        return f"{self.tenant}: {self.exported_at}"

    @property
    def is_complete(self) -> bool:
        return all(state == self.READ for state in self.sections.values())


class OrganizationRelationship(models.Model):
    """One organization relationship of a snapshot, in Exchange's own words.

    https://learn.microsoft.com/powershell/module/exchangepowershell/get-organizationrelationship
    """

    NONE, AVAILABILITY, LIMITED = "None", "AvailabilityOnly", "LimitedDetails"
    LEVELS = [(level, level) for level in (NONE, AVAILABILITY, LIMITED)]

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    snapshot = models.ForeignKey(ExchangeSnapshot, on_delete=models.CASCADE, related_name="relationships")
    guid = models.UUIDField()
    name = models.CharField(max_length=256)
    domains = models.JSONField(default=list, help_text="Lower case.")
    is_enabled = models.BooleanField()
    has_free_busy = models.BooleanField(help_text="FreeBusyAccessEnabled.")
    level = models.CharField(max_length=20, choices=LEVELS)
    scope_group = models.CharField(max_length=512, blank=True, help_text="Whose calendars; empty is everybody's.")
    mail_tips_level = models.CharField(max_length=20, blank=True)
    has_archive_access = models.BooleanField(null=True)
    has_mailbox_move = models.BooleanField(null=True)
    mailbox_move_capability = models.CharField(max_length=80, blank=True)
    target_application_uri = models.CharField(max_length=512, blank=True)
    target_autodiscover_epr = models.CharField(max_length=512, blank=True)
    target_sharing_epr = models.CharField(max_length=512, blank=True)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "guid"], name="one_relationship_per_guid_and_snapshot")
        ]

    def __str__(self) -> str:
        return self.name


class SharingPolicy(models.Model):
    """One sharing policy of a snapshot: how far people may share their own calendars outside.

    `entries` are in the policy's order, each `{"domain", "actions", "level"}`: the domain lower case, `*` or
    `Anonymous`; the actions as Exchange wrote them; the level our word for the strongest calendar action
    (`freeBusyRead`, `limitedRead`, `read`), empty where it shares no calendar, `unknown` where it cannot be told.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    snapshot = models.ForeignKey(ExchangeSnapshot, on_delete=models.CASCADE, related_name="policies")
    guid = models.UUIDField()
    name = models.CharField(max_length=256)
    is_enabled = models.BooleanField()
    is_default = models.BooleanField()
    entries = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["snapshot", "guid"], name="one_policy_per_guid_and_snapshot")]

    def __str__(self) -> str:
        return self.name


class PolicyAssignment(models.Model):
    """A mailbox of a snapshot that has a sharing policy of its own; all others have the default one."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    snapshot = models.ForeignKey(ExchangeSnapshot, on_delete=models.CASCADE, related_name="assignments")
    address = models.CharField(max_length=320)
    mailbox = models.ForeignKey(Mailbox, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    policy = models.CharField(max_length=256, help_text="Its name, as the mailbox has it.")

    def __str__(self) -> str:
        return f"{self.address}: {self.policy}"


class PublishedCalendar(models.Model):
    """A calendar of a snapshot that whoever knows its address can open; the address itself is never kept."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    snapshot = models.ForeignKey(ExchangeSnapshot, on_delete=models.CASCADE, related_name="published")
    address = models.CharField(max_length=320)
    mailbox = models.ForeignKey(Mailbox, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    folder = models.CharField(max_length=512)
    level = models.CharField(max_length=20, help_text="AvailabilityOnly, LimitedDetails or FullDetails.")
    is_searchable = models.BooleanField(null=True)
    reach_from = models.CharField(max_length=20, blank=True, help_text="PublishDateRangeFrom.")
    reach_to = models.CharField(max_length=20, blank=True)

    def __str__(self) -> str:
        return f"{self.address}: {self.folder}"


class Partner(models.Model):
    """An organization we agreed something with: which domains, how much, why, who answers for it, until when."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="partners")
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    name = models.CharField(max_length=64, help_text="Also the relationship's name in Exchange, at most 64 there.")
    domains = models.JSONField(default=list, help_text="All of theirs, lower case.")
    partner_tid = models.UUIDField(null=True, blank=True, help_text="Their tenant, where it is known.")
    purpose = models.CharField(max_length=500, blank=True)
    contact = models.CharField(max_length=320, blank=True, help_text="Who answers for it here.")
    level = models.CharField(
        max_length=20, choices=OrganizationRelationship.LEVELS, default=OrganizationRelationship.AVAILABILITY,
        help_text="The most that was agreed on.",
    )  # fmt: skip
    ends_on = models.DateField(null=True, blank=True)
    reminded_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The reminder that was sent last: 14, 1, or 0 once the day passed."
    )
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="one_partner_per_name", condition=Q(ended_at=None))
        ]

    def __str__(self) -> str:
        return self.name


class FederationPlan(models.Model):
    """A change of Exchange that an administrator makes with a script of ours; done once an export or probe shows it.

    `before` is what the plan was made against and what the script insists on, `wanted` what it sets: both as the
    parser names things. open ─► shown | overtaken (the newest export shows neither) | cancelled.
    """

    NEW, CHANGE, SUSPEND, REMOVE, POLICY = "new", "change", "suspend", "remove", "policy"
    KINDS = [(k, k) for k in (NEW, CHANGE, SUSPEND, REMOVE, POLICY)]
    OPEN, SHOWN, OVERTAKEN, CANCELLED = "open", "shown", "overtaken", "cancelled"
    STATES = [(s, s) for s in (OPEN, SHOWN, OVERTAKEN, CANCELLED)]

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="federation_plans")
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    kind = models.CharField(max_length=8, choices=KINDS)
    partner = models.ForeignKey(Partner, null=True, blank=True, on_delete=models.PROTECT, related_name="plans")
    guid = models.UUIDField(null=True, blank=True, help_text="Of the relationship or policy; none for a new one.")
    snapshot = models.ForeignKey(
        ExchangeSnapshot, null=True, blank=True, on_delete=models.PROTECT, related_name="plans",
        help_text="What it was planned against; none where nothing was ever exported.",
    )  # fmt: skip
    before = models.JSONField(default=dict, blank=True)
    wanted = models.JSONField(default=dict, blank=True)
    script_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the script for our side.")
    reason = models.CharField(max_length=500, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    needs_second = models.BooleanField(default=False, help_text="There is no script before a second operator’s yes.")
    approved_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=STATES, default=OPEN)
    cause = models.CharField(max_length=80, blank=True)
    state_since = models.DateTimeField()
    shown_by = models.ForeignKey(
        ExchangeSnapshot, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )  # fmt: skip

    class Meta:
        indexes = [models.Index(fields=["tenant", "made_at"], name="federation_plan_tenant")]

    def __str__(self) -> str:
        return f"{self.kind} {self.partner_id or self.guid}: {self.state}"


class Volunteer(models.Model):
    """A person who lends their mailbox to ask for the free and busy times of people at a partner."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="volunteers")
    mailbox = models.OneToOneField(Mailbox, on_delete=models.PROTECT, related_name="volunteer")
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.mailbox}"


class Probe(models.Model):
    """One question for the free and busy times of one person of a partner; of the answer only its kind is kept.

    It proves one direction: that people here can, or cannot, see people there.
    """

    SEEN, SEEN_DETAILS, FREE_OR_UNREADABLE = "seen", "seen_details", "free_or_unreadable"
    OURS, THEIRS, EITHER, UNKNOWN, FAILED = "ours", "theirs", "either", "unknown", "failed"
    OUTCOMES = [
        (o, o) for o in (SEEN, SEEN_DETAILS, FREE_OR_UNREADABLE, OURS, THEIRS, EITHER, UNKNOWN, FAILED)
    ]  # fmt: skip

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="probes", db_index=False)
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    partner = models.ForeignKey(Partner, null=True, blank=True, on_delete=models.PROTECT, related_name="probes")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="+", help_text="The volunteer's.")
    address = models.CharField(max_length=320, help_text="Of the person there.")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    outcome = models.CharField(max_length=20, choices=OUTCOMES)
    code = models.CharField(max_length=80, blank=True, help_text="responseCode, or the word of our own error.")
    message = models.CharField(max_length=500, blank=True, help_text="What the row said, cut.")

    class Meta:
        indexes = [models.Index(fields=["tenant", "asked_at"], name="probe_tenant")]

    def __str__(self) -> str:
        return f"{self.address}: {self.outcome}"
