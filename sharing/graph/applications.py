"""The app as a tenant knows it: its service principal, the roles it was granted there, and whether a mailbox opens."""

import base64
import json
from typing import Any

from . import parse
from .client import Client
from .errors import Denied, IdRefused, Malformed, NotFound
from .ids import directory_id
from .tokens import Token

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
DENIED_CODE = "erroraccessdenied"


def principal_of(token: Token) -> str | None:
    """The object id of the service principal that an app's token names; None where it cannot be looked into.

    https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
    """
    try:
        body = token.value.split(".")[1]
        return directory_id(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["oid"])
    except (ValueError, IndexError, KeyError, TypeError, IdRefused):
        return None


def find_principal(client: Client, app_id: str) -> str:
    """The object id of an app's service principal. Raises NotFound, Denied without Application.Read.All.

    https://learn.microsoft.com/graph/api/serviceprincipal-list
    """
    return directory_id(parse.directory_ids([_principal(client, app_id, "id")])[0])


def granted_roles(client: Client, principal_id: str) -> frozenset[str]:
    """Names of Graph's app roles that a service principal was granted; an id that Graph does not name stays an id.

    Raises Denied without Application.Read.All.
    https://learn.microsoft.com/graph/api/serviceprincipal-list-approleassignments
    """
    graph = _principal(client, GRAPH_APP_ID, "id,appRoles")
    graph_id, names = parse.directory_ids([graph])[0], parse.app_roles(graph)
    items: list[Any] = []
    for page in client.pages(f"/servicePrincipals/{directory_id(principal_id)}/appRoleAssignments"):
        items += page["value"]
    granted = [parse.app_role_assignment(item) for item in items]
    return frozenset(names.get(role) or role for resource, role in granted if resource == graph_id)


def try_mailbox(client: Client, mailbox_id: str) -> None:
    """Ask for the id of the primary calendar and nothing else: the answer is whether the mailbox opens.

    Raises Denied where it does not, and GraphError where that is not known.
    https://learn.microsoft.com/graph/api/calendar-get
    """
    parse.directory_ids([client.get(f"/users/{directory_id(mailbox_id)}/calendar", {"$select": "id"})])


def is_refusal(error: Denied) -> bool:
    """Whether Exchange said no to this one mailbox, and not Entra to the app as a whole."""
    return error.status == 403 and error.code.casefold() == DENIED_CODE


def _principal(client: Client, app_id: str, select: str) -> dict[str, Any]:
    params = {"$filter": f"appId eq '{directory_id(app_id)}'", "$select": select}
    items = client.get("/servicePrincipals", params).get("value")
    if not isinstance(items, list) or len(items) > 1:
        raise Malformed("not one service principal")
    if not items:
        raise NotFound("no service principal")
    found: dict[str, Any] = items[0]
    return found
