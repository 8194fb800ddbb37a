"""A tenant for the tests of the audit log."""

import pytest

from sharing.models import Tenant
from tests.audit.chains import NOW
from tests.cloud import CONTOSO


@pytest.fixture
def contoso(db):
    return Tenant.objects.create(tid=CONTOSO, name="Contoso", state=Tenant.CONNECTED, state_since=NOW, cloud="sandbox")
