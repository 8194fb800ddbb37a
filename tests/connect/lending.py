"""A person who connects their own mailbox: the trip to the sandbox's Entra and back, without a browser."""

import html
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.utils import timezone

from sandbox.http import Request
from sharing.connect import grants
from sharing.models import READER, Tenant
from tests.cloud import CONTOSO

BACK = "http://localhost:8000/account/connected/"


@pytest.fixture
def tenant(db, cloud):
    """Contoso, where everybody connects their own mailbox."""
    return Tenant.objects.create(
        tid=CONTOSO, name="Contoso", cloud="sandbox", state=Tenant.LISTED, state_since=timezone.now(),
        mode=Tenant.INDIVIDUAL,
    )  # fmt: skip


def entra(cloud, method, url, **form):
    at = urlsplit(url)
    body = urlencode(form).encode()
    return cloud.handle(Request(method, at.path, at.query, {"host": at.netloc}, body))


def ticket(page):
    return html.unescape(re.search(r'name="ticket" value="([^"]+)"', page.body.decode())[1])


def go(cloud, url, *, oid, tid, answer="accept"):
    """Pick an account and answer the consent page where there is one; the address the browser is sent back to."""
    page = entra(cloud, "POST", url, ticket=ticket(entra(cloud, "GET", url)), tid=str(tid), oid=str(oid))
    if page.status == 200:
        page = entra(cloud, "POST", url, ticket=ticket(page), answer=answer)
    assert page.status == 302, page.body
    return page.headers["Location"]


def answer_of(where):
    return parse_qs(urlsplit(where).query, keep_blank_values=True)


def lend(cloud, user, *, now, change=False, shared=False, other=None, app=READER):
    """The grant of `user` for their own account, or for `other` (tid, oid)."""
    url, kept = grants.begin(
        user=user,
        change=change,
        shared=shared,
        other=other is not None,
        redirect_uri=BACK,
        now=now,
        app=app,
    )
    tid, oid = other or (user.tenant.tid, user.oid)
    answer = answer_of(go(cloud, url, oid=oid, tid=tid))
    return grants.end(user=user, answer=answer, kept=kept, redirect_uri=BACK, now=now)
