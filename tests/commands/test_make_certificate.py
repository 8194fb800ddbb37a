"""`make_certificate`: a key that is kept, its public part in a file, and nothing half done."""

import os

import pytest
from django.core.management.base import CommandError

from sharing.connect import certificates
from sharing.models import AppCredential, AuditEvent


@pytest.fixture
def file(tmp_path):
    return tmp_path / "calwarden.cer"


def der(row):
    return certificates.public_part(row.certificate.encode()).der


def test_the_file_is_the_public_part_of_the_one_that_is_next(run, file):
    said = run("make_certificate", str(file))
    row = AppCredential.objects.get()
    assert (row.state, file.read_bytes()) == (AppCredential.NEXT, der(row))
    assert row.thumbprint in said
    assert AuditEvent.objects.get(verb="credential.made").actor.startswith("cli:")


def test_a_file_that_is_there_is_left_alone_and_nothing_is_made(run, file):
    file.write_text("mine")
    with pytest.raises(CommandError, match="is there already"):
        run("make_certificate", str(file))
    assert file.read_text() == "mine" and not AppCredential.objects.exists()


def test_a_link_to_nowhere_is_not_written_through(run, file, tmp_path):
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CommandError, match="is there already"):
        run("make_certificate", str(file))
    assert not (tmp_path / "elsewhere").exists() and not AppCredential.objects.exists()


def test_where_no_file_can_be_written_nothing_is_made(run, tmp_path):
    with pytest.raises(CommandError, match="cannot be written"):
        run("make_certificate", str(tmp_path / "nowhere" / "calwarden.cer"))
    assert not AppCredential.objects.exists()


def test_who_lost_the_file_gets_it_again_and_no_second_key(run, file):
    run("make_certificate", str(file))
    os.remove(file)
    said = run("make_certificate", str(file))
    assert file.read_bytes() == der(AppCredential.objects.get())
    assert "was made before" in said


def test_a_secret_that_is_next_has_no_file_and_leaves_none(run, file):
    AppCredential.objects.create(kind=AppCredential.SECRET, sealed="x", made_at="2026-11-02T01:00Z")
    with pytest.raises(CommandError, match="One is next already"):
        run("make_certificate", str(file))
    assert not file.exists()
