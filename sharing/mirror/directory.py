"""Lists a tenant's people and makes a mailbox row for everyone who can have one."""

import logging
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Count

from sharing import graph
from sharing.models import (
    CalendarPermission,
    Mailbox,
    Person,
    PersonAddress,
    SyncShard,
    Tenant,
    keep_mailboxes,
    public_id,
)

from .holders import search_text
from .past import keep
from .rows import chunks, insert_rows, moment, update_rows
from .scope import apply_scope, invited, known_ids, match_invitations

log = logging.getLogger(__name__)

Thing = graph.User | graph.Group | graph.Contact
Things = TypeVar("Things")
SORT = 128  # characters of owner_sort and name_sort


class ListingHeld(Exception):
    """The directory lost implausibly many people with a mailbox at once; nobody was ended, nothing was stored."""

    def __init__(self, missing: int) -> None:
        super().__init__(f"{missing} people would be missing")
        self.missing = missing


@dataclass(slots=True)
class Listing:
    """What the directory said: everybody (`is_whole`), or only what changed since the last link."""

    users: tuple[graph.User, ...]
    removed: tuple[tuple[str, str], ...]
    link: str
    is_whole: bool
    # None: not asked for, or not to be had.
    groups: tuple[graph.Group, ...] | None = None
    contacts: tuple[graph.Contact, ...] | None = None
    organization: graph.Organization | None = None
    # Who has which of the addresses that were asked about, where nobody else was asked about.
    owners: dict[str, frozenset[str]] | None = None


@dataclass(slots=True)
class Arrivals:
    """What storing a listing did, in numbers."""

    people: int = 0
    missed: int = 0
    ended: int = 0


def read_directory(client: graph.Client, *, link: str) -> Listing:
    """Ask for the directory; `link` empty asks for everybody. Complete, or a graph.GraphError.

    An expired link means everybody once more. Groups and contacts are optional: where they cannot be read, they are
    left as they were.
    """
    organization = None if link else graph.get_organization(client)
    try:
        delta = graph.users_delta(client, link or None)
    except graph.ResyncRequired:
        return read_directory(client, link="")
    listing = Listing(delta.users, delta.removed, delta.link, not link, organization=organization)
    if listing.is_whole:
        listing.groups = _optional("groups", lambda: graph.list_mail_groups(client))
        listing.contacts = _optional("contacts", lambda: graph.list_contacts(client))
    return listing


def read_people(client: graph.Client, *, tenant: Tenant) -> Listing:
    """Ask for the people known here and for those invited, and for nobody else. Complete, or a graph.GraphError."""
    organization = graph.get_organization(client)
    tenant.domains = list(organization.domains)
    found = graph.get_users(client, sorted(known_ids(tenant)))
    users = {oid: user for oid, user in found.items() if user}
    gone = Person.objects.filter(tenant=tenant, oid__in=found.keys() - users.keys()).values_list("oid", "missed_at")
    by_address = graph.find_users(client, invited(tenant))
    users |= {user.id: user for owners in by_address.values() for user in owners}
    return Listing(
        users=tuple(users.values()),
        removed=tuple((str(oid), "deleted" if missed_at else "changed") for oid, missed_at in gone),
        link="",
        is_whole=False,
        organization=organization,
        owners={address: frozenset(user.id for user in owners) for address, owners in by_address.items()},
    )


def _optional(what: str, ask: Callable[[], Things]) -> Things | None:
    """The whole list, or None: a permission that is not needed, or a list that broke off, stops no run."""
    try:
        return ask()
    except (graph.SignInError, graph.TokenRefused):
        raise
    except graph.GraphError as error:
        log.warning("an optional list could not be read", extra={"list": what, "cause": error.cause})
        return None


def store_directory(*, tenant: Tenant, listing: Listing, now: datetime, breaker: bool = True) -> Arrivals:
    """Store a complete listing in one transaction; raises ListingHeld before anything is written.

    Half a listing offboards nobody: `listing` comes from a reading that was complete, and even then a person is only
    noted as missing; the second complete listing without them, or Microsoft's word that they are gone for good, ends
    them.
    """
    with transaction.atomic():
        people = Person.objects.filter(tenant=tenant, oid__isnull=False)
        # Rows, not objects: a directory is long, and nothing of it is saved one by one.
        known = {p.oid: p for p in people.values_list("pk", "oid", *_COLUMNS, named=True)}
        things: tuple[Thing, ...] = (*listing.users, *(listing.groups or ()), *(listing.contacts or ()))
        seen = {uuid.UUID(thing.id): thing for thing in things}
        gone = _gone(listing, known, seen)
        mailboxes = Mailbox.objects.filter(tenant=tenant, person__missed_at=None, person__ended_at=None).count()
        newly = [p for p, _ in gone if p.missed_at is None and p.kind == Person.USER]
        if breaker and len(newly) > max(5, mailboxes * 2 // 100):
            raise ListingHeld(len(newly))
        arrivals = Arrivals(people=len(listing.users))
        _store_people(tenant, known, seen, now)
        for address, oids in (listing.owners or {}).items():
            PersonAddress.objects.filter(tenant=tenant, address=address).exclude(person__oid__in=oids).delete()
        _part(gone, arrivals, now)
        fields: dict[str, Any] = {"delta_link": listing.link}
        if listing.organization:
            fields |= {"name": listing.organization.name, "domains": list(listing.organization.domains)}
        Tenant.objects.filter(pk=tenant.pk).update(**fields)
        for name, value in fields.items():
            setattr(tenant, name, value)
        match_invitations(tenant=tenant, now=now)
        _open_mailboxes(tenant, now)
        apply_scope(tenant=tenant, now=now)
    return arrivals


def _gone(listing: Listing, known: dict, seen: dict) -> list[tuple[Person, bool]]:
    """People the directory no longer has, and whether for good."""
    removed = {uuid.UUID(oid): reason == "deleted" for oid, reason in listing.removed}
    gone = [(p, removed[oid]) for oid, p in known.items() if oid in removed and oid not in seen and not p.ended_at]
    if listing.is_whole:
        unread = {Person.GROUP} if listing.groups is None else set()
        unread |= {Person.CONTACT} if listing.contacts is None else set()
        for oid, person in known.items():
            if not (person.ended_at or oid in seen or oid in removed or person.kind in unread):
                gone.append((person, person.missed_at is not None))
    return gone


def _part(gone: list[tuple[Person, bool]], arrivals: Arrivals, now: datetime) -> None:
    missed = [p.pk for p, for_good in gone if p.missed_at is None and not for_good]
    ended = [p.pk for p, for_good in gone if for_good]
    Person.objects.filter(pk__in=missed).update(missed_at=now)
    Person.objects.filter(pk__in=ended, missed_at=None).update(missed_at=now)
    Person.objects.filter(pk__in=ended).update(ended_at=now)
    arrivals.missed, arrivals.ended = len(missed), len(ended)


_COLUMNS = (
    "kind", "name", "address", "search", "enabled", "job_title", "department", "changed_at", "missed_at", "ended_at"
)  # fmt: skip
_face = attrgetter(*_COLUMNS)
_OID = Person._meta.get_field("oid")


def _row(thing: Thing, person: Person | None, now: datetime) -> tuple:
    enabled, job_title, department = None, "", ""
    if isinstance(thing, graph.User):
        kind = Person.GUEST if thing.kind == "guest" else Person.USER
        enabled, job_title, department = thing.enabled, thing.job_title or "", thing.department or ""
    else:
        kind = Person.GROUP if isinstance(thing, graph.Group) else Person.CONTACT
    enabled_changed = person is not None and person.enabled is not None and person.enabled != enabled
    changed_at = now if enabled_changed else (person.changed_at if person else None)
    address = thing.address or ""
    return (
        kind, thing.name or address, address, search_text(thing.name or address, thing.addresses), enabled, job_title,
        department, changed_at, None, None,
    )  # fmt: skip


def _store_people(tenant: Tenant, known: dict, seen: dict[uuid.UUID, Thing], now: datetime) -> None:
    new, newcomers, changed, renamed, moved = [], [], [], [], []
    readdressed: dict[int, str] = {}
    for oid, thing in seen.items():
        person = known.get(oid)
        row = _row(thing, person, now)
        if person is None:
            new.append((tenant.pk, public_id(), _OID.get_db_prep_save(oid, connection), *row))
            newcomers.append(oid)
        elif row != _face(person):
            changed.append((*row[:7], *map(moment, row[7:]), person.pk))
            if row[2] != person.address:
                readdressed[person.pk] = person.address
            if row[1] != person.name:
                renamed.append((person.pk, row[1]))
            if row[3] != person.search:
                moved.append((person.pk, thing.addresses))
    insert_rows(Person, ("tenant_id", "public_id", "oid", *_COLUMNS), new)
    for chunk in chunks(readdressed):
        theirs = Mailbox.objects.filter(person__in=chunk).values_list("pk", "person_id")
        owners = [(pk, None, None, {"owner": readdressed[person]}) for pk, person in theirs]
        keep(tenant=tenant.pk, rows=owners, now=now)
    update_rows(Person, _COLUMNS, changed)
    PersonAddress.objects.filter(person_id__in=[pk for pk, _ in moved]).delete()
    arrived = moved
    for chunk in chunks(newcomers):
        found = Person.objects.filter(tenant=tenant, oid__in=chunk).values_list("pk", "oid")
        arrived += [(pk, seen[oid].addresses) for pk, oid in found if oid]
    insert_rows(
        PersonAddress,
        ("tenant_id", "person_id", "address"),
        [(tenant.pk, pk, a) for pk, addresses in arrived for a in dict.fromkeys(addresses)],
    )
    for pk, name in renamed:
        sort = name.casefold()[:SORT]
        CalendarPermission.objects.filter(mailbox__person_id=pk).update(owner_sort=sort)
    _adopt(tenant, [address for _, addresses in arrived for address in addresses])


def _adopt(tenant: Tenant, addresses: Iterable[str]) -> None:
    """Access that was held by a bare address belongs to the one directory person who has it now."""
    for chunk in chunks(set(addresses)):
        for stray in Person.objects.filter(tenant=tenant, key__in=chunk, oid=None, ended_at=None):
            owners = PersonAddress.objects.filter(tenant=tenant, address=stray.key, person__ended_at=None)
            people = set(owners.values_list("person_id", flat=True))
            if len(people) == 1:
                CalendarPermission.objects.filter(grantee=stray).update(grantee_id=people.pop())


def store_person(*, tenant: Tenant, user: graph.User, now: datetime) -> Person:
    """One person of a tenant whose directory is not listed, as they are now."""
    oid = uuid.UUID(user.id)
    people = Person.objects.filter(tenant=tenant, oid=oid)
    known = {p.oid: p for p in people.values_list("pk", "oid", *_COLUMNS, named=True)}
    _store_people(tenant, known, {oid: user}, now)
    return people.get()


def _open_mailboxes(tenant: Tenant, now: datetime) -> None:
    """A mailbox row for every user without one, in the first shards with room.

    Who comes back after their mailbox was removed is read again, too; and where the app reads everybody, it goes before
    what people lent, unless they disconnected it.
    """
    if tenant.scope == Tenant.EVERYBODY:
        lent = Mailbox.objects.filter(tenant=tenant, shard__grant__isnull=False, disconnected_at=None).covered()
        pks = list(lent.order_by("pk").values_list("pk", flat=True))
        keep_mailboxes(Mailbox.objects.filter(pk__in=pks), now=now)
        for pk, shard in zip(pks, _shards_with_room(tenant, len(pks)), strict=True):
            Mailbox.objects.filter(pk=pk).update(shard=shard, due_at=now)
    back = Mailbox.objects.filter(tenant=tenant, state=Mailbox.EXCLUDED, cause="mailbox_removed", person__ended_at=None)
    keep_mailboxes(back, now=now)
    back.update(state=Mailbox.NEVER, cause="", state_since=now, due_at=now)
    users = Person.objects.filter(tenant=tenant, kind=Person.USER, ended_at=None, mailboxes=None)
    people = list(users.order_by("pk").values_list("pk", flat=True))
    at = moment(now)
    insert_rows(
        Mailbox,
        ("tenant_id", "person_id", "shard_id", "public_id", "state_since", "first_seen_at", "due_at"),
        [
            (tenant.pk, person, shard, public_id(), at, at, at)
            for person, shard in zip(people, _shards_with_room(tenant, len(people)), strict=True)
        ],
    )


def _shards_with_room(tenant: Tenant, wanted: int) -> list[int]:
    room: list[int] = []
    shards = SyncShard.objects.filter(tenant=tenant, grant=None).annotate(size=Count("mailboxes")).order_by("number")
    for shard in shards:
        room += [shard.pk] * max(0, SyncShard.SIZE - shard.size)
        if len(room) >= wanted:
            break
    last = SyncShard.objects.filter(tenant=tenant).order_by("-number").values_list("number", flat=True)
    number = last.first() or 0 if len(room) < wanted else 0
    while len(room) < wanted:
        number += 1
        room += [SyncShard.objects.create(tenant=tenant, number=number).pk] * SyncShard.SIZE
    return room[:wanted]


def removable_mailboxes(*, tenant: Tenant, now: datetime, after: timedelta = timedelta(days=30)):
    """Mailboxes of people who are gone for good and that nobody could read for 30 days."""
    return Mailbox.objects.filter(
        tenant=tenant, person__ended_at__lte=now - after, state_since__lte=now - after
    ).exclude(state__in=[Mailbox.OK, Mailbox.EXCLUDED, Mailbox.NEVER])  # fmt: skip
