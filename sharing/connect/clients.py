"""Builds a Graph client for a tenant from the installation's settings."""

import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from sharing import graph
from sharing.models import Tenant

_lock = threading.Lock()
_sources: dict[tuple[str, graph.Endpoints, graph.Credential], graph.TokenSource] = {}


def endpoints() -> graph.Endpoints:
    """The one Microsoft cloud of this installation. Raises graph.ConfigurationRefused."""
    return graph.endpoints(
        settings.MICROSOFT_CLOUD,
        login_url=settings.MICROSOFT_LOGIN_URL,
        graph_url=settings.MICROSOFT_GRAPH_URL,
    )


def credential() -> graph.Credential:
    """The app's certificate, or its secret where no certificate is set. Raises graph.ConfigurationRefused."""
    pem = None
    if settings.MICROSOFT_CLIENT_CERTIFICATE:
        try:
            pem = Path(settings.MICROSOFT_CLIENT_CERTIFICATE).read_bytes()
        except OSError as error:
            raise graph.ConfigurationRefused(
                f"The file in MICROSOFT_CLIENT_CERTIFICATE cannot be read: {error.strerror}."
            ) from error
    if pem is None and not settings.MICROSOFT_CLIENT_SECRET:
        raise graph.ConfigurationRefused("Neither MICROSOFT_CLIENT_CERTIFICATE nor MICROSOFT_CLIENT_SECRET is set.")
    secret = settings.MICROSOFT_CLIENT_SECRET if pem is None else None
    return graph.Credential(client_id=settings.MICROSOFT_CLIENT_ID, certificate_pem=pem, secret=secret)


@lru_cache(maxsize=4)
def session_for(where: graph.Endpoints):
    """One pool of connections for a cloud, shared by MSAL and the client."""
    proxies = {"https": settings.HTTPS_PROXY} if settings.HTTPS_PROXY else None
    return graph.make_session(where, ca_bundle=settings.CA_BUNDLE or None, proxies=proxies)


def client_for(tenant: Tenant, *, on_call: Callable[[graph.Call], None] | None = None) -> graph.Client:
    """A client with the app's own permissions in `tenant`; tokens are kept in this process only.

    Raises graph.ConfigurationRefused, also where the tenant lives in another cloud than this one.
    """
    cloud = endpoints().cloud.value
    if tenant.cloud != cloud:
        raise graph.ConfigurationRefused(
            f"{tenant} lives in the cloud {tenant.cloud!r}; this installation is set to {cloud!r}."
        )
    return client_for_tid(str(tenant.tid), on_call=on_call)


def client_for_tid(tid: str, *, on_call: Callable[[graph.Call], None] | None = None) -> graph.Client:
    """As `client_for`, for a tenant that is not listed yet."""
    where, who = endpoints(), credential()
    session = session_for(where)
    with _lock:
        source = _sources.get((tid, where, who))
        if source is None:
            source = graph.TokenSource(endpoints=where, tenant_id=tid, credential=who, session=session)
            _sources[tid, where, who] = source
    return graph.Client(endpoints=where, tokens=source, session=session, on_call=on_call)


def forget_tokens() -> None:
    """Throw away every token and connection of this process: after a certificate was replaced, and between tests."""
    with _lock:
        _sources.clear()
    session_for.cache_clear()
