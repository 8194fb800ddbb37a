"""The tenant's own record."""

from . import parse
from .client import Client
from .errors import Malformed
from .resources import Organization


def get_organization(client: Client) -> Organization:
    """The tenant that the token is for: its id, name and verified domains.

    https://learn.microsoft.com/graph/api/organization-list
    """
    items = client.get("/organization", {"$select": "id,displayName,verifiedDomains"}).get("value")
    if not isinstance(items, list) or len(items) != 1:
        raise Malformed("not one organization")
    return parse.organization(items[0])
