"""Says in one plain sentence why Microsoft does not let us in, and what to do about it."""

import re

from sharing import graph
from sharing.models import READER

from . import clients

# Which sentence to show, nothing else: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
_WHY = {
    "700027": "it is not registered for the app {app}",
    "7000215": "the app {app} has no such secret",
    "7000222": "it has expired, so make a new one for the app {app} in Entra",
    "7000218": "none was sent for the app {app}",
}


class NotConnected(Exception):
    """A tenant cannot be listed, connected or written to; the text is one sentence for whoever asked."""


def sentence_for(error: Exception, *, tid: str = "", app: str = READER) -> str:
    """What `error` (graph.GraphError or graph.ConfigurationRefused) means for somebody who sets the portal up.

    `app` is the registration that was used.
    """
    match error:
        case graph.ConfigurationRefused():
            return str(error)
        case graph.CredentialRefused():
            return _credential(error, app)
        case graph.TenantNotFound():
            if error.cause == "other_cloud":
                return f"The tenant {tid} lives in another Microsoft cloud: set MICROSOFT_CLOUD."
            return f"There is no tenant {tid or 'with this id'} at {_login()}: check the tenant id and MICROSOFT_CLOUD."
        case graph.ConsentMissing() if not error.status:
            return (
                f"The tenant {tid} does not know the app {_app(app)}: check {clients.REGISTRATIONS[app].client_id}, "
                "and have an administrator of the tenant approve the app."
            )
        case graph.SignInError():
            return f"Microsoft gave the app {_app(app)} no token ({error.cause}): check its registration in Entra."
        case graph.TokenRefused():
            return "Microsoft Graph does not accept our token: check that the app is still approved in the tenant."
        case graph.Throttled():
            wait = f" for {error.retry_after:.0f} seconds" if error.retry_after else ""
            return f"Microsoft asks us to wait{wait}: try again later."
        case graph.Unreachable():
            return f"Microsoft does not answer at {_addresses()} ({error.cause}): check the address and the network."
        case graph.Malformed():
            return (
                f"What answers at {_addresses()} is not Microsoft 365 ({error.cause}): check the address and any proxy."
            )
        case graph.Denied():
            return f"Microsoft refused ({error.cause}): check the app’s permissions in Entra."
    return f"Microsoft answered with an error ({getattr(error, 'cause', type(error).__name__)})."


def _credential(error: graph.CredentialRefused, app: str) -> str:
    registration = clients.REGISTRATIONS[app]
    match error.cause:
        case clients.TENANT_ENDED:
            return "The organization was disconnected: connect it again to read it."
        case "certificate_unreadable":
            return f"The file in {registration.certificate} is not a PEM file with a certificate and its private key."
        case "certificate_key_mismatch":
            return f"The key in {registration.certificate} does not belong to the certificate beside it."
    try:
        is_certificate = clients.credential(app).certificate_pem is not None
    except graph.ConfigurationRefused as refused:
        return str(refused)
    what = "certificate" if is_certificate else "client secret"
    number = re.match(r"AADSTS(\d+)", error.message, re.ASCII)
    why = _WHY.get(number[1] if number else "", "it is not registered for the app {app}, or it has expired")
    return f"Microsoft does not accept our {what}: {why.format(app=_app(app))}."


def _app(app: str = READER) -> str:
    return clients.client_id_of(app) or f"({clients.REGISTRATIONS[app].client_id} is not set)"


def _login() -> str:
    return clients.endpoints().login_url


def _addresses() -> str:
    where = clients.endpoints()
    return " and ".join(dict.fromkeys((where.login_url, where.graph_url)))
