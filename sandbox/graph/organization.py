"""organization and the list of groups."""

from typing import Any

from sandbox.graph.call import Call, chosen, collection, entity
from sandbox.graph.errors import Refusal
from sandbox.graph.paging import directory_page
from sandbox.graph.query import filtered
from sandbox.http import Response
from sandbox.rows import Group, Tenant


def organization(call: Call, id: str | None = None) -> Response:
    call.only("GET")
    call.need("organization", "Authorization_RequestDenied")
    if id is not None and id != call.tenant.tid:
        raise Refusal("Request_ResourceNotFound", id)
    value = chosen(_organization(call.tenant), call.params.get("$select"))
    if id is None:
        return collection(call.context("organization"), [value])
    return entity(call.context("organization/$entity"), value)


def _organization(tenant: Tenant) -> dict[str, Any]:
    domains = [
        {
            "name": domain,
            "isDefault": place == 0,
            "isInitial": domain.endswith(".onmicrosoft.com"),
            "type": "Managed",
            "capabilities": "Email, OfficeCommunicationsOnline",
        }
        for place, domain in enumerate(tenant.domains)
    ]
    return {
        "id": tenant.tid,
        "displayName": tenant.name,
        "countryLetterCode": tenant.country,
        "createdDateTime": "2019-05-06T07:08:09Z",
        "preferredLanguage": "en",
        "tenantType": "AAD",
        "verifiedDomains": domains,
    }


def _group(group: Group) -> dict[str, Any]:
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
        "visibility": None,
    }


def groups(call: Call) -> Response:
    call.only("GET")
    call.need("groups", "Authorization_RequestDenied")
    kept = filtered(call, [_group(group) for group in call.tenant.groups.values()])
    page, link = directory_page(call, [call.tenant.groups[row["id"]] for row in kept], "groups")
    select = call.params.get("$select")
    context = call.context(f"groups({select})" if select else "groups")
    return collection(context, [chosen(_group(group), select) for group in page], nextLink=link)


def group(call: Call, id: str) -> Response:
    call.only("GET")
    call.need("groups", "Authorization_RequestDenied")
    found = call.tenant.groups.get(id)
    if found is None:
        raise Refusal("Request_ResourceNotFound", id)
    return entity(call.context("groups/$entity"), chosen(_group(found), call.params.get("$select")))
