"""Every address of the portal as the resolver knows it, and what each is: for whom, with which methods and answers."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.http import urlencode

from sharing import changes, tasks
from sharing.connect import choosing, credentials, links
from sharing.models import (
    READER,
    WRITER,
    ActivationLink,
    AppCredential,
    BatchItem,
    Booking,
    Calendar,
    CalendarPermission,
    Change,
    ChangeBatch,
    Cover,
    Deputy,
    Grant,
    GroupLimit,
    Invitation,
    Mailbox,
    Objection,
    Person,
    Proposal,
    RoleAssignment,
    Stewardship,
    SyncRun,
    Tenant,
    User,
)
from tests.cast import (
    ADELE,
    ALEX,
    ALLAN,
    CHARLIE,
    EMILY,
    FIONA,
    ISAIAH,
    LIDIA,
    MEGAN,
    NOBODY,
    PATTI,
    RECEPTION,
    RUTH,
    VIKRAM,
    Cast,
)
from tests.web.classes import (
    ANYBODY,
    CLASSES,
    INSTALLATION,
    IT,
    OPERATOR,
    OWNER,
    SETUP,
    SHAREE,
    SIGNED_IN,
    Class,
)
from tests.web.exported import exported

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Route:
    name: str
    takes: tuple[str, ...]

    @property
    def what(self) -> Class:
        return CLASSES[self.name]


def every_route() -> list[Route]:
    """All of the resolver, whether they have a class or not."""
    return list(_walk(get_resolver().url_patterns, "", ()))


def routes() -> list[Route]:
    """Those that have a class; that all do is a test of its own."""
    return [route for route in every_route() if route.name in CLASSES]


def _walk(patterns: list[Any], namespace: str, takes: tuple[str, ...]) -> Iterator[Route]:
    for pattern in patterns:
        inner = (*takes, *pattern.pattern.converters)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, f"{namespace}{pattern.namespace or ''}".strip(":") + ":", inner)
        elif isinstance(pattern, URLPattern):
            yield Route(f"{namespace}{pattern.name or pattern.pattern}".removeprefix(":"), inner)


# What an address can be about ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """One owner's things and their tenant's; `may` says by audience who may reach them."""

    name: str
    may: dict[str, tuple[str, ...]]
    tenant: str = "AAAAAAAAAAAAAAAA"
    mailbox: str = "AAAAAAAAAAAAAAAA"
    calendar: str = "AAAAAAAAAAAAAAAA"
    change: str = "AAAAAAAAAAAAAAAA"
    person: str = "AAAAAAAAAAAAAAAA"
    run: str = "AAAAAAAAAAAAAAAA"
    held: str = "AAAAAAAAAAAAAAAA"
    grant: str = "AAAAAAAAAAAAAAAA"
    job: str = "AAAAAAAAAAAAAAAA"
    checked: str = "AAAAAAAAAAAAAAAA"
    restored: str = "AAAAAAAAAAAAAAAA"
    proposal: str = "AAAAAAAAAAAAAAAA"
    unconfirmed: str = "AAAAAAAAAAAAAAAA"
    objection: str = "AAAAAAAAAAAAAAAA"
    deputy: str = "AAAAAAAAAAAAAAAA"
    booking: str = "AAAAAAAAAAAAAAAA"
    credential: str = "AAAAAAAAAAAAAAAA"
    credential_before: str = "AAAAAAAAAAAAAAAA"
    permission: int = 10**9
    assignment: int = 10**9
    stewardship: int = 10**9
    invitation: int = 10**9
    cover: str = "AAAAAAAAAAAAAAAA"
    role: str = ""
    other_role: str = ""
    option: str = ""
    other_option: str = ""
    newcomer: str = ""
    group: str = ""
    token: str = ""
    partner: str = "AAAAAAAAAAAAAAAA"
    plan: str = "AAAAAAAAAAAAAAAA"
    snapshot: str = "AAAAAAAAAAAAAAAA"
    relationship: str = "00000000-0000-4000-8000-000000000000"
    policy: str = "00000000-0000-4000-8000-000000000000"

    def path(self, route: Route) -> str:
        named = {"public_id": getattr(self, route.what.of, ""), "pk": getattr(self, route.what.row, 0)}
        named["token"], named["guid"] = self.token, named["public_id"]
        return reverse(route.name, kwargs={name: named[name] for name in route.takes})

    def url(self, route: Route) -> str:
        asked = {name: getattr(self, name) for name in route.what.query.split()}
        return self.path(route) + (f"?{urlencode(asked)}" if asked else "")

    def form(self, route: Route) -> dict[str, str]:
        """What its form sends; a word that is no field of ours stands for itself."""
        return {name: str(getattr(self, value, value)) for name, value in route.what.form.items()}

    def is_for(self, route: Route, who: str) -> bool:
        if route.what.audience == ANYBODY:
            return True
        if who in (NOBODY, EMILY):
            return False
        return route.what.audience == SIGNED_IN or who in self.may[route.what.audience]


def places_of(cast: Cast) -> list[Place]:
    """Alex's things; a colleague's, a mailbox's that has a steward, the other tenant's; and what is not there."""
    contoso = {IT: (ISAIAH, LIDIA), OPERATOR: (LIDIA,), SETUP: (ALLAN, VIKRAM), INSTALLATION: (VIKRAM,)}
    fabrikam = {IT: (PATTI,), OPERATOR: (PATTI,), SETUP: (PATTI, VIKRAM), INSTALLATION: (VIKRAM,)}
    tenants = [_tenant_of(cast, LIDIA, CHARLIE), _tenant_of(cast, RUTH, "DanP@fabrikam.com")]
    # Whoever holds a link may open it: it is the same one at every place.
    everywhere = {"token": _make_links(cast), **_make_credentials(cast)}
    for tenant in tenants:
        tenant |= everywhere
    nobody: dict[str, tuple[str, ...]] = dict.fromkeys((IT, OPERATOR, SETUP, OWNER, SHAREE), ())
    return [
        _place(cast, "Alex", ALEX, contoso | {OWNER: (ALEX,)}, tenants[0]),
        _place(cast, "Megan", MEGAN, contoso | {OWNER: (MEGAN,)}, tenants[0]),
        _place(cast, "Reception", RECEPTION, contoso | {OWNER: (FIONA,)}, tenants[0]),
        _place(cast, "Fabrikam", PATTI, fabrikam | {OWNER: (PATTI,)}, tenants[1]),
        Place("missing", nobody | {INSTALLATION: (VIKRAM,)}, **everywhere),
    ]


def _make_links(cast: Cast) -> str:
    """An activation link of each tenant waits to be confirmed, and Contoso's other one to be opened again."""
    vikram, proved = cast.users[VIKRAM], {"name": "Microsoft’s name", "domains": ["contoso.com"], "probed": ALEX}
    asked = choosing.permissions_for(choosing.BOTH)
    _, token = links.make_link(
        tenant=cast.contoso, permissions=asked, actor=vikram, now=cast.now - DAY, app=WRITER
    )  # fmt: skip
    for tenant in (cast.contoso, cast.fabrikam):
        link, _ = links.make_link(tenant=tenant, permissions=asked, actor=vikram, now=cast.now)
        ActivationLink.objects.filter(pk=link.pk).update(state=ActivationLink.PROVED, organization=proved)
    ActivationLink.objects.update(opened_at=cast.now)
    return token


def _make_credentials(cast: Cast) -> dict[str, str]:
    """One that is next, and one that was used before; both of the whole installation, so the same at every place."""
    made = {app: credentials.make_certificate(app=app, now=cast.now, by="test") for app in (READER, WRITER)}
    AppCredential.objects.filter(pk=made[READER].pk).update(state=AppCredential.PREVIOUS)
    return {"credential": made[WRITER].public_id, "credential_before": made[READER].public_id}


def _tenant_of(cast: Cast, holder: str, newcomer: str) -> dict[str, Any]:
    """What places of one tenant share: `holder` has a role there, `newcomer` has none."""
    tenant = cast.users[holder].tenant
    runs = SyncRun.objects.filter(tenant=tenant).order_by("-began_at")
    ids = list(CalendarPermission.objects.open().filter(tenant=tenant).order_by("pk").values_list("pk", flat=True)[:30])
    held = SyncRun.objects.create(
        tenant=tenant, kind=SyncRun.FULL, began_at=cast.now - DAY, finished_at=cast.now - DAY, outcome=SyncRun.HELD,
        cause="breaker", mailboxes=80, mailboxes_read=80, held_back=60, ended_limit=20,
        totals={"held_back": ids},
    )  # fmt: skip
    return {
        "tenant": tenant.public_id,
        "run": runs[0].public_id,
        "held": held.public_id,
        "assignment": RoleAssignment.objects.get(user=cast.users[holder]).pk,
        "newcomer": newcomer,
        "invitation": Invitation.objects.create(
            tenant=tenant,
            address=f"invited@{newcomer.partition('@')[2]}",
            invited_by=cast.users[holder],
            invited_at=cast.now,
            state_since=cast.now,
        ).pk,
        "group": _limited_to(cast, tenant),
        **exported(tenant, cast.users[holder], cast.now - DAY),
    }


def _limited_to(cast: Cast, tenant: Tenant) -> str:
    """The group that the app was limited to, and that turned out not to be enough."""
    group = Person.objects.filter(tenant=tenant, kind=Person.GROUP).exclude(address="").order_by("name").first()
    oid = group.oid if group and group.oid else uuid.uuid4()
    limit = GroupLimit.objects.create(
        tenant=tenant, group_oid=oid, group_name=group.name if group else "Pilot",
        group_address=group.address if group else "pilot@fabrikam.com", verdict=GroupLimit.INEFFECTIVE,
        cause="tenant_wide_grant", found={"granted": ["Calendars.Read"], "inside": "read", "outside": "read"},
        members=6, members_read_at=cast.now, tested_at=cast.now, declared_by=cast.users[VIKRAM],
        declared_at=cast.now, changed_at=cast.now,
    )  # fmt: skip
    return str(limit.group_oid)


def _cover(mailbox: Mailbox, calendar: Calendar, owner: User, cast: Cast) -> Cover:
    """Somebody covers for the owner next month."""
    return Cover.objects.create(
        tenant=mailbox.tenant, mailbox=mailbox, calendar=calendar, person=mailbox.person, role="write",
        starts_on=cast.now.date() + 30 * DAY, ends_on=cast.now.date() + 40 * DAY, starts_at=cast.now + 30 * DAY,
        ends_at=cast.now + 40 * DAY, by=owner, by_kind="owner", made_at=cast.now, due_at=cast.now + 30 * DAY,
    )  # fmt: skip


def _place(cast: Cast, name: str, address: str, may: dict[str, tuple[str, ...]], shared: dict[str, Any]) -> Place:
    """A place of the mirror, where one change was made and the mailbox has a steward who is gone."""
    mailbox = Mailbox.objects.select_related("person", "tenant").get(person__address__iexact=address)
    calendar = mailbox.calendars.get(is_default=True, is_own=True)
    rows = calendar.permissions.open().of_people().filter(removable=True)
    permission = rows.order_by("-reach")[0]
    options = ["sendToDelegateOnly", "sendToDelegateAndPrincipal", "sendToDelegateAndInformationToPrincipal"]
    options.remove(mailbox.delivery_option)
    change = changes.request_delivery(
        mailbox=mailbox, option=options[0], seen=mailbox.delivery_option, actor=cast.users[may[OWNER][0]], now=cast.now
    )
    tasks.apply_change(change.pk)
    steward = Stewardship.objects.create(tenant=mailbox.tenant, mailbox=mailbox, oid=uuid.uuid4(), given_at=cast.now)
    owner = cast.users[may[OWNER][0]]
    grant = Grant.objects.create(
        user=owner, tenant=mailbox.tenant, account_oid=owner.oid, account_address=owner.address, sealed="sealed",
        scopes=["Calendars.Read", "MailboxSettings.Read"], connected_at=cast.now, refreshed_at=cast.now,
        state_since=cast.now,
    )  # fmt: skip
    holders = calendar.permissions.open().filter(grantee__tenant=mailbox.tenant)
    oids = set(holders.values_list("grantee__oid", flat=True))
    sharees = tuple(address for address, user in cast.users.items() if user.oid in oids)
    objection = Objection.objects.create(tenant=mailbox.tenant, permission=permission, by=owner, made_at=cast.now)
    deputy = Deputy.objects.create(
        tenant=mailbox.tenant, mailbox=mailbox, oid=uuid.uuid4(), given_by=owner, given_at=cast.now
    )
    return Place(
        name,
        may | {SHAREE: sharees},
        objection=objection.public_id,
        deputy=deputy.public_id,
        booking=_booked(mailbox, owner, cast).public_id,
        mailbox=mailbox.public_id,
        grant=grant.public_id,
        **_operated(cast, may, permission),
        calendar=calendar.public_id,
        restored=_restored(calendar, owner, cast).public_id,
        change=change.public_id,
        person=mailbox.person.public_id,
        permission=permission.pk,
        cover=_cover(mailbox, calendar, owner, cast).public_id,
        stewardship=steward.pk,
        role=permission.role,
        other_role=next(role for role in permission.choices() if role not in (permission.role, "none")),
        option=options[0],
        other_option=options[1],
        **shared,
    )


def _booked(mailbox: Mailbox, owner: User, cast: Cast) -> Booking:
    """A meeting of the owner's; meetings are switched on."""
    Tenant.objects.filter(pk=mailbox.tenant_id).update(bookings_on=True, has_booker=True)
    return Booking.objects.create(
        tenant=mailbox.tenant, mailbox=mailbox, user=owner, form_key=uuid.uuid4(), subject="Budget", zone="UTC",
        starts_at=cast.now + 3 * DAY, ends_at=cast.now + 3 * DAY + timedelta(hours=1), state=Booking.BOOKED, act="",
        attendees=[{"address": ADELE, "name": "Adele Vance"}], asked_at=cast.now, act_at=cast.now,
    )  # fmt: skip


def _restored(calendar: Calendar, owner: User, cast: Cast) -> ChangeBatch:
    """A calendar that its owner put back."""
    return ChangeBatch.objects.create(
        tenant=calendar.tenant, kind=ChangeBatch.RESTORE, calendar=calendar, as_of=cast.now - 9 * DAY, actor=owner,
        actor_kind="owner", state=ChangeBatch.DONE, made_at=cast.now, confirmed_at=cast.now, finished_at=cast.now,
    )  # fmt: skip


def _operated(cast: Cast, may: dict[str, tuple[str, ...]], permission: CalendarPermission) -> dict[str, str]:
    """A job of the tenant's operator, a list that they only checked, and what somebody else asked the owner for."""
    operator = cast.users[may[OPERATOR][0]]
    of_tenant = {"tenant": permission.tenant, "kind": ChangeBatch.REMOVE, "actor": operator, "actor_kind": "operator"}
    job = ChangeBatch.objects.create(**of_tenant, state=ChangeBatch.RUNNING, made_at=cast.now, confirmed_at=cast.now)
    checked = ChangeBatch.objects.create(**of_tenant, made_at=cast.now)
    for batch in (job, checked):
        BatchItem.objects.create(
            tenant=permission.tenant, batch=batch, permission=permission, name=permission.name, before=permission.role
        )
    proposal = Proposal.objects.create(
        tenant=permission.tenant, kind=Proposal.ROLE, target=f"permission:{permission.pk}", mailbox=permission.mailbox,
        calendar=permission.calendar, permission=permission, person=permission.grantee, before=permission.role,
        after="delegateWithPrivateEventAccess", reason="Books rooms", asked_as="operator", asked_at=cast.now,
        expires_at=cast.now + 14 * DAY, asked_by=cast.users[RUTH if may[OPERATOR] == (PATTI,) else ALLAN],
    )  # fmt: skip
    unconfirmed = Change.objects.create(
        tenant=permission.tenant, mailbox=permission.mailbox, calendar=permission.calendar, permission=permission,
        kind=Change.ROLE, target=f"unconfirmed:{permission.pk}", actor=operator, actor_kind="operator",
        name=permission.name, before=permission.role, after="read", state=Change.UNKNOWN, requested_at=cast.now - DAY,
        sent_at=cast.now - DAY, finished_at=cast.now - DAY,
    )  # fmt: skip
    return {
        "job": job.public_id, "checked": checked.public_id, "proposal": proposal.public_id,
        "unconfirmed": unconfirmed.public_id,
    }  # fmt: skip
