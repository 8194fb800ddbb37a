"""Every system check speaks up where it should, and is silent on good settings."""

from pathlib import Path

import certifi
import pytest
from django.conf import settings
from django.core.checks import Error, Info, Warning, run_checks
from django.utils import timezone

from portal import checks
from sharing.audit import heads
from sharing.connect import credentials
from sharing.models import list_tenant

CHECKS = [
    checks.microsoft_is_where_it_may_be,
    checks.addresses_are_safe,
    checks.proxies_in_front_are_known,
    checks.the_way_out_is_there,
    checks.mail_can_leave,
    checks.keys_are_strong_and_apart,
    checks.nobody_passes_unseen,
    checks.other_registrations_are_whole,
    checks.database_and_broker_hold,
    checks.the_audit_log_is_known_elsewhere,
]


def found():
    return {message.id: message for check in CHECKS for message in check()}


def without(path):
    return [name for name in settings.MIDDLEWARE if name != path]


def with_database(**changes):
    return {"default": {**settings.DATABASES["default"], "ENGINE": "django.db.backends.sqlite3", **changes}}


REAL = {"MICROSOFT_LOGIN_URL": "", "MICROSOFT_GRAPH_URL": "", "EXCHANGE_URL": "", "MICROSOFT_CLOUD": "global"}
CERTIFIED = {**REAL, "MICROSOFT_CLIENT_CERTIFICATE": "/run/secrets/graph.pem"}
HTTPS = {
    **CERTIFIED,
    "PORTAL_URL": "https://calwarden.example.org",
    "ALLOWED_HOSTS": ["calwarden.example.org"],
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SESSION_COOKIE_NAME": "__Host-calwarden",
    "CSRF_COOKIE_NAME": "__Host-calwarden-csrf",
    "CELERY_BROKER_URL": "",
    "EMBEDDED": True,
    "TRUSTED_PROXIES": ["127.0.0.1", "2001:db8::/64"],
}
SMTP = {
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "mail.example.org",
    "EMAIL_USE_TLS": True,
}
GOOD_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA recursive_triggers=ON",
}

# id, what it is, the settings that make it speak
FAULTS = [
    ("portal.E002", Error, {"MICROSOFT_LOGIN_URL": "http://192.0.2.7:8010"}),
    ("portal.E002", Error, {"MICROSOFT_GRAPH_URL": "https://graph.microsoft.com.example.org"}),
    ("portal.E002", Error, {**REAL, "MICROSOFT_CLOUD": "moon"}),
    ("portal.E002", Error, {"EXCHANGE_URL": "http://exchange.example.org"}),
    ("portal.E003", Error, {"PORTAL_URL": "https://calwarden.example.org"}),
    ("portal.E004", Error, {"DEBUG": True, "ALLOWED_HOSTS": ["calwarden.example.org"]}),
    ("portal.E005", Error, {"ALLOWED_HOSTS": ["*"]}),
    ("portal.E006", Error, {"SECRET_KEY": "short"}),
    ("portal.E006", Error, {"SECRET_KEY_FALLBACKS": ["short"]}),
    ("portal.E007", Error, {"TOKEN_KEYS": [settings.SECRET_KEY]}),
    ("portal.E008", Error, {"DATABASES": with_database(OPTIONS={})}),
    ("portal.E008", Error, {"DATABASES": with_database(OPTIONS={**GOOD_OPTIONS, "transaction_mode": "DEFERRED"})}),
    ("portal.E008", Error, {"DATABASES": with_database(OPTIONS={"transaction_mode": "IMMEDIATE"})}),
    ("portal.E009", Error, {**CERTIFIED, "PORTAL_URL": "http://calwarden.example.org"}),
    ("portal.E010", Error, {**HTTPS, "SESSION_COOKIE_SECURE": False}),
    ("portal.E010", Error, {**HTTPS, "CSRF_COOKIE_SECURE": False}),
    ("portal.E010", Error, {**HTTPS, "SESSION_COOKIE_NAME": "sessionid"}),
    ("portal.E011", Error, {"DATABASES": with_database(OPTIONS=GOOD_OPTIONS, ATOMIC_REQUESTS=True)}),
    ("portal.E012", Error, {"MIDDLEWARE": without("django.middleware.csrf.CsrfViewMiddleware")}),
    ("portal.E013", Error, {"MIDDLEWARE": without("csp.middleware.CSPMiddleware")}),
    ("portal.E013", Error, {"CONTENT_SECURITY_POLICY": {}}),
    ("portal.E013", Error, {"CONTENT_SECURITY_POLICY": {"DIRECTIVES": {"script-src": ["'unsafe-inline'"]}}}),
    ("portal.E014", Error, {"SESSION_SERIALIZER": "django.contrib.sessions.serializers.PickleSerializer"}),
    ("portal.E014", Error, {"CELERY_ACCEPT_CONTENT": ["json", "pickle"]}),
    ("portal.E015", Error, {"TOKEN_KEYS": []}),
    ("portal.E015", Error, {"TOKEN_KEYS": ["not-a-fernet-key"]}),
    ("portal.E016", Error, {"MIDDLEWARE": without("django.contrib.auth.middleware.LoginRequiredMiddleware")}),
    ("portal.E017", Error, {"MIDDLEWARE": without("sharing.web.signin.sessions.SessionLimits")}),
    ("portal.E018", Error, {"AUTHENTICATION_BACKENDS": ["django.contrib.auth.backends.ModelBackend"]}),
    ("portal.E019", Error, {"CELERY_BROKER_URL": "redis://redis.example.org:6379/0"}),
    ("portal.E020", Error, {"MIDDLEWARE": without("portal.proxies.trusted_proxies")}),
    ("portal.E021", Error, {"TRUSTED_PROXIES": ["proxy.example.org"]}),
    ("portal.E021", Error, {"TRUSTED_PROXIES": ["192.0.2.1/24"]}),
    ("portal.E021", Error, {"TRUSTED_PROXIES": ["0.0.0.0/0"]}),
    ("portal.E021", Error, {"TRUSTED_PROXIES": ["::/0"]}),
    ("portal.E022", Error, {"HTTPS_PROXY": "proxy.example.org:3128"}),
    ("portal.E022", Error, {"HTTPS_PROXY": "socks5://proxy.example.org"}),
    ("portal.E023", Error, {"CA_BUNDLE": "/nonexistent/ca.pem"}),
    ("portal.E023", Error, {"CA_BUNDLE": __file__}),
    ("portal.E024", Error, {"DEFAULT_FROM_EMAIL": "calwarden"}),
    ("portal.E024", Error, {**SMTP, "EMAIL_HOST": None}),
    ("portal.W003", Warning, {**HTTPS, "TRUSTED_PROXIES": []}),
    ("portal.W004", Warning, {**SMTP, "EMAIL_USE_TLS": False}),
    ("portal.I002", Info, {**HTTPS, "EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}),
    ("portal.E025", Error, {"MICROSOFT_WRITER_CERTIFICATE": "/run/secrets/writer.pem"}),
    ("portal.E025", Error, {"MICROSOFT_WRITER_SECRET": "a-secret"}),
    ("portal.E026", Error, {"MICROSOFT_WRITER_CLIENT_ID": settings.MICROSOFT_CLIENT_ID}),
    ("portal.E025", Error, {"MICROSOFT_BOOKER_SECRET": "a-secret"}),
    ("portal.E026", Error, {"MICROSOFT_BOOKER_CLIENT_ID": settings.MICROSOFT_CLIENT_ID}),
    ("portal.E027", Error, {"AUDIT_HEADS_FILE": "/nowhere/at/all/heads.jsonl"}),
    ("portal.E027", Error, {"AUDIT_HEADS_MAIL": "not an address"}),
    ("portal.E028", Error, {"AUDIT_SYSLOG": "tcp://logs.example.org"}),
    ("portal.E028", Error, {"AUDIT_SYSLOG": "udp://"}),
    ("portal.E028", Error, {"AUDIT_SYSLOG": "udp://logs.example.org:port"}),
    ("portal.E028", Error, {"AUDIT_SYSLOG": "unix:dev/log"}),
    ("portal.I003", Info, {"AUDIT_HEADS_FILE": ""}),
    ("portal.E029", Error, {"MIDDLEWARE": without("sharing.web.sources.Sources")}),
    ("portal.W002", Warning, {**REAL, "MICROSOFT_CLIENT_SECRET": "a-secret"}),
    ("portal.I001", Info, {"DATABASES": with_database(OPTIONS=GOOD_OPTIONS), "WEB_WORKERS": 2}),
    ("portal.I001", Info, {"DATABASES": with_database(OPTIONS=GOOD_OPTIONS), "EMBEDDED": False}),
]


@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
@pytest.mark.parametrize(
    ("check_id", "kind", "fault"), FAULTS, ids=[f"{fault[0]}-{n}" for n, fault in enumerate(FAULTS)]
)
def test_a_fault_is_named_by_its_check(check_id, kind, fault, settings):
    for name, value in fault.items():
        setattr(settings, name, value)
    assert isinstance(found()[check_id], kind)


@pytest.mark.parametrize(
    "good",
    [
        {},
        {"DEBUG": False},
        CERTIFIED,
        HTTPS,
        {**HTTPS, "CELERY_BROKER_URL": "rediss://:word@redis.example.org/0"},
        {"CELERY_BROKER_URL": "redis://127.0.0.1:6379/0"},
        {"PORTAL_URL": "http://127.0.0.1:8123"},
        {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"},
        SMTP,
        {**SMTP, "EMAIL_USE_TLS": False, "EMAIL_USE_SSL": True, "DEFAULT_FROM_EMAIL": "Calwarden <c@example.org>"},
        {**SMTP, "EMAIL_USE_TLS": False, "EMAIL_HOST": "localhost"},
        {"HTTPS_PROXY": "http://user:word@proxy.example.org:3128", "CA_BUNDLE": certifi.where()},
        {"CA_BUNDLE": "/etc/ssl/certs"},
        {"AUDIT_HEADS_FILE": "", "AUDIT_HEADS_MAIL": "vault@example.org"},
        {"AUDIT_HEADS_FILE": "", "AUDIT_SYSLOG": "udp://[2001:db8::1]:514"},
    ],
)
def test_good_settings_are_passed_in_silence(good, settings):
    for name, value in good.items():
        setattr(settings, name, value)
    assert found() == {}


def test_every_check_that_exists_has_a_fault_here():
    source = Path(checks.__file__).read_text()
    ids = {f"portal.{letter}{n:03}" for letter in "EWI" for n in range(1, 40) if f"portal.{letter}{n:03}" in source}
    of_the_database = {"portal.E001", "portal.W001", "portal.W005", "portal.W006", "portal.W007", "portal.W008"}
    assert ids - {fault[0] for fault in FAULTS} == of_the_database


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("stored", "configured", "is_refused"),
    [
        ("sandbox", {}, False),
        ("global", REAL, False),
        ("global", {}, True),
        ("sandbox", REAL, True),
        ("usgov", REAL, True),
    ],
)
def test_a_database_serves_one_cloud_only(stored, configured, is_refused, settings):
    list_tenant(tid="1717622f-1d94-4d0c-9d74-709fad664b77", now=timezone.now(), cloud=stored)
    for name, value in configured.items():
        setattr(settings, name, value)
    ids = [message.id for message in run_checks(databases=["default"]) if message.id == "portal.E001"]
    assert ids == (["portal.E001"] if is_refused else [])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("app", "check_id", "missing", "given"),
    [
        ("reader", "portal.W001", {"MICROSOFT_CLIENT_SECRET": ""}, {"MICROSOFT_CLIENT_CERTIFICATE": "/graph.pem"}),
        ("writer", "portal.W005", {"MICROSOFT_WRITER_CLIENT_ID": "b"}, {"MICROSOFT_WRITER_CERTIFICATE": "/graph.pem"}),
        ("booker", "portal.W008", {"MICROSOFT_BOOKER_CLIENT_ID": "c"}, {"MICROSOFT_BOOKER_CERTIFICATE": "/graph.pem"}),
    ],
)
def test_a_registration_needs_a_credential_from_somewhere(app, check_id, missing, given, settings):
    def said():
        return check_id in [message.id for message in run_checks(databases=["default"])]

    for name, value in missing.items():
        setattr(settings, name, value)
    assert said()
    row = credentials.make_certificate(app=app, now=timezone.now(), by="test")
    assert not said()
    row.delete()
    for name, value in given.items():
        setattr(settings, name, value)
    assert not said()


def test_heads_in_our_own_folder_need_no_folder_before_there_are_any(settings, tmp_path):
    settings.VAR = tmp_path / "not" / "there"
    settings.AUDIT_HEADS_FILE = str(settings.VAR / "audit-heads.jsonl")
    assert "portal.E027" not in {found.id for found in checks.the_audit_log_is_known_elsewhere()}
    assert heads._to_file(Path(settings.AUDIT_HEADS_FILE), "{}\n")
    assert Path(settings.AUDIT_HEADS_FILE).read_text() == "{}\n"
