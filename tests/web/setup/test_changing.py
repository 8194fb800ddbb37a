"""Whether owners may change their sharing is switched on a page, by what the last token named."""

import pytest

from sharing.models import AuditEvent, Tenant
from tests.web.it import rows

HERE = "/setup/changing/"
BOTH = ["Calendars.ReadWrite", "MailboxSettings.ReadWrite"]


@pytest.fixture
def held(contoso):
    """What the last token named; changing is off."""

    def hold(roles):
        Tenant.objects.filter(pk=contoso.pk).update(roles_held=roles, writes_on=False)

    return hold


def test_an_admin_lets_owners_change_and_stops_it_again(admin, contoso, held):
    held(BOTH)
    assert "Let owners change" in admin.get(HERE).text
    assert admin.post(HERE, {"on": "yes"}).status_code == 302
    contoso.refresh_from_db()
    assert contoso.writes_on
    assert "Reading goes on." in admin.get(HERE).text
    admin.post(HERE, {"on": "no"})
    contoso.refresh_from_db()
    assert not contoso.writes_on
    verbs = AuditEvent.objects.order_by("pk").values_list("verb", flat=True)
    assert [verb for verb in verbs if "writes" in verb] == ["tenant.writes_on", "tenant.writes_off"]


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        (None, "No token was seen yet"),
        (BOTH[:1], "the app lacks MailboxSettings.ReadWrite"),
        ([], "Calendars.ReadWrite"),
    ],
)
def test_it_stays_off_where_the_app_may_not(admin, contoso, held, roles, words):
    held(roles)
    answer = admin.post(HERE, {"on": "yes"})
    assert (answer.status_code, words in answer.text) == (409, True)
    contoso.refresh_from_db()
    assert not contoso.writes_on


def test_it_stays_off_where_nothing_is_read(admin, contoso, held):
    held(BOTH)
    Tenant.objects.filter(pk=contoso.pk).update(state=Tenant.LOST)
    assert "is not connected" in admin.post(HERE, {"on": "yes"}).text


def test_a_room_whose_account_is_disabled_is_connected_all_the_same(admin, contoso):
    rows.make_mailbox(rows.make_person(contoso, "Adatum Room", enabled=False), purpose="room")
    rows.make_mailbox(rows.make_person(contoso, "Brian Johnson", enabled=False))
    page = admin.get("/setup/users/?status=disabled").text
    assert "Brian Johnson" in page and "Adatum Room" not in page
    assert "Adatum Room" in admin.get("/setup/users/?status=admin").text
