"""groups, and who is in them: direct members, and everybody below."""

from collections.abc import Iterator
from typing import Any

from sandbox.graph import contacts, users
from sandbox.graph.call import Call, chosen, collection, entity
from sandbox.graph.errors import Refusal
from sandbox.graph.paging import directory_page
from sandbox.graph.query import filtered
from sandbox.http import Response
from sandbox.rows import Contact, Group, User

Member = User | Group | Contact
# Segments that leave only members of one type, and what their collection is called.
CASTS: dict[str, tuple[type, str]] = {
    "microsoft.graph.user": (User, "users"),
    "microsoft.graph.group": (Group, "groups"),
    "microsoft.graph.orgcontact": (Contact, "contacts"),
}


def whole(group: Group) -> dict[str, Any]:
    return {
        "id": group.oid,
        "createdDateTime": "2020-02-03T04:05:06Z",
        "description": group.description,
        "displayName": group.name,
        "groupTypes": group.group_types,
        "mail": group.mail,
        "mailEnabled": group.mail_enabled,
        "mailNickname": (group.mail or group.name).split("@")[0],
        "proxyAddresses": [f"SMTP:{group.mail}"] if group.mail else [],
        "securityEnabled": group.security_enabled,
        "visibility": group.visibility,
    }


def list_groups(call: Call) -> Response:
    call.only("GET")
    call.need("groups", "Authorization_RequestDenied")
    kept = filtered(call, [whole(group) for group in call.tenant.groups.values()])
    page, link = directory_page(call, [call.tenant.groups[row["id"]] for row in kept], "groups")
    select = call.params.get("$select")
    context = call.context(f"groups({select})" if select else "groups")
    return collection(context, [chosen(whole(group), select) for group in page], nextLink=link)


def get_group(call: Call, id: str) -> Response:
    group = _find(call, id)
    return entity(call.context("groups/$entity"), chosen(whole(group), call.params.get("$select")))


def members(call: Call, id: str, rest: list[str], *, nested: bool) -> Response:
    """The members of a group; `rest` may be a cast to one type, `$count`, or both in this order."""
    group = _find(call, id)
    counts = rest[-1:] == ["$count"]
    casts = rest[:-1] if counts else rest
    if len(casts) > 1 or not CASTS.keys() >= set(casts):
        raise Refusal("BadRequest", rest[-1])
    _mind_advanced(call, is_advanced=counts or bool(casts), wants_count=not counts)
    found = list(_below(call, group, nested, {group.oid}))
    if group.visibility == "HiddenMembership" and not call.may("hidden members"):
        found = []  # not a refusal: an empty list
    kind = "directoryObjects"
    if casts:
        wanted, kind = CASTS[casts[0]]
        if wanted is Group and "Unified" in group.group_types:  # such a group cannot hold groups
            raise Refusal("Request_UnsupportedQuery", message="The member type is not supported.")
        found = [member for member in found if isinstance(member, wanted)]
    if counts:
        return Response(200, {"Content-Type": "text/plain"}, str(len(found)).encode())
    kept = filtered(call, [_whole(call, member) for member in found])
    by_oid = {member.oid: member for member in found}
    page, link = directory_page(call, [by_oid[row["id"]] for row in kept], "/".join(call.path))
    count = len(kept) if call.params.get("$count", "").lower() == "true" else None
    select = call.params.get("$select")
    rows = [_row(call, member, select, is_cast=bool(casts)) for member in page]
    return collection(call.context(f"{kind}({select})" if select else kind), rows, count=count, nextLink=link)


def _find(call: Call, id: str) -> Group:
    call.only("GET")
    call.need("groups", "Authorization_RequestDenied")
    group = call.tenant.groups.get(id.lower())
    if group is None:
        raise Refusal("Request_ResourceNotFound", id)
    return group


def _mind_advanced(call: Call, *, is_advanced: bool, wants_count: bool) -> None:
    """Casts and `$count` need the header on every page, and `$count=true` on the first. Raises Refusal."""
    eventual = call.request.headers.get("consistencylevel", "").lower() == "eventual"
    counted = call.params.get("$count", "").lower() == "true" or "$skiptoken" in call.params or not wants_count
    if is_advanced and not (eventual and counted):
        message = "Request with advanced query options needs 'ConsistencyLevel: eventual' and $count=true."
        raise Refusal("Request_UnsupportedQuery", status=400, message=message)


def _below(call: Call, group: Group, nested: bool, seen: set[str]) -> Iterator[Member]:
    """Each member once, also where groups stand in each other."""
    tenant = call.tenant
    for oid in group.members:
        member = tenant.users.get(oid) or tenant.groups.get(oid) or tenant.contacts.get(oid)
        if member is None or oid in seen:
            continue
        seen.add(oid)
        yield member
        if nested and isinstance(member, Group):
            yield from _below(call, member, nested, seen)


def _whole(call: Call, member: Member) -> dict[str, Any]:
    if isinstance(member, User):
        return users.whole(call, member)
    return whole(member) if isinstance(member, Group) else contacts.whole(member)


def _row(call: Call, member: Member, select: str | None, *, is_cast: bool) -> dict[str, Any]:
    """What the caller may not read is there with its id and type, and null for the rest."""
    kinds = {User: ("#microsoft.graph.user", "users"), Group: ("#microsoft.graph.group", "groups")}
    kind, need = kinds.get(type(member), ("#microsoft.graph.orgContact", "contacts"))
    value = _whole(call, member)
    if isinstance(member, User) and not select:
        value = {name: value[name] for name in users.DEFAULTS}
    if not call.may(need):
        value = {name: member.oid if name == "id" else None for name in value}
    mark = {} if is_cast else {"@odata.type": kind}
    return {**mark, **chosen(value, select)}
