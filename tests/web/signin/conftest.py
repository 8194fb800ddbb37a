"""Sign-in against the sandbox, without a socket."""

import pytest
from django.utils import timezone

from sharing.models import list_tenant
from tests.cloud import CONTOSO
from tests.web.signin.browser import Browser


@pytest.fixture
def browser_of(cloud, db):
    return lambda: Browser(cloud)


@pytest.fixture
def contoso(db):
    return list_tenant(tid=CONTOSO, now=timezone.now(), cloud="sandbox")


@pytest.fixture
def spoil(cloud):
    """Entra hands out the next ID token spoiled."""

    def spoil(**how):
        cloud.faults.set([{"do": "token", "times": 1, **how}])

    return spoil
