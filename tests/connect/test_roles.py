"""A role is given and taken by one verb each, whoever asks."""

import pytest

from sharing import access
from sharing.connect import give_role, take_role
from sharing.models import AuditEvent, RoleAssignment, User
from tests.web.it import rows

ISAIAH = rows.CAST["Isaiah Langer"][1]


@pytest.fixture
def contoso(db):
    return rows.make_tenant()


def audited():
    return list(AuditEvent.objects.order_by("pk").values_list("verb", "before", "after", "subject__oid"))


def test_a_command_and_an_admin_give_the_same_role_once(contoso):
    allan = rows.make_user(contoso, "Allan Deyoung", "admin")
    isaiah = rows.make_person(contoso, "Isaiah Langer")
    asked = {"tenant": contoso, "oid": ISAIAH, "role": "reviewer", "person": isaiah, "now": rows.NOW}
    first, is_new = give_role(**asked, actor=allan)
    again, is_new_again = give_role(**asked, by="cli:root")
    assert (is_new, is_new_again, first) == (True, False, again)
    assert (first.source, first.given_by, first.user.name) == ("page", allan, "Isaiah Langer")
    assert audited() == [("role.given", "", "reviewer", ISAIAH)]


def test_nobody_gives_themselves_a_role_and_nothing_of_it_stays(contoso):
    allan = rows.make_user(contoso, "Allan Deyoung", "admin")
    himself = rows.make_person(contoso, "Allan Deyoung")
    with pytest.raises(access.OwnRole):
        give_role(
            tenant=contoso, oid=str(allan.oid), role="operator", person=himself, actor=allan, now=rows.NOW
        )  # fmt: skip
    assert RoleAssignment.objects.count() == 1 and not audited()


def test_who_is_not_in_the_directory_yet_keeps_the_name_they_had(contoso):
    rows.make_user(contoso, "Isaiah Langer")
    given, _ = give_role(tenant=contoso, oid=ISAIAH, role="reviewer", now=rows.NOW, by="cli:root")
    assert (given.user.name, given.source) == ("Isaiah Langer", "command")
    assert User.objects.count() == 1


def test_the_last_admin_stays_and_the_attempt_leaves_no_event(contoso):
    whole = RoleAssignment.objects.create(
        user=rows.make_user(contoso, "Patti Fernandez"), role="admin", given_at=rows.NOW
    )  # fmt: skip
    allan = rows.make_user(contoso, "Allan Deyoung", "admin")
    take_role(assignment=allan.role_assignments.get(), actor=whole.user, now=rows.NOW)
    assert audited() == [("role.taken", "admin", "", str(allan.oid))]
    with pytest.raises(access.OwnRole):
        take_role(assignment=whole, actor=whole.user, now=rows.NOW)
    assert len(audited()) == 1 and RoleAssignment.objects.get() == whole
