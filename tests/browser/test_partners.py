"""Two organizations see when each other's people are busy, and a meeting is booked across: all of it in a browser.

The pretend Microsoft is behind a socket: people sign in there, its PowerShell runs the scripts, and what these write
is uploaded. Each person has a browser of their own.
"""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from sandbox import cast
from sandbox.cloud import Cloud
from sandbox.server import Server
from sandbox.world import BOOKER_SECRET
from sharing import tasks
from sharing.connect import calls, clients
from sharing.models import Booking, FederationPlan, Tenant, list_tenant
from tests.cast import ADMIN, OPERATOR, give, read, user_of
from tests.cloud import CONTOSO, FABRIKAM

from .conftest import AXE, listen, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

ALEX, LIDIA, ALLAN, PATTI = "Alex Wilber", "Lidia Holloway", "Allan Deyoung", "Patti Fernandez"
TONI = "ToniP@fabrikam.com"
MOST_CLICKS = 105  # of seven people together, who sign in, copy, run and upload


@dataclass
class World:
    """The portal and Microsoft, both behind sockets, and who looks at them."""

    url: str
    microsoft: Server
    chromium: Browser
    clicks: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    contexts: dict[str, BrowserContext] = field(default_factory=dict)

    @property
    def cloud(self) -> Cloud:
        return self.microsoft.cloud

    @contextmanager
    def person(self, name: str, *, script: bool = True) -> Iterator["Person"]:
        """A window of somebody who signed in; the browser is theirs for the whole story."""
        key = f"{name}, {'with' if script else 'without'} script"
        known = key in self.contexts
        if not known:
            self.contexts[key] = self.chromium.new_context(java_script_enabled=script, reduced_motion="reduce")
        page = self.contexts[key].new_page()
        page.set_default_timeout(20_000)
        heard = listen(page)
        person = Person(self, page, script)
        if not known and name:
            person.sign_in(name)
        yield person
        self.wrong += heard
        page.close()


@dataclass
class Person:
    """Somebody with a mouse: every click is counted, and every page they come to is examined."""

    world: World
    page: Page
    script: bool

    def goes(self, path: str) -> None:
        self.page.goto(self.world.url + path)
        self.looks()

    def clicks(self, role: str, name: str | re.Pattern, *, within: str = "body", last: bool = False) -> None:
        self.world.clicks.append(str(name))
        found = self.page.locator(within).get_by_role(role, name=name)
        (found.last if last else found.first).click()
        self.page.wait_for_load_state()
        self.looks()

    def fills(self, label: str, value: str) -> None:
        self.page.get_by_label(label).fill(value)

    def looks(self) -> None:
        """Nothing for axe to find on a page of ours, and nothing wider than a telephone."""
        page = self.page
        if not self.script or not page.url.startswith(self.world.url):
            return
        page.evaluate(AXE)
        found = violations(page)
        page.set_viewport_size({"width": 390, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
            found.append("wider than 390 px")
        page.set_viewport_size({"width": 1280, "height": 900})
        self.world.wrong += [f"{page.url.removeprefix(self.world.url)} {each}" for each in found]

    def reads(self, *sentences: str) -> None:
        for sentence in sentences:
            expect(self.page.locator("main")).to_contain_text(sentence)

    def signs_in_at_microsoft(self, name: str) -> None:
        """On Microsoft's page, where a person of the organization is in the list or is named by their address."""
        page = self.page
        if "@" not in name:
            self.clicks("button", re.compile(f"^{name}"))
            return
        self.world.clicks.append(name)
        if self.script:
            page.get_by_text("Somebody else").click()
        page.get_by_label("Organization").select_option("Fabrikam")
        page.get_by_label("Address").fill(name)
        page.get_by_role("button", name="Sign in", exact=True).click()

    def sign_in(self, name: str) -> None:
        self.page.goto(self.world.url)
        self.clicks("button", "Sign in with Microsoft")
        self.signs_in_at_microsoft(name)
        self.page.wait_for_url(f"{self.world.url}/**")

    def runs(self, script: str, organization: str) -> None:
        """In Exchange Online PowerShell, as its administrator."""
        self.page.goto(f"{self.world.microsoft.origin}/exchange/")
        self.page.locator("#script").fill(script)
        self.clicks("button", f"PowerShell of {organization}")
        expect(self.page.locator("body")).to_contain_text("It ran to its end, without an error.")

    def export(self, organization: str, script: str) -> bytes:
        """The file that our export script writes there."""
        self.runs(script, organization)
        link = self.page.get_by_role("link", name="Download exchange-export.json")
        return base64.b64decode(link.get_attribute("href").partition("base64,")[2])

    def updates(self, organization: str) -> None:
        """The script is copied, run, and its file uploaded: as often as Exchange is to be looked at."""
        self.goes("/it/organizations/exchange/")
        script = self.copies("script")
        with self.world.person("") as administrator:
            content = administrator.export(organization, script)
        file = {"name": "exchange-export.json", "mimeType": "application/json", "buffer": content}
        self.page.locator("#id_file").set_input_files(file)
        self.clicks("button", re.compile("^Upload$"))
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("Export of")

    def copies(self, field_id: str) -> str:
        """What the button beside the field copies; without script one selects it."""
        self.world.clicks.append("Copy")
        return self.page.locator(f"#{field_id}").input_value()


@pytest.fixture(scope="module")
def portal(browser, django_db_setup, django_db_blocker) -> Iterator[World]:
    """Contoso as `make demo` has it, with nothing exported; Fabrikam listed, where nobody has consented to anything."""
    microsoft = Server(Cloud(consented=[CONTOSO]))
    with microsoft, django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        server = LiveServer("localhost")
        set_to = {
            "PORTAL_URL": server.url, "ALLOWED_HOSTS": [*settings.ALLOWED_HOSTS, "localhost"],
            "MICROSOFT_LOGIN_URL": microsoft.origin, "MICROSOFT_GRAPH_URL": microsoft.origin,
            "EXCHANGE_URL": microsoft.origin, "MICROSOFT_BOOKER_CLIENT_ID": cast.BOOKER_APP,
            "MICROSOFT_BOOKER_SECRET": BOOKER_SECRET,
        }  # fmt: skip
        for name, value in set_to.items():
            patch.setattr(settings, name, value)
        clients.forget_tokens()
        calls.forget()
        now = timezone.now()
        contoso = Tenant.objects.create(
            tid=CONTOSO, cloud="sandbox", state=Tenant.CONNECTED, state_since=now, writes_on=True
        )
        read(contoso, now)
        allan, lidia = (user_of(contoso, f"{name}@contoso.com") for name in ("AllanD", "LidiaH"))
        give(allan, ADMIN, None, now)
        give(lidia, OPERATOR, contoso, now)
        list_tenant(tid=FABRIKAM, now=now, cloud="sandbox")
        world = World(server.url, microsoft, browser)
        try:
            yield world
        finally:
            for context in world.contexts.values():
                context.close()
            server.stop()
            clients.forget_tokens()
            call_command("flush", verbosity=0, interactive=False)


def work(rounds: int = 1) -> None:
    """A worker reads whatever is due."""
    for _ in range(rounds):
        for task, pk in list(tasks.due_reads(timezone.now())):
            task(pk)


def new_partner(person: Person, *, name: str, domains: str, level: str) -> None:
    person.goes("/it/organizations/")
    person.clicks("link", "New partner")
    person.fills("Name", name)
    person.fills("Their mail domains", domains)
    person.clicks("radio", level)
    person.clicks("button", "Save")


def plan(person: Person, partner: str, level: str) -> tuple[str, str]:
    """From the list to the two scripts, ours and theirs."""
    person.goes("/it/organizations/")
    person.clicks("link", partner, last=True)
    person.clicks("link", "Plan what they may see")
    person.clicks("radio", level)
    person.clicks("button", "Make the plan")
    person.reads("Not seen yet")
    ours, theirs = (box.get_attribute("id") for box in person.page.locator("textarea[readonly]").all())
    return person.copies(ours), person.copies(theirs)


def approve(world: World, link: str, administrator: str) -> None:
    """Whoever got the link follows it to Microsoft and back."""
    with world.person("") as somebody:
        somebody.page.goto(link)
        somebody.clicks("button", "Continue to Microsoft")
        somebody.signs_in_at_microsoft(administrator)
        somebody.clicks("button", "Accept")
        somebody.signs_in_at_microsoft(administrator)
        somebody.page.get_by_text("You are done here").wait_for()
    work()


def connect_fabrikam(world: World) -> None:
    with world.person(ALLAN) as allan:
        allan.goes("/setup/connections/")
        allan.clicks("link", "Go on connecting")
        allan.clicks("radio", "Reading and changing, one registration")
        allan.clicks("button", "Make the link")
        approve(world, allan.copies("link"), PATTI)
        allan.page.reload()
        allan.clicks("link", "Look and confirm")
        allan.clicks("button", "Connect Fabrikam")
    work(rounds=3)
    with world.person(ALLAN) as allan:
        allan.goes(f"/setup/roles/?tenant={Tenant.objects.get(tid=FABRIKAM).public_id}")
        allan.fills("Address", "RuthA@fabrikam.com")
        allan.clicks("radio", "Operator")
        allan.clicks("button", "Give role")
        allan.reads("Ruth Almeida")


def let_people_book(world: World) -> None:
    with world.person(ALLAN) as allan:
        allan.goes("/setup/connections/")
        allan.clicks("link", re.compile("^Switch on meetings at Contoso"))
        allan.clicks("link", "Make a link for the approval")
        allan.clicks("button", re.compile("^Make (the|a new) link"))
        approve(world, allan.copies("link"), ALLAN)
        allan.page.reload()
        allan.clicks("link", "Look and confirm")
        allan.clicks("button", "Approve meetings")
        allan.clicks("link", "Meetings", within="main")
        allan.clicks("button", "Let people book meetings")
        allan.reads("On: people may find times and book meetings")


def lend(world: World, name: str) -> None:
    with world.person(name) as person:
        person.goes("/account/")
        person.clicks("button", "Lend my mailbox")
        expect(person.page.get_by_role("button", name="Take it back")).to_be_visible()


def try_it(person: Person, partner: str, address: str) -> None:
    """From the list to the answer about one person there."""
    person.goes("/it/organizations/")
    person.clicks("link", partner)
    person.clicks("link", "Test what they let us see")
    person.fills("Address of a person there", address)
    person.clicks("button", "Ask now")


def test_two_organizations_open_their_free_and_busy_times_and_meet(portal):
    with portal.person(LIDIA) as lidia:
        lidia.updates("Contoso")
        lidia.reads("This is the first export.")

        # Busy times, first of ours for them.
        new_partner(lidia, name="Fabrikam", domains="fabrikam.com", level="Busy times")
        ours, theirs = plan(lidia, "Fabrikam", "Busy times")
        with portal.person("") as administrator:
            administrator.runs(ours, "Contoso")
        assert FederationPlan.objects.get().state == FederationPlan.OPEN  # that it ran proves nothing
        lidia.updates("Contoso")
        lidia.reads("New relationship: Fabrikam", "Done")

        # Theirs for us: not before their administrator ran their half.
        lend(portal, ALEX)
        try_it(lidia, "Fabrikam", TONI)
        expect(lidia.page.locator("main")).not_to_contain_text("Free and busy times seen")
        with portal.person("") as administrator:
            administrator.runs(theirs, "Fabrikam")
        try_it(lidia, "Fabrikam", TONI)
        lidia.reads("Free and busy times seen", "without titles or places", "Not kept")

        # Titles and places, as was agreed anew.
        portal.cloud.state.apply(
            {"do": "role", "tenant": FABRIKAM, "mailbox": TONI, "calendar": "Calendar", "who": "default",
             "role": "limitedRead"}
        )  # fmt: skip
        lidia.goes("/it/organizations/")
        lidia.clicks("link", "Fabrikam", last=True)
        lidia.clicks("link", "Change", within="main")
        lidia.clicks("radio", "Titles and places")
        lidia.clicks("button", "Save")
        ours, theirs = plan(lidia, "Fabrikam", "Titles and places")
        with portal.person("") as administrator:
            administrator.runs(ours, "Contoso")
            administrator.runs(theirs, "Fabrikam")
        lidia.updates("Contoso")
        lidia.reads("Level: Busy times → Titles and places", "Done")
        try_it(lidia, "Fabrikam", TONI)
        lidia.reads("Times with titles and places seen")

    # The other way round, by Fabrikam's own people.
    connect_fabrikam(portal)
    with portal.person("RuthA@fabrikam.com") as ruth:
        ruth.updates("Fabrikam")
        new_partner(ruth, name="Contoso", domains="contoso.com\ncontoso.onmicrosoft.com", level="Titles and places")
        ours, theirs = plan(ruth, "Contoso", "Busy times")
        with portal.person("") as administrator:
            administrator.runs(ours, "Fabrikam")
            administrator.runs(theirs, "Contoso")
        ruth.updates("Fabrikam")
        ruth.reads("Level: Titles and places → Busy times", "Done")
        lend(portal, PATTI)
        try_it(ruth, "Contoso", "MeganB@contoso.com")
        ruth.reads("Free and busy times seen")

    # And a meeting, with one of each.
    let_people_book(portal)
    with portal.person(ALEX) as alex:
        alex.goes("/")
        alex.clicks("link", "Find a time")
        alex.page.get_by_label("A colleague’s name or address").press_sequentially("megan")
        alex.clicks("button", "Add Megan Bowen")
        alex.fills("Somebody at a partner organization", "PattiF@fabrikam.com")
        alex.clicks("button", "Add this address")
        alex.clicks("button", "Find times")
        alex.reads("Times that suit everybody")
        alex.clicks("button", re.compile(r"^\d\d:\d\d to \d\d:\d\d"))
        alex.fills("What it is about", "Kick-off with Fabrikam")
        alex.clicks("button", "Book and invite")
        expect(alex.page.get_by_role("heading", level=1)).to_have_text("Kick-off with Fabrikam")
        alex.reads("Booked", "Megan Bowen", "No answer yet")
    invited = {each["to"].casefold() for each in portal.cloud.state.invitations}
    assert {"meganb@contoso.com", "pattif@fabrikam.com"} <= invited
    assert Booking.objects.get().state == Booking.BOOKED

    # What Calwarden says of it, and what Microsoft's own log says.
    with portal.person(ALLAN) as allan:
        allan.goes(f"/setup/disclosure/?tenant={Tenant.objects.get(tid=CONTOSO).public_id}")
        allan.reads("0 in the last 30 days", "Calls about people’s time")
    assert portal.cloud.log.stats()["event_reads"] == 0
    assert portal.wrong == []
    assert len(portal.clicks) <= MOST_CLICKS, (len(portal.clicks), portal.clicks)


def test_partners_and_meetings_need_no_script(portal):
    """Tailspin Toys this time, whose relationship is off; and Adele, who meets somebody of Contoso."""
    with portal.person(LIDIA, script=False) as lidia:
        lidia.updates("Contoso")
        new_partner(lidia, name="Tailspin Toys", domains="tailspintoys.com", level="Busy times")
        ours, _ = plan(lidia, "Tailspin Toys", "Busy times")
        with portal.person("", script=False) as administrator:
            administrator.runs(ours, "Contoso")
        lidia.updates("Contoso")
        lidia.reads("Tailspin Toys", "Done")
    if not Tenant.objects.get(tid=CONTOSO).bookings_on:
        let_people_book(portal)
    with portal.person("Adele Vance", script=False) as adele:
        adele.goes("/meetings/")
        adele.fills("A colleague’s name or address", "megan")
        adele.clicks("button", "Search")
        adele.clicks("button", "Add Megan Bowen")
        adele.clicks("button", "Find times")
        adele.clicks("button", re.compile(r"^\d\d:\d\d to \d\d:\d\d"))
        adele.fills("What it is about", "Lunch")
        adele.clicks("button", "Book and invite")
        adele.reads("Booked", "Megan Bowen")
        adele.clicks("link", "Cancel meeting…")
        adele.clicks("button", re.compile("^Cancel"))
        adele.reads("Cancelled")
    assert portal.cloud.log.stats()["event_reads"] == 0
