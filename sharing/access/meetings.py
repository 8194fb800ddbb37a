"""Who may find times and book here, whom they may ask about, and which bookings are theirs."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from sharing.models import (
    BOOKER,
    Booking,
    ExchangeSnapshot,
    Grant,
    Mailbox,
    OrganizationRelationship,
    Person,
    Tenant,
    User,
)
from sharing.models.names import folded

from .organizations import known_sections
from .owners import own_mailbox
from .tenants import one

MOST_FOUND = 10


def may_book(user: User) -> str:
    """Why this person may not find times or book now, as a cause word; empty where they may. Read afresh.

    meetings_off, frozen, not_connected, not_lent (they did not agree yet), no_mailbox or left_out.
    """
    person = User.objects.select_related("tenant").filter(pk=user.pk, is_active=True).first()
    if person is None or not person.tenant.bookings_on:
        return "meetings_off"
    tenant = person.tenant
    if tenant.frozen_at:
        return "frozen"
    if tenant.mode == Tenant.DOMAIN_WIDE and not (tenant.is_read and tenant.has_booker):
        return "not_connected"
    mailbox = own_mailbox(person)
    if mailbox is None or mailbox.state == Mailbox.NO_MAILBOX:
        return "no_mailbox"
    # Out of the app's limit, somebody may still let their mailbox be read: by what they lent, and for that alone.
    if mailbox.state == Mailbox.EXCLUDED or (tenant.mode == Tenant.DOMAIN_WIDE and mailbox.is_lent):
        return "left_out"
    if tenant.mode == Tenant.INDIVIDUAL:
        lent = Grant.objects.in_use().filter(user=person, app=BOOKER, tenant=tenant, account_oid=person.oid)
        return "" if lent.exists() else "not_lent"
    return ""


def colleagues_of(user: User) -> QuerySet[Person]:
    """Whom a person may ask about: people and rooms of their organization whose mailbox is covered here, without them.

    A limit to a group covers only its members, and so does this: what Exchange would say of others is not asked for.
    """
    covered = Mailbox.objects.covered().filter(tenant=user.tenant_id).exclude(state=Mailbox.NO_MAILBOX)
    covered = covered.exclude(tenant__mode=Tenant.DOMAIN_WIDE, shard__grant__isnull=False)  # read by no app's right
    people = Person.objects.filter(tenant=user.tenant_id, kind=Person.USER, ended_at=None, mailboxes__in=covered)
    return people.exclude(oid=user.oid).exclude(address="")


def find_colleagues(user: User, words: str) -> list[Person]:
    """The first ten whose name or address has every word; nobody for no words."""
    wanted = folded(words).split()
    rows = colleagues_of(user)
    for word in wanted:
        rows = rows.filter(search__contains=word)
    return list(rows.order_by("name", "pk")[:MOST_FOUND]) if wanted else []


def chosen_colleagues(user: User, public_ids: Iterable[str]) -> list[Person]:
    """Those of them that were chosen, by name; one who may not be asked about is left out."""
    return list(colleagues_of(user).filter(public_id__in=list(public_ids)).order_by("name", "pk"))


def colleagues_at(user: User, addresses: Iterable[str]) -> list[Person]:
    """Those of them who have one of these addresses, in any case of letters."""
    wanted = Q(pk__in=())
    for address in addresses:
        wanted |= Q(address__iexact=address)
    return list(colleagues_of(user).filter(wanted).order_by("name", "pk"))


def partner_domains(user: User) -> dict[str, str]:
    """Domain → name of the organization relationship through which people there can be asked about.

    By the newest export of Exchange that says so; empty where none was ever uploaded. A domain of ours that somebody
    wrote into a relationship is none: colleagues are asked about as colleagues, within a limit to a group.
    """
    snapshots = ExchangeSnapshot.objects.filter(tenant=user.tenant_id).order_by("-exported_at", "-pk")
    sections = known_sections(snapshots)
    known, own = sections.get(ExchangeSnapshot.RELATIONSHIPS), sections.get(ExchangeSnapshot.DOMAINS)
    if known is None:
        return {}
    ours = {*user.tenant.domains, *(own.snapshot.domains if own else ())}
    rows = OrganizationRelationship.objects.filter(snapshot=known.snapshot, is_enabled=True, has_free_busy=True)
    return {domain: row.name for row in rows.order_by("-name") for domain in row.domains if domain not in ours}


def bookings_of(user: User) -> QuerySet[Booking]:
    """What the person booked here, the next meeting first."""
    return (
        Booking.objects.filter(user=user.pk).select_related("mailbox__person", "tenant", "user").order_by("starts_at")
    )


def booking_of(user: User, public_id: str) -> Booking:
    return one(bookings_of(user).filter(public_id=public_id))
