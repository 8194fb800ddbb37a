"""What the mirror holds about a slice of mailboxes, in a handful of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sharing.models import Calendar, CalendarPermission, Mailbox, SyncShard

from .compare import KnownCalendar, KnownPermission
from .read import Wanted


@dataclass(slots=True)
class Stub:
    """As much of a mailbox as asking takes, noted before it; most turn out as they were and are not loaded whole."""

    pk: int
    version: int
    oid: str
    addresses: frozenset[str]
    state: str
    digest: str
    due_at: datetime | None
    changed_at: datetime | None
    named: tuple[str, ...] = ()

    def wanted(self) -> Wanted:
        return Wanted(self.oid, self.addresses, self.digest, self.named)


@dataclass(slots=True)
class Slot:
    """One mailbox as it was before asking; `version` is the fence."""

    pk: int
    version: int
    oid: str
    owner_sort: str
    addresses: frozenset[str]
    state: str
    cause: str
    state_since: datetime
    read_at: datetime | None
    digest: str
    due_at: datetime | None
    failures: int
    delivery_option: str
    purpose: str
    settings: dict[str, Any]
    settings_state: str
    settings_cause: str
    changed_at: datetime | None
    is_deleted: bool  # the account, in the directory
    named: tuple[str, ...] = ()

    def wanted(self) -> Wanted:
        return Wanted(self.oid, self.addresses, self.digest, self.named)


_STUB = ("pk", "version", "person__oid", "person__search", "state", "digest", "due_at", "changed_at")
_REST = (
    "cause", "state_since", "read_at", "failures", "delivery_option", "purpose", "settings", "settings_state",
    "settings_cause",
)  # fmt: skip


def load_stubs(*, shard: SyncShard, due_at: datetime | None = None) -> list[Stub]:
    """The shard's mailboxes in scope; with `due_at` only those whose own time has come. Two queries."""
    mailboxes = Mailbox.objects.filter(shard=shard).exclude(state=Mailbox.EXCLUDED).order_by("pk")
    if due_at:
        mailboxes = mailboxes.filter(due_at__lte=due_at)
    stubs = {row[0]: _stub(*row) for row in mailboxes.values_list(*_STUB)}
    own = Calendar.objects.filter(is_own=True, is_default=False, ended_at=None)
    own = own.filter(mailbox__in=list(stubs)) if due_at else own.filter(mailbox__shard=shard)
    named: dict[int, list[str]] = {}
    for pk, graph_id in own.order_by("pk").values_list("mailbox_id", "graph_id"):
        named.setdefault(pk, []).append(graph_id)
    for pk, graph_ids in named.items():
        if pk in stubs:
            stubs[pk].named = tuple(graph_ids)
    return list(stubs.values())


def _stub(pk: int, version: int, oid: Any, search: str, *rest: Any) -> Stub:
    return Stub(pk, version, str(oid), frozenset(search.split("\n")[1:]), *rest)


def load_slots(stubs: Sequence[Stub | Slot]) -> list[Slot]:
    """The same mailboxes whole. What was noted before asking stays as noted; the fence guards the rest. One query."""
    whole = Mailbox.objects.filter(pk__in=[stub.pk for stub in stubs])
    rows = {pk: rest for pk, *rest in whole.values_list("pk", "person__name", "person__ended_at", *_REST)}
    return [_slot(stub, *rows[stub.pk]) for stub in stubs]


def _slot(stub: Stub | Slot, name: str, left_at: datetime | None, *rest: Any) -> Slot:
    return Slot(
        pk=stub.pk, version=stub.version, oid=stub.oid, owner_sort=name.casefold()[:128], addresses=stub.addresses,
        state=stub.state, digest=stub.digest, due_at=stub.due_at, changed_at=stub.changed_at, named=stub.named,
        is_deleted=left_at is not None, **dict(zip(_REST, rest, strict=True)),
    )  # fmt: skip


def load_calendars(mailboxes: Sequence[int]) -> dict[int, dict[str, KnownCalendar]]:
    """Every calendar and permission of `mailboxes`, ended ones too, by mailbox and Graph id. Two queries."""
    permissions: dict[int, dict[str, KnownPermission]] = {}
    fields = (
        "calendar_id",
        "pk",
        "graph_id",
        "role",
        "allowed_roles",
        "name",
        "address",
        "inside",
        "removable",
        "ended_at",
    )
    for calendar, pk, graph_id, role, allowed, name, address, inside, removable, ended_at in (
        CalendarPermission.objects.filter(mailbox__in=mailboxes).values_list(*fields)
    ):  # fmt: skip
        permissions.setdefault(calendar, {})[graph_id] = KnownPermission(
            pk, graph_id, role, tuple(allowed), name, address, inside, removable, ended_at is None
        )
    calendars: dict[int, dict[str, KnownCalendar]] = {}
    for calendar in Calendar.objects.filter(mailbox__in=mailboxes):
        calendars.setdefault(calendar.mailbox_id, {})[calendar.graph_id] = KnownCalendar(
            calendar.pk,
            calendar.graph_id,
            _calendar_face(calendar),
            calendar.state,
            calendar.cause,
            calendar.is_own,
            calendar.ended_at is None,
            calendar.read_at,
            permissions.get(calendar.pk, {}),
        )
    return calendars


def _calendar_face(c: Calendar) -> tuple[Any, ...]:
    return (
        c.name, c.is_default, c.is_own, c.owner_name, c.owner_address, c.can_share, c.can_edit, c.can_view_private
    )  # fmt: skip
