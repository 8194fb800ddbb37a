"""Tries at Microsoft what the portal needs in a tenant; only reads."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sharing import graph
from sharing.graph import applications
from sharing.models import ORGANIZATION_ID, GroupMember, Invitation, Mailbox, Person, Tenant, User

from . import clients
from .sentences import NotConnected, sentence_for
from .verdicts import mailbox_roles

MOST_PROBES = 30  # mailboxes tried until one can be read
MOST_MEMBERS = 5  # of those, in a tenant that is limited to a group


@dataclass(frozen=True, slots=True)
class Need:
    """One of Graph's app roles, what it is for, and which wider ones include it."""

    role: str
    purpose: str
    is_required: bool = True
    within: tuple[str, ...] = ()


_DIRECTORY = ("Directory.Read.All", "Directory.ReadWrite.All")
ORGANIZATION = Need("Organization.Read.All", "the tenant’s name and domains", within=_DIRECTORY)
USERS = Need("User.Read.All", "its people", within=("User.ReadWrite.All", *_DIRECTORY))
GROUPS = Need(
    "GroupMember.Read.All",
    "its groups and how many people are in them",
    False,
    ("Group.Read.All", "Group.ReadWrite.All", *_DIRECTORY),
)
CONTACTS = Need("OrgContact.Read.All", "the contacts in its address book", False, _DIRECTORY)
CALENDARS = Need("Calendars.Read", "calendars and their permissions", within=("Calendars.ReadWrite",))
SETTINGS = Need("MailboxSettings.Read", "who gets meeting requests", within=("MailboxSettings.ReadWrite",))
READS = (ORGANIZATION, USERS, GROUPS, CONTACTS, CALENDARS, SETTINGS)
WRITES = (
    Need("Calendars.ReadWrite", "to change who may see a calendar"),
    Need("MailboxSettings.ReadWrite", "to change who gets meeting requests"),
)
AUDIT_LOG = Need(
    "AuditLogsQuery-Exchange.Read.All", "who changed sharing elsewhere, by Exchange’s audit log", False,
    ("AuditLogsQuery.Read.All",),
)  # fmt: skip
MEETINGS = (Need("Calendars.ReadWrite", "to see when people are free, and to book meetings"),)
KNOWN_ROLES = frozenset(need.role for need in (*READS, *WRITES, AUDIT_LOG))


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing that was tried; `error` is None where it worked."""

    need: Need
    error: graph.GraphError | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """What a tenant lets us do.

    `roles` is what the token says it holds, a diagnostic only (None where it cannot be looked into); `probed` is the
    address of the mailbox that was read, `skew_seconds` how far our clock is ahead of Microsoft's.
    """

    organization: graph.Organization | None
    trials: tuple[Trial, ...]
    roles: frozenset[str] | None
    probed: str
    skew_seconds: float | None
    # Read for people known here: nobody who may be tried has a mailbox.
    nobody_to_try: bool = False

    @property
    def missing(self) -> tuple[Need, ...]:
        """What is required and was refused."""
        return tuple(t.need for t in self.trials if t.need.is_required and isinstance(t.error, graph.Denied))

    @property
    def missing_for_writes(self) -> tuple[Need, ...]:
        """What writing needs and the token does not name; nothing where the token cannot be looked into.

        Nor where Exchange lets the app in by a role of its own, limited to a group: no token names that.
        """
        if self.roles is None or (self.probed and not mailbox_roles(self.roles)):
            return ()
        return tuple(need for need in WRITES if need.role not in self.roles)

    @property
    def excess(self) -> tuple[str, ...]:
        """Roles the portal has no use for."""
        return tuple(sorted((self.roles or frozenset()) - KNOWN_ROLES))


def reach(tenant: Tenant) -> graph.Client:
    """A client that holds a token for `tenant`. Raises NotConnected with the sentence that says why there is none."""
    tid = str(tenant.tid)
    try:
        client = clients.client_for(tenant)
        client.renew()
    except (graph.ConfigurationRefused, graph.GraphError) as error:
        raise NotConnected(sentence_for(error, tid=tid)) from None
    return client


def prove(*, client: graph.Client, tid: str, now: datetime, approver: str = "") -> Proof:
    """Get a token, ask which tenant it is for, then try to read people, groups, contacts, and one mailbox.

    Where only people known here are read, nobody else is asked about but `approver` (an object id), and only where
    none of them has a mailbox.

    Raises graph.GraphError where Entra gives no token or Graph does not answer, NotConnected where another tenant
    answers. https://learn.microsoft.com/graph/permissions-reference
    """
    roles = client.renew().roles
    organization, organization_trial = _try(ORGANIZATION, lambda: graph.get_organization(client))
    if organization and organization.id.casefold() != tid.casefold():
        raise NotConnected(f"Asked for the tenant {tid}, Microsoft answered for {organization.id}.")
    for_people = Tenant.objects.filter(tid=tid, scope=Tenant.PEOPLE).first()
    if for_people:
        domains = organization.domains if organization else ()
        probed, trials = _try_known(client, for_people, domains, approver)
    else:
        probed, trials = _try_everybody(client, tid)
    nobody = bool(for_people) and isinstance(trials[-1].error, graph.MailboxMissing)
    if probed:
        trials.append(_try(SETTINGS, lambda: graph.read_settings(client, probed.id))[1])
    address = (probed.address or "") if probed else ""
    return Proof(
        organization, (organization_trial, *trials), roles, address, client.clock_skew_seconds(now), nobody
    )  # fmt: skip


def lacking_for_writes(tenant: Tenant, proof: Proof) -> tuple[Need, ...]:
    """What changing in `tenant` still needs, from the registration that changes there.

    `proof` is what the one that reads was let do. Raises graph.GraphError where the second one gets no token.
    """
    if not tenant.has_writer:
        return proof.missing_for_writes
    client = clients.writer_for(tenant)
    roles = client.renew().roles
    lacking = tuple(need for need in WRITES if roles is not None and need.role not in roles)
    return () if lacking and is_let_in_by_group(tenant, client) else lacking


def is_let_in_by_group(tenant: Tenant, client: graph.Client) -> bool:
    """Whether Exchange lets this app into the limiting group by a role of its own, which no token names.

    Asks for the id of a member's calendar, and for nothing where Entra grants the app a mailbox role anyway. That the
    app may change there, too, is not tried: only a change can prove it.
    https://learn.microsoft.com/exchange/permissions-exo/application-rbac
    """
    if tenant.scope != Tenant.GROUP or mailbox_roles(client.roles() or ()):
        return False
    members = GroupMember.objects.filter(tenant=tenant).order_by("pk").values_list("oid", flat=True)
    for oid in members[:MOST_MEMBERS]:
        with suppress(graph.GraphError):  # no mailbox, or not let in: neither says that the next is not
            applications.try_mailbox(client, str(oid))
            return True
    return False


def _try(need: Need, ask: Callable[[], Any]) -> tuple[Any, Trial]:
    """Only a refusal answers the question; everything else means that it could not be asked."""
    try:
        return ask(), Trial(need)
    except graph.Denied as error:
        return None, Trial(need, error)


def _try_everybody(client: graph.Client, tid: str) -> tuple[graph.User | None, list[Trial]]:
    """Whose mailbox could be read, and what was tried: the last one is the mailbox."""
    users, users_trial = _try(USERS, lambda: graph.first_users(client))
    _, groups_trial = _try(GROUPS, lambda: graph.first_groups(client))
    _, contacts_trial = _try(CONTACTS, lambda: graph.first_contacts(client))
    probed, calendars_trial = _probe(client, _members(client, tid) or users or ())
    return probed, [users_trial, groups_trial, contacts_trial, calendars_trial]


def _try_known(
    client: graph.Client, tenant: Tenant, domains: Collection[str], approver: str
) -> tuple[graph.User | None, list[Trial]]:
    """The same with people known here, then with `approver`; groups and contacts are not asked for."""
    given_back = Mailbox.objects.filter(tenant=tenant, disconnected_at__isnull=False)
    left_alone = {str(oid) for oid in given_back.values_list("person__oid", flat=True)}
    known, users_trial = _try(USERS, lambda: _known(client, tenant, domains, left_alone))
    probed, calendars_trial = _probe(client, known or ())
    has_none = users_trial.error is None and isinstance(calendars_trial.error, graph.MailboxMissing)
    if approver and approver not in left_alone and has_none:
        found, users_trial = _try(USERS, lambda: graph.get_users(client, [approver])[approver])
        probed, calendars_trial = _probe(client, (found,)) if found else (None, Trial(CALENDARS, graph.NotFound()))
    return probed, [users_trial, calendars_trial]


def _known(
    client: graph.Client, tenant: Tenant, domains: Collection[str], left_alone: Collection[str]
) -> tuple[graph.User, ...]:
    """Some of the people who have an account here or were invited."""
    matched = Invitation.objects.filter(tenant=tenant, state=Invitation.MATCHED)
    accounts = User.objects.filter(tenant=tenant, is_active=True)
    people = Person.objects.filter(pk__in=matched.values("person"), oid__isnull=False)
    oids = {str(oid) for rows in (accounts, people) for oid in rows.values_list("oid", flat=True)}
    found = graph.get_users(client, sorted(oids.difference(left_alone))[:MOST_PROBES])
    waiting = Invitation.objects.filter(tenant=tenant, state=Invitation.WAITING).order_by("pk")
    addresses = [a for a in waiting.values_list("address", flat=True) if a.rpartition("@")[2] in domains]
    owners = graph.find_users(client, addresses[:MOST_PROBES]).values()
    users = [*found.values(), *(each[0] for each in owners if len(each) == 1)]
    return tuple(user for user in users if user and user.id not in left_alone)


def _members(client: graph.Client, tid: str) -> tuple[graph.User, ...]:
    """Some of the group that the app is limited to, where it is: nobody else can be read."""
    oids = GroupMember.objects.filter(tenant__tid=tid).order_by("pk").values_list("oid", flat=True)
    found = []
    for oid in oids[:MOST_MEMBERS]:
        with suppress(graph.NotFound, graph.MailboxMissing, graph.Denied):
            found.append(graph.get_user(client, str(oid)))
    return tuple(found)


def _probe(client: graph.Client, users: tuple[graph.User, ...]) -> tuple[graph.User | None, Trial]:
    """Read calendars and the main one's permissions in the first mailbox that lets us.

    MailboxMissing: nobody has one.
    """
    error: graph.GraphError | None = graph.MailboxMissing()
    likely = sorted((u for u in users if u.kind == "user"), key=lambda u: (not u.has_exchange, not u.enabled))
    for user in likely[:MOST_PROBES]:
        try:
            graph.list_calendars(client, user.id)
            permissions = graph.list_permissions(client, user.id)
            if all(permission.id != ORGANIZATION_ID for permission in permissions):
                # Every main calendar has this row: a list without it is what one gets who may not see it.
                raise graph.Malformed("no Default row", cause="no_default_row")
        except graph.MailboxMissing:
            continue
        except (graph.OutOfScope, graph.NotFound, graph.Unreachable, graph.Malformed) as refused:
            error = refused  # this mailbox says nothing about the next
        except graph.Denied as refused:
            return None, Trial(CALENDARS, refused)
        else:
            return user, Trial(CALENDARS)
    return None, Trial(CALENDARS, error)
