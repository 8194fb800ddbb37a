"""After a large load the database looks at its tables, wherever it is asked from."""

import pytest
from django.db import transaction

from sharing.mirror.rows import refresh_statistics


@pytest.mark.django_db(transaction=True)
def test_statistics_are_refreshed_by_itself_and_within_a_transaction():
    refresh_statistics()
    with transaction.atomic():
        refresh_statistics()
