"""What proves that we are the app, and what people lent us for their own mailboxes: sealed, never shown."""

from django.db import models

from .activation import APPS, READER
from .due import Due, DueQuerySet
from .tenants import Tenant, User, public_id


class AppCredential(Due):
    """A certificate that the portal made, or a client secret; each app has at most one of every state but `retired`.

    next ─► current (Entra gave a token with it) ─► previous (the one after it is current; its key is kept, to go back)
    ─► retired (its key is erased). While it is `next` it is due when it is to be tried; `cause` says how that ended.
    """

    CERTIFICATE, SECRET = "certificate", "secret"
    KINDS = [(CERTIFICATE, CERTIFICATE), (SECRET, SECRET)]
    NEXT, CURRENT, PREVIOUS, RETIRED = "next", "current", "previous", "retired"
    STATES = [(s, s) for s in (NEXT, CURRENT, PREVIOUS, RETIRED)]

    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    app = models.CharField(max_length=8, choices=APPS, default=READER)
    kind = models.CharField(max_length=12, choices=KINDS, default=CERTIFICATE)
    state = models.CharField(max_length=8, choices=STATES, default=NEXT)
    sealed = models.TextField(blank=True, help_text="Key and certificate as PEM, or the secret; empty once retired.")
    certificate = models.TextField(blank=True, help_text="The public part, PEM.")
    thumbprint = models.CharField(max_length=64, blank=True, help_text="SHA-256, hexadecimal.")
    expires_at = models.DateTimeField(null=True, blank=True)
    made_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True, blank=True)
    cause = models.CharField(max_length=80, blank=True, help_text="Why the last trial failed.")
    current_since = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = DueQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["app", "state"],
                name="one_credential_per_app_and_state",
                condition=models.Q(state__in=["next", "current", "previous"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.app} {self.kind} {self.thumbprint[:8]}"


class GrantQuerySet(models.QuerySet):
    def in_use(self):
        """Connected by people who may sign in here; what others lent rests, unchanged, until they may again."""
        mine = {"user__is_active": True, "user__tenant__in": Tenant.objects.may_sign_in()}
        return self.filter(state=Grant.CONNECTED, **mine)


class Grant(models.Model):
    """A person's own consent for their own mailbox: the sealed refresh token, and the version that rotates with it.

    `account_tid` and `account_oid` are whose mailbox it is; `tenant` is the tenant of that account. A tenant that is
    known only through grants is `private`: its rows are visible to the person who connected it, and nobody else.
    """

    CONNECTED, LOST = "connected", "lost"
    STATES = [(CONNECTED, CONNECTED), (LOST, LOST)]

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="grants")
    mailbox = models.ForeignKey(
        "sharing.Mailbox", null=True, blank=True, on_delete=models.PROTECT, related_name="grants"
    )
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    app = models.CharField(max_length=8, choices=APPS, default=READER, help_text="Which registration it was given to.")
    account_oid = models.UUIDField()
    account_address = models.CharField(max_length=320, blank=True, help_text="Shown only, never a key.")
    sealed = models.TextField(blank=True, help_text="The refresh token; empty once lost.")
    version = models.PositiveIntegerField(default=0, help_text="Counts rotations; the fence of two workers.")
    scopes = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=STATES, default=CONNECTED)
    cause = models.CharField(max_length=80, blank=True)
    state_since = models.DateTimeField()
    connected_at = models.DateTimeField()
    refreshed_at = models.DateTimeField(null=True, blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "tenant", "account_oid", "app"], name="one_grant_per_user_account_and_app"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.state}"

    @property
    def lets_change(self) -> bool:
        """Did the person agree to changes, not only to reading?"""
        return {"Calendars.ReadWrite", "MailboxSettings.ReadWrite"} <= set(self.scopes)
