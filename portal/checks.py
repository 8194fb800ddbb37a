"""System checks that keep an installation from real harm; docs/settings.md lists the ids."""

import os
import ssl
from collections.abc import Iterator
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register
from django.db import DatabaseError, connections
from django.utils.timezone import now as clock

from sharing.audit import heads, syslog
from sharing.graph.clouds import Cloud, Endpoints, endpoints, is_loopback
from sharing.graph.errors import ConfigurationRefused
from sharing.models import BOOKER, READER, WRITER, AppCredential, Tenant, triggers

from . import proxies

SHORTEST_SECRET_KEY = 50
BACKENDS = ["sharing.web.signin.backend.EntraBackend"]
# What every request must pass, and the check that misses it.
MIDDLEWARE = {
    "django.middleware.csrf.CsrfViewMiddleware": "portal.E012",
    "csp.middleware.CSPMiddleware": "portal.E013",
    "django.contrib.auth.middleware.LoginRequiredMiddleware": "portal.E016",
    "sharing.web.signin.sessions.SessionLimits": "portal.E017",
    "sharing.web.sources.Sources": "portal.E029",
    "portal.proxies.trusted_proxies": "portal.E020",
}


def _microsoft() -> Endpoints:
    """The configured cloud; raises ConfigurationRefused."""
    return endpoints(
        settings.MICROSOFT_CLOUD, login_url=settings.MICROSOFT_LOGIN_URL, graph_url=settings.MICROSOFT_GRAPH_URL
    )


def _is_local(url: str) -> bool:
    return is_loopback(urlsplit(url).hostname)


@register(Tags.database)
def one_world_in_a_database(databases=None, **kwargs) -> Iterator[CheckMessage]:
    """Sandbox tenants and real ones never stand in one database, nor does one serve the other's cloud."""
    try:
        cloud = _microsoft().cloud.value
    except ConfigurationRefused:
        return
    for alias in databases or []:
        try:
            if Tenant._meta.db_table not in connections[alias].introspection.table_names():
                continue
            other = Tenant.objects.using(alias).exclude(cloud=cloud).values_list("cloud", flat=True).first()
        except DatabaseError:
            continue  # it is down, which is another story: /readyz tells it
        if other:
            yield Error(
                f"The database holds tenants of the cloud {other!r}, but this installation is set to {cloud!r}.",
                hint="Give each cloud its own DATABASE_URL; sandbox and real tenants never share one.",
                id="portal.E001",
            )


@register(Tags.security)
def microsoft_is_where_it_may_be(**kwargs) -> Iterator[CheckMessage]:
    """Real clouds by name only, the sandbox on this machine only, and a credential to prove who we are."""
    try:
        cloud = _microsoft().cloud
    except ConfigurationRefused as refused:
        yield Error(str(refused), id="portal.E002")
        return
    if settings.EXCHANGE_URL and not _is_local(settings.EXCHANGE_URL):
        yield Error("EXCHANGE_URL may only be an address of this machine (loopback).", id="portal.E002")
    if cloud is Cloud.SANDBOX:
        if not _is_local(settings.PORTAL_URL):
            yield Error(
                "The sandbox lets everybody sign in as anybody, and PORTAL_URL is not this machine.",
                hint="Unset MICROSOFT_LOGIN_URL and MICROSOFT_GRAPH_URL, or set PORTAL_URL to a localhost address.",
                id="portal.E003",
            )
    elif settings.MICROSOFT_CLIENT_SECRET and not settings.MICROSOFT_CLIENT_CERTIFICATE:
        yield Warning(
            "The app registration is used with a client secret.",
            hint="Use a certificate: MICROSOFT_CLIENT_CERTIFICATE names a PEM file with key and certificate.",
            id="portal.W002",
        )


@register(Tags.security)
def other_registrations_are_whole(**kwargs) -> Iterator[CheckMessage]:
    """What is set for changes, and for meetings, belongs together, and each is an app of its own."""
    taken = {settings.MICROSOFT_CLIENT_ID}
    for name, what in (("WRITER", "changes"), ("BOOKER", "meetings")):
        prefix = f"MICROSOFT_{name}"
        client_id = getattr(settings, f"{prefix}_CLIENT_ID")
        if not client_id and (getattr(settings, f"{prefix}_CERTIFICATE") or getattr(settings, f"{prefix}_SECRET")):
            yield Error(
                f"{prefix}_CERTIFICATE or {prefix}_SECRET is set, and {prefix}_CLIENT_ID is not.",
                hint=f"Set the application id of the registration for {what}, or unset the others.",
                id="portal.E025",
            )
        if client_id and client_id in taken:
            yield Error(
                f"{prefix}_CLIENT_ID is the app of another setting: the registration for {what} is one of its own.",
                hint=f"Register another app for {what}, or unset {prefix}_CLIENT_ID.",
                id="portal.E026",
            )
        taken.add(client_id)


@register(Tags.database)
def something_proves_who_we_are(databases=None, **kwargs) -> Iterator[CheckMessage]:
    """A file, a secret, or what the portal keeps, for each registration that is set."""
    reader = settings.MICROSOFT_CLIENT_CERTIFICATE or settings.MICROSOFT_CLIENT_SECRET
    writer = settings.MICROSOFT_WRITER_CERTIFICATE or settings.MICROSOFT_WRITER_SECRET
    if not databases or "default" not in databases:
        return
    try:
        kept = set(AppCredential.objects.exclude(sealed="").values_list("app", flat=True))
    except DatabaseError:
        return  # it is down or empty, which another check tells
    if not reader and READER not in kept:
        yield Warning(
            "There is no credential for the app registration, so nothing can be read and nobody can sign in.",
            hint="Set MICROSOFT_CLIENT_ID, and run `manage.py make_certificate` or set MICROSOFT_CLIENT_CERTIFICATE.",
            id="portal.W001",
        )
    booker = settings.MICROSOFT_BOOKER_CERTIFICATE or settings.MICROSOFT_BOOKER_SECRET
    if settings.MICROSOFT_BOOKER_CLIENT_ID and not booker and BOOKER not in kept:
        yield Warning(
            "There is no credential for the registration for meetings, so nothing can be booked through it.",
            hint="Make one on the page Credentials, or set MICROSOFT_BOOKER_CERTIFICATE.",
            id="portal.W008",
        )
    if settings.MICROSOFT_WRITER_CLIENT_ID and not writer and WRITER not in kept:
        yield Warning(
            "There is no credential for the second registration, so nothing can be changed through it.",
            hint="Make one on the page Credentials, or set MICROSOFT_WRITER_CERTIFICATE.",
            id="portal.W005",
        )


@register(Tags.database)
def the_audit_log_is_guarded(databases=None, **kwargs) -> Iterator[CheckMessage]:
    """A warning, not an error: `migrate` asks before it makes what is missing."""
    for alias in databases or []:
        try:
            gone = triggers.missing(alias)
        except DatabaseError:
            continue  # it is down, which is another story
        if gone:
            yield Warning(
                f"The database does not guard the audit log: {', '.join(gone)} is missing, switched off or altered.",
                hint="`manage.py migrate` makes them; then `manage.py audit_verify`.",
                id="portal.W006",
            )


@register(Tags.database)
def heads_are_written(databases=None, **kwargs) -> Iterator[CheckMessage]:
    """Every hour, where they are to be written at all."""
    if not databases or "default" not in databases:
        return
    try:
        behind = heads.late(clock())
    except DatabaseError:
        return  # it is down or not yet migrated, which is another story
    if behind:
        yield Warning(
            f"The heads of {len(behind)} chains of the audit log were not written elsewhere for hours.",
            hint="The log of the workers says which place failed: AUDIT_HEADS_FILE, AUDIT_HEADS_MAIL or AUDIT_SYSLOG.",
            id="portal.W007",
        )


def _can_be_written(file: Path) -> bool:
    """Now, or once our own folder was made for it; any other folder has to be there, as a disk that is mounted is."""
    nearest = file if file.exists() else file.parent
    if not nearest.exists() and nearest == settings.VAR:
        nearest = next(folder for folder in nearest.parents if folder.exists())
    return os.access(nearest, os.W_OK)


@register(Tags.security)
def the_audit_log_is_known_elsewhere(**kwargs) -> Iterator[CheckMessage]:
    """Where the heads of its chains go, and its lines."""
    file, mail = settings.AUDIT_HEADS_FILE, settings.AUDIT_HEADS_MAIL
    if file and not _can_be_written(Path(file)):
        yield Error("AUDIT_HEADS_FILE names a file that cannot be written.", id="portal.E027")
    if mail and "@" not in parseaddr(mail)[1].strip("@"):
        yield Error("AUDIT_HEADS_MAIL is no mail address.", id="portal.E027")
    if settings.AUDIT_SYSLOG:
        try:
            syslog.server(settings.AUDIT_SYSLOG)
        except syslog.NotAnAddress:
            what = "AUDIT_SYSLOG is neither like udp://logs.example.org:514 nor like unix:/dev/log."
            yield Error(what, id="portal.E028")
    if not heads.places():
        yield Info(
            "Nothing outside the database knows how far the audit log has come: its end could be cut off unseen.",
            hint="Set AUDIT_HEADS_FILE (on a disk of its own), AUDIT_HEADS_MAIL or AUDIT_SYSLOG.",
            id="portal.I003",
        )


@register(Tags.security)
def addresses_are_safe(**kwargs) -> Iterator[CheckMessage]:
    """Who may ask, and over what."""
    if settings.DEBUG and not all(is_loopback(host) or host == "testserver" for host in settings.ALLOWED_HOSTS):
        yield Error("DEBUG is on and ALLOWED_HOSTS names more than this machine.", id="portal.E004")
    if "*" in settings.ALLOWED_HOSTS:
        yield Error("ALLOWED_HOSTS contains '*': name the hosts.", id="portal.E005")
    if not _is_local(settings.PORTAL_URL):
        if urlsplit(settings.PORTAL_URL).scheme != "https":
            yield Error("PORTAL_URL is not https and not this machine.", id="portal.E009")
    if urlsplit(settings.PORTAL_URL).scheme == "https":
        names = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
        secure = settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE
        if not secure or not all(name.startswith("__Host-") for name in names):
            yield Error("PORTAL_URL is https, but a cookie is not Secure and named __Host-.", id="portal.E010")


@register(Tags.security)
def proxies_in_front_are_known(**kwargs) -> Iterator[CheckMessage]:
    """Whose word counts on who asked, and over what."""
    try:
        trusted = proxies.networks(tuple(settings.TRUSTED_PROXIES))
    except ValueError as error:
        yield Error(f"TRUSTED_PROXIES holds what is neither an address nor a network: {error}.", id="portal.E021")
        return
    if any(network.prefixlen == 0 for network in trusted):
        yield Error("TRUSTED_PROXIES trusts every address: name your proxies.", id="portal.E021")
    if not trusted and urlsplit(settings.PORTAL_URL).scheme == "https":
        yield Warning(
            "PORTAL_URL is https and TRUSTED_PROXIES is empty: every page would lead to itself for ever.",
            hint="Set TRUSTED_PROXIES to the address of the proxy that ends TLS, as this process sees it.",
            id="portal.W003",
        )


@register(Tags.security)
def the_way_out_is_there(**kwargs) -> Iterator[CheckMessage]:
    """The proxy and the certificates on the way to Microsoft."""
    proxy = urlsplit(settings.HTTPS_PROXY)
    if settings.HTTPS_PROXY and (proxy.scheme not in ("http", "https") or not proxy.hostname):
        yield Error("HTTPS_PROXY is no address of a proxy, as http://proxy.example.org:3128.", id="portal.E022")
    if settings.CA_BUNDLE and not Path(settings.CA_BUNDLE).is_dir():
        try:
            ssl.create_default_context(cafile=settings.CA_BUNDLE)
        except OSError as error:  # ssl's own errors are among them
            what = f"REQUESTS_CA_BUNDLE (or SSL_CERT_FILE) names no readable PEM file of certificates: {error}"
            yield Error(what, id="portal.E023")


@register(Tags.security)
def mail_can_leave(**kwargs) -> Iterator[CheckMessage]:
    """Where mail goes, and that nobody reads it on the way."""
    if "@" not in parseaddr(settings.DEFAULT_FROM_EMAIL)[1].strip("@"):
        yield Error("EMAIL_FROM is no mail address.", id="portal.E024")
    if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        if not settings.EMAIL_HOST:
            yield Error("EMAIL_URL names no mail server.", id="portal.E024")
        elif not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL or is_loopback(settings.EMAIL_HOST)):
            yield Warning(
                "Mail leaves this machine without TLS.",
                hint="Use smtp+tls:// (STARTTLS) or smtp+ssl:// in EMAIL_URL.",
                id="portal.W004",
            )
    elif settings.EMAIL_BACKEND.endswith("console.EmailBackend") and not _is_local(settings.PORTAL_URL):
        yield Info("EMAIL_URL is not set: mail is written to the log, and nobody gets any.", id="portal.I002")


@register(Tags.security)
def keys_are_strong_and_apart(**kwargs) -> Iterator[CheckMessage]:
    """SECRET_KEY signs, TOKEN_KEYS seal; neither is short, and neither is the other."""
    signing = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if any(len(key) < SHORTEST_SECRET_KEY for key in signing):
        yield Error(f"A SECRET_KEY has fewer than {SHORTEST_SECRET_KEY} characters.", id="portal.E006")
    if set(signing) & set(settings.TOKEN_KEYS):
        yield Error("A key of TOKEN_KEYS is also a SECRET_KEY.", id="portal.E007")
    try:
        sealing = [Fernet(key) for key in settings.TOKEN_KEYS]
    except ValueError:
        sealing = []
    if not sealing:
        yield Error(
            "TOKEN_KEYS must hold one Fernet key a line.",
            hint="TOKEN_KEYS_FILE names a file; `python -m portal.keys` prints a new key.",
            id="portal.E015",
        )


@register(Tags.security)
def nobody_passes_unseen(**kwargs) -> Iterator[CheckMessage]:
    """The middleware that guards every page, and the one way to sign in."""
    for path, check in MIDDLEWARE.items():
        if path not in settings.MIDDLEWARE:
            yield Error(f"MIDDLEWARE lacks {path}.", id=check)
    policy = getattr(settings, "CONTENT_SECURITY_POLICY", {}).get("DIRECTIVES", {})
    words = [word for values in policy.values() for word in values]
    if not policy or any("unsafe" in word or word in ("*", "http:", "https:") for word in words):
        yield Error("The Content-Security-Policy is missing or lets in more than our own files.", id="portal.E013")
    if settings.AUTHENTICATION_BACKENDS != BACKENDS:
        yield Error("AUTHENTICATION_BACKENDS must be EntraBackend alone: there are no passwords.", id="portal.E018")
    formats = [settings.SESSION_SERIALIZER, settings.CELERY_TASK_SERIALIZER, *settings.CELERY_ACCEPT_CONTENT]
    if any("pickle" in name.lower() for name in formats):
        yield Error("Sessions and messages must be JSON: pickle runs whatever it is sent.", id="portal.E014")


@register(Tags.security)
def database_and_broker_hold(**kwargs) -> Iterator[CheckMessage]:
    """Changes rely on these."""
    database = settings.DATABASES["default"]
    if database.get("ATOMIC_REQUESTS"):
        yield Error("ATOMIC_REQUESTS is on: a change must be committed before its bell rings.", id="portal.E011")
    if "sqlite3" in database["ENGINE"]:
        options = database.get("OPTIONS", {})
        pragmas = options.get("init_command", "").replace(" ", "").lower()
        wanted = ("journal_mode=wal", "synchronous=full", "recursive_triggers=on")
        if options.get("transaction_mode") != "IMMEDIATE" or not all(word in pragmas for word in wanted):
            yield Error("SQLite must run with IMMEDIATE, WAL, FULL and recursive triggers.", id="portal.E008")
        if settings.WEB_WORKERS > 1 or not settings.EMBEDDED:
            yield Info(
                "SQLite takes one writer at a time, and there is more than one process that writes.",
                hint="Use PostgreSQL (DATABASE_URL) beyond a few hundred mailboxes.",
                id="portal.I001",
            )
    broker = urlsplit(settings.CELERY_BROKER_URL)
    if broker.hostname and not broker.password and not is_loopback(broker.hostname):
        yield Error("CELERY_BROKER_URL has no password and is not this machine.", id="portal.E019")
