"""The frame of every page: theme, navigation by audience, the tenant in the address, the ribbon and the banners."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import resolve
from django.utils import timezone

from sharing.models import GroupLimit, RoleAssignment, SyncRun, Tenant, User
from sharing.web import theme
from sharing.web.context import Shell, banners

pytestmark = pytest.mark.django_db

REVIEWER, OPERATOR, ADMIN = RoleAssignment.REVIEWER, RoleAssignment.OPERATOR, RoleAssignment.ADMIN


def make_tenant(name, **values):
    known = {"state": Tenant.CONNECTED, "writes_on": True, "state_since": timezone.now()}
    return Tenant.objects.create(tid=uuid4(), name=name, **known | values)


@pytest.fixture
def contoso():
    return make_tenant("Contoso")


@pytest.fixture
def isaiah(contoso):
    return User.objects.create(tenant=contoso, oid=uuid4(), name="Isaiah Langer", address="IsaiahL@contoso.com")


def give(user, role, tenant):
    RoleAssignment.objects.create(user=user, role=role, tenant=tenant, given_at=timezone.now())


def shell_at(address, user):
    request = RequestFactory().get(address)
    request.user = user
    request.resolver_match = resolve(request.path)
    return Shell(request)


def labels(pages):
    return [page["label"] for page in pages]


# Theme


def test_a_theme_is_remembered_and_the_page_it_was_chosen_on_comes_back(client):
    answer = client.post("/theme/", {"theme": "dark", "next": "/signin/?next=/history/"})
    assert (answer.status_code, answer["Location"]) == (302, "/signin/?next=/history/")
    cookie = answer.cookies[theme.COOKIE]
    assert cookie.value == "dark"
    assert cookie["httponly"] and cookie["samesite"] == "Lax"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_a_theme_never_leads_elsewhere(client, elsewhere):
    assert client.post("/theme/", {"theme": "dark", "next": elsewhere})["Location"] == "/"


def test_a_theme_that_is_none_is_not_remembered(client):
    assert theme.COOKIE not in client.post("/theme/", {"theme": "neon"}).cookies


def test_a_theme_is_set_by_a_form_only(client):
    assert client.get("/theme/").status_code == 405


@pytest.mark.parametrize(("cookie", "drawn"), [(None, "auto"), ("dark", "dark"), ("light", "light"), ("neon", "auto")])
def test_a_page_is_drawn_in_the_theme_of_the_cookie(client, cookie, drawn):
    if cookie:
        client.cookies[theme.COOKIE] = cookie
    assert (
        f'<html lang="en" data-bs-theme="{drawn}">' in client.get("/signin/", headers={"host": "localhost:8000"}).text
    )


# Pages


def test_a_page_says_that_it_shows_the_sandbox(client):
    page = client.get("/signin/", headers={"host": "localhost:8000"}).text
    assert "Nothing here touches a real Microsoft 365." in page


def test_a_page_has_one_heading_which_is_its_title(client):
    page = client.get("/signin/", headers={"host": "localhost:8000"}).text
    assert "<title>Sign in · Calwarden</title>" in page
    assert page.count("<h1>") == 1
    assert "<h1>Sign in</h1>" in page


@pytest.mark.parametrize("name", ["400.html", "403_csrf.html", "500.html"])
def test_a_page_for_a_broken_request_needs_nothing_of_the_request(name):
    page = render_to_string(name)
    assert page.count("<h1>") == 1
    assert 'data-bs-theme="auto"' in page


# Navigation


def test_a_reviewer_sees_the_pages_of_it_and_no_set_up(isaiah, contoso):
    give(isaiah, REVIEWER, contoso)
    shell = shell_at("/it/access/", isaiah)
    assert labels(shell.it_pages) == [
        "Overview", "Access", "Delegates", "People", "Organizations", "Activity", "Changes"
    ]  # fmt: skip
    assert shell.setup_pages == []
    assert [page["label"] for page in shell.it_pages if page["is_current"]] == ["Access"]
    assert shell.roles_in_words == "Reviewer"


def test_an_admin_sees_the_pages_of_set_up_and_no_sharing(isaiah, contoso):
    give(isaiah, ADMIN, contoso)
    shell = shell_at("/theme/", isaiah)
    assert shell.it_pages == []
    assert labels(shell.setup_pages) == [
        "Connections",
        "Users",
        "Stewards",
        "Roles",
        "Sync runs",
        "Disclosure",
        "History and proof",
        "Activity log",
    ]
    assert labels(shell.areas) == ["Set-up"]


def test_an_owner_has_four_tabs_and_no_other_area(isaiah):
    shell = shell_at("/theme/", isaiah)
    assert labels(shell.owner_tabs) == ["My calendars", "Shared with me", "Meeting requests", "History"]
    assert shell.areas == []


def test_a_reviewer_is_shown_the_way_to_it_and_back(isaiah, contoso):
    give(isaiah, OPERATOR, contoso)
    assert labels(shell_at("/theme/", isaiah).areas) == ["IT"]
    assert labels(shell_at("/it/access/", isaiah).areas) == ["My calendars"]


def test_a_page_below_a_list_keeps_the_list_marked(isaiah, contoso):
    give(isaiah, REVIEWER, contoso)
    shell = shell_at("/it/people/p1/", isaiah)
    assert [page["label"] for page in shell.it_pages if page["is_current"]] == ["People"]
    assert shell.switch_to == "/it/people/"


def test_one_tenant_is_not_named_in_addresses_and_several_are(isaiah, contoso):
    give(isaiah, REVIEWER, contoso)
    assert "?" not in shell_at("/it/access/", isaiah).it_home
    fabrikam = make_tenant("Fabrikam")
    give(isaiah, REVIEWER, fabrikam)
    isaiah = type(isaiah).objects.get(pk=isaiah.pk)  # as the next request loads him
    shell = shell_at(f"/it/access/?tenant={fabrikam.public_id}", isaiah)
    assert shell.tenant == fabrikam
    assert {page["href"].partition("?")[2] for page in shell.it_pages} == {f"tenant={fabrikam.public_id}"}


def test_a_tenant_of_others_is_not_shown_by_naming_it(isaiah, contoso):
    give(isaiah, REVIEWER, contoso)
    fabrikam = make_tenant("Fabrikam")
    shell = shell_at(f"/it/access/?tenant={fabrikam.public_id}", isaiah)
    assert shell.tenant is None
    assert shell.banners == []


# Banners


def said(tenant):
    return [banner["title"] for banner in banners(tenant)]


def finished_run(tenant, ago):
    now = timezone.now()
    SyncRun.objects.create(
        tenant=tenant, kind=SyncRun.FULL, began_at=now - ago, finished_at=now - ago, outcome=SyncRun.DONE
    )


def test_a_tenant_that_is_well_has_no_banner(contoso):
    finished_run(contoso, timedelta(hours=9))
    assert said(contoso) == []


def test_a_tenant_that_was_never_read_is_not_called_out_of_date(contoso):
    assert said(contoso) == []


def test_a_lost_tenant_says_since_when_and_that_changes_are_off():
    tenant = make_tenant("Contoso", state=Tenant.LOST, state_since=timezone.now() - timedelta(days=2))
    (banner,) = banners(tenant)
    assert banner["title"].startswith("Calwarden lost its access to Microsoft 365, ")
    assert banner["text"] == "What you see is from before. Changes are off."


def test_a_picture_older_than_a_day_and_two_hours_says_so(contoso):
    finished_run(contoso, timedelta(hours=25))
    assert said(contoso) == []
    SyncRun.objects.all().delete()
    finished_run(contoso, timedelta(hours=27))
    assert said(contoso) == ["What you see may be out of date"]


def test_a_newer_run_that_stopped_makes_an_old_picture_no_newer(contoso):
    finished_run(contoso, timedelta(hours=27))
    finished_run(contoso, timedelta(hours=1))
    SyncRun.objects.filter(pk=SyncRun.objects.latest("pk").pk).update(outcome=SyncRun.STOPPED, cause="unreachable")
    assert said(contoso) == ["What you see may be out of date"]


def test_our_own_credential_that_is_refused_is_said_everywhere_and_is_not_the_tenants_fault(contoso):
    finished_run(contoso, timedelta(hours=30))
    finished_run(contoso, timedelta(hours=2))
    SyncRun.objects.filter(pk=SyncRun.objects.latest("pk").pk).update(
        outcome=SyncRun.STOPPED, cause="credential_refused"
    )
    (banner,) = banners(contoso)
    assert banner["title"].startswith("Microsoft does not accept Calwarden’s own credential, ")
    assert banner["text"] == "What you see is from before. Changes wait until it is replaced."
    finished_run(contoso, timedelta(hours=1))
    assert said(contoso) == []


def test_only_the_newest_run_that_was_done_counts(contoso):
    finished_run(contoso, timedelta(days=9))
    finished_run(contoso, timedelta(hours=1))
    assert said(contoso) == []


def test_stopped_changes_and_read_only_are_said_once():
    stopped = make_tenant("Contoso", frozen_at=timezone.now(), writes_on=False)
    assert [title.partition(",")[0] for title in said(stopped)] == ["Changes are stopped"]
    assert said(make_tenant("Fabrikam", writes_on=False)) == ["Read only"]


def test_a_tenant_that_is_only_listed_says_nothing_of_changes():
    assert said(make_tenant("Contoso", state=Tenant.LISTED, writes_on=False)) == []


def test_a_browser_that_asks_for_an_icon_of_itself_gets_the_logo(client):
    assert client.get("/favicon.ico")["Location"].endswith(".svg")


@pytest.mark.parametrize(("verdict", "title", "kind"), [
    ("not_limited", "The limit to a group does not hold, today ", "bad"),
    ("ineffective", "The limit to a group does not hold, today ", "bad"),
    ("inverted", "The limit to a group is the wrong way round, today ", "bad"),
    ("no_access", "The group’s mailboxes cannot be read, today ", "bad"),
    ("inconclusive", "The limit to a group could not be tested, ", "warn"),
])  # fmt: skip
def test_a_limit_that_does_not_hold_is_said_everywhere_until_it_does(contoso, isaiah, verdict, title, kind):
    finished_run(contoso, timedelta(hours=2))
    now = timezone.now()
    Tenant.objects.filter(pk=contoso.pk).update(scope=Tenant.GROUP)
    contoso.refresh_from_db()
    long_ago = now - timedelta(days=4)
    limit = GroupLimit.objects.create(
        tenant=contoso, group_oid=isaiah.oid, verdict=verdict, declared_by=isaiah, declared_at=long_ago,
        changed_at=long_ago if verdict == "inconclusive" else now, tested_at=now,
    )  # fmt: skip
    (banner,) = banners(contoso)
    assert banner["title"].startswith(title) and banner["kind"] == kind
    assert "href" not in banner, "whoever only owns a calendar cannot open the page"
    (banner,) = banners(contoso, is_setup=True)
    assert banner["href"] == f"/setup/limit/?tenant={contoso.public_id}"
    GroupLimit.objects.filter(pk=limit.pk).update(verdict="verified")
    assert said(contoso) == []
