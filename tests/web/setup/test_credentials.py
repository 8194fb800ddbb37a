"""The page of what the apps prove themselves with: what it shows, what it hides, and every button of it."""

import base64
from datetime import timedelta

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from portal.keys import token_key
from sharing import tasks
from sharing.connect import clients, credentials, make_certificate
from sharing.models import AppCredential, AuditEvent, RoleAssignment, Tenant
from tests.contoso import control
from tests.web.it import rows

PAGE = "/setup/credentials/"


@pytest.fixture
def vikram(client, contoso):
    """A browser of an admin of the whole installation."""
    user = rows.make_user(contoso, "Vikram Singh")
    RoleAssignment.objects.create(user=user, tenant=None, role="admin", given_at=rows.NOW)
    client.force_login(user)
    return client


@pytest.fixture
def sandbox_tenant(contoso, cloud):
    """The tenant that the pretend Microsoft of this process knows."""
    Tenant.objects.filter(pk=contoso.pk).update(cloud="sandbox")


def only():
    return AppCredential.objects.exclude(state="retired").get()


def work(now=rows.NOW):
    """What a worker does next."""
    for task, pk in tasks.due(now):
        if task is tasks.tend_credential:
            task(pk)


def test_a_certificate_is_made_downloaded_uploaded_tried_and_used(vikram, sandbox_tenant, cloud):
    assert "The client secret in MICROSOFT_CLIENT_SECRET." in vikram.get(PAGE).text
    assert vikram.post(f"{PAGE}make/", {"app": "reader"}).url == PAGE
    row = only()
    file = vikram.get(f"{PAGE}{row.public_id}/certificate/")
    assert (file["Content-Type"], file["X-Content-Type-Options"]) == ("application/pkix-cert", "nosniff")
    assert file["Content-Disposition"] == f'attachment; filename="calwarden-reader-{row.thumbprint[:8]}.cer"'
    assert file["Cache-Control"] == "no-store"
    public = x509.load_der_x509_certificate(file.content)
    assert public.fingerprint(hashes.SHA256()).hex().upper() == row.thumbprint
    pem = vikram.get(f"{PAGE}{row.public_id}/certificate/?format=pem")
    assert x509.load_pem_x509_certificate(pem.content) == public and pem["Content-Type"] == "application/x-pem-file"

    assert vikram.post(f"{PAGE}{row.public_id}/try/").url == PAGE
    assert "Entra is being asked for a token" in vikram.get(PAGE).text
    assert "HX-Refresh" not in vikram.get(f"{PAGE}progress/").headers
    work()
    assert vikram.get(f"{PAGE}progress/")["HX-Refresh"] == "true"
    assert "Entra does not know it yet. Was it uploaded to this app?" in vikram.get(PAGE).text

    control(cloud, "apps/credential", {"certificate": pem.text})
    vikram.post(f"{PAGE}{row.public_id}/try/")
    work()
    page = vikram.get(PAGE).text
    assert only().state == "current" and "In use" in page and "Kept here: the key is sealed" in page
    assert clients.credential().certificate_pem


def test_the_one_before_is_used_again_or_erased(vikram, sandbox_tenant, cloud):
    for _ in range(2):
        vikram.post(f"{PAGE}make/", {"app": "reader"})
        row = AppCredential.objects.get(state="next")
        control(cloud, "apps/credential", {"certificate": row.certificate})
        vikram.post(f"{PAGE}{row.public_id}/try/")
        work()
    before = AppCredential.objects.get(state="previous")
    assert vikram.post(f"{PAGE}{before.public_id}/back/").url == PAGE
    before.refresh_from_db()
    assert before.state == "current"
    following = AppCredential.objects.get(state="next")
    asked = vikram.get(f"{PAGE}{following.public_id}/erase/").text
    assert "Discard it?" in asked and "What is in use now stays in use." in asked
    assert vikram.post(f"{PAGE}{following.public_id}/erase/").url == PAGE
    following.refresh_from_db()
    assert (following.state, following.sealed) == ("retired", "")
    assert vikram.post(f"{PAGE}{before.public_id}/erase/").status_code == 409  # it is in use
    assert vikram.post(f"{PAGE}{before.public_id}/try/").status_code == 409
    assert vikram.post(f"{PAGE}{following.public_id}/back/").status_code == 409
    assert [event.actor for event in AuditEvent.objects.filter(verb="credential.erased")] == [
        AuditEvent.objects.filter(verb="credential.made").first().actor
    ]


def test_two_next_ones_are_refused_and_an_app_that_is_none_is_missing(vikram, contoso):
    vikram.post(f"{PAGE}make/", {"app": "reader"})
    assert vikram.post(f"{PAGE}make/", {"app": "reader"}).status_code == 409
    for app in ("writer", "", "x"):  # no second registration is set
        assert vikram.post(f"{PAGE}make/", {"app": app}).status_code == 404
    assert only().app == "reader"


def test_the_key_is_in_no_page_no_file_and_no_event(vikram, sandbox_tenant, cloud):
    vikram.post(f"{PAGE}make/", {"app": "reader"})
    row = only()
    key = serialization.load_pem_private_key(clients.opened(row).certificate_pem, password=None).private_numbers()
    secrets = [number.to_bytes(128, "big") for number in (key.p, key.q, key.dmp1)]
    # As it is, and in base64 wherever it may begin in a line of three bytes.
    shapes = [*secrets, *(base64.b64encode(secret[at:])[:64] for secret in secrets for at in range(3))]
    seen = [
        vikram.get(path).content for path in (
            PAGE, f"{PAGE}{row.public_id}/certificate/", f"{PAGE}{row.public_id}/certificate/?format=pem",
            f"{PAGE}{row.public_id}/erase/",
        )
    ]  # fmt: skip
    seen += [str(vars(event)).encode() for event in AuditEvent.objects.all()]
    seen += [row.sealed.encode(), row.certificate.encode(), repr(row).encode(), repr(clients.credential()).encode()]
    assert any(shape in clients.opened(row).certificate_pem.replace(b"\n", b"") for shape in shapes)
    for text in seen:
        assert b"PRIVATE" not in text
        assert not any(shape in text.replace(b"\n", b"") for shape in shapes)


def test_the_file_of_the_environment_wins_and_the_page_says_so(vikram, settings, tmp_path):
    vikram.post(f"{PAGE}make/", {"app": "reader"})
    AppCredential.objects.update(state="current", current_since=rows.NOW)
    make_certificate(tmp_path / "graph.pem", name="File", now=rows.NOW)
    settings.MICROSOFT_CLIENT_CERTIFICATE = str(tmp_path / "graph.pem")
    page = vikram.get(PAGE).text
    assert "The file that MICROSOFT_CLIENT_CERTIFICATE names. It is used before anything that is kept here." in page
    assert "Not used as long as <code>MICROSOFT_CLIENT_CERTIFICATE</code> is set." in page


@pytest.mark.parametrize("ends_on", ["0001-01-01", "2020-05-01"])
def test_a_client_secret_that_has_ended_is_not_taken(vikram, sandbox_tenant, cloud, ends_on):
    form = {"app": "reader", "secret": "a-secret-of-entra", "ends_on": ends_on, "is_chosen": "on"}
    refused = vikram.post(f"{PAGE}secret/", form)
    assert refused.status_code == 422 and "a-secret-of-entra" not in refused.text
    assert "It has ended: make a new one in Entra." in refused.text
    assert not AppCredential.objects.exists()


def test_a_client_secret_is_taken_only_on_purpose_and_never_shown(vikram, sandbox_tenant, cloud):
    form = {"app": "reader", "secret": "a-secret-of-entra", "ends_on": "2027-05-01"}
    page = vikram.get(f"{PAGE}secret/?app=reader").text
    assert "A certificate is safer" in page and "whoever reads it on its way" in page
    refused = vikram.post(f"{PAGE}secret/", form)
    assert refused.status_code == 422 and "a-secret-of-entra" not in refused.text
    assert vikram.post(f"{PAGE}secret/", {**form, "app": "other", "is_chosen": "on"}).status_code == 422
    assert not AppCredential.objects.exists()
    assert vikram.post(f"{PAGE}secret/", {**form, "is_chosen": "on"}).url == PAGE
    row = only()
    assert (row.kind, row.state, row.expires_at.date().isoformat()) == ("secret", "next", "2027-05-01")
    assert "a-secret-of-entra" not in vikram.get(PAGE).text + row.sealed
    assert vikram.get(f"{PAGE}{row.public_id}/certificate/").status_code == 404
    control(cloud, "apps/credential", {"secret": "a-secret-of-entra"})
    vikram.post(f"{PAGE}{row.public_id}/try/")
    work()
    assert only().state == "current"


def test_a_lost_key_is_a_sentence_and_a_new_certificate_gets_out_of_it(vikram, sandbox_tenant, settings, cloud):
    settings.MICROSOFT_CLIENT_SECRET = ""
    vikram.post(f"{PAGE}make/", {"app": "reader"})
    AppCredential.objects.update(state="current")
    settings.TOKEN_KEYS = [token_key()]
    page = vikram.get(PAGE)
    assert page.status_code == 200 and "does not open with TOKEN_KEYS" in page.text and "Does not work" in page.text
    assert vikram.get("/setup/sync/").status_code == 200
    vikram.post(f"{PAGE}make/", {"app": "reader"})
    row = AppCredential.objects.get(state="next")
    control(cloud, "apps/credential", {"certificate": row.certificate})
    vikram.post(f"{PAGE}{row.public_id}/try/")
    work()
    assert "Does not work" not in vikram.get(PAGE).text
    assert clients.credential().certificate_pem


@pytest.mark.parametrize(
    ("days", "title"),
    [(31, ""), (20, "ends on 11 December 2026"), (0.5, "ends on 21 November 2026"), (-1, "for reading has ended")],
)
def test_its_end_is_a_banner_on_every_set_up_page(vikram, settings, days, title):
    settings.MICROSOFT_CLIENT_SECRET = ""
    vikram.post(f"{PAGE}make/", {"app": "reader"})
    AppCredential.objects.update(state="current", expires_at=rows.NOW + timedelta(days=days))
    for path in ("/setup/users/", "/setup/roles/", PAGE):
        page = vikram.get(path).text
        assert ("The credential for reading" in page) is bool(title) and title in page
    assert "The credential for reading" not in vikram.get("/").text


def test_both_registrations_are_shown_where_there_are_two(vikram, settings):
    settings.MICROSOFT_WRITER_CLIENT_ID = "ca1e4da2-0000-4000-8000-00000000d0de"
    page = vikram.get(PAGE).text
    assert "ca1e4da2-0000-4000-8000-00000000d0de" in page and "Make a certificate here, or name a file in" in page
    assert vikram.post(f"{PAGE}make/", {"app": "writer"}).url == PAGE
    assert only().app == "writer"


def test_an_admin_of_one_tenant_sees_nothing_of_it(admin):
    row = credentials.make_certificate(app="reader", now=rows.NOW, by="test")
    assert "/setup/credentials/" not in admin.get("/setup/connections/").text
    for path in ("", "progress/", "secret/", f"{row.public_id}/certificate/", f"{row.public_id}/erase/"):
        assert admin.get(PAGE + path).status_code == 404
    for path in ("make/", f"{row.public_id}/try/", f"{row.public_id}/back/", f"{row.public_id}/erase/"):
        assert admin.post(PAGE + path, {"app": "reader"}).status_code == 404


@pytest.mark.parametrize("path", ["make/", "secret/"])
def test_a_sign_in_more_than_ten_minutes_ago_is_asked_for_again(path, vikram, cloud):
    vikram.get(PAGE)
    with time_machine.travel(rows.NOW + timedelta(minutes=11), tick=False):
        answer = vikram.post(f"{PAGE}{path}", {"app": "reader"})
        assert answer.status_code == 403 and "Nothing was saved" in answer.text
        assert vikram.get(PAGE).status_code == 200
    assert not AppCredential.objects.exists()
