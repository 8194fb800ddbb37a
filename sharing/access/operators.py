"""Who operates a tenant for IT, what would be a gift to themselves, and who may say yes to what they propose."""

import re

from django.db.models import Q, QuerySet

from sharing.models import (
    BatchItem,
    CalendarPermission,
    ChangeBatch,
    GroupLimit,
    GroupMember,
    Person,
    PersonAddress,
    Proposal,
    RoleAssignment,
    Stewardship,
    Tenant,
    User,
)
from sharing.models.names import folded

from .owners import mailbox_ids
from .tenants import one, reads, tenants_for_it

OWNER, STEWARD, OPERATOR = "owner", "steward", "operator"  # as what somebody answers


def operates(user: User, tenant: Tenant) -> bool:
    """Does `user` hold the operator's role in `tenant`, now? Read afresh."""
    held = RoleAssignment.objects.filter(user_id=user.pk, tenant=tenant, role=RoleAssignment.OPERATOR)
    return held.filter(user__is_active=True).exists()


def tenants_for_operator(user: User) -> QuerySet[Tenant]:
    """Tenants in which `user` may change what is others', as far as operators may."""
    held = RoleAssignment.objects.filter(user_id=user.pk, role=RoleAssignment.OPERATOR, tenant__isnull=False)
    return tenants_for_it(user).filter(pk__in=held.values("tenant"))


def gains(user: User, person: Person | None, address: str = "") -> bool:
    """Would access for this holder be access for `user`, or can nobody say that it would not?

    `person` None with no `address` is the organisation row: everybody. A group counts as theirs unless a complete
    listing of its members is at hand that names people only and not them. An account with the same name or address is
    taken for a second one of the same person.
    """
    if person is None and not address:
        return True
    names, addresses = _known_as(user)
    if folded(address) in addresses or _nickname(address) in {_nickname(known) for known in addresses}:
        return True
    if person is None:
        return _is_theirs_by_address(user, address)
    if person.oid is not None and person.oid == user.oid and person.tenant_id == user.tenant_id:
        return True
    if person.kind == Person.GROUP:
        return _may_be_member(user, person)
    if person.kind == Person.UNRESOLVED or any(_same_name(person.name, name) for name in names):
        return True
    theirs = {folded(a) for a in (person.address, *person.addresses.values_list("address", flat=True))} - {""}
    return bool(theirs & addresses) or bool({_nickname(a) for a in theirs} & {_nickname(a) for a in addresses})


def is_same_person(one_user: User, other: User) -> bool:
    """The same account, or a second one of the same person as far as names and addresses tell."""
    if one_user.pk == other.pk:
        return True
    names, addresses = _known_as(one_user)
    other_names, other_addresses = _known_as(other)
    if any(_same_name(name, also) for name in names for also in other_names):
        return True
    return bool({_nickname(a) for a in addresses} & {_nickname(a) for a in other_addresses})


def _known_as(user: User) -> tuple[set[str], set[str]]:
    """Names and folded addresses by which the portal and the directory know `user`."""
    rows = Person.objects.filter(tenant_id=user.tenant_id, oid=user.oid)
    names = {user.name, *rows.values_list("name", flat=True)} - {""}
    addresses = {folded(user.address), *(folded(a) for a in rows.values_list("address", flat=True))}
    more = PersonAddress.objects.filter(person__in=rows).values_list("address", flat=True)
    addresses |= {folded(address) for address in more}
    return names, addresses - {""}


def _same_name(one_name: str, other: str) -> bool:
    """All words of the shorter name are in the longer: "Lidia Holloway", "Holloway, Lidia (admin)"."""
    words, others = (set(re.findall(r"\w+", folded(name))) for name in (one_name, other))
    shorter, longer = sorted((words, others), key=len)
    return len(shorter) > 0 and (len(shorter) > 1 or shorter == longer) and shorter <= longer


def _nickname(address: str) -> str:
    """What stands before the @, without what is added to it: "lidiah" of "LidiaH+x@…", "adm-lidiah@…"."""
    local = folded(address).partition("@")[0].partition("+")[0].partition("#")[0]
    return re.sub(r"^(adm|admin|a|ext|x)[-_.]|[-_.](adm|admin|ext|guest)$", "", local) or local


def _is_theirs_by_address(user: User, address: str) -> bool:
    """Somebody the directory knows by this address, looked at as the person they are; ambiguous: nobody can say."""
    ids = PersonAddress.objects.filter(tenant_id=user.tenant_id, address=folded(address)).values("person")
    people = Person.objects.filter(pk__in=ids, ended_at=None)
    return any(gains(user, person) for person in people)


def _may_be_member(user: User, group: Person) -> bool:
    """Is `user` in this group, as far as anybody knows? Only the group that limits the app is listed, and whole."""
    if group.oid is None or user.tenant_id != group.tenant_id:
        return True
    limit = GroupLimit.objects.filter(tenant_id=group.tenant_id, group_oid=group.oid).first()
    if limit is None or limit.members_read_at is None:
        return True
    members = GroupMember.objects.filter(limit=limit).values("oid")
    people = Person.objects.filter(tenant_id=group.tenant_id, oid__in=members, ended_at=None)
    if people.exclude(kind=Person.GROUP).count() != members.count():
        return True  # a group within the group, or somebody unknown: then who is in it is not known
    return any(gains(user, member) for member in people)


# Batches and proposals ------------------------------------------------------------------------------------


def batches_for_it(user: User, tenant: Tenant) -> QuerySet[ChangeBatch]:
    """The batches of a tenant, for reviewers and operators; a list that is only checked is its maker's alone."""
    reads(user, tenant)
    rows = ChangeBatch.objects.filter(tenant=tenant).exclude(~Q(actor=user.pk), state=ChangeBatch.CHECKED)
    return rows.select_related("tenant", "actor", "calendar__mailbox__person")


def batch_for_it(user: User, tenant: Tenant, public_id: str) -> ChangeBatch:
    return one(batches_for_it(user, tenant).filter(public_id=public_id))


def items_for_it(user: User, batch: ChangeBatch) -> QuerySet[BatchItem]:
    """The lines of a batch that `user` may see."""
    one(batches_for_it(user, batch.tenant).filter(pk=batch.pk))
    return BatchItem.objects.filter(batch=batch)


def permission_for_operator(user: User, tenant: Tenant, pk: int) -> CalendarPermission:
    """One permission of a tenant that `user` operates, also where it ended meanwhile."""
    reads(user, tenant)
    rows = CalendarPermission.objects.filter(tenant=tenant, pk=pk)
    related = ("calendar", "mailbox__person", "mailbox__tenant", "mailbox__shard", "grantee", "tenant")
    return one(rows.select_related(*related) if operates(user, tenant) else rows.none())


def proposals_for_it(user: User, tenant: Tenant) -> QuerySet[Proposal]:
    """What was proposed in a tenant and is IT's to see: not what a deputy or an owner asked for."""
    reads(user, tenant)
    return _with_names(Proposal.objects.filter(tenant=tenant, asked_as=OPERATOR))


def proposals_for_owner(user: User) -> QuerySet[Proposal]:
    """What is proposed for calendars that `user` owns or keeps as a steward."""
    rows = _with_names(Proposal.objects.filter(mailbox__in=mailbox_ids(user), mailbox__tenant_id=user.tenant_id))
    kept = Stewardship.objects.filter(tenant_id=user.tenant_id, oid=user.oid).values("mailbox")
    return rows.filter(Q(mailbox__person__oid=user.oid) | Q(mailbox__in=kept))


def _with_names(rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
    related = ("tenant", "mailbox__person", "mailbox__tenant", "calendar", "permission", "person", "asked_by__tenant")
    return rows.select_related(*related, "decided_by", "change").order_by("-asked_at", "-pk")


def answers_as(user: User, proposal: Proposal) -> str:
    """As what `user` may say yes or no now: owner, steward, operator; empty where it is not theirs to say.

    Never who asked, nor another account of theirs; an operator never to what would be a gift to themselves, and never
    to who acts for an owner.
    """
    user = User.objects.select_related("tenant").get(pk=user.pk)
    if not user.is_active or is_same_person(user, proposal.asked_by):
        return ""
    if user.tenant_id == proposal.tenant_id and proposal.mailbox.person.oid == user.oid:
        return OWNER
    kept = Stewardship.objects.filter(tenant_id=user.tenant_id, oid=user.oid, mailbox=proposal.mailbox_id)
    if kept.exists():
        return STEWARD
    if proposal.kind in (Proposal.DEPUTY, Proposal.COVER) or not operates(user, proposal.tenant):
        return ""
    return "" if gains(user, proposal.person, _address_of(proposal)) else OPERATOR


def _address_of(proposal: Proposal) -> str:
    """The address of the entry that is to be changed; empty where a person of the directory says it all."""
    return proposal.permission.address if proposal.permission and not proposal.permission.is_organization else ""
