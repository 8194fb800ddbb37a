"""Organizational contacts: people outside who stand in the organization's own address book."""

from typing import Any

from . import parse
from .client import Client
from .resources import Contact

_SELECT = "id,displayName,mail,proxyAddresses"


def list_contacts(client: Client) -> tuple[Contact, ...]:
    """Contacts that have a mail address. Raises Denied without OrgContact.Read.All.

    https://learn.microsoft.com/graph/api/orgcontact-list
    """
    items: list[Any] = []
    for page in client.pages("/contacts", {"$select": _SELECT, "$top": "999"}):
        items += page["value"]
    return tuple(contact for contact in parse.contacts(items) if contact.address)


def first_contacts(client: Client) -> tuple[Contact, ...]:
    """A hundred contacts at most, to try whether they may be read.

    https://learn.microsoft.com/graph/api/orgcontact-list
    """
    return parse.contacts(next(client.pages("/contacts", {"$select": _SELECT, "$top": "100"}))["value"])
