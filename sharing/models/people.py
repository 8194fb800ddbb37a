"""Everybody and everything that can hold access: users, guests, groups, contacts, outsiders."""

import re
from collections.abc import Iterable

from django.db import models

from .names import visible
from .tenants import Tenant, public_id


class Person(models.Model):
    """One holder in one tenant, joined by all their addresses; `oid` null is not in the directory."""

    USER, GUEST, GROUP, CONTACT, OUTSIDE, UNRESOLVED = (
        "user",
        "guest",
        "group",
        "contact",
        "outside",
        "unresolved",
    )
    KINDS = [(k, k) for k in (USER, GUEST, GROUP, CONTACT, OUTSIDE, UNRESOLVED)]

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="people", db_index=False)
    public_id = models.CharField(max_length=22, unique=True, default=public_id, editable=False)
    kind = models.CharField(max_length=12, choices=KINDS)
    oid = models.UUIDField(null=True, blank=True)
    name = models.CharField(max_length=512, blank=True)
    address = models.CharField(max_length=320, blank=True, help_text="As Microsoft writes it; empty where unknown.")
    key = models.CharField(max_length=600, blank=True, help_text="Casefolded address (or name) where there is no oid.")
    search = models.TextField(blank=True, help_text="Name and addresses, folded.")
    enabled = models.BooleanField(null=True, blank=True)
    job_title = models.CharField(max_length=256, blank=True)
    department = models.CharField(max_length=256, blank=True)
    size = models.PositiveIntegerField(
        null=True, blank=True, help_text="People in a group and in the groups within it; null is unknown."
    )
    size_at = models.DateTimeField(null=True, blank=True, help_text="Since when size is so; null: never asked for.")
    changed_at = models.DateTimeField(null=True, blank=True, help_text="When enabled last changed, as far as seen.")
    missed_at = models.DateTimeField(null=True, blank=True, help_text="First complete listing without this person.")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "oid"], name="one_person_per_oid", condition=models.Q(oid__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["tenant", "key"], name="one_person_per_key", condition=models.Q(oid__isnull=True)
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "kind", "name"], name="person_kind_name"),
            models.Index(
                fields=["tenant", "id"], name="person_gone",
                condition=models.Q(enabled=False) | ~models.Q(ended_at=None),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return visible(self.name or self.address) or str(self.oid)

    @property
    def is_outside(self) -> bool:
        return self.kind in (self.GUEST, self.CONTACT, self.OUTSIDE)


class PersonAddress(models.Model):
    """One of a person's addresses, casefolded; not unique, because an ambiguous address is shown, not guessed."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="addresses")
    address = models.CharField(max_length=320)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "address"], name="one_row_per_person_and_address")]
        indexes = [models.Index(fields=["tenant", "address"], name="address_lookup")]

    def __str__(self) -> str:
        return visible(self.address)


_CHUNK = 500
_OID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def people_at(tenant: Tenant, names: Iterable[str]) -> dict[str, int]:
    """The person (id) of each address or object id, casefolded; one that is more than one person's is nobody's."""
    wanted = sorted({name.casefold() for name in names})
    found: dict[str, set[int]] = {}
    for start in range(0, len(wanted), _CHUNK):
        some = wanted[start : start + _CHUNK]
        for rows in (
            PersonAddress.objects.filter(tenant=tenant, address__in=some).values_list("address", "person"),
            Person.objects.filter(tenant=tenant, oid__in=[*filter(_OID.fullmatch, some)]).values_list("oid", "pk"),
        ):
            for address, person in rows:
                found.setdefault(str(address), set()).add(person)
    return {name: pks.pop() for name, pks in found.items() if len(pks) == 1}
