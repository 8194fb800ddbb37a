"""The heads of the chains, written every hour where the database does not reach, and read back by audit_verify."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

from portal.keys import token_key
from sharing import audit, tasks
from sharing.audit import heads
from sharing.models import AuditChain, AuditEvent, triggers
from tests.audit.chains import NOW, recorded

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(settings, tmp_path):
    settings.AUDIT_HEADS_FILE = str(tmp_path / "heads.jsonl")
    return tmp_path / "heads.jsonl"


def verified(*words):
    out = StringIO()
    call_command("audit_verify", *words, stdout=out)
    return out.getvalue()


def test_a_head_is_written_at_once_and_then_every_hour_that_something_happened(contoso, file):
    recorded(contoso, 3)
    assert heads.write_heads(now=NOW) == 1
    assert heads.write_heads(now=NOW + timedelta(minutes=61)) == 0  # nothing happened
    recorded(contoso, 1)
    assert heads.write_heads(now=NOW + timedelta(minutes=59)) == 0
    assert heads.write_heads(now=NOW + timedelta(minutes=60)) == 1
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(line["chain"], line["seq"]) for line in lines] == [(contoso.tid, 3), (contoso.tid, 4)]
    assert lines[1]["hash"] == AuditChain.objects.get().hash
    assert AuditChain.objects.get().written_seq == 4
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_mail_of_heads_can_be_read_back(contoso, settings, tmp_path):
    settings.AUDIT_HEADS_FILE, settings.AUDIT_HEADS_MAIL = "", "vault@contoso.com"
    recorded(contoso, 3)
    assert heads.write_heads(now=NOW) == 1
    saved = tmp_path / "saved.txt"
    saved.write_text(mail.outbox[0].body)
    assert mail.outbox[0].to == ["vault@contoso.com"]
    assert "The audit log is whole, against 1 heads." in verified("--heads", str(saved))


def test_no_mail_leaves_a_sandbox(contoso, settings):
    settings.AUDIT_HEADS_FILE, settings.AUDIT_HEADS_MAIL = "", "vault@contoso.com"
    recorded(contoso, 1)
    assert heads.write_heads(now=NOW, may_mail=False) == 0
    assert mail.outbox == []


def test_a_place_that_fails_is_tried_again_and_told(contoso, file, settings):
    recorded(contoso, 1)
    file.parent.rmdir()
    assert heads.write_heads(now=NOW) == 0
    assert AuditChain.objects.get().written_at is None
    assert heads.late(NOW + timedelta(hours=2)) == []
    assert heads.late(NOW + timedelta(hours=4)) == [contoso.tid]
    file.parent.mkdir()
    assert heads.write_heads(now=NOW + timedelta(hours=4)) == 1
    assert heads.late(NOW + timedelta(hours=9)) == []


def test_where_no_place_is_named_nothing_is_due(contoso, settings):
    settings.AUDIT_HEADS_FILE = ""
    recorded(contoso, 1)
    assert not heads.due(NOW).exists()
    assert heads.late(NOW + timedelta(days=1)) == []


def test_the_worker_writes_them(contoso, file):
    recorded(contoso, 2)
    jobs = [(task, pk) for task, pk in tasks.due_reads(NOW) if task is tasks.write_heads]
    for task, pk in jobs:
        task(pk)
    assert [head.seq for head in audit.read_heads(file.read_text().splitlines())] == [2]
    assert [task for task, _ in tasks.due_reads(NOW + timedelta(minutes=5)) if task is tasks.write_heads] == []


def test_a_tail_that_was_cut_behind_a_written_head_shows(contoso, file):
    recorded(contoso, 6)
    heads.write_heads(now=NOW)
    assert "whole" in verified()
    triggers.lift()
    AuditEvent.objects.filter(seq__gt=4).delete()
    last = AuditEvent.objects.get(seq=4)
    AuditChain.objects.update(seq=4, hash=last.hash, written_seq=0)
    with pytest.raises(CommandError, match="1 of 1 chains are not as they were written"):
        verified()
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("audit_verify", "--json", stdout=out)
    found = json.loads(out.getvalue())
    assert not found["ok"]
    assert [fault["what"] for fault in found["chains"][0]["faults"]] == ["cut"]
    assert "audit_event_update" in found["triggers_missing"]


def test_a_whole_log_is_one_json_object(contoso, file):
    recorded(contoso, 3)
    found = json.loads(verified("--json", "--tenant", contoso.tid))
    assert found["ok"]
    assert [(c["chain"], c["first"], c["last"], c["events"]) for c in found["chains"]] == [(contoso.tid, 1, 3, 3)]


def test_a_file_that_is_none_is_refused_by_name(contoso, tmp_path):
    for text, said in (('{"at": 1}', "line 1 is no head"), ("{broken", "line 1 is no head")):
        (tmp_path / "bad").write_text(text)
        with pytest.raises(CommandError, match=said):
            verified("--heads", str(tmp_path / "bad"))
    with pytest.raises(CommandError, match="cannot be read"):
        verified("--heads", str(tmp_path / "nowhere"))


def test_heads_that_are_not_written_for_hours_are_told(contoso, file):
    def told():
        return [c.id for c in run_checks(databases=["default"]) if c.id == "portal.W007"]

    assert told() == []
    AuditEvent.objects.record(now=NOW - timedelta(days=3650), verb="signin.done", tenant=contoso)
    assert told() == ["portal.W007"]


# Signed ----------------------------------------------------------------------------------------------------


@pytest.fixture
def two(contoso, file):
    """Two heads in the file, both signed; and what rewrites the line of one of them."""
    for hour in range(2):
        recorded(contoso, 3)
        assert heads.write_heads(now=NOW + timedelta(hours=hour)) == 1
    lines = [json.loads(line) for line in file.read_text().splitlines()]

    def rewrite(number, **fields):
        lines[number] |= fields
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))

    return rewrite


def test_a_head_is_signed_with_a_key_that_is_not_in_the_database(two, file, settings):
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert all(len(line["mac"]) == 64 and len(line["key"]) == 12 for line in lines)
    assert not any(key in file.read_text() for key in settings.TOKEN_KEYS)
    assert verified().endswith("The audit log is whole, against 2 heads.\n")


@pytest.mark.parametrize("field", ["at", "mac"])
def test_a_head_that_somebody_else_wrote_is_found(two, field):
    """Its number and hash are right: whoever rewrote the log knows them."""
    two(1, **{field: {"at": "2026-11-01T11:00:00+00:00", "mac": "0" * 64}[field]})
    with pytest.raises(CommandError, match="not as they were written"):
        verified()


def test_a_signature_is_good_for_its_own_chain_and_event_only(two, file):
    first = json.loads(file.read_text().splitlines()[0])
    two(1, mac=first["mac"])
    with pytest.raises(CommandError):
        verified()


def test_a_head_whose_signature_was_taken_off_after_signed_ones_is_found(two):
    two(1, mac="", key="")
    with pytest.raises(CommandError):
        verified()


def test_heads_of_before_there_were_signatures_are_no_fault_and_are_counted(two, file):
    two(0, mac="", key="")
    assert "against 2 heads; 1 of them are not signed, or with a key that is not here." in verified()


def test_a_key_that_was_taken_away_since_is_no_fault_and_is_counted(two, settings):
    settings.TOKEN_KEYS = [token_key(), *settings.TOKEN_KEYS]
    assert verified().endswith("against 2 heads.\n")
    settings.TOKEN_KEYS = settings.TOKEN_KEYS[:1]
    assert "; 2 of them are not signed, or with a key that is not here." in verified()
