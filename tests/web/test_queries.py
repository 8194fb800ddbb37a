"""How many queries every page takes: a committed baseline, and the same number for 5 rows as for 50.

UPDATE_QUERY_COUNTS=1 writes the baseline anew: its difference is then read like any other change.
"""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sharing.models import (
    BatchItem,
    Change,
    ChangeBatch,
    Cover,
    DeliveryPeriod,
    EndDate,
    Mailbox,
    Proposal,
    Stewardship,
    SyncRun,
    Tenant,
    User,
)
from tests.cast import ADMIN, ALEX, CHARLIE, ISAIAH, KIDS, LIDIA, MEGAN, NOW, VIKRAM, give, read

from .classes import ANYBODY, INSTALLATION, IT, OPERATOR, OWNER, SETUP, SHAREE, SIGNED_IN
from .exported import more_exported
from .routes import places_of, routes

BASELINE = Path(__file__).with_name("query_counts.json")
WHO = {
    ANYBODY: ALEX, SIGNED_IN: ALEX, OWNER: ALEX, IT: ISAIAH, OPERATOR: LIDIA, SETUP: VIKRAM, INSTALLATION: VIKRAM,
    SHAREE: MEGAN,
}  # fmt: skip
# Beside the plain pages: what makes a list ask differently.
ASKED = {
    "it:access": [
        "q=bowen",
        "rows=everyone",
        "role=delegate&where=outside",
        "sort=-role",
        "person={person}",
        "domain=fabrikam.com",
    ],  # fmt: skip
    "it:delegates": ["q=alex"],
    "it:people": ["q=alex", "kind=outside", "mailbox=unread"],
    "it:activity": ["actor=isaiah", "person=alex", "action=looking"],
    "setup:users": ["q=alex", "state=ok"],
    "calendar": ["q=northwind"],
}


def pages(place):
    """Every address that answers GET, by name."""
    for route in routes():
        if route.what.get in (403, 404, 405) or route.what.audience == ANYBODY:
            continue
        who = WHO.get(route.what.audience) or place.may[route.what.audience][0]
        yield route.name, who, place.url(route)
        for asked in ASKED.get(route.name, []):
            url = place.url(route)
            asked_here = asked.format(person=place.person)
            yield f"{route.name} {asked}", who, f"{url}{'&' if '?' in url else '?'}{asked_here}"


def count(cast, place):
    """Queries of each page for a browser that has been there before, by name."""
    found = {}
    browsers = {who: cast.browser(who) for who in {who for _, who, _ in pages(place)}}
    for name, who, url in pages(place):
        b"".join(browsers[who].get(url))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = browsers[who].get(url)
            b"".join(answer)
        assert answer.status_code in (200, 302), (name, answer.status_code)
        found[name] = len(queries)
    return found


@pytest.fixture
def place(cast):
    return places_of(cast)[0]


def test_every_page_takes_the_queries_it_is_known_to_take(cast, place):
    found = count(cast, place)
    if os.environ.get("UPDATE_QUERY_COUNTS"):
        BASELINE.write_text(json.dumps(found, indent=2) + "\n")
    assert found == json.loads(BASELINE.read_text()), "UPDATE_QUERY_COUNTS=1 writes the baseline anew"


def test_more_rows_take_no_more_queries(cast, place, cloud):
    more(cast, place, cloud, range(5))
    count(cast, place)  # looking is written down, and the activity log lists that, too
    few = count(cast, place)
    more(cast, place, cloud, range(5, 50))
    many = count(cast, place)
    # A page with "older entries" may stop looking earlier, so fewer is no fault.
    assert {name: (few[name], many[name]) for name in few if few[name] < many[name]} == {}


def more(cast, place, cloud, numbers):
    """One more of everything that pages list, for every number: most of it seen by the mirror as done in Outlook."""

    def outside(do, **fields):
        cloud.state.apply({"do": do, "tenant": str(cast.contoso.tid), "mailbox": ALEX, **fields})

    for number in numbers:
        stranger, newcomer = f"stranger{number}@northwindtraders.com", f"new{number}@contoso.com"
        outside("add_user", name=f"New person {number}", address=newcomer)
        outside("add_calendar", name=f"Calendar {number}")
        outside("share", who=newcomer, role="delegateWithoutPrivateEventAccess")
        outside("share", who=stranger, role="freeBusyRead")
        outside("share", calendar=KIDS, who=stranger, role="read")
        outside("share", calendar=f"Calendar {number}", who=stranger, role="read")
    read(cast.contoso, NOW - timedelta(seconds=50))
    for number in numbers:
        outside("role", who=f"new{number}@contoso.com", role="delegateWithPrivateEventAccess")
        outside("role", calendar=KIDS, who=f"stranger{number}@northwindtraders.com", role="limitedRead")
    read(cast.contoso, NOW - timedelta(seconds=40))
    mailbox = Mailbox.objects.get(person__address=ALEX)
    calendar = mailbox.calendars.get(is_default=True, is_own=True)
    permissions = list(calendar.permissions.open().of_people().order_by("-pk"))
    for number in numbers:
        at = NOW - timedelta(days=1, minutes=number)
        made = {"tenant": cast.contoso, "mailbox": mailbox, "actor": cast.users[ALEX], "actor_kind": Change.OWNER}
        permission = permissions[number % len(permissions)]
        for state in (Change.APPLIED, Change.FAILED, Change.OPEN):
            Change.objects.create(
                **made, kind=Change.ROLE, target=f"{state} {number}", calendar=calendar, permission=permission,
                name=permission.name, before=permission.role, after="read", requested_at=at, state=state,
                finished_at=None if state == Change.OPEN else at,
            )  # fmt: skip
        DeliveryPeriod.objects.create(
            tenant=cast.contoso, mailbox=mailbox, delivery_option="sendToDelegateOnly",
            after="sendToDelegateAndPrincipal", ended_at=at,
        )  # fmt: skip
        SyncRun.objects.create(
            tenant=cast.contoso, kind=SyncRun.FULL, began_at=at, finished_at=at, outcome=SyncRun.DONE,
            asked_by=cast.users[CHARLIE],
        )  # fmt: skip
        job = ChangeBatch.objects.create(
            tenant=cast.contoso, kind=ChangeBatch.REMOVE, actor=cast.users[LIDIA], actor_kind=Change.OPERATOR,
            state=ChangeBatch.DONE, made_at=at, confirmed_at=at, finished_at=at,
        )  # fmt: skip
        for batch in (job, ChangeBatch.objects.get(public_id=place.job)):
            line = {"permission": permission, "name": permission.name, "before": permission.role}
            BatchItem.objects.get_or_create(tenant=cast.contoso, batch=batch, permission=permission, defaults=line)
        day = {"ends_on": NOW.date() + timedelta(days=9), "ends_at": NOW + timedelta(days=9), "made_at": at}
        theirs = {"tenant": cast.contoso, "mailbox": mailbox, "by": cast.users[ALEX], "by_kind": Change.OWNER, **day}
        if number < len(permissions):
            EndDate.objects.create(permission=permission, role=permission.role, **theirs)
        Cover.objects.create(
            calendar=calendar, person=permission.grantee, role="write", starts_on=NOW.date(), starts_at=NOW, **theirs
        )
        Proposal.objects.create(
            tenant=cast.contoso, kind=Proposal.ROLE, target=f"more {number}", mailbox=mailbox, calendar=calendar,
            permission=permission, person=permission.grantee, before="read", after="write", reason="More",
            asked_by=cast.users[LIDIA], asked_as=Change.OPERATOR, asked_at=at, expires_at=NOW + timedelta(days=9),
        )  # fmt: skip
        someone = User.objects.create(tenant=cast.contoso, oid=f"00000000-0000-4000-8000-{number:012}", name="New")
        give(someone, ADMIN, cast.contoso, NOW)
        Stewardship.objects.create(tenant=cast.contoso, mailbox=mailbox, oid=someone.oid, given_at=NOW)
        Tenant.objects.create(tid=f"00000000-0000-4000-9000-{number:012}", name=f"Tenant {number}", state_since=NOW)
        more_exported(cast.contoso, number, cast.users[LIDIA], at - timedelta(days=2))
