"""What changed: done here, or noticed between two readings; every change once, in the order it was seen."""

from datetime import timedelta
from urllib.parse import unquote

from django.urls import reverse

from sharing.models import PermissionPeriod, Stewardship
from tests.contoso import mailbox, permission

from .cast import ADELE, ALEX, CHARLIE, KIDS, MEGAN, calendar_of, form_of, page_of

HISTORY = reverse("history")
BOTH = "sendToDelegateAndPrincipal"


def lines(owner, url=HISTORY, **query):
    """The entries of a page, as text."""
    timeline = owner.get(url, query).text.partition('<ol class="timeline">')[2].partition("</ol>")[0]
    return [line.partition("</p>")[0].replace("<strong>", "").replace("</strong>", "")
            for line in timeline.split("<li><p>")[1:]]  # fmt: skip


def test_the_first_reading_is_no_change(owner):
    page = owner.get(HISTORY).text
    assert "Nothing changed since the first check." in page
    assert lines(owner) == []


def test_a_change_outside_is_noticed_with_before_and_after(owner, outside, sync, later):
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="write")
    later(days=1)
    sync()
    assert lines(owner) == ["Adele Vance changed from Can view all details to Can edit"]
    page = owner.get(HISTORY).text
    assert "Noticed today 17:00, outside Calwarden · Kids parties" in page
    assert (
        "Noticed today 17:00, outside Calwarden · Kids parties"
        not in owner.get(calendar_of(permission(ALEX, ADELE, KIDS))).text
    )


def test_access_that_came_went_and_came_again_is_three_lines(owner, outside, sync, later):
    for act in ("share", "unshare", "share"):
        outside(act, mailbox=ALEX, calendar=KIDS, who=CHARLIE, **({"role": "read"} if act == "share" else {}))
        later(days=1)
        sync()
    assert lines(owner) == [
        "Charlie Reed got access: Can view all details",
        "Charlie Reed no longer has access (was Can view all details)",
        "Charlie Reed got access: Can view all details",
    ]


def test_the_organisation_has_a_small_letter_inside_a_sentence(owner):
    row = permission(ALEX, "Default")
    owner.post(page_of(row), form_of(row, role="limitedRead", confirmed="on"))
    assert lines(owner)[0].startswith("You asked to change everyone at Contoso from “")


def test_the_organisation_and_a_deleted_calendar_have_their_own_words(owner, outside, sync, later):
    outside("role", mailbox=ALEX, who="Default", role="limitedRead")
    later(days=1)
    sync()
    outside("delete_calendar", mailbox=ALEX, calendar=KIDS)
    later(days=1)
    sync()
    found = lines(owner)
    assert found[-1] == "Everyone at Contoso changed from Can view when I’m busy to Can view titles and locations"
    assert "Adele Vance’s access ended: the calendar was deleted" in found
    assert "Everyone at Contoso’s access ended: the calendar was deleted" not in found


def test_a_new_calendar_is_no_news_about_those_who_do_not_see_it(owner, outside, sync, later):
    outside("add_calendar", mailbox=ALEX, name="Board travel")
    outside("share", mailbox=ALEX, calendar="Board travel", who=ADELE, role="read")
    later(days=1)
    sync()
    assert lines(owner) == ["Adele Vance got access: Can view all details"]


def test_what_was_done_here_is_said_once_and_as_done_here(owner, work, later, sync):
    row = permission(ALEX, ADELE, KIDS)
    owner.post(page_of(row), form_of(row, role="write"))
    assert lines(owner) == [
        "You asked to change Adele Vance from “Can view all details” to “Can edit” on Kids parties: applying…"
    ]
    work()
    later(days=1)
    sync()
    assert lines(owner) == ["You changed Adele Vance from “Can view all details” to “Can edit” on Kids parties"]


def test_meeting_requests_set_outside_are_noticed(owner, outside, sync, later):
    outside("delivery", mailbox=ALEX, option=BOTH)
    later(days=1)
    sync()
    wanted = ["Who gets your meeting requests changed from “Only my delegate” to “Both of us”"]
    assert lines(owner) == wanted
    main = mailbox(ALEX).calendars.get(is_default=True)
    parties = mailbox(ALEX).calendars.get(name=KIDS)
    assert lines(owner, reverse("calendar", args=[main.public_id])) == wanted
    assert lines(owner, reverse("calendar", args=[parties.public_id])) == []


def test_a_wish_that_failed_is_told_as_one(owner, work, outside):
    row = permission(ALEX, ADELE, KIDS)
    owner.post(page_of(row), form_of(row, role="write"))
    outside("unshare", mailbox=ALEX, calendar=KIDS, who=ADELE)
    work()
    assert (
        "You asked to change Adele Vance from “Can view all details” to “Can edit” on Kids parties: not saved"
        in lines(owner)
    )


def test_the_pages_together_hold_every_change_once(owner, outside, sync, later):
    for day in range(14):
        for who, role in ((ADELE, ("write", "read")[day % 2]), (MEGAN, ("write", "read")[day % 2])):
            outside("role", mailbox=ALEX, calendar=KIDS, who=who, role=role)
        for role in ("limitedRead", "freeBusyRead"):
            if day % 2 == (role == "freeBusyRead"):
                outside("role", mailbox=ALEX, who="Default", role=role)
        outside("delivery", mailbox=ALEX, option=(BOTH, "sendToDelegateOnly")[day % 2])
        later(days=1)
        sync(mailboxes=[mailbox(ALEX).pk])
    first = owner.get(HISTORY)
    older = first.text.partition('href="?before=')[2].partition('"')[0]
    assert older
    second = owner.get(f"{HISTORY}?before={older}")
    counted = first.text.count("<li><p>") + second.text.count("<li><p>")
    assert first.text.count("<li><p>") >= 50
    assert counted == 14 * 4
    assert "Newest" in second.text
    assert "Older" not in second.text


def test_what_one_reading_found_goes_over_pages_and_nothing_is_lost(owner):
    row = permission(ALEX, ADELE, KIDS)
    at = row.began_at + timedelta(days=1)
    PermissionPeriod.objects.bulk_create(
        PermissionPeriod(
            tenant=row.tenant, permission=row, calendar=row.calendar, mailbox=row.mailbox, role="write",
            began_at=row.began_at, ended_at=at, after="read",
        )
        for _ in range(120)
    )  # fmt: skip
    seen, query = [], {}
    while query is not None:
        page = owner.get(HISTORY, query).text
        seen.append(page.count("<li><p>"))
        older = page.partition('href="?before=')[2].partition('"')[0]
        query = {"before": unquote(older)} if older else None
    assert seen == [50, 50, 20]


def test_a_link_to_no_moment_shows_the_newest(owner):
    for nonsense in ("yesterday", "2026-01-01", "9999999-01-01T00:00:00+00:00", "<b>"):
        assert owner.get(HISTORY, {"before": nonsense}).status_code == 200


def test_a_steward_and_the_owner_tell_each_others_changes_apart(as_owner, alex, contoso, work):
    press = mailbox("press@contoso.com")
    for address in (ALEX, CHARLIE):
        oid = mailbox(address).person.oid
        Stewardship.objects.create(tenant=contoso, mailbox=press, oid=oid, given_at=contoso.state_since)
    row = permission("press@contoso.com", "newsroom@tailspintoys.com")
    charlie = as_owner(CHARLIE)
    charlie.post(page_of(row), form_of(row, role="freeBusyRead", confirmed="on"))
    work()
    assert lines(charlie)[0].startswith("You changed ")
    assert lines(as_owner(ALEX))[0].startswith("Charlie Reed changed ")
    assert f"the main calendar of {press.person}" in lines(as_owner(ALEX))[0]


def test_nothing_of_other_peoples_history_shows(as_owner, outside, sync, later):
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="write")
    later(days=1)
    sync()
    assert lines(as_owner(CHARLIE)) == []


def test_home_shows_the_newest_few(owner, outside, sync, later):
    for day in range(6):
        outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role=("write", "read")[day % 2])
        later(days=1)
        sync(mailboxes=[mailbox(ALEX).pk])
    assert len(lines(owner, reverse("home"))) == 4
