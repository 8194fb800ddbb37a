"""Saved views above a table: all of them are seen, whatever the width."""

import pytest
from django.urls import reverse

from tests.cast import ISAIAH

from .conftest import WIDTHS

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.mark.parametrize("width", WIDTHS)
def test_no_saved_view_is_hidden_beside_the_screen(portal, width):
    page = portal.open(ISAIAH, reverse("it:access"))
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("(t => t.scrollWidth - t.clientWidth)(document.querySelector('.tabs-sub'))") == 0
