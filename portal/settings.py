"""Every setting of the portal, read from the environment; the names are listed in docs/settings.md."""

import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from . import keys

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()  # every NAME may also be given as NAME_FILE

VERSION = re.findall(r"^## (\d\S*)", (BASE_DIR / "CHANGELOG.md").read_text(), re.MULTILINE)[0]
VAR = Path(env.str("PORTAL_VAR", str(BASE_DIR / "var")))
DEBUG = env.bool("DEBUG", False)
ADMIN_SITE = env.bool("DJANGO_ADMIN", False)

# Where people reach the portal
PORTAL_URL = env.str("PORTAL_URL", "http://localhost:8000").rstrip("/")
_portal = urlsplit(PORTAL_URL)
_is_https = _portal.scheme == "https"
_local = ["localhost", "127.0.0.1", "[::1]"]
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])  # addresses and networks whose X-Forwarded-… count
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=_local if _portal.hostname in _local else [_portal.hostname])
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

# Queue: empty means embedded, `manage.py work` then does what Celery workers do elsewhere
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", "").strip()
EMBEDDED = not CELERY_BROKER_URL

# Secrets: an embedded installation makes its own, once
SECRET_KEY = env.str("SECRET_KEY", "").strip()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
TOKEN_KEYS = env.str("TOKEN_KEYS", "").split()  # Fernet keys, one a line; the first seals, all open
if EMBEDDED:
    SECRET_KEY = SECRET_KEY or keys.made_once(VAR / "secret_key", keys.secret_key)
    TOKEN_KEYS = TOKEN_KEYS or keys.made_once(VAR / "token_keys", keys.token_key).split()
elif not SECRET_KEY:
    sys.exit("Calwarden does not start: with CELERY_BROKER_URL set, SECRET_KEY or SECRET_KEY_FILE must be given.")

# Microsoft
MICROSOFT_CLOUD = env.str("MICROSOFT_CLOUD", "global")
MICROSOFT_LOGIN_URL = env.str("MICROSOFT_LOGIN_URL", "").rstrip("/")  # the three overrides: loopback only
MICROSOFT_GRAPH_URL = env.str("MICROSOFT_GRAPH_URL", "").rstrip("/")
EXCHANGE_URL = env.str("EXCHANGE_URL", "").rstrip("/")
MICROSOFT_TENANT_ID = env.str("MICROSOFT_TENANT_ID", "").strip()  # where a single-tenant registration signs in
MICROSOFT_CLIENT_ID = env.str("MICROSOFT_CLIENT_ID", "").strip()
MICROSOFT_CLIENT_CERTIFICATE = env.str("MICROSOFT_CLIENT_CERTIFICATE", "")  # path of a PEM file: key and certificate
MICROSOFT_CLIENT_SECRET = env.str("MICROSOFT_CLIENT_SECRET", "").strip()
MICROSOFT_WRITER_CLIENT_ID = env.str("MICROSOFT_WRITER_CLIENT_ID", "").strip()  # a second registration, for changes
MICROSOFT_WRITER_CERTIFICATE = env.str("MICROSOFT_WRITER_CERTIFICATE", "")
MICROSOFT_WRITER_SECRET = env.str("MICROSOFT_WRITER_SECRET", "").strip()
MICROSOFT_BOOKER_CLIENT_ID = env.str("MICROSOFT_BOOKER_CLIENT_ID", "").strip()  # another one, for meetings
MICROSOFT_BOOKER_CERTIFICATE = env.str("MICROSOFT_BOOKER_CERTIFICATE", "")
MICROSOFT_BOOKER_SECRET = env.str("MICROSOFT_BOOKER_SECRET", "").strip()
HTTPS_PROXY = env.str("HTTPS_PROXY", env.str("https_proxy", ""))
CA_BUNDLE = env.str("REQUESTS_CA_BUNDLE", env.str("SSL_CERT_FILE", ""))
PUBLISHER_NAME = env.str("PUBLISHER_NAME", "").strip()  # as Microsoft verified it; empty: it has not
DEMO_PEOPLE = env.str("DEMO_PEOPLE", "")  # a JSON file: who may be tried on the sandbox's sign-in page

# Processes that serve pages; gunicorn reads the same name
WEB_WORKERS = env.int("WEB_CONCURRENCY", 1)

# Audit: where the heads of its chains are written every hour, and where its lines stream to
AUDIT_HEADS_FILE = env.str("AUDIT_HEADS_FILE", str(VAR / "audit-heads.jsonl") if EMBEDDED else "").strip()
AUDIT_HEADS_MAIL = env.str("AUDIT_HEADS_MAIL", "").strip()
AUDIT_SYSLOG = env.str("AUDIT_SYSLOG", "").strip()  # udp://host:port or unix:/dev/log

# Database
DATABASES = {"default": env.db("DATABASE_URL", f"sqlite:///{VAR / 'calwarden.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    VAR.mkdir(mode=0o700, parents=True, exist_ok=True)
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",  # WAL alone still gives "database is locked" when a reader turns writer
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA recursive_triggers=ON",
    }
else:
    DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Counts of requests (sharing.web.limits): shared where processes share Redis, else one for each process
if CELERY_BROKER_URL.startswith(("redis://", "rediss://")):
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": CELERY_BROKER_URL,
            "KEY_PREFIX": "calwarden",
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},  # people wait for it
        }
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 50_000},  # by default a flood of addresses would push the counts out
        }
    }

INSTALLED_APPS = [
    "portal",
    "sharing",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.microsoft",
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    *(["django.contrib.admin"] if ADMIN_SITE else []),
]
MIDDLEWARE = [
    "portal.proxies.trusted_proxies",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.headers.no_store",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "sharing.web.signin.sessions.SessionLimits",
    "sharing.web.sources.Sources",
    "sharing.web.counting.counted",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",  # a view without @login_not_required needs a person
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["sharing.web.tags"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "sharing.web.context.shell",
            ],
        },
    }
]

# Signing in: only through Microsoft, people are (tid, oid), nobody has a password
AUTH_USER_MODEL = "sharing.User"
AUTHENTICATION_BACKENDS = ["sharing.web.signin.backend.EntraBackend"]
LOGIN_URL = "signin"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "sharing.web.signin.adapter.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "sharing.web.signin.adapter.SocialAccountAdapter"
SOCIALACCOUNT_ONLY = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_UNIQUE_EMAIL = False
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*"]
ACCOUNT_USER_MODEL_EMAIL_FIELD = None  # allauth never sees an address, so it cannot match on one
ACCOUNT_RATE_LIMITS = False  # they guard passwords, and there are none
SOCIALACCOUNT_PROVIDERS = {
    "microsoft": {
        "provider_class": "sharing.web.signin.provider.EntraProvider",
    }
}

# Sessions: on the server, 60 minutes idle, at most 12 hours (the second in sharing.web.signin.sessions)
SESSION_COOKIE_AGE = 60 * 60
SESSION_COOKIE_NAME = "__Host-calwarden" if _is_https else "calwarden"
SESSION_COOKIE_SECURE = _is_https
CSRF_COOKIE_NAME = "__Host-calwarden-csrf" if _is_https else "calwarden-csrf"
CSRF_COOKIE_SECURE = _is_https
CSRF_COOKIE_HTTPONLY = True  # forms carry the token
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Headers; TLS ends at a proxy in front, which TRUSTED_PROXIES names and which sets X-Forwarded-Proto itself
if _is_https:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "font-src": ["'self'"],
        "img-src": ["'self'", "data:"],  # data: for the select arrow and check marks of the style sheet
        "connect-src": ["'self'"],
        "form-action": ["'self'"],  # the sign-in page adds Microsoft's origin for itself
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# Static files: hashed names, served by the web process itself
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns where it is missing
_static = "whitenoise.storage.CompressedManifestStaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},  # nothing is ever uploaded
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else _static},
}

FILE_UPLOAD_HANDLERS = [
    "sharing.web.uploads.ExchangeFile",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# Time and language
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False

# Mail
try:
    _mail = env.email_url("EMAIL_URL", "consolemail://")
except (ImproperlyConfigured, ValueError) as error:
    sys.exit(f"Calwarden does not start: EMAIL_URL is not like smtp+tls://user:password@host:587 ({error}).")
vars().update(_mail)
EMAIL_PORT = _mail["EMAIL_PORT"] or (587 if _mail.get("EMAIL_USE_TLS") else 465 if _mail.get("EMAIL_USE_SSL") else 25)
EMAIL_TIMEOUT = 10  # seconds; a worker waits, never a page
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("EMAIL_FROM", f"calwarden@{_portal.hostname}")

# Celery: a message is one id and a hint; the row is offered again when a lease ends
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False  # True would run a poison task for ever
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker as long as it takes
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "unacked_restore_throttle": 1,
    "global_keyprefix": "calwarden:",
    # A page rings while somebody waits: one try of a second; a lost ring costs one tick.
    "max_retries": 0,
    "socket_connect_timeout": 1,
    "socket_timeout": 1,
}
CELERY_TASK_DEFAULT_QUEUE = "sync"
# What is short and must not wait behind a sync has workers of its own.
_short = ("apply_change", "tend_credential", "tick")
CELERY_TASK_ROUTES = {f"sharing.tasks.{name}": {"queue": "changes"} for name in _short}
CELERY_BEAT_SCHEDULE = {"tick": {"task": "sharing.tasks.tick", "schedule": 30.0, "options": {"expires": 25}}}

# Logs: one JSON line an event
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "portal.logs.JsonLines"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "celery.app.trace": {"level": "WARNING"},
    },
}
