"""A Microsoft administrator with a browser: opens the link, goes to the sandbox's approval, signs in, comes back."""

import html
import re
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from django.test import Client

from sandbox.http import Request
from tests.cloud import FABRIKAM

PORTAL = "localhost:8000"
ENTRA = "127.0.0.1:8010"
PATTI = "7a11f00d-2b3c-4d5e-8f90-a1b2c3d4e5f6"


class Trip:
    """One browser; `token` is that of the link it was sent."""

    def __init__(self, cloud, token):
        self.cloud = cloud
        self.path = f"/activate/{token}/"
        self.portal = Client(headers={"host": PORTAL})

    def begin(self):
        """Press "Continue to Microsoft"; the address that the portal sends the browser to."""
        answer = self.portal.post(self.path)
        assert answer.status_code == 302, answer.content.decode()
        return answer["Location"]

    def entra(self, method, url, **form):
        at = urlsplit(url)
        assert at.netloc == ENTRA
        body = urlencode(form).encode()
        return self.cloud.handle(Request(method, at.path, at.query if method == "GET" else "", {"host": ENTRA}, body))

    def pick(self, url, *, oid=PATTI, tid=FABRIKAM):
        return self.entra("POST", url, ticket=ticket(self.entra("GET", url)), tid=tid, oid=oid)

    def consent(self, url, *, answer="accept", **who):
        """Choose an account at the approval and answer; the address Entra sends the browser back to."""
        page = self.pick(url, **who)
        if page.status == 200:
            page = self.entra("POST", url, ticket=ticket(page), answer=answer)
        return page.headers["Location"]

    def sign_in(self, url, **who):
        page = self.pick(url, **who)
        if page.status == 200:
            page = self.entra("POST", url, ticket=ticket(page), answer="accept")
        return page.headers["Location"]

    def come_back(self, url):
        at = urlsplit(url)
        assert at.netloc == PORTAL
        return self.portal.get(at.path, parse_lists(at.query))

    def to_signin(self):
        """Everything up to the sign-in that follows the approval; its address at Entra."""
        answer = self.come_back(self.consent(self.begin()))
        assert answer.status_code == 302, answer.content.decode()
        return answer["Location"]

    def go(self, **who):
        """The whole way; the portal's last answer."""
        return self.come_back(self.sign_in(self.to_signin(), **who))


def parse_lists(query):
    return parse_qs(query, keep_blank_values=True)


def ticket(page):
    found = re.search(r'name="ticket" value="([^"]+)"', page.body.decode())
    assert found, page.body
    return html.unescape(found[1])


def with_query(url, **changes):
    """The address with some parameters set, several times where a list is given, and left out for None."""
    at = urlsplit(url)
    pairs = [(name, value) for name, value in parse_qsl(at.query, keep_blank_values=True) if name not in changes]
    for name, value in changes.items():
        pairs += [(name, each) for each in (value if isinstance(value, list) else [value]) if each is not None]
    return at._replace(query=urlencode(pairs)).geturl()
