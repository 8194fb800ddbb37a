"""Builds Graph clients from the installation's settings; the one place that chooses what proves that we are the app."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TypedDict, Unpack

from django.conf import settings

from sharing import graph
from sharing.models import BOOKER, READER, WRITER, AppCredential, Tenant

from .calls import counted, heard
from .sealing import SealBroken, unseal

FILE, KEPT, SECRET, NOTHING = "file", "kept", "secret", "nothing"  # where a credential comes from

PROBE_SECONDS = 20.0  # somebody waits for the page
TENANT_ENDED = "tenant_ended"  # why there is no token where an organization was disconnected

_Key = tuple[str, graph.Endpoints, str]


class _Built(TypedDict, total=False):
    """What a client is for, as graph.Client is told."""

    for_meetings: bool
    for_probes: bool


_GoodFor = tuple[graph.Credential, datetime | None]
_lock = threading.Lock()
# A credential that was replaced is forgotten with its tokens, and so is what was kept before the tenant's connection
# changed last: there is one source for a tenant and an app, and whoever disconnects need not reach every process.
_sources: dict[
    tuple[str, graph.Endpoints, str], tuple[tuple[graph.Credential, datetime | None], graph.TokenSource]
] = {}


class NoCredential(graph.ConfigurationRefused):
    """Nothing proves that we are the app, or it cannot be opened. The text is one sentence; `cause` a word for it."""

    def __init__(self, cause: str, sentence: str) -> None:
        super().__init__(sentence)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Registration:
    """An app registration by the names of its settings."""

    client_id: str
    certificate: str
    secret: str

    def value(self, name: str) -> str:
        return str(getattr(settings, name))


REGISTRATIONS = {
    READER: Registration("MICROSOFT_CLIENT_ID", "MICROSOFT_CLIENT_CERTIFICATE", "MICROSOFT_CLIENT_SECRET"),
    WRITER: Registration("MICROSOFT_WRITER_CLIENT_ID", "MICROSOFT_WRITER_CERTIFICATE", "MICROSOFT_WRITER_SECRET"),
    BOOKER: Registration("MICROSOFT_BOOKER_CLIENT_ID", "MICROSOFT_BOOKER_CERTIFICATE", "MICROSOFT_BOOKER_SECRET"),
}


def endpoints() -> graph.Endpoints:
    """The one Microsoft cloud of this installation. Raises graph.ConfigurationRefused."""
    return graph.endpoints(
        settings.MICROSOFT_CLOUD,
        login_url=settings.MICROSOFT_LOGIN_URL,
        graph_url=settings.MICROSOFT_GRAPH_URL,
    )


def client_id_of(app: str) -> str:
    """The application id of a registration; empty where there is none."""
    registration = REGISTRATIONS[app]
    return registration.value(registration.client_id)


def chosen(app: str) -> tuple[str, AppCredential | None]:
    """Where its credential comes from: the environment's file, else what is kept here, else the environment's secret.

    A next one is used only where there is no other: then nothing can be lost by it.
    """
    registration = REGISTRATIONS[app]
    if registration.value(registration.certificate):
        return FILE, None
    has_secret = bool(registration.value(registration.secret))
    usable = AppCredential.objects.filter(app=app, state__in=(AppCredential.CURRENT, AppCredential.NEXT))
    kept = usable.order_by("state").first()  # "current" comes before "next"
    if kept and (kept.state == AppCredential.CURRENT or not has_secret):
        return KEPT, kept
    return SECRET if has_secret else NOTHING, None


def credential(app: str = READER) -> graph.Credential:
    """What proves that we are `app`. Raises NoCredential."""
    return credential_from(app, *chosen(app))


def credential_from(app: str, source: str, kept: AppCredential | None) -> graph.Credential:
    """The credential that was chosen. Raises NoCredential."""
    registration, client_id = REGISTRATIONS[app], client_id_of(app)
    if kept:
        return opened(kept)
    if source == FILE:
        path = registration.value(registration.certificate)
        return graph.Credential(client_id=client_id, certificate_pem=_read(path, registration.certificate))
    if source == SECRET:
        return graph.Credential(client_id=client_id, secret=registration.value(registration.secret))
    raise NoCredential(
        "no_credential",
        f"Neither {registration.certificate} nor {registration.secret} is set, and no certificate was made here.",
    )


def _read(path: str, name: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        sentence = f"The file in {name} cannot be read: {error.strerror}."
        raise NoCredential("certificate_unreadable", sentence) from error


def purpose_of(row: AppCredential) -> str:
    """What its seal is bound to."""
    return f"app:{row.app}:{row.public_id}"


def opened(row: AppCredential) -> graph.Credential:
    """A credential that is kept here, ready for use. Raises NoCredential."""
    what = "client secret" if row.kind == AppCredential.SECRET else "certificate"
    try:
        secret = unseal(row.sealed, purpose=purpose_of(row))
    except SealBroken:
        raise NoCredential(
            "seal_broken",
            f"The {what} kept here does not open with TOKEN_KEYS: put back the key that sealed it, or make a new one.",
        ) from None
    if row.kind == AppCredential.SECRET:
        return graph.Credential(client_id=client_id_of(row.app), secret=secret)
    return graph.Credential(client_id=client_id_of(row.app), certificate_pem=secret.encode())


@lru_cache(maxsize=4)
def session_for(where: graph.Endpoints):
    """One pool of connections for a cloud, shared by MSAL and the client."""
    proxies = {"https": settings.HTTPS_PROXY} if settings.HTTPS_PROXY else None
    session = graph.make_session(where, ca_bundle=settings.CA_BUNDLE or None, proxies=proxies)
    session.on_answer = heard
    return session


class _NoToken:
    """Stands where tokens would come from: a task then ends as if Entra had refused our credential."""

    def __init__(self, cause: str) -> None:
        self._cause = cause

    def token(self, *, fresh: bool = False) -> graph.Token:
        raise graph.CredentialRefused(cause=self._cause)


def client_for(tenant: Tenant, *, on_call: Callable[[graph.Call], None] | None = None) -> graph.Client:
    """A client with the app's own permissions in `tenant`; tokens are kept in this process only.

    Without a usable credential every call raises graph.CredentialRefused, and so it does where the tenant was
    disconnected. A token from before the tenant's connection changed last is never used again. Raises
    graph.ConfigurationRefused where the tenant lives in another cloud than this one.
    """
    return client_of(tenant, app=READER, on_call=on_call)


def writer_for(tenant: Tenant, *, on_call: Callable[[graph.Call], None] | None = None) -> graph.Client:
    """The client that changes are made with: of the second registration where the tenant has one. As `client_for`."""
    return client_of(tenant, app=WRITER if tenant.has_writer else READER, on_call=on_call)


def booker_for(tenant: Tenant) -> graph.Client:
    """What finds times and books in `tenant`, and does nothing else: of the registration for meetings."""
    return client_of(tenant, app=BOOKER, for_meetings=True)


def prober_for(tenant: Tenant) -> graph.Client:
    """What asks when somebody is free, and nothing else: of the registration that reads."""
    client = client_of(tenant, app=READER, for_probes=True)
    client.deadline_seconds = PROBE_SECONDS
    return client


def client_of(
    tenant: Tenant,
    *,
    app: str,
    on_call: Callable[[graph.Call], None] | None = None,
    for_meetings: bool = False,
    for_probes: bool = False,
) -> graph.Client:
    """As `client_for`, of one of the registrations; the last two are what graph.Client is told that it is for."""
    built = _Built(for_meetings=for_meetings, for_probes=for_probes)
    where = endpoints()
    if tenant.cloud != where.cloud.value:
        raise graph.ConfigurationRefused(
            f"{tenant} lives in the cloud {tenant.cloud!r}; this installation is set to {where.cloud.value!r}."
        )
    try:
        if tenant.state in (Tenant.ENDED, Tenant.PRIVATE):
            forget_tenant(str(tenant.tid))
            raise NoCredential(TENANT_ENDED, f"{tenant} is not connected.")
        return client_for_tid(str(tenant.tid), app=app, since=tenant.state_since, on_call=on_call, **built)
    except NoCredential as error:
        tokens = _NoToken(error.cause)
    return graph.Client(endpoints=where, tokens=tokens, session=session_for(where), on_call=on_call, **built)


def client_for_tid(
    tid: str,
    *,
    app: str = READER,
    since: datetime | None = None,
    on_call: Callable[[graph.Call], None] | None = None,
    **built: Unpack[_Built],
) -> graph.Client:
    """As `client_of`, for a tenant that is not listed yet. Raises NoCredential.

    `since` is when the tenant's connection changed last: what was kept for another moment is thrown away.
    """
    where, who = endpoints(), credential(app)
    session, key, good_for = session_for(where), (tid, where, who.client_id), (who, since)
    with _lock:
        kept_for, source = _sources.get(key, (None, None))
        if source is None or kept_for != good_for:
            source = graph.TokenSource(endpoints=where, tenant_id=tid, credential=who, session=session)
            _sources[key] = good_for, source
    return graph.Client(endpoints=where, tokens=source, session=session, on_call=on_call or counted(tid), **built)


def forget_tenant(tid: str) -> None:
    """Throw away this process' tokens of one tenant; other processes never use theirs again: see `client_for`."""
    with _lock:
        for key in [key for key in _sources if key[0] == tid]:
            del _sources[key]


def forget_tokens() -> None:
    """Throw away every token and connection of this process: after a certificate was replaced, and between tests."""
    with _lock:
        _sources.clear()
    session_for.cache_clear()
