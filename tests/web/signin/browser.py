"""A browser without a screen: it follows the portal to Entra's account picker and back."""

import html
import re
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.test import Client

from sandbox.http import Request
from tests.cloud import CONTOSO

PORTAL = "localhost:8000"
ENTRA = "127.0.0.1:8010"
ALEX = "64339082-ed84-4b0b-b4ab-004ae54f3747"
MEGAN = "48d31887-5fad-4d73-a9f5-3c356e68a038"


class Browser:
    """One person's browser: cookies for the portal, and what they click at Entra."""

    def __init__(self, cloud):
        self.cloud = cloud
        self.portal = Client(headers={"host": PORTAL})

    def begin(self, **fields):
        """Press the button on the sign-in page; the answer that leads to Entra."""
        return self.portal.post("/accounts/microsoft/login/", fields)

    def choose(self, authorize_url, *, oid, tid=CONTOSO):
        """Pick an account at Entra; the address it sends the browser back to."""
        at = urlsplit(authorize_url)
        assert at.netloc == ENTRA
        page = self.cloud.handle(Request("GET", at.path, at.query, {"host": ENTRA})).body.decode()
        found = re.search(r'name="ticket" value="([^"]+)"', page)
        assert found, page
        form = urlencode({"ticket": html.unescape(found[1]), "tid": tid, "oid": oid}).encode()
        answer = self.cloud.handle(Request("POST", at.path, "", {"host": ENTRA}, form))
        return answer.headers["Location"]

    def come_back(self, url):
        """Follow Entra's redirect to the portal."""
        at = urlsplit(url)
        assert at.netloc == PORTAL
        return self.portal.get(at.path, dict(parse_qsl(at.query)))

    def sign_in(self, *, oid=ALEX, tid=CONTOSO, **fields):
        return self.come_back(self.choose(self.begin(**fields)["Location"], oid=oid, tid=tid))

    @property
    def is_signed_in(self):
        return self.portal.get("/signin/").status_code == 302
