"""The way out to Microsoft: through HTTPS_PROXY, and only to who shows a certificate of an authority we trust."""

import base64
import contextlib
import http.client
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from sandbox.cloud import Cloud
from sandbox.server import Server
from sharing import graph
from sharing.connect import clients
from sharing.models import Mailbox, Tenant
from tests.cloud import CONTOSO
from tests.tls import make_authority

LOGIN, GRAPH = "login.microsoftonline.com", "graph.microsoft.com"


class Relay(BaseHTTPRequestHandler):
    """Microsoft behind TLS: passes on to the sandbox, and puts the name it was asked under into the answers."""

    protocol_version = "HTTP/1.1"
    sandbox = ""

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "accept-encoding", "connection")}
        back = http.client.HTTPConnection(self.sandbox, timeout=10)
        back.request(self.command, self.path, body, {**headers, "X-Forwarded-Proto": "https"})
        answer = back.getresponse()
        text = answer.read()
        for scheme in (b"https://", b"http://"):
            text = text.replace(scheme + self.sandbox.encode(), b"https://" + self.headers["Host"].encode())
        back.close()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PATCH = do_DELETE = pass_on

    def log_message(self, *words):
        pass


class Proxy:
    """An HTTP proxy that knows CONNECT only, and behind whose tunnels Microsoft answers; `met` is what it was asked."""

    def __init__(self, context: ssl.SSLContext, sandbox: str) -> None:
        self.met: list[tuple[str, str]] = []
        self._context = context
        self._relay = type("RelayHere", (Relay,), {"sandbox": sandbox})
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=[connection], daemon=True).start()

    def _talk(self, connection):
        with contextlib.suppress(OSError), connection:
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(1)
            lines = head.decode().split("\r\n")
            word = next((line.partition(": ")[2] for line in lines if line.startswith("Proxy-Authorization")), "")
            self.met.append((" ".join(lines[0].split()[:2]), word))
            connection.sendall(b"HTTP/1.1 200 Go on\r\n\r\n")
            with self._context.wrap_socket(connection, server_side=True) as inside:
                self._relay(inside, ("127.0.0.1", 0), None)

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def authority(tmp_path):
    return make_authority(tmp_path / "ours", LOGIN, GRAPH)


@pytest.fixture
def proxy(authority, settings):
    """The global cloud, which this machine reaches through a proxy only."""
    settings.MICROSOFT_LOGIN_URL = settings.MICROSOFT_GRAPH_URL = settings.EXCHANGE_URL = ""
    settings.MICROSOFT_CLOUD = "global"
    with Server(Cloud()) as server:
        proxy = Proxy(authority.context, server.origin.removeprefix("http://"))
        settings.HTTPS_PROXY = f"http://{proxy.address}"
        settings.CA_BUNDLE = str(authority.bundle)
        clients.forget_tokens()
        yield proxy
        proxy.close()
    clients.forget_tokens()


@pytest.mark.django_db
def test_a_tenant_is_connected_and_read_through_the_proxy_alone(proxy):
    call_command("connect", CONTOSO, verbosity=0)
    call_command("sync", verbosity=0)
    assert Tenant.objects.get().cloud == "global"
    assert Mailbox.objects.filter(state="ok").count() > 10
    assert {asked for asked, _ in proxy.met} == {f"CONNECT {LOGIN}:443", f"CONNECT {GRAPH}:443"}
    assert {word for _, word in proxy.met} == {""}


@pytest.mark.django_db
def test_a_proxy_that_wants_a_name_gets_it_and_microsoft_does_not(proxy, settings):
    settings.HTTPS_PROXY = f"http://calwarden:word@{proxy.address}"
    call_command("connect", CONTOSO, verbosity=0)
    assert {word for _, word in proxy.met} == {"Basic " + base64.b64encode(b"calwarden:word").decode()}


@pytest.mark.django_db
@pytest.mark.parametrize("bundle", ["", "theirs"])
def test_a_certificate_of_an_unknown_authority_is_refused(proxy, settings, tmp_path, bundle):
    settings.CA_BUNDLE = str(make_authority(tmp_path / "theirs", LOGIN).bundle) if bundle else ""
    with pytest.raises(CommandError, match="did not answer|could not be reached|does not answer"):
        call_command("connect", CONTOSO, verbosity=0)
    assert {asked for asked, _ in proxy.met} == {f"CONNECT {LOGIN}:443"}
    assert not Tenant.objects.filter(state=Tenant.CONNECTED).exists()


@pytest.mark.django_db
def test_a_certificate_for_another_name_is_refused(proxy, settings, tmp_path):
    other = make_authority(tmp_path / "other", "login.example.org")
    proxy._context = other.context
    settings.CA_BUNDLE = str(other.bundle)
    with pytest.raises(graph.Unreachable):
        clients.client_for_tid(CONTOSO).renew()


@pytest.mark.django_db
def test_a_proxy_that_is_down_is_not_gone_around(proxy):
    proxy.close()
    with pytest.raises(graph.Unreachable):
        clients.client_for_tid(CONTOSO).renew()
