"""A certificate replaced in the browser: made, tried too early, uploaded, tried again, in use; the page follows."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from sharing import tasks
from sharing.models import AppCredential
from tests.cast import VIKRAM
from tests.contoso import control

from .conftest import AXE, listen, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

SOON = 10_000  # ms; the page asks every 2 seconds


def work():
    for task, pk in list(tasks.due(timezone.now())):
        if task is tasks.tend_credential:
            task(pk)


def faults(page):
    page.evaluate(AXE)
    return violations(page)


def test_the_page_follows_a_certificate_from_its_making_to_its_use(portal):
    page = portal.open(VIKRAM, reverse("setup:credentials"))
    heard = listen(page)
    page.get_by_role("button", name="Make a new certificate for reading").click()
    row = AppCredential.objects.get(state="next")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download certificate").click()
    assert download.value.suggested_filename == f"calwarden-reader-{row.thumbprint[:8]}.cer"
    main = page.locator("main")
    for is_uploaded in (False, True):
        if is_uploaded:
            control(portal.cloud, "apps/credential", {"certificate": row.certificate})
        page.get_by_role("button", name="Try it").click()
        expect(main).to_contain_text("Entra is being asked for a token with it.")
        assert faults(page) == []
        work()
        expect(main).to_contain_text("In use since" if is_uploaded else "Entra does not know it yet", timeout=SOON)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")  # it may be loading anew
            assert faults(page) == []
    assert heard == []
    page.close()
