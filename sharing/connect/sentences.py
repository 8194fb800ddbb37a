"""Says in one plain sentence why Microsoft does not let us in, and what to do about it."""

from sharing import graph

from . import clients


class NotConnected(Exception):
    """A tenant cannot be listed, connected or written to; the text is one sentence for whoever asked."""


def sentence_for(error: Exception, *, tid: str = "") -> str:
    """What `error` (graph.GraphError or graph.ConfigurationRefused) means for somebody who sets the portal up."""
    match error:
        case graph.ConfigurationRefused():
            return str(error)
        case graph.CredentialRefused():
            return _credential(error)
        case graph.TenantNotFound():
            if error.cause == "other_cloud":
                return f"The tenant {tid} lives in another Microsoft cloud: set MICROSOFT_CLOUD."
            return f"There is no tenant {tid or 'with this id'} at {_login()}: check the tenant id and MICROSOFT_CLOUD."
        case graph.ConsentMissing() if not error.status:
            return (
                f"The tenant {tid} does not know the app {_app()}: "
                "check MICROSOFT_CLIENT_ID, and have an administrator of the tenant approve the app."
            )
        case graph.SignInError():
            return f"Microsoft gave the app {_app()} no token ({error.cause}): check its registration in Entra."
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


def _credential(error: graph.CredentialRefused) -> str:
    match error.cause:
        case "certificate_unreadable":
            return "The file in MICROSOFT_CLIENT_CERTIFICATE is not a PEM file with a certificate and its private key."
        case "certificate_key_mismatch":
            return "The key in MICROSOFT_CLIENT_CERTIFICATE does not belong to the certificate beside it."
    try:
        what = "certificate" if clients.credential().certificate_pem else "client secret"
    except graph.ConfigurationRefused as refused:
        return str(refused)
    return f"Microsoft does not accept our {what}: it is not registered for the app {_app()}, or it has expired."


def _app() -> str:
    try:
        return clients.credential().client_id or "(MICROSOFT_CLIENT_ID is not set)"
    except graph.ConfigurationRefused:
        return "of this portal"


def _login() -> str:
    return clients.endpoints().login_url


def _addresses() -> str:
    where = clients.endpoints()
    return " and ".join(dict.fromkeys((where.login_url, where.graph_url)))
