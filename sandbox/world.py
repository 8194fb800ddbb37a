"""Builds the tenants of the reset world."""

from collections.abc import Collection

from sandbox import cast, consent, exchange, ids, people, shares
from sandbox.apps import App
from sandbox.changes import Change, apply, new_user
from sandbox.generate import add_mailboxes
from sandbox.journal import PAST
from sandbox.rows import Calendar, Contact, Group, Mailbox, Tenant, User
from sandbox.state import State
from sandbox.templates import settings

CLIENT_SECRET = "sandbox-secret-of-the-portal"
BOOKER_SECRET = "sandbox-secret-of-the-booker"

GRANTED = {
    "Calendars.ReadWrite",
    "MailboxSettings.ReadWrite",
    "User.Read.All",
    "GroupMember.Read.All",
    "OrgContact.Read.All",
    "Organization.Read.All",
}
# The cast's own job titles, departments and managers.
CAST_JOBS = {
    "AlexW": ("Chief Executive", "Board", None),
    "MeganB": ("Executive Assistant", "Board", "AlexW"),
    "AdeleV": ("Retail Manager", "Retail", "NestorW"),
    "IsaiahL": ("Information Security Officer", "IT", "AllanD"),
    "LidiaH": ("Product Director", "Products", "AlexW"),
    "AllanD": ("IT Admin", "IT", "NestorW"),
    "CharlieR": ("Gardener", "Operations", "FionaM"),
    "PattiF": ("President", "Board", None),
}


# Who holds which directory role; only the first two may consent to application permissions.
ADMINISTRATORS = {
    cast.ALLAN: "Global Administrator",
    cast.ISAIAH: "Privileged Role Administrator",
    cast.LIDIA: "Cloud Application Administrator",
    cast.PATTI: "Global Administrator",
}


def build(*, mailboxes: int = 0, consented: Collection[str] = (cast.CONTOSO, cast.FABRIKAM)) -> State:
    """The world of the sandbox, with this many generated mailboxes in Contoso beside its own people.

    `consented` are the tenants that consented to the portal's app before the world began.
    """
    return State(lambda: tenants(mailboxes, consented), PAST, apps, exchange.start)


def apps() -> dict[str, App]:
    """The registrations of the reset world: the portal's own, and the one it books meetings with, known nowhere yet."""
    portal = App(
        cast.PORTAL_APP,
        "Calwarden",
        cast.CONTOSO,
        publisher="Calwarden (sandbox)",
        app_roles=sorted(GRANTED),
        scopes=["openid", "profile", "User.Read"],
        secrets=[{"value": CLIENT_SECRET, "ends_at": None}],
    )
    booker = App(
        cast.BOOKER_APP,
        "Calwarden meetings",
        cast.CONTOSO,
        publisher="Calwarden (sandbox)",
        app_roles=["Calendars.ReadWrite"],
        scopes=["openid", "profile", "offline_access", "Calendars.ReadWrite", "Calendars.Read.Shared"],
        secrets=[{"value": BOOKER_SECRET, "ends_at": None}],
    )
    return {app.client_id: app for app in (portal, booker)}


def tenants(mailboxes: int, consented: Collection[str] = (cast.CONTOSO, cast.FABRIKAM)) -> dict[str, Tenant]:
    contoso = Tenant(cast.CONTOSO, "Contoso", ["contoso.com", "contoso.onmicrosoft.com"])
    fabrikam = Tenant(cast.FABRIKAM, "Fabrikam", ["fabrikam.com", "fabrikam.onmicrosoft.com"])
    both = {contoso.tid: contoso, fabrikam.tid: fabrikam}
    for tid in consented:
        consent.give(both[tid], apps()[cast.PORTAL_APP], at="2025-01-15T09:00:00Z")
    for oid, name, upn, tid, _ in cast.CAST:
        if "#EXT#" in upn:
            add_guest(both[tid], name, "grace@tailspintoys.com", oid=oid)
        else:
            both[tid].add(new_user(name, upn, oid=oid))
    contoso.users[cast.MEGAN].holder_id = cast.MEGANS_ROW
    contoso.users[cast.ADELE].holder_id = cast.ADELES_ROW
    alex_and_friends(both)
    add_people(contoso, people.PEOPLE)
    add_people(fabrikam, people.FABRIKAM_PEOPLE)
    for alias, name in people.NASTY:
        contoso.add(new_user(name, f"{alias}@contoso.com"))
    # An id with every character that means something in a URL.
    contoso.users[ids.object_id("zalgo@contoso.com")].holder_id = "L289RXhjaGFuZ2VMYWJz/3R+aGluZw=="
    for alias, name, purpose in people.RESOURCES:
        add_resource(contoso, alias, name, purpose)
    for address, name in people.GUESTS:
        add_guest(contoso, name, address)
    for contact in people.CONTACTS:
        add_contact(contoso, *contact)
    for row in people.GROUPS:
        add_group(contoso, *row)
    for tenant in both.values():
        for oid, role in ADMINISTRATORS.items():
            if oid in tenant.users:
                tenant.users[oid].directory_roles = [role]
    give_places_and_jobs(both)
    give_shares(both)
    take_states(both)
    add_mailboxes(contoso, mailboxes)
    for tenant in both.values():
        tenant.changes = []
    return both


def box(user: User | None) -> Mailbox:
    if user is None or user.mailbox is None:
        raise LookupError("The world's plan names a mailbox that is not there.")
    return user.mailbox


def alex_and_friends(tenants: dict[str, Tenant]) -> None:
    """Exactly what Microsoft's own article prints about Alex, Megan and Adele."""
    contoso = tenants[cast.CONTOSO]
    mailbox = box(contoso.users[cast.ALEX])
    primary = mailbox.calendars.pop(mailbox.primary.id)
    primary.id, primary.change_key = cast.ALEX_PRIMARY, "NEXywgsVrkeNsFsyVyRrtAAAAAACOg=="
    mailbox.calendars[primary.id] = primary
    kids = {"do": "add_calendar", "mailbox": cast.ALEX, "name": "Kids parties", "id": cast.ALEX_KIDS_PARTIES}
    apply(tenants, kids)
    for who, role, calendar in (
        ("MeganB@contoso.com", "delegateWithPrivateEventAccess", cast.ALEX_PRIMARY),
        ("AdeleV@contoso.com", "read", cast.ALEX_KIDS_PARTIES),
        ("MeganB@contoso.com", "read", cast.ALEX_KIDS_PARTIES),
    ):
        apply(tenants, {"do": "share", "mailbox": cast.ALEX, "calendar": calendar, "who": who, "role": role})
    megan = box(contoso.users[cast.MEGAN])
    copy = next(each for each in megan.calendars.values() if each.original == (cast.ALEX, cast.ALEX_PRIMARY))
    del megan.calendars[copy.id]
    copy.id, copy.change_key = cast.MEGANS_COPY_OF_ALEX, "E6LznKWmX0KTsAD9qRJjeAAAYWo3EQ=="
    megan.calendars[copy.id] = copy


def add_people(tenant: Tenant, rows: tuple[tuple[str, str, str, str, str | None], ...]) -> None:
    for alias, name, job_title, department, _ in rows:
        user = new_user(name, f"{alias}@{tenant.domains[0]}")
        user.job_title, user.department = job_title, department
        user.proxy_addresses.append(f"smtp:{alias.lower()}@{tenant.domains[1]}")
        tenant.add(user)
    for alias, _, _, _, manager in rows:
        chief = tenant.user(f"{manager}@{tenant.domains[0]}")
        tenant.users[ids.object_id(f"{alias}@{tenant.domains[0]}".lower())].manager = chief.oid if chief else None


def add_resource(tenant: Tenant, alias: str, name: str, purpose: str) -> None:
    """A room, equipment or shared mailbox: no licence, and its account is disabled."""
    user = new_user(name, f"{alias}@{tenant.domains[0]}")
    user.account_enabled, user.assigned_plans = False, []
    box(user).purpose = purpose
    tenant.add(user)


def add_guest(tenant: Tenant, name: str, address: str, *, oid: str | None = None) -> None:
    user = new_user(name, address, oid=oid)
    user.upn = f"{address.replace('@', '_')}#EXT#@{tenant.domains[1]}"
    user.user_type, user.mailbox, user.assigned_plans = "Guest", None, []
    tenant.add(user)


def add_group(
    tenant: Tenant, alias: str | None, name: str, secure: bool, unified: bool, members: tuple[str, ...]
) -> None:
    contacts = {each.mail: each for each in tenant.contacts.values()}
    found = [contacts.get(member) or tenant.holder(f"{member}@{tenant.domains[0]}") for member in members]
    tenant.add_group(
        Group(
            ids.object_id("group", name),
            name,
            f"{alias}@{tenant.domains[0]}" if alias else None,
            alias is not None,
            secure,
            ["Unified"] if unified else [],
            [each.oid for each in found if each],
            ids.holder_id(alias or name),
            visibility="HiddenMembership" if alias in people.HIDDEN_GROUPS else None,
        )
    )


def add_contact(tenant: Tenant, address: str, name: str, company: str, further: str | None) -> None:
    proxies = [f"SMTP:{address}", *([f"smtp:{further}"] if further else [])]
    contact = Contact(ids.object_id("contact", address), name, address, proxies, company)
    tenant.contacts[contact.oid] = contact


def give_places_and_jobs(tenants: dict[str, Tenant]) -> None:
    for tenant in tenants.values():
        for user in tenant.users.values():
            alias = user.upn.split("@")[0]
            if alias in people.PLACES and user.mailbox:
                user.mailbox.settings = settings(*people.PLACES[alias])
            if alias in people.HOURS and user.mailbox:
                kept = user.mailbox.settings
                user.mailbox.settings = {**kept, "workingHours": {**kept["workingHours"], **people.HOURS[alias]}}
            if alias in CAST_JOBS:
                user.job_title, user.department, manager = CAST_JOBS[alias]
                chief = tenant.user(f"{manager}@{tenant.domains[0]}")
                user.manager = chief.oid if chief else None


def give_shares(tenants: dict[str, Tenant]) -> None:
    contoso, fabrikam = tenants.values()

    def do(tenant: Tenant, what: str, alias: str, **fields: object) -> None:
        change: Change = {"do": what, "tenant": tenant.tid, "mailbox": f"{alias}@{tenant.domains[0]}"}
        apply(tenants, change | {name: value for name, value in fields.items() if value is not None})

    for alias, names in shares.CALENDARS.items():
        for name in names:
            do(contoso, "add_calendar", alias, name=name)
    for tenant, rows in ((contoso, shares.SHARES), (fabrikam, shares.FABRIKAM_SHARES)):
        for owner, calendar, who, role in rows:
            taken = (owner, who) not in shares.UNACCEPTED
            address = who if "@" in who else f"{who}@contoso.com"
            do(tenant, "share", owner, calendar=calendar, who=address, role=role, accepted=taken)
    for owner, calendar, role in shares.ORGANIZATION:
        do(contoso, "role", owner, calendar=calendar, who="Default", role=role)
    for tenant in (contoso, fabrikam):
        for alias, option in shares.DELIVERY_CHOICES.items():
            if tenant.user(f"{alias}@{tenant.domains[0]}"):
                do(tenant, "delivery", alias, option=option)
    owner, calendar, inside, outside = shares.CROWDED
    colleagues = [f"{alias}@contoso.com" for alias, *_ in (*people.PEOPLE, *people.NASTY) if alias != owner]
    strangers = [f"speaker{number}@northwindtraders.com" for number in range(1, outside + 1)]
    for place, who in enumerate([*colleagues[:inside], *strangers]):
        role = ("freeBusyRead", "limitedRead", "read")[place % 3]
        do(contoso, "share", owner, calendar=calendar, who=who, role=role, accepted=False)
    for alias, (status, start, end) in shares.REPLIES.items():
        mailbox = box(contoso.user(f"{alias}@contoso.com"))
        mailbox.settings["automaticRepliesSetting"] = {
            **mailbox.settings["automaticRepliesSetting"],
            "status": status,
            "internalReplyMessage": "<html>I am away. Please ask a colleague.</html>",
            "externalReplyMessage": "<html>I am away.</html>",
            "scheduledStartDateTime": {"dateTime": start, "timeZone": "UTC"},
            "scheduledEndDateTime": {"dateTime": end, "timeZone": "UTC"},
        }
    for alias, owner_outside, name in shares.FROM_OUTSIDE:
        id = ids.calendar_id("outside", alias, name)
        mailbox = box(contoso.user(f"{alias}@contoso.com"))
        mailbox.calendars[id] = Calendar(id, name, change_key=ids.change_key(id), foreign_owner=owner_outside)
    holidays = box(contoso.user("HenriettaM@contoso.com")).calendars.values()
    next(each for each in holidays if each.name == "United States holidays").can_edit = False


def take_states(tenants: dict[str, Tenant]) -> None:
    for alias, state in people.STATES.items():
        change = {"do": "mailbox_state", "mailbox": f"{alias}@contoso.com", "state": state}
        apply(tenants, {**change, "at": people.LEFT_AT})
    for alias in people.DISABLED:
        apply(tenants, {"do": "disable_user", "mailbox": f"{alias}@contoso.com"})
