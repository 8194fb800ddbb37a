"""Who did what: append-only events, chained per tenant."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db import models, transaction
from django.db.models import F

from .due import Due, DueQuerySet
from .tenants import Tenant, User

INSTALLATION = "installation"  # the chain of what concerns no tenant
NO_HASH = "0" * 64  # before the first event

# Where what is recorded now comes from, asked only if something is: a request's address, or cli:<user>.
_source: ContextVar[Callable[[], str]] = ContextVar("audit_source", default=str)
# Called with each event once it is committed; set where the app starts.
streams: list[Callable[["AuditEvent"], None]] = []


@contextmanager
def coming_from(source: Callable[[], str]) -> Iterator[None]:
    """Everything recorded within says that it came from `source`, unless told otherwise."""
    before = _source.set(source)
    try:
        yield
    finally:
        _source.reset(before)


class AuditChain(models.Model):
    """The head of one tenant's chain; key is the tenant id, or "installation"."""

    key = models.CharField(max_length=36, unique=True)
    seq = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=NO_HASH)
    pruned_to = models.PositiveBigIntegerField(default=0, help_text="Events up to this one were let go by retention.")
    written_seq = models.PositiveBigIntegerField(default=0, help_text="The head that was last written elsewhere.")
    written_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.key} {self.seq}"


class AuditEventManager(models.Manager):
    def record(
        self,
        *,
        now: datetime,
        verb: str,
        tenant: Tenant | None = None,
        actor: User | None = None,
        actor_name: str = "",
        subject: dict[str, Any] | None = None,
        before: str = "",
        after: str = "",
        outcome: str = "",
        request_id: str = "",
        on_behalf: Any = None,
        source: str = "",
    ) -> "AuditEvent":
        """Append one event in the caller's transaction; ids and codes only, never names or texts from Graph.

        `on_behalf` is the user or person for whom the actor acted, who has a tenant and an object id.
        Updating the chain's head first takes its row, so writers queue up and the chain cannot fork.
        """
        key = str(tenant.tid) if tenant else INSTALLATION
        with transaction.atomic():
            if not AuditChain.objects.filter(key=key).update(seq=F("seq") + 1):
                AuditChain.objects.get_or_create(key=key)
                AuditChain.objects.filter(key=key).update(seq=F("seq") + 1)
            chain = AuditChain.objects.get(key=key)
            event = AuditEvent(
                chain=key, seq=chain.seq, at=now, tenant=tenant,
                actor=f"{actor.tenant.tid}.{actor.oid}" if actor else actor_name or "system",
                verb=verb, subject=subject or {}, before=before, after=after, outcome=outcome,
                request_id=request_id, prev=chain.hash, source=(source or _source.get()())[:80],
                on_behalf=f"{on_behalf.tenant.tid}.{on_behalf.oid}" if on_behalf else "",
            )  # fmt: skip
            event.person_key, event.mailbox_key = event.keys()
            event.hash = event.digest()
            event.save(force_insert=True)
            AuditChain.objects.filter(key=key).update(hash=event.hash)
            for stream in streams:
                transaction.on_commit(partial(stream, event), robust=True)
        return event


class AuditEvent(models.Model):
    chain = models.CharField(max_length=36)
    seq = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    tenant = models.ForeignKey(Tenant, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    actor = models.CharField(max_length=80, help_text="<tid>.<oid>, system, or cli:<account>")
    verb = models.CharField(max_length=60)
    subject = models.JSONField(default=dict)
    before = models.CharField(max_length=80, blank=True)
    after = models.CharField(max_length=80, blank=True)
    outcome = models.CharField(max_length=80, blank=True)
    request_id = models.CharField(max_length=36, blank=True)
    on_behalf = models.CharField(max_length=80, blank=True, help_text="<tid>.<oid> of whom the actor acted for.")
    source = models.CharField(max_length=80, blank=True, help_text="Address and hashed session it came from.")
    # For finding events only: what `keys` makes of the subject.
    person_key = models.CharField(max_length=36, blank=True)
    mailbox_key = models.CharField(max_length=36, blank=True)
    prev = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = AuditEventManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain", "seq"], name="one_event_per_seq")]
        indexes = [
            models.Index(fields=["tenant", "at", "id"], name="audit_tenant"),
            # The action is sieved on the way. Before the time, it would mislead SQLite where a person is asked for.
            models.Index(fields=["tenant", "actor", "at", "id", "verb"], name="audit_actor"),
            models.Index(fields=["tenant", "verb", "at"], name="audit_verb"),
            # Without a condition: SQLite would not see that `person_key = 'x'` fulfils it.
            models.Index(fields=["tenant", "person_key", "at"], name="audit_person"),
            models.Index(fields=["tenant", "mailbox_key", "at"], name="audit_mailbox"),
            # Two filters at once.
            models.Index(fields=["tenant", "person_key", "verb", "at"], name="audit_person_verb"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.seq} {self.verb}"

    def keys(self) -> tuple[str, str]:
        """Whom it is about, by public id or object id, and in which mailbox; empty where the subject does not say."""
        person = self.subject.get("person") or self.subject.get("oid") or ""
        return str(person)[:36], str(self.subject.get("mailbox") or "")[:36]

    def digest(self) -> str:
        """SHA-256 over the previous hash and the event's canonical JSON, as 64 hex digits."""
        body = [
            self.chain, self.seq, self.at.astimezone(UTC).isoformat(timespec="microseconds"), self.actor, self.verb,
            self.subject, self.before, self.after, self.outcome, self.request_id,
        ]  # fmt: skip
        if self.on_behalf or self.source:  # events written before these existed keep their hash
            body += [self.on_behalf, self.source]
        return hashlib.sha256((self.prev + json.dumps(body, sort_keys=True)).encode()).hexdigest()


class AuditQuery(Due):
    """How far Exchange's audit log of one tenant was asked, and the search that is open there.

    The due time is that of the next step; windows follow each other, so no moment is searched twice.
    """

    tenant = models.OneToOneField(Tenant, on_delete=models.PROTECT, related_name="+")
    graph_id = models.CharField(max_length=36, blank=True, help_text="The search that is open; empty: none.")
    ends_at = models.DateTimeField(null=True, blank=True, help_text="Up to where the open one searches.")
    asked_at = models.DateTimeField(null=True, blank=True, help_text="When it was made.")
    covered_to = models.DateTimeField(null=True, blank=True, help_text="What is older was searched.")
    cause = models.CharField(max_length=80, blank=True, help_text="Why the last one gave nothing.")

    objects = DueQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="audit_query_due", condition=models.Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.tenant_id} to {self.covered_to}"


class OutsideAct(models.Model):
    """A line of Exchange's own audit log: who changed a calendar's sharing outside Calwarden."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    record_id = models.CharField(max_length=80)
    at = models.DateTimeField()
    operation = models.CharField(max_length=60)
    actor = models.CharField(max_length=320, help_text="Who, as Exchange names them.")
    mailbox = models.ForeignKey("sharing.Mailbox", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    holder = models.CharField(max_length=320, blank=True, help_text="Whose access it was, where the line says.")
    role = models.CharField(max_length=80, blank=True)
    origin = models.CharField(max_length=12, default="upload")
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "record_id"], name="one_outside_act_per_record")]
        indexes = [models.Index(fields=["mailbox", "at"], name="outside_act_mailbox")]

    def __str__(self) -> str:
        return f"{self.operation} {self.record_id}"
