"""organization."""

from typing import Any

from sandbox.graph.call import Call, chosen, collection, entity
from sandbox.graph.errors import Refusal
from sandbox.http import Response
from sandbox.rows import Tenant


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
