"""Who changed sharing outside Calwarden, where Exchange's own audit log was given to us."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from sharing.models import CalendarPermission, DeliveryPeriod, OutsideAct, PermissionPeriod, Tenant
from sharing.words import visible

from .exchange import EVERYONE


@dataclass(frozen=True, slots=True)
class Difference:
    """What one reading showed and the one before did not: whose mailbox, whose access, between which moments."""

    mailbox: int
    after_at: datetime | None
    at: datetime
    holder: str = ""

    @classmethod
    def began(cls, row: CalendarPermission | PermissionPeriod) -> "Difference":
        """That this role began."""
        permission = row.permission if isinstance(row, PermissionPeriod) else row
        return cls(permission.mailbox_id, row.began_after_at, row.began_at, _holder(permission))

    @classmethod
    def ended(cls, row: PermissionPeriod | DeliveryPeriod) -> "Difference":
        """That this role, or this way of delivering, ended."""
        if isinstance(row, DeliveryPeriod):
            return cls(row.mailbox_id, row.ended_after_at, row.ended_at)
        return cls(row.permission.mailbox_id, row.ended_after_at, row.ended_at, _holder(row.permission))


@dataclass(frozen=True, slots=True)
class Doer:
    """Who did it, as Exchange names them, and when."""

    name: str
    at: datetime
    operation: str


def _holder(permission: CalendarPermission) -> str:
    return EVERYONE if permission.is_organization else permission.address


def who_did(differences: Sequence[Difference]) -> list[Doer | None]:
    """For each difference who made it, or None where nobody can say; one query.

    A line that names another holder is not it. Of lines that name this holder the last one made what was then read;
    of lines that name nobody, it must be one and the same person who did all that happened in between.
    """
    asked = [d for d in differences if d.after_at is not None]
    if not asked:
        return [None] * len(differences)
    between = Q(at__gt=min(d.after_at for d in asked if d.after_at), at__lte=max(d.at for d in asked))
    found: dict[int, list[Any]] = defaultdict(list)
    rows = OutsideAct.objects.filter(between, mailbox__in={d.mailbox for d in asked}).order_by("at", "pk")
    for row in rows.values_list("mailbox", "at", "actor", "operation", "holder", named=True):
        found[row.mailbox].append(row)
    return [_doer(d, found[d.mailbox]) for d in differences]


def _doer(difference: Difference, acts: list[Any]) -> Doer | None:
    if difference.after_at is None:
        return None
    within = [act for act in acts if difference.after_at < act.at <= difference.at]
    holder = difference.holder.casefold()
    named = [act for act in within if act.holder and act.holder == holder]
    unnamed = [act for act in within if not act.holder]
    chosen = named or (unnamed if len({act.actor for act in unnamed}) == 1 else [])
    return Doer(visible(chosen[-1].actor), chosen[-1].at, chosen[-1].operation) if chosen else None


def is_unexplained(tenant: Tenant, after: datetime, until: datetime) -> bool:
    """Was something found between two moments that nobody here did, and that happened between two readings?"""
    within = {"tenant": tenant, "change": None}
    periods = PermissionPeriod.objects.filter(**within, ended_at__gt=after, ended_at__lte=until)
    ended = periods.filter(ended_after_at__isnull=False, end__in=[PermissionPeriod.CHANGED, PermissionPeriod.REMOVED])
    began = CalendarPermission.objects.filter(
        **within, began_at__gt=after, began_at__lte=until, began_after_at__isnull=False
    )
    delivery = DeliveryPeriod.objects.filter(**within, ended_at__gt=after, ended_at__lte=until)
    return ended.exists() or began.exists() or delivery.filter(ended_after_at__isnull=False).exists()
