"""What owners may do beyond changing roles, and for how long access may be given: switches of each tenant."""

from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction

from sharing.models import AuditEvent, Tenant, User

LONGEST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Rules:
    """As the tenant's columns are called; days are None where there is no limit."""

    creates_on: bool
    deputies_on: bool
    longest_days_outside: int | None
    longest_days_delegate: int | None


def rules_of(tenant: Tenant) -> Rules:
    return Rules(
        tenant.creates_on, tenant.deputies_on, tenant.longest_days_outside, tenant.longest_days_delegate
    )  # fmt: skip


def set_rules(*, tenant: Tenant, rules: Rules, actor: User, now: datetime) -> bool:
    """Set them, with one audit line for each that differs; False where none does. Raises ValueError for odd days."""
    for days in (rules.longest_days_outside, rules.longest_days_delegate):
        if days is not None and not 1 <= days <= LONGEST_DAYS:
            raise ValueError(f"days are 1 to {LONGEST_DAYS}")
    with transaction.atomic():
        before = asdict(rules_of(Tenant.objects.get(pk=tenant.pk)))
        changed = {name: value for name, value in asdict(rules).items() if value != before[name]}
        if not changed:
            return False
        Tenant.objects.filter(pk=tenant.pk).update(**changed)
        for name, value in changed.items():
            AuditEvent.objects.record(
                now=now, verb="tenant.rule_set", tenant=tenant, actor=actor, subject={"rule": name},
                before=_said(before[name]), after=_said(value),
            )  # fmt: skip
    tenant.refresh_from_db(fields=list(changed))
    return True


def _said(value: bool | int | None) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "" if value is None else str(value)
