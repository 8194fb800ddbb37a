"""Puts one calendar back to what it was at a moment: a list of changes, checked by a person and run as a batch."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from sharing import access, graph
from sharing.access import history
from sharing.models import BatchItem, Calendar, CalendarPermission, Change, ChangeBatch, User

from . import batch_items
from .batches import NoBatch, add_items, refusal
from .holders import Holder, holders_at, roles_to_give
from .refusals import NotNow
from .restore_more import delivery_item, is_delivery, last_day

BETWEEN, NO_ADDRESS, CREATES_OFF = "between", "no_address", "creates_off"


class NotKnown(NoBatch):
    """What was so at that moment is not known; `why` is a word of access.history."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class MovedOn(NoBatch):
    """The list is not the one that was shown: look at it again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Every difference between then and now, as lines of a batch that is not stored."""

    calendar: Calendar
    as_of: datetime
    items: list[BatchItem]
    made_at: datetime

    def last_day(self, item: BatchItem) -> date | None:
        """The day on which the policy has this line's access end; None where it may last."""
        return None if item.skipped else last_day(self.calendar, item, self.made_at)

    @property
    def todo(self) -> list[BatchItem]:
        return [item for item in self.items if not item.skipped]

    @property
    def left_out(self) -> list[BatchItem]:
        return [item for item in self.items if item.skipped]

    @property
    def invited(self) -> list[str]:
        """Addresses to which Outlook sends an invitation: of everybody who is added again."""
        return [item.address for item in self.todo if item.permission is None and not is_delivery(item)]

    @property
    def invited_outside(self) -> list[str]:
        domains = {domain.casefold() for domain in self.calendar.mailbox.tenant.domains}
        return [address for address in self.invited if address.rpartition("@")[2].casefold() not in domains]

    @property
    def mark(self) -> str:
        """The same for the same list: what a page showed is what is confirmed, or nothing is."""
        lines = [(i.permission_id, i.address, i.before, i.after, i.skipped, self.last_day(i)) for i in self.items]
        return hashlib.sha256(repr((self.calendar.pk, self.as_of.isoformat(), lines)).encode()).hexdigest()[:32]


def plan_restore(
    *, calendar: Calendar, as_of: datetime, actor: User, actor_kind: str, kept_from: datetime | None, now: datetime
) -> Plan:  # fmt: skip
    """What would have to change for `calendar` to be as it was at `as_of`. Only what is certain of then is put back.

    With the main calendar comes who gets the meeting requests, save where IT asks: that is the owner's to choose.

    Raises NotKnown where nothing is known of then. Writes nothing.
    """
    then = history.calendar_on(calendar, start=as_of, end=as_of, kept_from=kept_from)
    if then.why_not:
        raise NotKnown(then.why_not)
    batch = ChangeBatch(
        tenant=calendar.mailbox.tenant, kind=ChangeBatch.RESTORE, calendar=calendar, as_of=as_of, actor=actor,
        actor_kind=actor_kind,
    )  # fmt: skip
    related = ("calendar", "mailbox__shard", "mailbox__person", "mailbox__tenant", "grantee")
    here = list(CalendarPermission.objects.open().filter(calendar=calendar).select_related(*related))
    around = batch_items.around_of(here)
    left = _Left(then.held)
    items = [item for row in here if (item := _item_of(batch, row, left.take(row), around))]
    items += _Again(batch, calendar, left.rest).items()
    delivery = None if actor_kind == Change.OPERATOR else delivery_item(calendar, as_of, items)
    return Plan(calendar, as_of, [*items, delivery] if delivery else items, now)


class _Left:
    """What was held then and is not matched with anything of now yet."""

    def __init__(self, held: list[history.Held]) -> None:
        self._held = {
            number: row for number, row in enumerate(held)
            if not row.permission.is_organization or row.permission.ended_at is None
        }  # fmt: skip
        self._numbers: dict[tuple[str, object], list[int]] = defaultdict(list)
        for number, row in self._held.items():
            for key in _keys(row.permission, row.address):
                self._numbers[key].append(number)

    @property
    def rest(self) -> list[history.Held]:
        return list(self._held.values())

    def take(self, row: CalendarPermission) -> list[history.Held]:
        """All that `row`, or an entry of the same holder before it, was then."""
        numbers = {number for key in _keys(row, row.address) for number in self._numbers[key]}
        return [self._held.pop(number) for number in sorted(numbers) if number in self._held]


def _keys(row: CalendarPermission, address: str) -> Iterator[tuple[str, object]]:
    """By what an entry is known as the same holder's."""
    yield "entry", row.pk
    if row.grantee_id is not None:
        yield "holder", row.grantee_id
    if address:
        yield "address", graph.fold_address(address)


def _item_of(
    batch: ChangeBatch, row: CalendarPermission, was: list[history.Held], around: batch_items.Around
) -> BatchItem | None:
    """What becomes of an entry that is there now; None where it is as it was."""
    sure = [held for held in was if held.certainty == history.CERTAIN]
    item = BatchItem(permission=row, name=row.name, address=row.address, before=row.role[:48])
    if was and len(sure) != 1:
        item.skipped = BETWEEN
        return item
    item.after = sure[0].role[:48] if sure else ""
    if item.after == row.role:
        return None
    if not sure and row.is_organization:
        item.skipped = BETWEEN
        return item
    item.skipped = batch_items.why_not_now(batch, row, around)
    if not item.skipped and item.after:
        item.skipped = batch_items.why_not_role(item.after, row, around)
    elif not item.skipped:
        item.skipped = batch_items.why_not_removed(row, around)
    return item


class _Again:
    """Those who had access then and have none now are added again, which makes Outlook send invitations.

    Their addresses are looked up for all of them, and roles once for all who are alike.
    """

    def __init__(self, batch: ChangeBatch, calendar: Calendar, lost: list[history.Held]) -> None:
        self.batch, self.calendar, self.lost = batch, calendar, lost
        self.holders = holders_at(calendar.mailbox, [(held.address, held.name) for held in lost])
        self.roles: dict[str, tuple[str, ...]] = {}

    def items(self) -> list[BatchItem]:
        return [self._item(held) for held in self.lost]

    def _item(self, held: history.Held) -> BatchItem:
        item = BatchItem(name=held.name, address=held.address, after=held.role[:48])
        holder = self.holders.get(held.address)
        if holder is None:
            item.skipped = NO_ADDRESS
        elif held.certainty != history.CERTAIN:
            item.skipped = BETWEEN
        elif held.role not in self._roles(holder):
            item.skipped = batch_items.ROLE_NOT_ALLOWED
        elif not self.batch.tenant.creates_on:
            item.skipped = CREATES_OFF
        return item

    def _roles(self, holder: Holder) -> tuple[str, ...]:
        alike = "" if holder.is_inside else graph.fold_address(holder.address).rpartition("@")[2]
        if alike not in self.roles:
            self.roles[alike] = roles_to_give(self.calendar, holder)
        return self.roles[alike]


def check_restore(
    *, calendar: Calendar, as_of: datetime, actor: User, actor_kind: str, kept_from: datetime | None, now: datetime,
    shown: str = "", takes_delivery: bool = True,
) -> ChangeBatch:  # fmt: skip
    """Freeze the list for its check page, or to be confirmed at once where `shown` is the mark of the list they saw.

    Without `takes_delivery` who gets the meeting requests stays as it is.

    Raises NotKnown, MovedOn, or NotNow where `actor` may change nothing here at the moment.
    """
    tenant = calendar.mailbox.tenant
    kind = actor_kind if actor_kind == Change.OPERATOR else ""
    cause = refusal(tenant=tenant, actor=actor, actor_kind=actor_kind)
    if not kind:
        cause = access.may_change(actor, calendar.mailbox) or cause
    if cause:
        raise NotNow(cause)
    plan = plan_restore(
        calendar=calendar, as_of=as_of, actor=actor, actor_kind=actor_kind, kept_from=kept_from, now=now
    )
    if shown and shown != plan.mark:
        raise MovedOn
    batch = ChangeBatch(
        tenant=tenant, kind=ChangeBatch.RESTORE, calendar=calendar, as_of=as_of, actor=actor, actor_kind=actor_kind,
        made_at=now,
    )  # fmt: skip
    with transaction.atomic():
        batch.save()
        add_items(batch=batch, items=[item for item in plan.items if takes_delivery or not is_delivery(item)])
    return batch
