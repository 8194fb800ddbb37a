"""What erasing a mirror leaves: nothing that was read, asked for or planned in it, whatever refers to what."""

from datetime import timedelta

import pytest
from django.apps import apps

from sharing.connect import ends
from sharing.models import (
    Change,
    ChangeBatch,
    Deputy,
    Notice,
    Objection,
    OutsideAct,
    Proposal,
    SyncRun,
)
from tests.contoso import permission, user

ALEX, ADELE = "AlexW@contoso.com", "AdeleV@contoso.com"
# Who is who here, what was done, and how the organization came to approve it.
KEPT = {"ActivationLink", "AuditEvent", "ConsentAttempt", "RoleAssignment", "User"}
GONE_BEFORE = {"Grant"}  # what people lent is given back where it is disconnected


@pytest.fixture
def alex(contoso, sync):
    sync()
    return user(contoso, ALEX)


@pytest.fixture
def shared(alex):
    return permission(ALEX, ADELE, "Kids parties")


@pytest.fixture
def erased(contoso, clock, alex):
    """Disconnects Contoso and erases what was read of it; what is left, by model."""

    def erased():
        ends.disconnect_tenant(tenant=contoso, erase=True, actor=alex, now=clock())
        while not ends.erase_some(tenant=contoso, now=clock()):
            pass
        return {model.__name__ for model, rows in ends.mirror_of(contoso) if rows.exists()}

    return erased


def test_all_that_belongs_to_a_tenant_is_erased_or_kept_on_purpose(contoso):
    theirs = {model.__name__ for model in apps.get_app_config("sharing").get_models()
              if any(field.name == "tenant" for field in model._meta.fields)}  # fmt: skip
    assert theirs - KEPT - GONE_BEFORE == {model.__name__ for model, _ in ends.mirror_of(contoso)}


def test_an_accepted_run_goes_with_the_one_it_accepts(contoso, clock, erased):
    run = {"tenant": contoso, "kind": SyncRun.FULL, "began_at": clock(), "finished_at": clock()}
    held = SyncRun.objects.create(outcome=SyncRun.HELD, **run)
    SyncRun.objects.create(outcome=SyncRun.DONE, accepts=held, **run)
    assert erased() == set()


@pytest.fixture
def change(contoso, clock, alex, shared):
    fields = {
        "tenant": contoso, "kind": Change.ROLE, "mailbox": shared.mailbox, "calendar": shared.calendar,
        "permission": shared, "actor": alex, "actor_kind": Change.OWNER, "requested_at": clock(), "state": "applied",
    }  # fmt: skip
    return lambda **more: Change.objects.create(**fields | more)


def test_changes_that_undo_and_follow_each_other_go_together(change, erased):
    first = change(target="1")
    second = change(target="2", undoes=first)
    change(target="3", follows=second)
    assert erased() == set()


def test_what_was_planned_goes_before_what_it_is_about(contoso, clock, alex, shared, change, erased):
    mailbox, calendar = {"mailbox": shared.mailbox}, {"calendar": shared.calendar}
    of = {"tenant": contoso, "made_at": clock()}
    ends_at = clock() + timedelta(days=9)
    by = {"by": alex, "by_kind": "owner", "ends_at": ends_at, "ends_on": ends_at.date()}
    end_date = contoso.end_dates.create(permission=shared, change=change(target="1"), **of, **by, **mailbox)
    cover = contoso.covers.create(
        person=shared.grantee,
        role="read",
        starts_at=clock(),
        starts_on=clock().date(),
        end_date=end_date,
        **of,
        **by,
        **mailbox,
        **calendar,
    )
    Proposal.objects.create(
        tenant=contoso, kind=Proposal.COVER, target="4", permission=shared, cover=cover, asked_by=alex,
        asked_as="operator", asked_at=clock(), expires_at=clock(), **mailbox, **calendar,
    )  # fmt: skip
    batch = ChangeBatch.objects.create(kind=ChangeBatch.LOWER, actor=alex, actor_kind="operator", **of, **calendar)
    batch.items.create(tenant=contoso, permission=shared, change=change(target="2"), end_date=end_date)
    Deputy.objects.create(tenant=contoso, oid=shared.grantee.oid, given_by=alex, given_at=clock(), **mailbox)
    Objection.objects.create(permission=shared, by=alex, **of)
    OutsideAct.objects.create(tenant=contoso, record_id="1", at=clock(), taken_at=clock(), **mailbox)
    Notice.objects.create(tenant=contoso, kind="ends", key="ends:1", person=shared.grantee, made_at=clock())
    Notice.objects.create(kind="ends", key="ends:2", person=shared.grantee, made_at=clock())
    assert erased() == set()
    assert not Notice.objects.exists()
