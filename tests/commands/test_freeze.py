"""The command that stops every change, in one tenant or in all."""

import io

import pytest
from django.core.management import CommandError, call_command

from sharing.models import AuditEvent, Tenant
from tests.contoso import clock, contoso, sync

__all__ = ["clock", "contoso", "sync"]
pytestmark = pytest.mark.django_db(transaction=True)


def freeze(*arguments):
    out = io.StringIO()
    call_command("freeze", *arguments, stdout=out)
    return out.getvalue()


def test_it_stops_all_tenants_or_the_one_that_is_named(contoso):
    other = Tenant.objects.create(
        tid="5b9e1a6e-3f2c-4d55-9a57-0a2f4a4f7d10", cloud="sandbox", state="connected", state_since=contoso.state_since
    )
    freeze("--tenant", str(contoso.tid))
    other.refresh_from_db()
    assert other.frozen_at is None
    assert "already" in freeze()
    for tenant in Tenant.objects.all():
        assert tenant.frozen_at is not None
    assert AuditEvent.objects.filter(verb="tenant.frozen", actor__startswith="cli:", outcome="command").count() == 2


def test_it_is_lifted_once_everything_was_read_since(contoso, sync, clock):
    freeze()
    with pytest.raises(CommandError, match="not read whole since"):
        freeze("--lift")
    Tenant.objects.update(frozen_at=clock())
    clock.forward(minutes=1)
    sync()
    assert "possible again" in freeze("--lift")
    assert Tenant.objects.get().frozen_at is None
