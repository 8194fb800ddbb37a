"""Sockets: where a session can reach, and how long and how much it reads."""

import contextlib
import socket
import threading
import time

import pytest
import requests

from sharing.graph import Client, ConfigurationRefused, Malformed, Unreachable, endpoints, make_session
from sharing.graph.clouds import Cloud, is_loopback
from sharing.graph.transport import LoopbackAdapter

from .conftest import FakeTokens

REAL = endpoints("global")


@contextlib.contextmanager
def server(talk):
    """A listener on a free port that calls `talk(connection)` every time; yields its origin and the requests it met."""
    met = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(OSError):
                        request = b""
                        while b"\r\n\r\n" not in request:
                            received = connection.recv(65536)
                            if not received:
                                break
                            request += received
                        met.append(request)
                        talk(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", met
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=5)


def client_at(origin, **kwargs):
    at = endpoints(login_url=origin)
    return Client(endpoints=at, tokens=FakeTokens(), session=make_session(at), **kwargs)


def answer(body, *, status="200 OK", length=None, headers=""):
    length = len(body) if length is None else length
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
        f"Connection: close\r\n{headers}\r\n"
    ).encode() + body


def write(client):
    path, seconds = "/users/x/mailboxSettings", client.deadline_seconds
    return client.patch(path, {"role": "read"}, request_id="r", deadline_seconds=seconds)


def test_a_plain_answer_is_read():
    with server(lambda connection: connection.sendall(answer(b'{"id": "1"}'))) as (origin, met):
        assert client_at(origin).get("/users/x") == {"id": "1"}
    assert met[0].startswith(b"GET /v1.0/users/x HTTP/1.1\r\n")


def test_an_answer_in_chunks_is_read():
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    body = b"7\r\n{" + b'"id": ' + b"\r\n4\r\n" + b'"1"}' + b"\r\n0\r\n\r\n"
    with server(lambda connection: connection.sendall(head + body)) as (origin, _):
        assert client_at(origin).get("/users/x") == {"id": "1"}


def test_a_drip_ends_at_the_deadline():
    def drip(connection):
        connection.sendall(answer(b"", length=1000))
        for _ in range(100):
            connection.sendall(b" ")
            time.sleep(0.05)

    with server(drip) as (origin, _):
        began = time.monotonic()
        with pytest.raises(Unreachable) as caught:
            write(client_at(origin, deadline_seconds=0.5))
        assert time.monotonic() - began < 3
    assert caught.value.cause == "timeout" and caught.value.may_have_happened


@pytest.mark.parametrize(
    "talk",
    [
        lambda connection: None,
        lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n"),
        lambda connection: connection.sendall(answer(b'{"id": "1"}', length=500)),
        lambda connection: connection.sendall(b"nonsense\r\n\r\n"),
        lambda connection: time.sleep(1.0),
    ],
    ids=["hangs up", "half a head", "half a body", "no HTTP", "silence"],
)
def test_a_write_without_an_answer_may_have_happened(talk):
    with server(talk) as (origin, met):
        with pytest.raises((Unreachable, Malformed)) as caught:
            write(client_at(origin, deadline_seconds=0.6))
        assert len(met) == 1
    assert caught.value.may_have_happened


def test_a_write_that_met_nobody_has_not_happened():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(Unreachable) as caught:
        write(client_at(origin))
    assert not caught.value.may_have_happened


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status):
    with server(lambda connection: connection.sendall(answer(b"{}"))) as (other, met):
        location = f"Location: {other}/v1.0/users/x\r\n"
        with server(lambda connection: connection.sendall(answer(b"", status=f"{status} Moved", headers=location))) as (
            origin,
            _,
        ):
            with pytest.raises(Malformed) as caught:
                client_at(origin).get("/users/x")
            session = make_session(endpoints(login_url=origin))
            assert session.get(f"{origin}/keys").status_code == status
        assert not met
    assert caught.value.cause == "redirect"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "http://login.microsoftonline.com/",
        "https://login.microsoftonline.com.evil.example/",
        "https://login.microsoftonline.com@evil.example/",
        "https://login.microsoftonline.com:8443/",
        "https://graph.microsoft.us/",
        "https://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:8010/",
        "file:///etc/passwd",
    ],
)
def test_a_session_reaches_its_two_origins_and_nothing_else(url):
    with pytest.raises(requests.exceptions.InvalidSchema):
        make_session(REAL).get(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:8011/",
        "https://127.0.0.1:8010.evil.example/",
        "https://127.0.0.1/",
        "https://localhost:8010/",
        "http://127.0.0.1:8011/",
        "https://login.microsoftonline.com/",
    ],
)
def test_a_session_for_the_sandbox_reaches_the_sandbox_only(url):
    with pytest.raises((requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL)):
        make_session(endpoints(login_url="http://127.0.0.1:8010")).get(url)


@pytest.mark.parametrize("url", ["https://login.microsoftonline.com/", "http://127.0.0.1:8010/"])
def test_plain_http_is_for_https_addresses_of_this_machine_only(url):
    session = make_session(REAL)
    session.mount(url, LoopbackAdapter())
    with pytest.raises(requests.exceptions.InvalidURL):
        session.get(url)


def test_a_session_takes_proxy_and_bundle_for_real_clouds_only(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://environment:1")
    real = make_session(REAL, ca_bundle="/etc/ca.pem", proxies={"https": "http://proxy:3128"})
    assert real.verify == "/etc/ca.pem" and real.proxies == {"https": "http://proxy:3128"} and not real.trust_env
    sandbox = make_session(endpoints(login_url="http://127.0.0.1:8010"), proxies={"http": "http://proxy:3128"})
    assert not sandbox.proxies


@pytest.mark.parametrize(
    ("cloud", "login", "graph"),
    [
        ("global", "https://login.microsoftonline.com", "https://graph.microsoft.com"),
        ("usgov", "https://login.microsoftonline.us", "https://graph.microsoft.us"),
        ("usgovdod", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
        ("china", "https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"),
    ],
)
def test_every_national_cloud_has_its_addresses(cloud, login, graph):
    at = endpoints(cloud)
    assert (at.login_url, at.graph_url, at.graph_scope) == (login, graph, f"{graph}/.default")
    assert at.cloud is Cloud(cloud)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8010", "http://localhost:8010/", "https://[::1]:8443", "http://127.8.0.1"]
)
def test_an_address_of_this_machine_makes_it_the_sandbox(url):
    for at in (endpoints(login_url=url), endpoints("usgov", graph_url=url)):
        assert at.cloud is Cloud.SANDBOX
        assert at.login_url == at.graph_url == url.removesuffix("/")
        assert at.graph_scope == "https://graph.microsoft.com/.default"


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254",
        "https://login.microsoftonline.com",
        "http://example.com:8010",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://user@127.0.0.1:8010",
        "http://127.0.0.1@evil.example",
        "http://127.0.0.1:8010/path",
        "http://127.0.0.1:8010?x",
        "http://127.0.0.1:8010#x",
        "http://127.0.0.1:8010//",
        "http://127.0.0.1:port",
        "http://127.0.0.1:99999",
        "http://0.0.0.0:8010",
        "http://2130706433:8010",
        "http://[::1",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "127.0.0.1:8010",
        " http://127.0.0.1:8010",
        "http://127.0.0.1:8010\n",
        "http://127.0.0.1\\@evil.example",
    ],
)
def test_every_other_address_is_refused(url):
    for given in ({"login_url": url}, {"graph_url": url}):
        with pytest.raises(ConfigurationRefused) as caught:
            endpoints("global", **given)
        assert str(caught.value).startswith("MICROSOFT_")


@pytest.mark.parametrize("cloud", ["", "Global", "germany", "sandbox"])
def test_an_unknown_cloud_is_refused(cloud):
    with pytest.raises(ConfigurationRefused):
        endpoints(cloud)


def test_this_machine_is_known_without_asking_anybody():
    assert is_loopback("localhost") and is_loopback("127.1.2.3") and is_loopback("::1")
    assert not any(map(is_loopback, [None, "", "localhost.", "0.0.0.0", "10.0.0.1", "127.1"]))  # noqa: S104 - to be refused
