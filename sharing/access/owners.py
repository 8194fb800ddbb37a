"""What is a person's own: their mailboxes, calendars, and all that happened to them."""

from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from sharing.models import (
    Calendar,
    CalendarPermission,
    CalendarPermissionQuerySet,
    Change,
    ChangeBatch,
    ChangeQuerySet,
    Deputy,
    Grant,
    Mailbox,
    MailboxQuerySet,
    Person,
    Probe,
    Stewardship,
    User,
    Volunteer,
)
from sharing.models.names import folded

from .tenants import one

MOST_FOUND = 10


def owned_by(user: User) -> MailboxQuerySet:
    """The mailbox whose object id is the person's, those they are steward of, and those they connected themselves."""
    return _live(_own_ids(user))


def mailboxes_of(user: User) -> MailboxQuerySet:
    """The same, and those of the owners for whom the person acts as a deputy: what their pages show.

    A union of sets of ids, each found by its index: with OR every page would read all mailboxes of the tenant.
    """
    acted_for = deputyships_of(user).values("mailbox")
    return _live(_own_ids(user).union(acted_for))


def deputyships_of(user: User) -> QuerySet[Deputy]:
    """For whom the person acts now, where the tenant lets owners have deputies."""
    return Deputy.objects.filter(tenant=user.tenant_id, oid=user.oid, ended_at=None, tenant__deputies_on=True)


def _own_ids(user: User) -> QuerySet:
    me = Person.objects.filter(tenant_id=user.tenant_id, oid=user.oid)
    own = Mailbox.objects.filter(person__in=me).values("pk")
    kept = Stewardship.objects.filter(tenant_id=user.tenant_id, oid=user.oid).values("mailbox")
    # What was lent and ended shows what it read last, never what somebody else's connection has read since.
    shown = Q(state=Grant.CONNECTED) | Q(mailbox__shard__grant=F("pk"))
    lent = Grant.objects.filter(shown, user=user.pk, mailbox__isnull=False).values("mailbox")
    return own.union(kept, lent)


def _live(pks: QuerySet) -> MailboxQuerySet:
    mine = Mailbox.objects.filter(pk__in=pks, person__ended_at=None)
    return mine.select_related("person", "tenant", "shard__grant")


def mailbox_ids(user: User) -> list[int]:
    """Their ids, asked for first: beside a few constants the joins stay short, whatever statistics a database has."""
    return [pk for pk, _, _ in _mine(user)]


def zone_name_of(user: User) -> str:
    """The time zone of the person's own mailbox, or else of the first they look after, as Microsoft 365 calls it."""
    own_first = sorted(_mine(user), key=lambda mailbox: mailbox[1] != user.oid)
    return next((zone or "" for _, _, zone in own_first), "")


def _mine(user: User) -> list[tuple[int, UUID | None, str | None]]:
    """Id, object id and zone of every mailbox of theirs, asked once of each `user` loaded: a page has many lists."""
    if (found := getattr(user, "_mailboxes", None)) is None:
        found = list(mailboxes_of(user).order_by("pk").values_list("pk", "person__oid", "settings__time_zone"))
        user._mailboxes = found  # type: ignore[attr-defined]  # as Django keeps what a person may do
    return found


def own_mailbox(user: User) -> Mailbox | None:
    """The person's own mailbox with its freshness, or None where the directory lists none."""
    fresh = Mailbox.objects.with_freshness().select_related("person", "tenant", "shard")
    return fresh.filter(tenant_id=user.tenant_id, person__oid=user.oid, person__ended_at=None).first()


def volunteer_of(user: User) -> Volunteer | None:
    """That the person lends their own mailbox to try partners from; `asked_at` is when that was done last, or None."""
    tried = Probe.objects.filter(mailbox=OuterRef("mailbox"), asked_at__gte=OuterRef("since")).order_by("-asked_at")
    own = Volunteer.objects.filter(tenant=user.tenant_id, mailbox__person__oid=user.oid)
    return own.annotate(asked_at=Subquery(tried.values("asked_at")[:1])).first()


def mailbox_for_owner(user: User, public_id: str) -> Mailbox:
    """One of the person's mailboxes, with its freshness."""
    return one(mailboxes_of(user).with_freshness().filter(public_id=public_id))


def calendars_of(user: User) -> QuerySet[Calendar]:
    """Own calendars that exist now, the main one first."""
    return (
        Calendar.objects.filter(mailbox__in=mailbox_ids(user), is_own=True, ended_at=None)
        .select_related("mailbox", "mailbox__person", "mailbox__tenant")
        .order_by("mailbox_id", "-is_default", "name", "pk")
    )


def calendar_for_owner(user: User, public_id: str) -> Calendar:
    return one(calendars_of(user).filter(public_id=public_id))


def permission_for_owner(user: User, public_id: str, pk: int) -> CalendarPermission:
    """One open permission below one of the person's own calendars."""
    calendar = calendar_for_owner(user, public_id)
    permission = one(CalendarPermission.objects.open().filter(calendar=calendar, pk=pk).select_related("grantee"))
    permission.calendar = calendar
    permission.mailbox = calendar.mailbox
    return permission


def ended_permission_for_owner(user: User, public_id: str, pk: int) -> CalendarPermission:
    """The same, also where it ended meanwhile, so that "already gone" can be said of what was theirs."""
    calendar = calendar_for_owner(user, public_id)
    permission = one(CalendarPermission.objects.filter(calendar=calendar, pk=pk).select_related("grantee"))
    permission.calendar = calendar
    permission.mailbox = calendar.mailbox
    return permission


def changes_of(user: User) -> ChangeQuerySet:
    """Changes on the person's own mailboxes, whoever asked for them, newest first."""
    mine = Change.objects.filter(mailbox__in=mailbox_ids(user))
    return mine.select_related("calendar", "permission", "actor", "mailbox__person").order_by("-requested_at", "-pk")


def change_for_owner(user: User, public_id: str) -> Change:
    return one(changes_of(user).filter(public_id=public_id))


def restore_for_owner(user: User, public_id: str) -> ChangeBatch:
    """A restore of one of the person's own calendars, once it was confirmed, whoever confirmed it."""
    rows = ChangeBatch.objects.filter(kind=ChangeBatch.RESTORE, calendar__mailbox__in=mailbox_ids(user))
    return one(rows.exclude(state=ChangeBatch.CHECKED).select_related("calendar").filter(public_id=public_id))


def grants_of(user: User) -> QuerySet[Grant]:
    """The accounts a person connected, their own first."""
    rows = Grant.objects.filter(user=user.pk)
    rows = rows.select_related("user__tenant", "tenant", "mailbox__shard", "mailbox__person")
    return rows.annotate(is_other=~Q(account_oid=user.oid) | ~Q(tenant=user.tenant_id)).order_by("is_other", "pk")


def grant_of(user: User, public_id: str) -> Grant:
    return one(grants_of(user).filter(public_id=public_id))


def permissions_of(user: User) -> CalendarPermissionQuerySet:
    """Open permissions on own calendars that exist now, the organisation rows among them."""
    rows = CalendarPermission.objects.open().filter(mailbox__in=mailbox_ids(user))
    return rows.filter(calendar__is_own=True, calendar__ended_at=None).select_related("grantee")


def people_to_share_with(user: User, calendar: Calendar, q: str) -> tuple[list[Person], bool]:
    """People and groups of the directory whom the calendar's owner may mean by `q`, and whether there are more.

    None where nobody may be added there. Outlook's own address book shows everybody as much.
    """
    if not mailboxes_of(user).filter(pk=calendar.mailbox_id, tenant=user.tenant_id, tenant__creates_on=True).exists():
        return [], False
    rows = Person.objects.filter(tenant=user.tenant_id, kind__in=(Person.USER, Person.GROUP), ended_at=None)
    rows = rows.exclude(address="").exclude(enabled=False).exclude(mailboxes=calendar.mailbox_id)
    for word in folded(q).split()[:5]:
        rows = rows.filter(search__contains=word)
    found = list(rows.order_by("name", "pk")[: MOST_FOUND + 1])
    return found[:MOST_FOUND], len(found) > MOST_FOUND
