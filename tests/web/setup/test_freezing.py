"""One button stops every change at once; letting them go on wants a whole reading since."""

import pytest

from sharing.models import AuditEvent, SyncRun, Tenant

STOP, START = "/setup/changing/stop/", "/setup/changing/start/"


@pytest.fixture
def read_since(contoso):
    """The tenant was read whole since it was stopped."""

    def read():
        tenant = Tenant.objects.get(pk=contoso.pk)
        SyncRun.objects.create(
            tenant=tenant, kind=SyncRun.FULL, outcome=SyncRun.DONE, began_at=tenant.frozen_at,
            finished_at=tenant.frozen_at,
        )  # fmt: skip

    return read


def verbs():
    rows = AuditEvent.objects.filter(verb__in=["tenant.frozen", "tenant.thawed"]).order_by("pk")
    return [(row.verb, row.outcome) for row in rows]


def test_an_admin_stops_every_change_with_one_button(admin, contoso):
    assert "Stop every change now" in admin.get(STOP).text
    assert admin.post(STOP).status_code == 302
    contoso.refresh_from_db()
    assert contoso.frozen_at is not None and not contoso.may_write
    assert "is stopped" in admin.get(STOP).text
    since = contoso.frozen_at
    admin.post(STOP)
    contoso.refresh_from_db()
    assert contoso.frozen_at == since and verbs() == [("tenant.frozen", "page")]


def test_changes_go_on_only_after_everything_was_read(admin, contoso, read_since):
    admin.post(STOP)
    answer = admin.post(START)
    assert answer.status_code == 409 and "it was not read whole since" in answer.text
    read_since()
    assert "Let changes happen again" in admin.get(START).text
    assert admin.post(START).status_code == 302
    contoso.refresh_from_db()
    assert contoso.frozen_at is None
    assert verbs() == [("tenant.frozen", "page"), ("tenant.thawed", "")]


def test_where_nothing_is_stopped_there_is_nothing_to_start(admin, contoso):
    assert [admin.get(START).status_code, admin.post(START).status_code] == [302, 302]
    assert verbs() == []
