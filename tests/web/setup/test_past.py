"""Set-up, History and proof: how long the past is kept, Exchange's log as a file, and the state of the proof."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sharing.audit import exchange
from sharing.models import AuditEvent, AuditQuery, OutsideAct, Tenant
from tests.audit.test_exchange import export, in_outlook
from tests.web.it import rows
from tests.web.it.rows import NOW

PAGE, UPLOAD = "/setup/past/", "/setup/past/exchange/"


@pytest.fixture
def alex(contoso):
    return rows.make_mailbox(rows.make_person(contoso, "Alex Wilber"))


def file(content, name="audit.csv"):
    return {"file": SimpleUploadedFile(name, content, "text/csv")}


def test_keeping_the_past_longer_is_saved_at_once_and_shorter_is_asked_first(admin, contoso):
    Tenant.objects.update(history_days=365)
    assert admin.post(PAGE, {"days": "730"}).status_code == 302
    asked = admin.post(PAGE, {"days": "90"})
    assert "Keep the past for 90 days only?" in asked.text
    assert "23 August 2026" in asked.text
    assert Tenant.objects.get().history_days == 730
    assert admin.post(PAGE, {"days": "90", "sure": "90"}).status_code == 302
    assert Tenant.objects.get().history_days == 90
    assert admin.post(PAGE, {"days": ""}).status_code == 302
    assert Tenant.objects.get().history_days is None
    kept = AuditEvent.objects.filter(verb="history.kept").order_by("seq").values_list("before", "after")
    assert list(kept) == [("365", "730"), ("730", "90"), ("90", "always")]


@pytest.mark.parametrize("days", ["0", "-1", "17", "x", "99999999"])
def test_a_span_that_is_not_offered_is_refused(admin, contoso, days):
    assert admin.post(PAGE, {"days": days, "sure": days}).status_code == 422
    assert Tenant.objects.get().history_days is None


def test_a_file_of_exchange_is_taken_and_the_page_says_what_was_in_it(admin, alex):
    assert "Not known" in admin.get(PAGE).text
    answer = admin.post(UPLOAD, file(export(in_outlook(), in_outlook("MailItemsAccessed"))))
    assert answer.headers["Location"] == f"{PAGE}#exchange"
    assert OutsideAct.objects.get().mailbox == alex
    page = admin.get(PAGE).text
    assert "2 lines, 1 new, 0 known already" in page
    assert "1 act since 20 November 2026" in page


def test_whether_the_log_is_searched_and_how_far_is_said(admin, contoso):
    assert "names come from files only" in admin.get(PAGE).text
    Tenant.objects.filter(pk=contoso.pk).update(roles_held=["AuditLogsQuery.Read.All"])
    assert "once a day, and where a change wants a name. Nothing was searched yet." in admin.get(PAGE).text
    AuditQuery.objects.create(tenant=contoso, covered_to=NOW, cause="cut_off")
    page = admin.get(PAGE).text
    assert "Searched up to" in page and "none of it was taken: give a file" in page


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"Name,Address\r\nx,y\r\n", "no column AuditData"),
        (b"PK\x03\x04\x00", "no text file"),
        (export(in_outlook(), "{}"), "Line 3 is not as Microsoft writes it"),
        (export(in_outlook(OrganizationId=rows.FABRIKAM)), "Line 2 is of another organization than Contoso"),
    ],
)
def test_a_file_that_is_refused_says_why_and_leaves_nothing(admin, alex, content, said):
    answer = admin.post(UPLOAD, file(content))
    assert answer.status_code == 422
    assert said in answer.text
    assert not OutsideAct.objects.exists()


def test_no_file_and_a_file_that_is_too_large_are_refused(admin, alex, monkeypatch):
    assert "There is no file" in admin.post(UPLOAD).text
    monkeypatch.setattr(exchange, "LARGEST", 200_000)
    answer = admin.post(UPLOAD, file(export(in_outlook()) + b" " * 300_000))
    assert (answer.status_code, "larger than 20 MB" in answer.text) == (422, True)
    assert not AuditEvent.objects.exists()


def test_a_file_of_several_megabytes_never_reaches_the_disk(admin, alex, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "nowhere")  # writing there would fail
    content = export(in_outlook(), *[in_outlook("MailItemsAccessed", Folders="x" * 100_000)] * 50)
    assert admin.post(UPLOAD, file(content)).status_code == 302
    assert OutsideAct.objects.count() == 1


def test_the_page_says_how_far_the_log_is_covered_elsewhere(admin, contoso, settings, tmp_path):
    from sharing.audit import heads

    AuditEvent.objects.record(now=NOW, verb="signin.done", tenant=contoso)
    settings.AUDIT_HEADS_FILE = ""
    assert "Nowhere: if the newest events were cut off" in admin.get(PAGE).text
    settings.AUDIT_HEADS_FILE = str(tmp_path / "heads.jsonl")
    assert "Not yet, to a file" in admin.get(PAGE).text
    heads.write_heads(now=NOW)
    assert "Event 1, today 10:00, to a file" in admin.get(PAGE).text
