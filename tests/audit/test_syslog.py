"""Audit lines that stream to a syslog server: never in the way of a change, and a gap shows."""

import json
import re
import socket
import time

import pytest
from django.db import transaction

from sharing.audit import syslog
from sharing.models import AuditEvent
from tests.audit.chains import NOW, recorded

RFC5424 = re.compile(r"<110>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ calwarden \d+ audit - (\{.*\})", re.DOTALL)


@pytest.fixture
def listener(settings):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard:
        heard.bind(("127.0.0.1", 0))
        heard.settimeout(5)
        settings.AUDIT_SYSLOG = f"udp://127.0.0.1:{heard.getsockname()[1]}"
        yield heard


def received(heard):
    return json.loads(RFC5424.fullmatch(heard.recv(65536).decode())[1])


@pytest.mark.django_db(transaction=True)
def test_a_committed_event_is_one_line_of_json(contoso, listener):
    event = recorded(contoso, 1, subject={"person": "Zoë\n<13>1 forged"})[0]
    line = received(listener)
    assert (line["chain"], line["seq"], line["hash"]) == (contoso.tid, 1, event.hash)
    assert line["subject"] == {"person": "Zoë\n<13>1 forged"}
    assert line["at"] == "2026-11-21T10:00:00.000000+00:00"


@pytest.mark.django_db(transaction=True)
def test_what_was_rolled_back_is_not_sent(contoso, listener):
    with pytest.raises(KeyError), transaction.atomic():
        recorded(contoso, 1)
        raise KeyError
    recorded(contoso, 1)
    assert received(listener)["seq"] == 1
    listener.settimeout(0.2)
    with pytest.raises(TimeoutError):
        listener.recv(10)


@pytest.mark.django_db(transaction=True)
def test_a_server_that_is_not_there_is_in_nobodys_way(contoso, settings, monkeypatch):
    def slow(*args, **kwargs):
        time.sleep(0.3)
        raise OSError("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    settings.AUDIT_SYSLOG = "udp://logs.example.org:514"
    began = time.monotonic()
    recorded(contoso, 5)
    assert time.monotonic() - began < 1.0
    assert AuditEvent.objects.count() == 5
    syslog._sender().finish()


def test_a_socket_of_this_machine_gets_lines_too(settings, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "log"))
        heard.settimeout(5)
        settings.AUDIT_SYSLOG = f"unix:{tmp_path / 'log'}"
        assert syslog.send({"seq": 7})
        assert received(heard) == {"seq": 7}


def test_too_many_waiting_lines_are_dropped_not_waited_for(settings, monkeypatch):
    settings.AUDIT_SYSLOG = "udp://127.0.0.1:9"
    monkeypatch.setattr(syslog, "WAITING", 1)
    monkeypatch.setattr(syslog, "_put", lambda *_: time.sleep(0.2))
    monkeypatch.setattr(syslog, "_senders", {})
    assert [syslog.send({"seq": seq}) for seq in range(6)].count(False) >= 4


def test_what_does_not_fit_a_datagram_says_so():
    text = syslog.datagram({"seq": 1, "subject": {"counts": "x" * 9000}}, NOW).decode()
    assert len(text) < 500
    assert json.loads(RFC5424.fullmatch(text)[1]) == {"seq": 1, "subject": {"left_out": True}}
