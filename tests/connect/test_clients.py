"""A client for a tenant is a client of the tenant's own cloud, or there is none."""

import pytest

from sharing import graph
from sharing.connect import client_for
from tests.contoso import clock, contoso

__all__ = ["clock", "contoso"]


def test_a_tenant_of_another_cloud_gets_no_client_and_nothing_is_sent(contoso, cloud):
    assert client_for(contoso).renew()
    sent = len(list(cloud.log.since()))
    contoso.cloud = "china"
    with pytest.raises(graph.ConfigurationRefused, match="lives in the cloud 'china'; this installation is set to 's"):
        client_for(contoso)
    assert len(list(cloud.log.since())) == sent
