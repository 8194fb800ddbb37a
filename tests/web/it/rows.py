"""Rows for the tests of IT and set-up pages: the cast of Contoso, and as many strangers as a test asks for."""

import uuid
from datetime import UTC, datetime, timedelta

from sharing.models import (
    ORGANIZATION_ID,
    Calendar,
    CalendarPermission,
    Mailbox,
    Person,
    PersonAddress,
    Role,
    RoleAssignment,
    SyncShard,
    Tenant,
    User,
    reach,
)
from sharing.models.names import folded

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
FIRST = NOW - timedelta(days=84)  # the first reading
CONTOSO = "1717622f-1d94-4d0c-9d74-709fad664b77"
FABRIKAM = "5b9e1a6e-3f2c-4d55-9a57-0a2f4a4f7d10"

# name: (address, object id, job title)
CAST = {
    "Alex Wilber": ("AlexW@contoso.com", "64339082-ed84-4b0b-b4ab-004ae54f3747", "Marketing Assistant"),
    "Megan Bowen": ("MeganB@contoso.com", "48d31887-5fad-4d73-a9f5-3c356e68a038", "Executive Assistant"),
    "Adele Vance": ("AdeleV@contoso.com", "87d349ed-44d7-43e1-9a83-5f2406dee5bd", "Retail Manager"),
    "Isaiah Langer": ("IsaiahL@contoso.com", "5bde3e51-d13b-4db1-9948-fe4b109d11a7", "Sales Rep"),
    "Lidia Holloway": ("LidiaH@contoso.com", "074e56ea-0b50-4461-89e5-c67ae14a2c0b", "Product Manager"),
    "Allan Deyoung": ("AllanD@contoso.com", "e8a02cc7-df4d-4778-956d-784cc9506e5a", "IT Admin"),
    "Charlie Reed": ("CharlieR@contoso.com", "c4a11e00-1c0d-4a5e-9e0f-0c4a111e0001", ""),
}


def make_tenant(tid=CONTOSO, name="Contoso", domains=("contoso.com",), **fields) -> Tenant:
    return Tenant.objects.create(
        **{"tid": tid, "name": name, "domains": list(domains), "state": Tenant.CONNECTED, "state_since": FIRST} | fields
    )


def make_shard(tenant, number=0, read_at=NOW - timedelta(hours=3)) -> SyncShard:
    shard, _ = SyncShard.objects.get_or_create(tenant=tenant, number=number, defaults={"read_at": read_at})
    return shard


def make_person(tenant, name, address="", kind=Person.USER, **fields) -> Person:
    """A person in the directory, or an outsider where `kind` has no object id."""
    cast = CAST.get(name)
    address = address or (cast[0] if cast else f"{name.replace(' ', '.').casefold()}@contoso.com")
    outside = kind in (Person.OUTSIDE, Person.UNRESOLVED)
    person = Person.objects.create(
        **{
            "tenant": tenant, "kind": kind, "name": name, "address": address,
            "oid": None if outside else cast[1] if cast and str(tenant.tid) == CONTOSO else uuid.uuid4(),
            "key": address.casefold() if outside else "", "search": folded(f"{name} {address}"),
            "enabled": True if kind == Person.USER else None, "job_title": cast[2] if cast else "",
        } | fields
    )  # fmt: skip
    PersonAddress.objects.create(tenant=tenant, person=person, address=address.casefold())
    return person


def make_mailbox(person, **fields) -> Mailbox:
    """A mailbox that was read three hours ago, with its main calendar."""
    mailbox = Mailbox.objects.create(
        **{
            "tenant": person.tenant, "person": person, "shard": make_shard(person.tenant), "state": Mailbox.OK,
            "state_since": FIRST, "read_at": FIRST, "delivery_option": "sendToDelegateAndPrincipal", "purpose": "user",
        } | fields
    )  # fmt: skip
    make_calendar(mailbox)
    return mailbox


def make_calendar(mailbox, name="Calendar", is_default=None, **fields) -> Calendar:
    return Calendar.objects.create(
        **{
            "tenant": mailbox.tenant, "mailbox": mailbox, "name": name, "search": folded(name),
            "graph_id": uuid.uuid4().hex,
            "is_default": name == "Calendar" if is_default is None else is_default, "state": Mailbox.OK,
            "read_at": FIRST, "first_seen_at": FIRST,
        } | fields
    )  # fmt: skip


def give(calendar, person, role=Role.READ, *, began_at=None, **fields) -> CalendarPermission:
    """An open permission; with `began_at` one that was noticed then, without it one from the first reading."""
    owner = calendar.mailbox.person
    return CalendarPermission.objects.create(
        **{
            "tenant": calendar.tenant, "mailbox": calendar.mailbox, "calendar": calendar, "grantee": person,
            "graph_id": uuid.uuid4().hex, "role": role, "reach": reach(role), "name": person.name,
            "address": person.address, "inside": not person.is_outside, "removable": True,
            "allowed_roles": ["freeBusyRead", "limitedRead", "read", "write"],
            "owner_sort": owner.name.casefold(), "name_sort": person.name.casefold(),
            "first_seen_at": began_at or FIRST, "began_at": began_at or FIRST,
            "began_after_at": began_at - timedelta(days=1) if began_at else None,
        } | fields
    )  # fmt: skip


def share_with_everyone(calendar, role=Role.FREE_BUSY_READ, **fields) -> CalendarPermission:
    """The organisation row of a calendar."""
    return CalendarPermission.objects.create(
        **{
            "tenant": calendar.tenant, "mailbox": calendar.mailbox, "calendar": calendar, "graph_id": ORGANIZATION_ID,
            "is_organization": True, "role": role, "reach": reach(role), "name": "My Organization",
            "allowed_roles": ["none", "freeBusyRead", "limitedRead", "read", "write"], "inside": True,
            "removable": False, "owner_sort": calendar.mailbox.person.name.casefold(), "name_sort": "my organization",
            "first_seen_at": FIRST, "began_at": FIRST,
        } | fields
    )  # fmt: skip


def make_user(tenant, name, *roles) -> User:
    """Somebody who signed in, with these roles in the tenant."""
    address, oid, _ = CAST.get(name, (f"{name.replace(' ', '.')}@example.com", str(uuid.uuid4()), ""))
    user = User.objects.create(tenant=tenant, oid=oid, name=name, address=address)
    for role in roles:
        RoleAssignment.objects.create(user=user, tenant=tenant, role=role, given_at=FIRST)
    return user
