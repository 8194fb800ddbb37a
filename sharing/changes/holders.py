"""Who would get access by an address, and which roles there are for them as far as the mirror tells."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sharing import graph, mirror
from sharing.models import Calendar, CalendarPermission, Mailbox, Person, PersonAddress, Role, reach

from .refusals import BadAddress

_ADDRESS = re.compile(r"[^@\s\"(),:;<>\[\]\\%/?]{1,64}@[^@\s\"(),:;<>\[\]\\%/?]{3,255}")
_NEVER = (Role.NONE.value, Role.CUSTOM.value)
_OUTSIDE = (Role.FREE_BUSY_READ.value, Role.LIMITED_READ.value, Role.READ.value)
_INSIDE = (*_OUTSIDE, Role.WRITE.value)
_DELEGATE = (Role.DELEGATE.value, Role.PRIVATE_DELEGATE.value)


@dataclass(frozen=True, slots=True)
class Holder:
    """An address as it is sent, whom it belongs to in the directory if to exactly one, and all names of the same."""

    address: str
    name: str
    person: Person | None
    addresses: frozenset[str]

    @property
    def is_inside(self) -> bool:
        return self.person is not None and self.person.kind in (Person.USER, Person.GROUP)


def holder_at(mailbox: Mailbox, address: str, name: str = "") -> Holder:
    """Whom `address` names in the tenant of `mailbox`. Raises BadAddress for what is none, and for the owner's own."""
    address = address.strip()
    if not _is_address(address):
        raise BadAddress
    person = person_at(mailbox.tenant_id, address)
    if person is not None and person.pk == mailbox.person_id:
        raise BadAddress
    return Holder(address, (name or str(person or "") or address)[:512], person, addresses_of(person, address))


def holders_at(mailbox: Mailbox, wanted: Iterable[tuple[str, str]]) -> dict[str, Holder]:
    """The same of many addresses, each with a name; those that are none are left out. Three queries."""
    names = {address: name for address, name in wanted if _is_address(address.strip())}
    folded = {address: graph.fold_address(address.strip()) for address in names}
    listed = PersonAddress.objects.filter(tenant=mailbox.tenant_id, person__ended_at=None)
    of_address: dict[str, set[int]] = defaultdict(set)
    for pk, address in listed.filter(address__in=set(folded.values())).values_list("person", "address"):
        of_address[address].add(pk)
    sure = {address: min(pks) for address, pks in of_address.items() if len(pks) == 1}
    people = Person.objects.in_bulk(list(sure.values()))
    others: dict[int, set[str]] = defaultdict(set)
    for pk, address in listed.filter(person__in=list(people)).values_list("person", "address"):
        others[pk].add(address)
    found = {}
    for given, name in names.items():
        person = people.get(sure.get(folded[given], 0))
        if person is None or person.pk != mailbox.person_id:
            known = frozenset({folded[given]} | (others[person.pk] if person else set()))
            found[given] = Holder(given.strip(), (name or str(person or "") or given.strip())[:512], person, known)
    return found


def _is_address(address: str) -> bool:
    return bool(_ADDRESS.fullmatch(address)) and address.isprintable() and len(address) <= 320


def person_of(mailbox: Mailbox, holder: Holder) -> Person:
    """Whoever holds, as a row: of the directory, or one that is known by the address alone. Safe to repeat."""
    if holder.person is not None:
        return holder.person
    key = graph.fold_address(holder.address)[:600]
    known = {
        "kind": Person.UNRESOLVED, "name": holder.name, "address": holder.address,
        "search": mirror.search_text(holder.name, [holder.address]),
    }  # fmt: skip
    return Person.objects.get_or_create(tenant=mailbox.tenant, oid=None, key=key, defaults=known)[0]


def person_at(tenant_id: int, address: str) -> Person | None:
    """The one person or group of the directory with this address; None where there is none, or several."""
    rows = Person.objects.filter(
        pk__in=PersonAddress.objects.filter(tenant=tenant_id, address=graph.fold_address(address)).values("person"),
        ended_at=None,
    )
    found = list(rows[:2])
    return found[0] if len(found) == 1 else None


def addresses_of(person: Person | None, address: str) -> frozenset[str]:
    """Every name, folded, under which Microsoft may list whoever has `address`."""
    known = {graph.fold_address(address)}
    if person is not None:
        known |= set(person.addresses.values_list("address", flat=True))
    return frozenset(known)


def roles_to_give(calendar: Calendar, holder: Holder) -> tuple[str, ...]:
    """Roles that may be offered, the least first: as similar entries have it, else as Microsoft documents it.

    Only Microsoft knows: it is asked again right before anything is sent.
    """
    alike = CalendarPermission.objects.open().filter(is_organization=False)
    everything: tuple[str, ...]
    if holder.is_inside:
        everything = _INSIDE + _DELEGATE if calendar.is_default else _INSIDE
        alike = alike.filter(calendar=calendar, inside=True)
    else:
        everything = _OUTSIDE
        domain = graph.fold_address(holder.address).rpartition("@")[2]
        alike = alike.filter(tenant=calendar.tenant_id, inside=False, address__iendswith=f"@{domain}")
    seen = {role for roles in alike.values_list("allowed_roles", flat=True)[:50] for role in roles}
    return tuple(sorted((role for role in everything if not seen or role in seen), key=reach))


def nearest(role: str, allowed: tuple[str, ...] | None) -> str | None:
    """The role that reaches furthest of those that reach no further than `role`; None where there is none."""
    if allowed is None or role in allowed:
        return role
    lower = [each for each in allowed if each not in _NEVER and reach(each) <= reach(role)]
    return max(lower, key=reach, default=None)
