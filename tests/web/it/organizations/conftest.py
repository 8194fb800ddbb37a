"""Contoso with two operators and a reviewer in their browsers, and exports of its Exchange."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.federation.exports import encoded
from tests.web.it import rows


def browser_of(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def lidia(contoso):
    return rows.make_user(contoso, "Lidia Holloway", "operator")


@pytest.fixture
def operator(lidia):
    return browser_of(lidia)


@pytest.fixture
def second(contoso):
    return browser_of(rows.make_user(contoso, "Adele Vance", "operator"))


@pytest.fixture
def upload(operator):
    """Uploads an export, as bytes or as what is to be encoded; the page that it leads to, or that refuses it."""

    def give(export, who=operator):
        content = export if isinstance(export, bytes) else encoded(export)
        file = SimpleUploadedFile("exchange-export.json", content, "application/json")
        return who.post(reverse("it:upload_export"), {"file": file}, follow=True)

    return give
