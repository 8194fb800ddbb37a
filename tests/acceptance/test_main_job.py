"""The main job, end to end, as a person plays it: what Alex changes on his pages, Microsoft has and IT sees."""

import json
import re
import signal
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from sandbox.cast import ALEX, ALEX_KIDS_PARTIES, CONTOSO

from .conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OPTION = "sendToDelegateAndPrincipal"
WORKS_WITHIN = 20_000  # milliseconds from Save to the read-back, on a busy machine


def sign_in(page, demo, name):
    """Through Microsoft's account picker."""
    page.goto(demo.place.portal_url)
    page.get_by_role("button", name="Sign in with Microsoft").click()
    page.get_by_role("button", name=re.compile(f"^{name}")).click()
    page.wait_for_url(f"{demo.place.portal_url}/**")


def person(page, name):
    """The row of one person in the list of who has access."""
    return page.locator("#people li", has=page.get_by_role("heading", name=name, exact=True))


def world(demo):
    """Every own calendar's entries in the sandbox: (owner's oid, calendar id, permission id) → role."""
    users = demo.sandbox.ask("GET", "state")["tenants"][CONTOSO]["users"]
    return {
        (oid, calendar["id"], row["id"]): row["role"]
        for oid, user in users.items()
        for calendar in ((user["mailbox"] or {}).get("calendars") or {}).values()
        if not calendar["original"] and not calendar["foreign_owner"]
        for row in calendar["permissions"].values()
    }


def mirrored(rows):
    return {(r["owner_oid"], r["calendar_id"], r["permission_id"]): r["role"] for r in rows if r["permission_id"]}


def query(demo, sql, *values):
    with sqlite3.connect(f"file:{demo.place.database}?mode=ro", uri=True) as database:
        return database.execute(sql, values).fetchall()


def alex(rows):
    """Who holds what on Alex's calendars: (calendar, name) → role, people only."""
    return {(r["calendar_name"], r["name"]): r["role"] for r in rows if r["owner_oid"] == ALEX and r["address"]}


def test_the_command_is_the_one_behind_make_demo():
    assert re.search(r"^demo:\n(\t.*\n)*\t@\$\(RUN\) manage\.py demo$", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_alex_changes_who_may_see_his_calendars_and_everything_agrees(page, demo, new_context):
    heard = []
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    before = demo.export()
    assert alex(before) == {
        ("Calendar", "Megan Bowen"): "delegateWithPrivateEventAccess",
        ("Kids parties", "Adele Vance"): "read",
        ("Kids parties", "Megan Bowen"): "read",
    }
    last = max(entry["n"] for entry in demo.sandbox.ask("GET", "log")["log"])

    # Alex signs in and lets Adele write on “Kids parties”.
    sign_in(page, demo, "Alex Wilber")
    page.get_by_role("link", name="Manage who has access to Kids parties").click()
    page.get_by_role("link", name="Change Adele Vance’s access").click()
    page.locator("input[name=role][value=write]").check()
    page.get_by_role("button", name="Save changes").click()
    expect(person(page, "Adele Vance").get_by_text("Can edit", exact=True)).to_be_visible(timeout=WORKS_WITHIN)
    expect(page.locator("#toasts")).to_contain_text("Adele Vance")

    # He removes Megan from it, after being asked.
    page.get_by_role("link", name="Remove Megan Bowen").click()
    page.get_by_role("button", name="Remove").click()
    expect(person(page, "Megan Bowen")).to_have_count(0, timeout=WORKS_WITHIN)

    # And he says who gets his meeting requests.
    page.get_by_role("link", name="Meeting requests").first.click()
    page.locator(f"input[name=option][value={OPTION}]").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(f"input[name=option][value={OPTION}]")).to_be_checked(timeout=WORKS_WITHIN)
    page.get_by_role("link", name="History").first.click()
    story = page.get_by_role("main")
    for sentence in ("Adele Vance", "Megan Bowen", "You"):
        expect(story).to_contain_text(sentence)

    # Microsoft has it.
    now_there = world(demo)
    adele, megan = (
        next(r for r in before if (r["calendar_name"], r["name"]) == ("Kids parties", name) and r["owner_oid"] == ALEX)
        for name in ("Adele Vance", "Megan Bowen")
    )
    assert now_there[ALEX, ALEX_KIDS_PARTIES, adele["permission_id"]] == "write"
    assert (ALEX, ALEX_KIDS_PARTIES, megan["permission_id"]) not in now_there
    state = demo.sandbox.ask("GET", "state")["tenants"][CONTOSO]["users"][ALEX]["mailbox"]
    assert OPTION in json.dumps(state["settings"])

    # The export says what Microsoft says, of everybody, and yesterday is as it was.
    after = demo.export()
    read = [r for r in after if r["mailbox_state"] == "ok"]
    assert mirrored(read) == {key: role for key, role in now_there.items() if key[0] in {r["owner_oid"] for r in read}}
    assert {r["delivery_option"] for r in after if r["owner_oid"] == ALEX} == {OPTION}
    assert alex(after) == {
        ("Calendar", "Megan Bowen"): "delegateWithPrivateEventAccess",
        ("Kids parties", "Adele Vance"): "write",
    }
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert alex(demo.export(f"--as-of={yesterday}")) == alex(before)

    # History tells Alex's own changes from what was noticed outside.
    changes = query(demo, "SELECT id, kind, state, before, after, actor_id FROM sharing_change ORDER BY id")
    assert [change[1:5] for change in changes] == [
        ("role", "applied", "read", "write"),
        ("remove", "applied", "read", ""),
        ("delivery", "applied", "sendToDelegateOnly", OPTION),
    ]
    periods = (
        "SELECT p.change_id, p.role, p.after FROM sharing_permissionperiod p WHERE p.change_id IS NOT NULL ORDER BY 1"
    )
    assert query(demo, periods) == [(changes[0][0], "read", "write"), (changes[1][0], "read", "")]
    assert query(demo, "SELECT count(*) FROM sharing_permissionperiod WHERE change_id IS NULL")[0][0] > 15

    # Exactly one write for each change, nobody's events, no haste.
    log = [entry for entry in demo.sandbox.ask("GET", "log")["log"] if entry["n"] > last]
    writes = [e for e in log if e["method"] != "GET" and e["caller"] and e["kind"] != "batch"]
    assert [(e["method"], e["path"].rpartition("/")[2].replace("%3D", "=")) for e in writes] == [
        ("PATCH", adele["permission_id"]),
        ("DELETE", megan["permission_id"]),
        ("PATCH", "mailboxSettings"),
    ]
    stats = demo.sandbox.ask("GET", "stats")
    assert (stats["event_reads"], stats["early_retries"]) == (0, 0)
    assert heard == []

    # Isaiah sees all of it in one table, and the delegates in another.
    it = new_context().new_page()
    sign_in(it, demo, "Isaiah Langer")
    it.goto(f"{demo.place.portal_url}/it/access/?q=AlexW@contoso.com")
    kids = it.locator("tbody tr", has_text="Kids parties")
    expect(kids.filter(has_text="Adele Vance")).to_contain_text("Can edit")
    expect(kids.filter(has_text="Megan Bowen")).to_have_count(0)
    expect(it.locator("tbody tr", has_text="Megan Bowen").first).to_be_visible()
    it.goto(f"{demo.place.portal_url}/it/delegates/")
    delegation = it.locator("tbody tr", has_text="Alex Wilber")
    expect(delegation).to_contain_text("Megan Bowen")
    expect(delegation).to_contain_text("Delegates and owner")


def test_a_second_demo_goes_on_with_the_same_world(demo):
    first = demo.export()
    nights = query(demo, "SELECT count(*) FROM sharing_syncrun")[0][0]
    demo.sandbox.ask(
        "POST", "change", {"do": "unshare", "mailbox": ALEX, "calendar": "Kids parties", "who": "MeganB@contoso.com"}
    )
    assert demo.stop(signal.SIGTERM) == 0
    assert demo.left() == []
    demo.start()
    assert "Going on with what is in" in demo.text
    assert mirrored(demo.export()) == mirrored(first)
    assert query(demo, "SELECT count(*) FROM sharing_syncrun")[0][0] <= nights + 1
    demo.manage("sync")
    assert ("Kids parties", "Megan Bowen") not in alex(demo.export())
    assert demo.stop(signal.SIGINT) == 0
    assert demo.left() == []
