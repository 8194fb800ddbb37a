"""The portal behind a socket with everybody of the cast in it, and what a browser finds wrong with a page."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from sandbox.cloud import Cloud
from sharing import tasks
from sharing.connect import clients
from sharing.models import Change
from tests.cast import Cast, make_cast
from tests.cloud import cloud_session
from tests.web.routes import Place, places_of

AXE = (Path(__file__).parents[1] / "vendor" / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (1280, 390, 360)


@dataclass
class Portal:
    """The running portal: its address, who is in it, and a browser for each of them."""

    url: str
    cast: Cast
    cloud: Cloud
    chromium: Browser
    contexts: dict[tuple[str, bool], BrowserContext] = field(default_factory=dict)

    @property
    def places(self) -> list[Place]:
        if not hasattr(self, "_places"):
            self._places = places_of(self.cast)
        return self._places

    def context(self, who: str, *, script: bool = True) -> BrowserContext:
        """The browser of one person, signed in by the cookie of a session; kept for the module."""
        if (who, script) not in self.contexts:
            context = self.chromium.new_context(java_script_enabled=script, reduced_motion="reduce")
            cookies = self.cast.browser(who).cookies
            context.add_cookies([{"name": name, "value": c.value, "url": self.url} for name, c in cookies.items()])
            self.contexts[who, script] = context
        return self.contexts[who, script]

    def open(self, who: str, path: str, *, script: bool = True) -> Page:
        page = self.context(who, script=script).new_page()
        page.set_default_timeout(10_000)
        page.goto(self.url + path)
        return page

    def work(self) -> list[Change]:
        """A worker takes every change that waits one step; all changes, newest first."""
        for task, pk in list(tasks.due_changes(timezone.now())):
            task(pk)
        return list(Change.objects.order_by("-pk"))


@pytest.fixture
def _django_db_helper(portal) -> None:
    """In place of pytest-django's: the mark makes it create the database, but no transaction goes around a test here.

    The portal's own threads must see what is written, and a module's tests share it.
    """


@pytest.fixture(scope="module")
def portal(browser, django_db_setup, django_db_blocker) -> Iterator[Portal]:
    """One for each module: what its tests write is seen by those that follow, and swept up behind the last."""
    cloud = Cloud()
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        session = cloud_session(cloud, at=clients.endpoints())
        patch.setattr(clients, "session_for", lru_cache(lambda where: session))
        clients.forget_tokens()
        server = LiveServer("localhost")
        patch.setattr(settings, "PORTAL_URL", server.url)
        patch.setattr(settings, "ALLOWED_HOSTS", [*settings.ALLOWED_HOSTS, "localhost"])
        portal = Portal(server.url, make_cast(cloud, timezone.now()), cloud, browser)
        try:
            yield portal
        finally:
            for context in portal.contexts.values():
                context.close()
            server.stop()
            clients.forget_tokens()
            call_command("flush", verbosity=0, interactive=False)


def listen(page: Page) -> list[str]:
    """What the browser will complain about from now on: script errors, refusals by the policy, dialogs."""
    heard: list[str] = []

    def note(message) -> None:
        # The browser also notes that the page it was sent to is an error page.
        if message.type == "error" and not message.text.startswith("Failed to load resource: the server responded"):
            heard.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
    page.on("response", lambda got: heard.append(f"{got.status} {got.url}") if is_broken(got) else None)
    return heard


def is_broken(response) -> bool:
    """A style sheet, script, font or picture that is not there."""
    return response.status >= 400 and not response.request.is_navigation_request()


def violations(page: Page, *, rules: list[str] | None = None) -> list[str]:
    """What axe finds on the page as it is now; `rules` looks only for those."""
    asked = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": RULES}
    options = {"runOnly": asked, "resultTypes": ["violations"]}
    if not rules:
        options["rules"] = {"target-size": {"enabled": True}}
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"][:3]]
