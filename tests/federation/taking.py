"""Contoso, who works in its IT, and exports of its Exchange."""

import pytest

from sharing.federation.store import take_export
from tests.federation.exports import NOW, encoded
from tests.web.it import rows


@pytest.fixture
def contoso(db):
    return rows.make_tenant()


@pytest.fixture
def lidia(contoso):
    return rows.make_user(contoso, "Lidia Holloway", "operator")


@pytest.fixture
def take(contoso, lidia):
    """Gives an export, as bytes or as what is to be encoded, and returns what became of it."""

    def give(export, now=NOW):
        content = export if isinstance(export, bytes) else encoded(export)
        return take_export(tenant=contoso, content=content, actor=lidia, now=now)

    return give
