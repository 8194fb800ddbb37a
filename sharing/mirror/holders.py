"""Joins the holders that Graph names by address to the people of the directory."""

from collections.abc import Iterable
from dataclasses import dataclass

from sharing import graph
from sharing.models import ORGANIZATION_ID, Person, PersonAddress, Tenant
from sharing.models.names import folded

from .rows import chunks


@dataclass(frozen=True, slots=True)
class Holders:
    """Who is behind an address: ids of Person rows, by casefolded address or by key."""

    by_address: dict[str, int]
    by_key: dict[str, int]

    def of(self, permission: graph.Permission) -> int | None:
        """The Person's id; None for the organisation row."""
        if permission.id == ORGANIZATION_ID:
            return None
        key = key_of(permission)
        return self.by_address.get(key) or self.by_key[key]


def key_of(permission: graph.Permission) -> str:
    """What an entry without a directory id is known by: its address, or its name where Graph gives none."""
    if permission.address:
        return graph.fold_address(permission.address)[:600]
    return f"name:{permission.name or permission.id}".casefold()[:600]


def find_holders(*, tenant: Tenant, permissions: Iterable[graph.Permission]) -> Holders:
    """Resolve everybody in `permissions`, creating people who are not in the directory; safe to repeat.

    One directory person with the address is that person; none or several are a row of their own: an ambiguous address
    is shown, never guessed.
    """
    wanted = {key_of(p): p for p in permissions if p.id != ORGANIZATION_ID}
    found: dict[str, set[int]] = {}
    for chunk in chunks(wanted):
        rows = PersonAddress.objects.filter(tenant=tenant, address__in=chunk, person__ended_at=None)
        for address, person in rows.values_list("address", "person_id"):
            found.setdefault(address, set()).add(person)
    by_address = {address: next(iter(people)) for address, people in found.items() if len(people) == 1}
    missing = {key: p for key, p in wanted.items() if key not in by_address}
    by_key = _keyed(tenant, missing)
    new = [_outsider(tenant, key, p, key in found) for key, p in missing.items() if key not in by_key]
    if new:
        Person.objects.bulk_create(new, ignore_conflicts=True)
        by_key = _keyed(tenant, missing)
    return Holders(by_address, by_key)


def _keyed(tenant: Tenant, keys: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in chunks(keys):
        rows = Person.objects.filter(tenant=tenant, key__in=chunk, oid=None)
        found.update(rows.values_list("key", "pk"))
    return found


def _outsider(tenant: Tenant, key: str, permission: graph.Permission, is_ambiguous: bool) -> Person:
    outside = permission.inside is False and not is_ambiguous
    name = permission.name or permission.address or ""
    return Person(
        tenant=tenant,
        kind=Person.OUTSIDE if outside else Person.UNRESOLVED,
        name=name,
        address=permission.address or "",
        key=key,
        search=search_text(name, [permission.address or ""]),
    )


def search_text(name: str, addresses: Iterable[str]) -> str:
    """The folded name on the first line, then the addresses; those that no search would find, also without accents.

    It differs wherever an address does, by which the mirror knows that they changed.
    """
    known = [graph.fold_address(address) for address in addresses if address]
    plain = [folded(address) for address in known if not address.isascii()]
    return "\n".join([folded(name.replace("\n", " ")), *known, *plain])
