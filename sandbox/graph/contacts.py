"""contacts: the organization's own address book of people outside."""

from typing import Any

from sandbox.graph.call import Call, chosen, collection
from sandbox.graph.paging import directory_page
from sandbox.graph.query import filtered
from sandbox.http import Response
from sandbox.rows import Contact


def whole(contact: Contact) -> dict[str, Any]:
    """An orgContact. https://learn.microsoft.com/graph/api/resources/orgcontact"""
    given, _, surname = contact.name.partition(" ")
    return {
        "id": contact.oid,
        "deletedDateTime": None,
        "addresses": [],
        "companyName": contact.company,
        "department": None,
        "displayName": contact.name,
        "givenName": given,
        "jobTitle": None,
        "mail": contact.mail,
        "mailNickname": contact.mail.split("@")[0],
        "onPremisesSyncEnabled": None,
        "phones": [],
        "proxyAddresses": contact.proxy_addresses,
        "surname": surname or None,
    }


def list_contacts(call: Call) -> Response:
    call.only("GET")
    call.need("contacts", "Authorization_RequestDenied")
    kept = filtered(call, [whole(contact) for contact in call.tenant.contacts.values()])
    page, link = directory_page(call, [call.tenant.contacts[row["id"]] for row in kept], "contacts")
    select = call.params.get("$select")
    context = call.context(f"contacts({select})" if select else "contacts")
    return collection(context, [chosen(whole(contact), select) for contact in page], nextLink=link)
