"""Finds a tenant by one of its domains, without signing in."""

import re
import time
from collections.abc import Callable

import requests

from .answers import parse_object
from .clouds import Endpoints
from .errors import Malformed, TenantNotFound, Throttled, Unreachable
from .id_token import CONSUMER_TENANT
from .transport import READ_SECONDS, read_body

_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# A GUID, or labels of a domain; nothing that could be another path.
_NAME = re.compile(rf"{_GUID}|(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]", re.ASCII)


def find_tenant(
    name: str,
    *,
    endpoints: Endpoints,
    session: requests.Session,
    monotonic: Callable[[], float] = time.monotonic,
) -> str:
    """The id of the tenant that has this id or verified domain, by Entra's own discovery document.

    Raises TenantNotFound (`other_cloud`: it lives in another one), Throttled, Unreachable, Malformed.
    https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
    """
    wanted = name.strip().lower()
    if len(wanted) > 253 or not _NAME.fullmatch(wanted):
        raise TenantNotFound("neither an id nor a domain", cause="not_a_name")
    url = f"{endpoints.login_url}/{wanted}/v2.0/.well-known/openid-configuration"
    deadline = monotonic() + READ_SECONDS
    try:
        with session.get(url, stream=True, headers={"Accept-Encoding": "gzip"}) as response:
            body = read_body(response, deadline=deadline, monotonic=monotonic, max_bytes=1_000_000)
            status = response.status_code
    except requests.Timeout:
        raise Unreachable("Entra", cause="timeout") from None
    except (requests.RequestException, OSError) as error:
        raise Unreachable(type(error).__name__) from None
    if status == 429:
        raise Throttled(status=status)
    if status >= 500:
        raise Unreachable("Entra is in trouble", status=status)
    if status != 200:
        raise TenantNotFound("no such tenant in this cloud", status=status)
    return _tenant_of(parse_object(body).get("issuer"), endpoints)


def _tenant_of(issuer: object, endpoints: Endpoints) -> str:
    """The id in an issuer of this cloud's own form."""
    if not isinstance(issuer, str):
        raise Malformed("no issuer")
    found = re.fullmatch(rf"(https?://[^/]+)/({_GUID})/v2\.0/?", issuer, re.ASCII)
    if not found or found[2] == CONSUMER_TENANT:
        raise Malformed("an issuer without a tenant")
    if found[1] != endpoints.login_url:
        raise TenantNotFound("the issuer is another cloud's", cause="other_cloud")
    return found[2]
