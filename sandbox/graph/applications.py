"""servicePrincipals, what they were granted, and the roles Exchange gives them."""

import base64
import re
from typing import Any

from sandbox import ids
from sandbox.apps import ServicePrincipal
from sandbox.graph.call import Call, chosen, collection, entity
from sandbox.graph.errors import Refusal
from sandbox.http import Response
from sandbox.permission_names import APP_ROLES, SCOPES, app_role_id, app_role_name
from sandbox.rows import Tenant
from sandbox.tokens import GRAPH_APP

_BY_APP_ID = re.compile(r"serviceprincipals\(appid='([^']*)'\)$", re.I)
_EQUALS = re.compile(r"(\w+)\s+eq\s+(?:'([^']*)'|([0-9a-f-]{36}))$", re.I)
# The roles of RBAC for Applications there are; none for the basic permissions (B.1).
EXCHANGE_ROLES = ("Calendars.Read", "Calendars.ReadWrite", "MailboxSettings.Read", "MailboxSettings.ReadWrite")


def graph_id(tenant: Tenant) -> str:
    """The object id of Microsoft Graph's own service principal in this tenant."""
    return ids.object_id("service principal", tenant.tid, GRAPH_APP)


def exchange_role_id(role: str) -> str:
    return ids.object_id("exchange role", role)


def answer(call: Call) -> Response:
    """Everything below servicePrincipals. Raises Refusal."""
    call.only("GET")
    call.need("applications", "Authorization_RequestDenied")
    path = call.path
    found = _BY_APP_ID.match(path[0])
    if found is None and len(path) == 1:
        return _list(call)
    key, rest = (found[1], path[1:]) if found else (path[1], path[2:])
    row = next((row for row in rows(call) if key == row["appId" if found else "id"]), None)
    if row is None:
        raise Refusal("Request_ResourceNotFound", key)
    match [name.lower() for name in rest]:
        case []:
            return entity(call.context("servicePrincipals/$entity"), chosen(row, call.params.get("$select")))
        case ["approleassignments"]:
            return _assignments(call, row, "principalId", "appRoleAssignments")
        case ["approleassignedto"]:
            return _assignments(call, row, "resourceId", "appRoleAssignedTo")
    raise Refusal("BadRequest", rest[-1])


def rows(call: Call) -> list[dict[str, Any]]:
    """Graph's own service principal, and one for each app the tenant knows."""
    graph: dict[str, Any] = {
        "id": graph_id(call.tenant),
        "accountEnabled": True,
        "appDisplayName": "Microsoft Graph",
        "appId": GRAPH_APP,
        "appOwnerOrganizationId": "f8cdef31-a31e-4b4a-93e4-5f571e91255a",
        "appRoleAssignmentRequired": False,
        "displayName": "Microsoft Graph",
        "servicePrincipalType": "Application",
        "signInAudience": "AzureADMultipleOrgs",
        "tags": [],
        "verifiedPublisher": _publisher(None),
        "appRoles": [
            {
                "allowedMemberTypes": ["Application"],
                "description": name,
                "displayName": name,
                "id": id,
                "isEnabled": True,
                "origin": "Application",
                "value": value,
            }
            for value, (id, name) in APP_ROLES.items()
        ],
        "oauth2PermissionScopes": [
            {
                "adminConsentDisplayName": name,
                "id": id,
                "isEnabled": True,
                "type": "Admin" if admin else "User",
                "value": value,
            }
            for value, (id, name, admin) in SCOPES.items()
        ],
    }
    return [graph, *(_row(call, each) for each in call.tenant.principals.values())]


def _row(call: Call, found: ServicePrincipal) -> dict[str, Any]:
    app = call.state.apps.get(found.client_id)
    name = app.name if app else found.client_id
    return {
        "id": found.oid,
        "accountEnabled": found.enabled,
        "appDisplayName": name,
        "appId": found.client_id,
        "appOwnerOrganizationId": app.home if app else None,
        "appRoleAssignmentRequired": False,
        "displayName": name,
        "servicePrincipalType": "Application",
        "signInAudience": "AzureADMultipleOrgs" if app and app.multi_tenant else "AzureADMyOrg",
        "tags": ["WindowsAzureActiveDirectoryIntegratedApp"],
        "replyUrls": list(app.redirect_uris) if app else [],
        "verifiedPublisher": _publisher(app.publisher if app else None),
        "appRoles": [],
        "oauth2PermissionScopes": [],
    }


def _publisher(name: str | None) -> dict[str, Any]:
    """An unverified one is an object of nulls, not missing (F.1)."""
    id = str(ids.object_id("publisher", name)) if name else None
    return {"displayName": name, "verifiedPublisherId": id, "addedDateTime": "2025-01-10T09:00:00Z" if name else None}


def _list(call: Call) -> Response:
    kept = rows(call)
    if wanted := call.params.get("$filter"):
        name, value = _equal(wanted)
        kept = [row for row in kept if str(row.get(name)) == value]
    select = call.params.get("$select")
    return collection(call.context("servicePrincipals"), [chosen(row, select) for row in kept])


def _equal(filter: str) -> tuple[str, str]:
    """The one kind of `$filter` these collections understand: a name and a value. Raises Refusal."""
    found = _EQUALS.match(filter.strip())
    if found is None:
        message = "Unsupported or invalid query filter clause specified."
        raise Refusal("Request_UnsupportedQuery", status=400, message=message)
    return found[1], found[2] if found[2] is not None else found[3]


def _assignments(call: Call, row: dict[str, Any], side: str, name: str) -> Response:
    kept = [
        {
            "id": base64.urlsafe_b64encode(ids.digest(found.oid, role, size=32)).decode().rstrip("="),
            "deletedDateTime": None,
            "appRoleId": app_role_id(role),
            "createdDateTime": at,
            "principalDisplayName": _row(call, found)["displayName"],
            "principalId": found.oid,
            "principalType": "ServicePrincipal",
            "resourceDisplayName": "Microsoft Graph",
            "resourceId": graph_id(call.tenant),
        }
        for found in call.tenant.principals.values()
        for role, at in found.roles.items()
    ]
    kept = [each for each in kept if each[side] == row["id"]]
    if wanted := call.params.get("$filter"):
        member, value = _equal(wanted)
        kept = [each for each in kept if str(each.get(member)) == value]
    return collection(call.context(f"servicePrincipals('{row['id']}')/{name}"), kept)


def delegated_grants(call: Call) -> Response:
    """What was consented to on behalf of everybody or of one person."""
    call.only("GET")
    call.need("delegated grants", "Authorization_RequestDenied")
    kept = []
    for found in call.tenant.principals.values():
        for oid, scopes in [(None, found.scopes), *found.user_scopes.items()]:
            if scopes:
                id = base64.urlsafe_b64encode(ids.digest("grant", found.oid, oid, size=32)).decode().rstrip("=")
                row = {"id": id, "clientId": found.oid, "consentType": "Principal" if oid else "AllPrincipals"}
                row |= {"principalId": oid, "resourceId": graph_id(call.tenant), "scope": " ".join(scopes)}
                kept.append(row)
    for clause in re.split(r"\s+and\s+", call.params.get("$filter", "")):
        if clause:
            name, value = _equal(clause)
            kept = [row for row in kept if row.get(name) == value]
    return collection(call.context("oauth2PermissionGrants"), kept)


def exchange_roles(call: Call, what: str) -> Response:
    """RBAC for Applications: who holds which role where. It shows what was set, also while that is not in force yet."""
    call.only("GET")
    call.need("exchange roles", "Authorization_RequestDenied")
    assigned = [(found, each) for found in call.tenant.principals.values() for each in found.limits.assignments]
    match what.lower():
        case "roleassignments":
            kept = [_exchange_row(found, each) for found, each in assigned]
        case "roledefinitions":
            kept = [
                {
                    "id": exchange_role_id(role),
                    "displayName": f"Application {role}",
                    "description": app_role_name(role),
                    "isBuiltIn": True,
                    "isEnabled": True,
                }
                for role in EXCHANGE_ROLES
            ]
        case "customappscopes":
            groups = {each["group"]: None for _, each in assigned if each["custom"]}
            kept = [_scope(call, group) for group in groups]
        case _:
            raise Refusal("BadRequest", what)
    if wanted := call.params.get("$filter"):
        name, value = _equal(wanted)
        kept = [row for row in kept if row.get(name) == value]
    return collection(call.context(f"roleManagement/exchange/{call.path[2]}"), kept)


def _exchange_row(found: ServicePrincipal, each: dict[str, Any]) -> dict[str, Any]:
    place = f"/Groups/{each['group']}" if each["group"] else "/"
    return {
        "id": each["id"],
        "principalId": f"/ServicePrincipals/{found.oid}",
        "roleDefinitionId": exchange_role_id(each["role"]),
        "directoryScopeId": None if each["custom"] else place,
        "appScopeId": scope_id(each["group"]) if each["custom"] else None,
    }


def scope_id(group: str) -> str:
    return ids.object_id("management scope", group)


def _scope(call: Call, group: str) -> dict[str, Any]:
    name = call.tenant.groups[group].name if group in call.tenant.groups else group
    return {
        "id": scope_id(group),
        "type": "RecipientScope",
        "displayName": f"Members of {name}",
        "customAttributes": {"Exclusive": False, "RecipientFilter": f"MemberOfGroup -eq 'CN={name}'"},
    }
