"""EMAIL_URL: what it means, and that mail arrives there, over TLS, and nowhere else."""

import base64
import json
import os
import smtplib
import socketserver
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest
from django.conf import settings as configured
from django.core.mail import send_mail

from tests.tls import make_authority

SMTP = "django.core.mail.backends.smtp.EmailBackend"


class Sink(socketserver.StreamRequestHandler):
    """A mail server that keeps what it gets; offers STARTTLS where its server holds a context."""

    def say(self, text):
        self.wfile.write(f"{text}\r\n".encode())

    def finish(self):
        self.connection.close()

    def handle(self):
        self.say("220 sink")
        mail = {"tls": False, "user": ""}
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            if verb == "EHLO":
                offers_tls = self.server.context and not mail["tls"]
                self.say("250-sink")
                self.say("250 STARTTLS" if offers_tls else "250 AUTH PLAIN")
            elif verb == "STARTTLS":
                self.say("220 go on")
                try:
                    self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
                except OSError:
                    return
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
                mail["tls"] = True
            elif verb == "AUTH":
                mail["user"] = base64.b64decode(line.split()[2]).decode().replace("\0", ":")
                self.say("235 yes")
            elif verb == "DATA":
                self.say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                mail["text"] = b"".join(lines).decode()
                self.server.kept.append(mail)
                self.say("250 kept")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                mail[verb.lower()] = line
                self.say("250 yes")


class Server(socketserver.ThreadingTCPServer):
    """Keeps mail in `kept`; a client that hangs up is no mistake of ours."""

    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


@contextmanager
def sink(context=None):
    with Server(("127.0.0.1", 0), Sink) as server:
        server.context, server.kept = context, []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def read(**environment):
    """What settings make of an environment: either the mail settings, or how the process ended."""
    names = ["BACKEND", "HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS", "USE_SSL", "TIMEOUT"]
    program = f"""
import django, json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
from django.conf import settings as s
print(json.dumps({{name: getattr(s, "EMAIL_" + name) for name in {names!r}}} | {{"FROM": s.DEFAULT_FROM_EMAIL}}))
"""
    plain = {name: os.environ[name] for name in ("PATH", "HOME", "PORTAL_VAR") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=configured.BASE_DIR, env={**plain, **environment}, capture_output=True,
        text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(("url", "port", "tls", "is_ssl"), [
    ("smtp+tls://ann:a%2Fword@mail.example.org", 587, True, False),
    ("smtp+ssl://ann:a%2Fword@mail.example.org", 465, False, True),
    ("smtp://ann:a%2Fword@mail.example.org", 25, False, False),
    ("smtp+tls://ann:a%2Fword@mail.example.org:2525", 2525, True, False),
])  # fmt: skip
def test_a_mail_address_gives_server_port_and_tls(url, port, tls, is_ssl):
    said = json.loads(read(EMAIL_URL=url, PORTAL_URL="https://calwarden.example.org").stdout)
    assert said == {
        "BACKEND": SMTP, "HOST": "mail.example.org", "PORT": port, "HOST_USER": "ann", "HOST_PASSWORD": "a/word",
        "USE_TLS": tls, "USE_SSL": is_ssl, "TIMEOUT": 10, "FROM": "calwarden@calwarden.example.org",
    }  # fmt: skip


def test_the_mail_address_may_come_from_a_file(tmp_path):
    (tmp_path / "url").write_text("smtp+tls://ann:word@mail.example.org\n")
    said = json.loads(read(EMAIL_URL_FILE=str(tmp_path / "url"), EMAIL_FROM="Ann <ann@example.org>").stdout)
    assert (said["HOST"], said["FROM"]) == ("mail.example.org", "Ann <ann@example.org>")


@pytest.mark.parametrize("url", ["mail.example.org", "http://mail.example.org", "smtp://mail.example.org:port"])
def test_a_wrong_mail_address_ends_the_process_in_one_sentence_without_the_password(url):
    done = read(EMAIL_URL=url.replace("://", "://ann:canary@"))
    assert done.returncode == 1
    assert done.stderr.startswith("Calwarden does not start: EMAIL_URL is not like smtp+tls://")
    assert done.stderr.count("\n") == 1 and "canary" not in done.stderr


@pytest.fixture
def mail_through(settings, tmp_path, monkeypatch):
    """Set mail up for a server of this machine, and send one."""

    def send(server, *, trusted, **fields):
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        settings.EMAIL_BACKEND, settings.EMAIL_HOST = SMTP, "127.0.0.1"
        settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = server.server_address[1], 5
        for name, value in fields.items():
            setattr(settings, name, value)
        return send_mail("Sync is late", "Contoso: since 03:00.", None, ["allan@contoso.com"])

    return send


@pytest.fixture
def authority(tmp_path):
    return make_authority(tmp_path / "ours", "127.0.0.1")


LOGIN = {"EMAIL_USE_TLS": True, "EMAIL_HOST_USER": "ann", "EMAIL_HOST_PASSWORD": "word"}


def test_mail_and_its_password_go_over_tls(mail_through, authority):
    with sink(authority.context) as server:
        assert mail_through(server, trusted=authority.bundle, **LOGIN) == 1
    [mail] = server.kept
    assert (mail["tls"], mail["user"]) == (True, ":ann:word")
    assert "allan@contoso.com" in mail["rcpt"]
    assert "Subject: Sync is late" in mail["text"] and "Contoso: since 03:00." in mail["text"]


def test_a_mail_server_of_an_unknown_authority_gets_neither_mail_nor_password(mail_through, authority, tmp_path):
    theirs = make_authority(tmp_path / "theirs", "127.0.0.1")
    with sink(authority.context) as server, pytest.raises(ssl.SSLCertVerificationError):
        mail_through(server, trusted=theirs.bundle, **LOGIN)
    assert server.kept == []


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # Django's own connection, left behind by the refusal
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_mail_server_that_takes_tls_away_gets_nothing(mail_through, authority):
    with sink() as server, pytest.raises(smtplib.SMTPNotSupportedError):
        mail_through(server, trusted=authority.bundle, **LOGIN)
    assert server.kept == []


def test_a_relay_on_this_machine_needs_no_tls(mail_through, authority):
    with sink() as server:
        mail_through(server, trusted=authority.bundle)
    assert [mail["tls"] for mail in server.kept] == [False]
