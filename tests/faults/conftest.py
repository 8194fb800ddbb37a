"""A mirrored Contoso on the database of the tests, and workers as processes of their own beside it."""

import pytest

from tests.databases import database_url

from .scene import scene


@pytest.fixture
def matrix(transactional_db, tmp_path):
    with scene(database_url(), tmp_path, mailboxes=40) as matrix:
        yield matrix
