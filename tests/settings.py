"""The settings of the tests: the portal's one file, read in a fixed environment."""

import atexit
import os
import shutil
import tempfile

VAR_FOLDER = tempfile.mkdtemp(prefix="calwarden-tests-")
atexit.register(shutil.rmtree, VAR_FOLDER, ignore_errors=True)

for name in [name for name in os.environ if name.startswith(("MICROSOFT_", "CELERY_", "EMAIL_", "SECRET_", "TOKEN_"))]:
    del os.environ[name]
os.environ |= {
    "PORTAL_VAR": VAR_FOLDER,
    "PORTAL_URL": "http://localhost:8000",
    "ALLOWED_HOSTS": "localhost,testserver",
    "DEBUG": "on",  # plain static files; pytest-django itself runs every test with DEBUG off
    "SECRET_KEY": "only-the-tests-sign-with-this-key-which-is-long-enough-to-be-one",
    "TOKEN_KEYS": "cG9ydGFsLXRlc3RzLXNlYWwtd2l0aC10aGlzLWtleS4=",
    "DATABASE_URL": os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{VAR_FOLDER}/unused.sqlite3",
    # The sandbox of tests/conftest.py answers here in process; nothing listens.
    "MICROSOFT_LOGIN_URL": "http://127.0.0.1:8010",
    "MICROSOFT_GRAPH_URL": "http://127.0.0.1:8010",
    "EXCHANGE_URL": "http://127.0.0.1:8010",
    "MICROSOFT_CLIENT_ID": "ca1e4da2-0000-4000-8000-00000000c0de",
    "MICROSOFT_CLIENT_SECRET": "sandbox-secret-of-the-portal",
    "EMAIL_URL": "memorymail://",
    "LOG_LEVEL": "WARNING",
    # Playwright keeps an event loop in the test's thread; the portal itself has none.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "on",
}

from portal.settings import *  # noqa: E402, F403
from portal.settings import DATABASES, STATIC_ROOT  # noqa: E402

if "sqlite3" in DATABASES["default"]["ENGINE"]:
    # A file, as in real life: an in-memory database locks whole tables between threads.
    DATABASES["default"]["TEST"] = {"NAME": f"{VAR_FOLDER}/tests.sqlite3"}
STATIC_ROOT.mkdir(exist_ok=True)
