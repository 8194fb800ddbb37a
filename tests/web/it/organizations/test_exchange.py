"""Update from Exchange: the script, who may upload, what is refused and in which words, what an export says."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from sharing.federation import uploaded
from sharing.models import AuditEvent, ExchangeSnapshot, Tenant
from tests.federation.exports import RELATIONSHIP, encoded, relationship, whole
from tests.web.it import rows

from .conftest import browser_of

PAGE, UPLOAD, SCRIPT = (
    "/it/organizations/exchange/",
    "/it/organizations/exchange/upload/",
    "/it/organizations/exchange/script/",
)


def test_the_script_is_there_to_copy_and_to_download_with_what_was_asked_for(it, contoso):
    page = it.get(PAGE).text
    assert "Get-OrganizationRelationship" in page and "Get-EXOMailbox" not in page
    assert "Global Reader" in page and "View-Only Organization Management" in page
    asked = it.get(PAGE, {"assignments": "on", "publishing": "on"}).text
    assert "SharingPolicy -ErrorAction" in asked and "Get-MailboxCalendarFolder" in asked
    file = it.get(SCRIPT, {"assignments": "on"})
    assert file["Content-Disposition"] == 'attachment; filename="calwarden-export.ps1"'
    assert file.content.startswith("\ufeff".encode()) and b"Get-MailboxCalendarFolder" not in file.content


def test_a_reviewer_sees_the_script_and_uploads_nothing(it, contoso, upload):
    page = it.get(PAGE).text
    assert "Operators upload exports" in page and 'type="file"' not in page
    assert upload(whole(), who=it).status_code == 404
    assert not ExchangeSnapshot.objects.exists()


def test_a_reviewer_who_is_admin_uploads(contoso, upload):
    both = browser_of(rows.make_user(contoso, "Allan Deyoung", "reviewer", "admin"))
    assert 'type="file"' in both.get(PAGE).text
    assert upload(whole(), who=both).status_code == 200
    assert ExchangeSnapshot.objects.count() == 1


def test_an_export_is_taken_and_says_what_was_in_it(upload, it):
    answer = upload(whole())
    snapshot = ExchangeSnapshot.objects.get()
    assert answer.redirect_chain == [(reverse("it:snapshot", args=[snapshot.public_id]), 302)]
    assert "This is the first export." in answer.text
    assert answer.text.count(">Complete<") == 6
    assert AuditEvent.objects.filter(verb="exchange.taken").exists()
    assert "Complete" in it.get(answer.redirect_chain[0][0]).text  # reviewers read it


def test_the_same_file_twice_is_one_and_says_so(upload):
    upload(whole())
    assert "This export was here already." in upload(whole()).text
    assert ExchangeSnapshot.objects.count() == 1


def test_what_changed_since_the_export_before_is_listed(upload):
    upload(whole())
    changed = RELATIONSHIP | {"FreeBusyAccessLevel": "AvailabilityOnly", "DomainNames": ["fabrikam.com", "fabrikam.eu"]}
    later = whole(organizationRelationships=[changed], exportedAt="2026-11-21T09:45:00Z")
    page = upload(later).text
    assert "Level: Titles and places → Busy times" in page
    assert "Domains: added fabrikam.eu" in page
    assert "Relationship gone: Northwind" in page


def test_a_section_that_is_cut_or_missing_is_said_to_be(upload, operator):
    export = whole(sharingPolicyAssignments=None, publishedCalendars=None)
    export["counts"]["organizationRelationships"] = 3
    page = upload(export).text
    assert page.count("Not exported") == 2 and "Incomplete" in page
    assert "what isn’t listed may be there all the same" in operator.get("/it/organizations/").text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "There is no file, or it is not what the script writes."),
        (encoded(whole())[:700], "The file ends in its middle"),
        (encoded(whole(schema="x/2")), "not exported by the script of this page"),
        (encoded(whole(tenant=rows.FABRIKAM)), "exported from another organization than Contoso"),
        (
            encoded(whole(organizationRelationships=[relationship(FreeBusyAccessLevel=2)])),
            "It stands at organizationRelationships[1].FreeBusyAccessLevel.",
        ),
        (
            encoded(whole(publishedCalendars=[{"PublishedICalUrl": "https://outlook.office365.com/owa/x.ics"}])),
            "Nothing of the file was kept.",
        ),
        ("\ud7ff".encode("utf-16-le"), "This is no text"),
    ],
)  # fmt: skip
def test_a_file_that_is_refused_says_why_and_leaves_nothing(upload, content, said):
    answer = upload(content)
    assert answer.status_code == 422
    assert said in answer.text
    assert "outlook.office365.com/owa" not in answer.text
    assert not ExchangeSnapshot.objects.exists()


def test_an_older_export_than_the_last_is_refused(upload):
    upload(whole())
    assert "A newer export is here already." in upload(whole(exportedAt="2026-11-20T09:30:00Z")).text


def test_an_old_export_says_that_it_is_old(upload, operator):
    assert "more than 30 days ago" in upload(whole(exportedAt="2026-10-01T09:30:00Z")).text
    assert "more than 30 days ago" in operator.get("/it/organizations/").text


def test_what_is_pasted_counts_as_a_file(operator):
    pasted = encoded(whole()).decode().replace("\n", "\r\n")
    assert operator.post(UPLOAD, {"pasted": pasted}).status_code == 302
    assert "Choose the file, or paste what is in it." in operator.post(UPLOAD, {"pasted": " "}).text


def test_a_file_that_is_too_large_is_refused_and_one_of_megabytes_never_reaches_the_disk(
    upload, monkeypatch, settings, tmp_path
):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "nowhere")  # writing there would fail
    assert upload(encoded(whole()) + b" " * 5_000_000).status_code == 200
    monkeypatch.setattr(uploaded, "LARGEST", 200_000)
    answer = upload(encoded(whole()) + b" " * 300_000)
    assert (answer.status_code, "larger than 20 MB" in answer.text) == (422, True)


def test_nobody_unknown_gives_a_file(client, contoso):
    file = SimpleUploadedFile("exchange-export.json", encoded(whole()), "application/json")
    assert client.post(UPLOAD, {"file": file})["Location"].startswith("/signin/")


def test_an_export_of_another_tenant_is_missing_here(upload, it, contoso):
    upload(whole())
    fabrikam = rows.make_tenant(rows.FABRIKAM, "Fabrikam", ("fabrikam.com",))
    ExchangeSnapshot.objects.update(tenant=fabrikam)
    snapshot = ExchangeSnapshot.objects.get()
    assert it.get(reverse("it:snapshot", args=[snapshot.public_id])).status_code == 404
    assert Tenant.objects.count() == 2
