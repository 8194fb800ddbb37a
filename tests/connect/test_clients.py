"""A client for a tenant is of the tenant's own cloud and of its connection as it is now, or there is none."""

import pytest

from sharing import graph
from sharing.connect import client_for, clients, ends
from sharing.models import Tenant, User
from tests.contoso import clock, contoso

__all__ = ["clock", "contoso"]


@pytest.fixture
def other_worker(monkeypatch):
    """Runs something as another worker does, whose memory is its own."""
    theirs = {}

    def do(something):
        with monkeypatch.context() as patch:
            patch.setattr(clients, "_sources", theirs)
            return something()

    return do


@pytest.fixture
def alex(contoso):
    return User.objects.create(tenant=contoso, oid="64339082-ed84-4b0b-b4ab-004ae54f3747", name="Alex Wilber")


def tokens_asked_for(cloud):
    return sum("/token" in entry.path for entry in cloud.log.since())


def test_a_token_that_another_worker_keeps_is_not_used_after_the_organization_was_disconnected(
    contoso, cloud, clock, alex, other_worker
):
    first = other_worker(lambda: client_for(contoso).roles())
    assert first
    ends.disconnect_tenant(tenant=contoso, erase=False, actor=alex, now=clock.forward(minutes=1))
    cloud.log.clear()
    late = Tenant.objects.get(pk=contoso.pk)
    client = other_worker(lambda: client_for(late))
    with pytest.raises(graph.CredentialRefused) as refused:
        graph.get_organization(client)
    assert refused.value.cause == "tenant_ended"
    assert [entry.path for entry in cloud.log.since()] == []


def test_nor_after_it_was_connected_again(contoso, cloud, clock, alex, other_worker):
    source = other_worker(lambda: client_for(contoso)._tokens)
    assert other_worker(lambda: client_for(contoso)._tokens) is source
    ends.disconnect_tenant(tenant=contoso, erase=False, actor=alex, now=clock.forward(minutes=1))
    Tenant.objects.filter(pk=contoso.pk).update(state=Tenant.CONNECTED, state_since=clock.forward(minutes=1))
    again = Tenant.objects.get(pk=contoso.pk)
    fresh = other_worker(lambda: client_for(again)._tokens)
    assert fresh is not source
    assert other_worker(lambda: client_for(again)._tokens) is fresh, "and the new one is kept"


def test_a_change_of_nothing_costs_no_token(contoso, cloud):
    graph.get_organization(client_for(contoso))
    sent = tokens_asked_for(cloud)
    graph.get_organization(client_for(Tenant.objects.get(pk=contoso.pk)))
    assert tokens_asked_for(cloud) == sent


def test_a_tenant_of_another_cloud_gets_no_client_and_nothing_is_sent(contoso, cloud):
    assert client_for(contoso).renew()
    sent = len(list(cloud.log.since()))
    contoso.cloud = "china"
    with pytest.raises(graph.ConfigurationRefused, match="lives in the cloud 'china'; this installation is set to 's"):
        client_for(contoso)
    assert len(list(cloud.log.since())) == sent
