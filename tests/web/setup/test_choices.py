"""What was chosen for a tenant is chosen anew until it is connected; afterwards it is said what can be changed how."""

import pytest
from django.utils import timezone

from sharing.connect import choosing, links
from sharing.models import ActivationLink, AuditEvent, GroupLimit, RoleAssignment, Tenant
from tests.cloud import FABRIKAM
from tests.web.it import rows

CHOSEN = {"name": "Fabrikam", "mode": "domain_wide", "scope": "people", "asks": "read"}


@pytest.fixture
def contoso(db, cloud):
    return rows.make_tenant(cloud="sandbox")


@pytest.fixture
def installs(admin, allan):
    RoleAssignment.objects.create(user=allan, role="admin", tenant=None, given_at=timezone.now())
    return admin


@pytest.fixture
def fabrikam(installs):
    installs.post("/setup/connect/", CHOSEN | {"tenant": "fabrikam.com"})
    return Tenant.objects.get(tid=FABRIKAM)


@pytest.fixture
def here(fabrikam):
    return lambda page="choices/": f"/setup/connecting/{page}?tenant={fabrikam.public_id}"


@pytest.fixture
def link(installs, here):
    installs.post(here("link/"))
    return ActivationLink.objects.get()


def chosen(tenant):
    tenant.refresh_from_db()
    return {name: getattr(tenant, name) for name in CHOSEN}


def test_everything_can_be_chosen_anew_before_there_is_a_link(installs, fabrikam, here):
    page = installs.get(here())
    assert {name: page.context["form"][name].value() for name in CHOSEN} == CHOSEN
    anew = {"name": "Fabrikam Inc", "mode": "domain_wide", "scope": "group", "asks": "both"}
    assert installs.post(here(), anew)["Location"] == here("")
    assert chosen(fabrikam) == anew
    event = AuditEvent.objects.filter(verb="tenant.chosen").last()
    assert (event.before, event.after) == ("domain_wide/people/read", "domain_wide/group/both")


def test_the_link_asks_for_what_was_chosen_unless_told_otherwise(installs, fabrikam, here):
    installs.post(here(), CHOSEN | {"asks": "both"})
    page = installs.get(here("")).context
    assert [(choice.value, is_chosen) for choice, is_chosen in page["asks"]] == [("read", False), ("both", True)]
    installs.post(here("link/"))
    assert "Calendars.ReadWrite" in ActivationLink.objects.get().permissions
    installs.post(here("link/"), {"asks": "read"})
    assert chosen(fabrikam)["asks"] == "read"


@pytest.mark.parametrize(
    "other", [{"mode": "individual"}, {"scope": "everybody"}, {"asks": "both"}, {"scope": "group", "asks": "both"}]
)
def test_another_choice_ends_the_open_link_and_says_that_a_new_one_is_needed(installs, link, here, other):
    assert "A link is open." in installs.get(here()).text
    installs.post(here(), CHOSEN | other)
    link.refresh_from_db()
    assert (link.state, link.cause) == ("revoked", "choices_changed")
    if "mode" not in other:
        page = installs.get(here("")).text
        assert "The link was cancelled" in page and "Make a new link, and send that one." in page
    assert AuditEvent.objects.filter(verb="link.revoked").count() == 1


def test_the_administrator_who_opens_it_then_is_told_that_it_was_withdrawn(installs, here, client):
    installs.post(here("link/"))
    url = installs.get(here("")).context["url"]
    installs.post(here(), CHOSEN | {"asks": "both"})
    answer = client.get(url.removeprefix("http://localhost:8000"))
    assert answer.status_code == 410 and "This link was withdrawn" in answer.text


def test_a_new_name_alone_ends_no_link(installs, link, here, fabrikam):
    installs.post(here(), CHOSEN | {"name": "Another name"})
    link.refresh_from_db()
    assert (link.state, chosen(fabrikam)["name"]) == ("issued", "Another name")


@pytest.mark.parametrize("state", ["approved", "proved"])
def test_an_approval_that_nobody_confirmed_ends_with_another_choice(installs, link, here, state):
    ActivationLink.objects.update(state=state)
    assert "An administrator approved the link that is open." in installs.get(here()).text
    installs.post(here(), CHOSEN | {"scope": "everybody"})
    link.refresh_from_db()
    assert link.state == "revoked"


def test_a_group_of_before_limits_nobody_under_another_choice(installs, fabrikam, here, allan):
    GroupLimit.objects.create(
        tenant=fabrikam, group_oid=rows.CONTOSO, declared_by=allan, declared_at=rows.NOW, changed_at=rows.NOW
    )
    installs.post(here(), CHOSEN | {"scope": "group"})
    assert GroupLimit.objects.exists()
    installs.post(here(), CHOSEN | {"scope": "everybody"})
    assert not GroupLimit.objects.exists()


@pytest.mark.parametrize("wrong", [{"mode": "x"}, {"scope": "x"}, {"asks": "change"}, {"name": " "}, {"name": ""}])
def test_what_was_not_offered_is_not_saved(installs, fabrikam, here, wrong):
    assert installs.post(here(), CHOSEN | wrong).status_code == 422
    assert chosen(fabrikam) == CHOSEN


def test_who_confirmed_meanwhile_wins(installs, link, here, fabrikam, allan, monkeypatch):
    """The confirmation is committed after the page looked, and before it saves."""
    ActivationLink.objects.update(state="proved", organization={"name": "Fabrikam", "domains": ["fabrikam.com"]})
    change = choosing.change

    def confirmed_first(**asked):
        links.confirm_link(link=ActivationLink.objects.get(), actor=allan, now=timezone.now())
        return change(**asked)

    monkeypatch.setattr(choosing, "change", confirmed_first)
    answer = installs.post(here(), CHOSEN | {"scope": "everybody"})
    assert answer.status_code == 409 and "confirmed meanwhile" in answer.text
    fabrikam.refresh_from_db()
    assert (fabrikam.state, fabrikam.scope) == ("connected", "people")
    assert ActivationLink.objects.get().state == "confirmed"


@pytest.mark.parametrize("state", [Tenant.CONNECTED, Tenant.LOST])
def test_once_connected_it_is_said_what_needs_a_new_approval_and_nothing_is_saved(admin, contoso, state):
    Tenant.objects.update(state=state)
    page = admin.get("/setup/connecting/choices/").text
    assert "Needs a new approval: make a new link" in page
    assert "At any time, and without a new approval." in page
    for path in ("connecting/", "limit/", "disconnect/", "locks/", "changing/"):
        assert f'href="/setup/{path}"' in page
    assert admin.post("/setup/connecting/choices/", CHOSEN).status_code == 409
    assert chosen(contoso)["scope"] == "everybody"
    assert 'href="/setup/connecting/choices/"' in admin.get("/setup/connecting/").text


def test_a_group_is_not_offered_as_fewer_people_where_only_those_known_here_are_read(admin, contoso):
    for scope, is_offered in ((Tenant.EVERYBODY, True), (Tenant.GROUP, True), (Tenant.PEOPLE, False)):
        Tenant.objects.update(scope=scope)
        assert ('href="/setup/limit/"' in admin.get("/setup/connecting/choices/").text) is is_offered


@pytest.mark.parametrize("state", [Tenant.ENDED, Tenant.PRIVATE])
def test_there_is_nothing_to_choose_where_nobody_is_connecting(installs, fabrikam, here, state):
    Tenant.objects.filter(pk=fabrikam.pk).update(state=state)
    assert installs.get(here()).status_code == 404
    assert installs.post(here(), CHOSEN).status_code == 404


def test_a_tenants_own_admin_chooses_for_it_and_for_no_other(admin, allan, contoso):
    fabrikam = rows.make_tenant(rows.FABRIKAM, "Fabrikam", state=Tenant.LISTED)
    assert admin.post(f"/setup/connecting/choices/?tenant={fabrikam.public_id}", CHOSEN).status_code == 404
    Tenant.objects.filter(pk=contoso.pk).update(state=Tenant.LISTED)
    assert admin.post("/setup/connecting/choices/", CHOSEN).status_code == 302
    assert chosen(contoso)["scope"] == "people"
    assert chosen(fabrikam)["scope"] == "everybody"
