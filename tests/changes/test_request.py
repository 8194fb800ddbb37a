"""What is written down, and what is refused before anything is."""

import pytest

from sharing import changes
from sharing.models import AuditEvent, CalendarPermission, Change, Tenant
from tests.contoso import mailbox, permission, user

ALEX, ADELE, MEGAN, CHARLIE = "AlexW@contoso.com", "AdeleV@contoso.com", "MeganB@contoso.com", "CharlieR@contoso.com"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def adele(sync):
    sync()
    return permission(ALEX, ADELE, "Kids parties")


@pytest.fixture
def alex(adele, contoso):
    return user(contoso, ALEX)


def test_a_wish_is_a_row_and_an_audit_line_and_no_call(adele, alex, clock, cloud):
    cloud.log.clear()
    change = changes.request_role(permission=adele, role="write", seen="read", actor=alex, now=clock())
    assert (change.state, change.before, change.after, change.due_at) == ("open", "read", "write", clock())
    assert AuditEvent.objects.get(verb="change.requested").subject["change"] == change.public_id
    assert not cloud.log.since()


@pytest.mark.parametrize(
    ("role", "seen", "refusal"),
    [
        ("write", "limitedRead", changes.Stale),
        ("read", "read", changes.NothingToDo),
        ("delegateWithPrivateEventAccess", "read", changes.RoleNotAllowed),
        ("owner of everything", "read", changes.RoleNotAllowed),
        ("custom", "read", changes.RoleNotAllowed),
    ],
)
def test_a_wish_that_cannot_be_is_refused_and_leaves_nothing(adele, alex, clock, role, seen, refusal):
    with pytest.raises(refusal):
        changes.request_role(permission=adele, role=role, seen=seen, actor=alex, now=clock())
    assert not Change.objects.exists()
    assert not AuditEvent.objects.filter(verb__startswith="change").exists()


def test_a_second_wish_for_the_same_entry_waits_for_the_first(adele, alex, clock):
    first = changes.request_role(permission=adele, role="write", seen="read", actor=alex, now=clock())
    with pytest.raises(changes.ChangeOpen) as refused:
        changes.request_removal(permission=adele, seen="read", actor=alex, now=clock())
    assert refused.value.change == first


def test_access_that_ended_meanwhile_is_already_gone(adele, alex, clock):
    CalendarPermission.objects.filter(pk=adele.pk).update(ended_at=clock())
    with pytest.raises(changes.AlreadyGone):
        changes.request_removal(permission=adele, seen="read", actor=alex, now=clock())


def test_the_organisation_row_cannot_be_removed(adele, alex, clock):
    with pytest.raises(changes.NotRemovable):
        changes.request_removal(permission=permission(ALEX, "Default"), seen="freeBusyRead", actor=alex, now=clock())


def test_removing_somebody_who_would_then_see_more_is_stopped(adele, alex, clock, outside, sync):
    outside("role", mailbox=ALEX, calendar="Kids parties", who="Default", role="write")
    clock.forward(days=1)
    sync()
    with pytest.raises(changes.WouldRaise) as refused:
        changes.request_removal(permission=adele, seen="read", actor=alex, now=clock())
    assert refused.value.role == "write"
    assert changes.fall_back(adele) == "write"


@pytest.mark.parametrize(
    ("field", "value", "cause"),
    [("writes_on", False, "writes_off"), ("state", Tenant.LOST, "not_connected"), ("frozen_at", "now", "frozen")],
)
def test_nothing_is_asked_while_the_tenant_takes_no_changes(adele, alex, clock, field, value, cause):
    Tenant.objects.update(**{field: clock() if value == "now" else value})
    with pytest.raises(changes.NotNow) as refused:
        changes.request_role(permission=adele, role="write", seen="read", actor=alex, now=clock())
    assert refused.value.cause == cause


def test_only_the_owner_asks(adele, contoso, clock):
    for stranger in (ADELE, CHARLIE):
        with pytest.raises(changes.NotNow):
            changes.request_role(
                permission=adele, role="write", seen="read", actor=user(contoso, stranger), now=clock()
            )


def test_the_last_delegate_is_known(adele, alex):
    assert changes.is_last_delegate(permission(ALEX, MEGAN))
    assert not changes.is_last_delegate(adele)


def test_a_delivery_option_is_one_of_three(adele, alex, clock):
    with pytest.raises(changes.RoleNotAllowed):
        changes.request_delivery(mailbox=mailbox(ALEX), option="x", seen="sendToDelegateOnly", actor=alex, now=clock())
    with pytest.raises(changes.Stale):
        changes.request_delivery(
            mailbox=mailbox(ALEX), option="sendToDelegateAndPrincipal", seen="", actor=alex, now=clock()
        )
