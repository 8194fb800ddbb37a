"""What the mirror said before, besides roles: so that a past day can be shown as it was known then."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from .mailboxes import Mailbox, SyncShard
from .permissions import Calendar, CalendarPermission
from .tenants import Tenant

KEPT = ("state", "cause", "read_at", "shard_id", "delivery_option")  # of a mailbox


class PastValues(models.Model):
    """Columns of one mailbox, calendar or permission as they were until `ended_at`.

    Of each column the oldest row after a moment says what was so at that moment; where there is none, it is as now.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="+", db_index=False)
    calendar = models.ForeignKey(
        Calendar, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    permission = models.ForeignKey(
        CalendarPermission, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    was = models.JSONField(default=dict, help_text="Columns by name; moments in ISO 8601.")
    ended_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["mailbox", "ended_at"], name="past_mailbox"),
            models.Index(fields=["tenant", "ended_at"], name="past_ended"),
            models.Index(fields=["calendar"], name="past_calendar", condition=~Q(calendar=None)),
            models.Index(fields=["permission"], name="past_permission", condition=~Q(permission=None)),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox_id} until {self.ended_at:%Y-%m-%d %H:%M}"


class ShardReading(models.Model):
    """One whole reading of a shard: what was shown of its readable mailboxes was confirmed then."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    shard = models.ForeignKey(SyncShard, on_delete=models.PROTECT, related_name="readings", db_index=False)
    read_at = models.DateTimeField(help_text="When Microsoft was asked.")
    stored_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["shard", "stored_at"], name="reading_shard"),
            models.Index(fields=["tenant", "stored_at"], name="reading_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.shard_id} {self.read_at:%Y-%m-%d %H:%M}"


def kept(values: dict[str, object]) -> dict[str, object]:
    """`values` as PastValues.was keeps them."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def keep_mailboxes(mailboxes: models.QuerySet[Mailbox], *, now: datetime) -> None:
    """Keep what `mailboxes` say now, right before it is overwritten, in the caller's transaction. Safe to repeat."""
    PastValues.objects.bulk_create(
        PastValues(tenant_id=row.pop("tenant_id"), mailbox_id=row.pop("pk"), was=kept(row), ended_at=now)
        for row in mailboxes.order_by("pk").values("pk", "tenant_id", *KEPT)
    )


READ_COLUMNS = ("state", "cause", "read_at", "shard_id", "shard__read_at")  # of a mailbox, see Past.reading


@dataclass(frozen=True, slots=True)
class Reading:
    """How well a mailbox had been read at a moment, and when it had been read last, as far as that is on record."""

    state: str
    cause: str
    read_at: datetime | None


class Past:
    """What was so at `moment` in some mailboxes, beside roles; three queries.

    `permissions` (ids) are those of which it will be asked; None: all of the mailboxes.
    """

    def __init__(self, mailboxes: Sequence[int], moment: datetime, permissions: Collection[int] | None = None) -> None:
        self.moment = moment
        self._was: dict[tuple[str, int], dict[str, Any]] = {}
        self._until: dict[int, datetime] = {}
        rows = PastValues.objects.filter(mailbox__in=mailboxes, ended_at__gt=moment).order_by("-ended_at", "-pk")
        if permissions is not None:
            rows = rows.filter(Q(permission=None) | Q(permission__in=permissions))
        for mailbox, calendar, permission, was, ended_at in rows.values_list(
            "mailbox_id", "calendar_id", "permission_id", "was", "ended_at"
        ):
            key = ("calendar", calendar) if calendar else ("permission", permission) if permission else None
            self._was.setdefault(key or ("mailbox", mailbox), {}).update(was)  # the oldest comes last, and stays
            if "state" in was and key is None:
                self._until[mailbox] = ended_at
        shards = set(Mailbox.objects.filter(pk__in=mailboxes).values_list("shard_id", flat=True))
        shards |= {was["shard_id"] for (kind, _), was in self._was.items() if kind == "mailbox" and "shard_id" in was}
        readings = ShardReading.objects.filter(shard__in=shards - {None}, stored_at__lte=moment)
        self._readings: dict[int, datetime] = dict(
            readings.values_list("shard_id").annotate(last=models.Max("read_at"))
        )

    def was(self, kind: str, pk: int) -> dict[str, Any]:
        """The columns of one mailbox, calendar or permission that said something else then."""
        return self._was.get((kind, pk), {})

    def state_until(self, mailbox: int) -> datetime | None:
        """Until when a mailbox stayed in the state it was in then; None where it is in it still."""
        return self._until.get(mailbox)

    def read_at(self, kind: str, pk: int, now: datetime | None) -> datetime | None:
        """When a row had been read last; `now` is what it says today. None where no reading before is on record."""
        was = self.was(kind, pk)
        read_at = _moment(was["read_at"]) if "read_at" in was else now
        return read_at if read_at and read_at <= self.moment else None

    def reading(self, mailbox: int, row: Mapping[str, Any]) -> Reading:
        """How well a mailbox had been read; `row` is what it says today: READ_COLUMNS by name."""
        was = self.was("mailbox", mailbox)
        state = was.get("state", row["state"])
        moments = [self.read_at("mailbox", mailbox, row["read_at"])]
        if state == Mailbox.OK:
            moments.append(self.shard_read_at(mailbox, row["shard_id"], row["shard__read_at"]))
        return Reading(state, was.get("cause", row["cause"]), max((at for at in moments if at), default=None))

    def shard_read_at(self, mailbox: int, shard: int | None, now: datetime | None) -> datetime | None:
        """When the whole shard of a mailbox had been read last; `shard` and `now` are today's."""
        then = self.was("mailbox", mailbox).get("shard_id", shard)
        if then is None:
            return None
        kept = self._readings.get(then)
        return now if kept is None and then == shard and now and now <= self.moment else kept


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
