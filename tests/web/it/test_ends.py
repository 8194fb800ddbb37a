"""IT sees until when access lasts, and finds what ends soon or should have ended."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sharing.models import CalendarPermission, EndDate, User


@pytest.fixture
def dated(alex):
    """`dated(days, …)`: Adele's access ends in so many days."""

    def make(days, **fields):
        row = CalendarPermission.objects.select_related("mailbox").filter(name="Adele Vance").get()
        now = timezone.now()
        at = now + timedelta(days=days)
        owner = User.objects.filter(tenant=row.tenant).first()
        return EndDate.objects.create(
            tenant=row.tenant, mailbox=row.mailbox, permission=row, role=row.role, ends_on=at.date(), ends_at=at,
            by=owner, by_kind="owner", made_at=now, **fields,
        )  # fmt: skip

    return make


def shown(it, flag):
    return [row.name for row in it.get(f"/it/access/?flag={flag}").context["page"].rows]


def test_the_day_stands_in_every_table(it, alex, dated):
    row = dated(9)
    said = f"Ends {row.ends_on.day} {row.ends_on:%b %Y}"
    assert said in it.get("/it/access/").text
    assert said in it.get(f"/it/people/{row.permission.grantee.public_id}/").text
    assert "Ends" not in it.get("/it/delegates/").text.partition("<table")[2]


@pytest.mark.parametrize(
    ("days", "fields", "flags"),
    [
        (9, {}, ["ends", "ends_soon"]),
        (40, {}, ["ends"]),
        (-3, {}, ["ends", "end_late"]),
        (-3, {"asks": True}, ["ends"]),
        (-3, {"state": "failed"}, ["end_late"]),
        (-3, {"state": "done"}, []),
    ],
)
def test_what_has_a_day_is_found_by_how_near_it_is(it, alex, dated, days, fields, flags):
    dated(days, **fields)
    assert [flag for flag in ("ends", "ends_soon", "end_late") if shown(it, flag)] == flags


def test_the_file_keeps_its_columns(it, alex, dated):
    before = b"".join(it.get("/it/access/csv/").streaming_content)
    dated(9)
    assert b"".join(it.get("/it/access/csv/").streaming_content) == before
