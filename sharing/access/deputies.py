"""Deputies as their owners and IT see them, and owners as their deputies do."""

from uuid import UUID

from django.db.models import QuerySet

from sharing.models import (
    DELEGATE_ROLES,
    Calendar,
    CalendarPermission,
    Deputy,
    Mailbox,
    Person,
    Proposal,
    Tenant,
    User,
)
from sharing.models.names import folded, visible

from .operators import tenants_for_operator
from .owners import deputyships_of, mailboxes_of, owned_by
from .sharees import held_by
from .tenants import one, reads


def deputies_of(user: User) -> QuerySet[Deputy]:
    """Who acts for the person's own mailboxes now, also where the tenant stopped it for the time being."""
    rows = Deputy.objects.filter(mailbox__in=owned_by(user).values("pk"), tenant=user.tenant_id, ended_at=None)
    return rows.select_related("mailbox__person", "tenant").order_by("mailbox__person__name", "given_at", "pk")


def deputy_to_end(user: User) -> QuerySet[Deputy]:
    """Those that the person may end: as the owner, and as the deputy themself."""
    mine = Deputy.objects.filter(tenant=user.tenant_id, oid=user.oid, ended_at=None)
    return (deputies_of(user) | mine.select_related("mailbox__person", "tenant")).distinct()


def acted_for(user: User) -> QuerySet[Mailbox]:
    """Mailboxes of the owners for whom the person acts as a deputy, by name."""
    rows = mailboxes_of(user).filter(pk__in=deputyships_of(user).values("mailbox"))
    return rows.order_by("person__name", "pk")


def served_by(user: User) -> QuerySet[CalendarPermission]:
    """Main calendars on which the person is a delegate, in their own name."""
    rows = held_by(user).filter(role__in=DELEGATE_ROLES, calendar__is_default=True)
    return rows.order_by("owner_sort", "pk")


def colleagues(user: User, q: str, most: int = 10) -> list[Person]:
    """People of the person's own directory whose name or address contains every word of `q`."""
    return _named(_staff(user.tenant_id).exclude(oid=user.oid), q, most)


def colleague(user: User, public_id: str) -> Person | None:
    """One of them by id."""
    return _staff(user.tenant_id).exclude(oid=user.oid).filter(public_id=public_id).first()


def deputies_for_it(user: User, tenant: Tenant) -> QuerySet[Deputy]:
    """Who acts for whom in a tenant now, for reviewers and operators; also where it is stopped for the time being."""
    reads(user, tenant)
    rows = Deputy.objects.filter(tenant=tenant, ended_at=None).select_related("mailbox__person", "tenant", "given_by")
    return rows.order_by("mailbox__person__name", "given_at", "pk")


def deputy_for_operator(user: User, tenant: Tenant, public_id: str) -> Deputy:
    """One of them, for who may end it."""
    return one(deputies_for_it(user, tenant).filter(public_id=public_id, tenant__in=tenants_for_operator(user)))


def possible_deputies(user: User, mailbox: Mailbox, q: str, most: int = 10) -> list[Person]:
    """People who could act for the owner of `mailbox`, by what an operator typed; never the operator themself."""
    rows = _staff(mailbox.tenant_id).exclude(pk=mailbox.person_id)
    if user.tenant_id == mailbox.tenant_id:
        rows = rows.exclude(oid=user.oid)
    return _named(rows, q, most)


def _staff(tenant: int) -> QuerySet[Person]:
    rows = Person.objects.filter(tenant=tenant, kind=Person.USER, ended_at=None, oid__isnull=False)
    return rows.exclude(enabled=False)


def _named(rows: QuerySet[Person], q: str, most: int) -> list[Person]:
    """Those whose name or address contains every word of `q`."""
    for word in folded(q).split()[:5]:
        rows = rows.filter(search__contains=word)
    return list(rows.order_by("name", "pk")[:most])


def people_by_oid(user: User, oids: list[UUID]) -> dict[UUID | None, Person]:
    """People of the person's own directory, to name deputies by."""
    return {person.oid: person for person in Person.objects.filter(tenant=user.tenant_id, oid__in=oids)}


def main_calendars(user: User, mailboxes: list[int]) -> dict[int, Calendar]:
    """The main calendar of each mailbox that the person acts for or serves, by mailbox."""
    known = {*acted_for(user).values_list("pk", flat=True), *served_by(user).values_list("mailbox", flat=True)}
    rows = Calendar.objects.filter(mailbox__in=known & set(mailboxes), is_own=True, is_default=True, ended_at=None)
    return {calendar.mailbox_id: calendar for calendar in rows}


def delegates_on(calendars: list[Calendar]) -> dict[int, list[str]]:
    """Names of the delegates on those calendars, made visible, by mailbox; for who got them from above."""
    rows = CalendarPermission.objects.open().delegates().filter(calendar__in=calendars).order_by("name_sort", "pk")
    found: dict[int, list[str]] = {}
    for mailbox, name in rows.values_list("mailbox", "name"):
        found.setdefault(mailbox, []).append(visible(name))
    return found


def may_ask_cover(user: User, mailbox: Mailbox) -> bool:
    """Does `user` serve the owner of `mailbox`, as a deputy or as a delegate, so that their leave is to be covered?"""
    is_deputy = deputyships_of(user).filter(mailbox=mailbox.pk).exists()
    return user.is_active and (is_deputy or served_by(user).filter(mailbox=mailbox.pk).exists())


def cover_proposals_by(user: User) -> QuerySet[Proposal]:
    """What the person asked owners for, for their own leave, newest first."""
    rows = Proposal.objects.filter(asked_by=user.pk, kind=Proposal.COVER, tenant=user.tenant_id)
    return rows.select_related("mailbox__person", "person", "cover", "calendar").order_by("-asked_at", "-pk")
