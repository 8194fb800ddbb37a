"""The sandbox over a socket: this machine only, kept connections, gzip, lost answers, and the command."""

import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import msal
import pytest
import requests

from sandbox import cast
from sandbox.cloud import Cloud
from sandbox.server import Server, is_this_machine
from sharing.graph import endpoints, make_session
from tests.sandbox.steps import SCOPE, app_token, certificate, control

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def server():
    with Server(Cloud(certificates=[certificate()])) as server:
        yield server


@pytest.fixture
def connection(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    yield connection
    connection.close()


def ask(connection, path, method="GET", body=None, **headers):
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    return response, response.read()


@pytest.mark.parametrize("credential", ["secret", "certificate"])
def test_unmodified_msal_reaches_it_over_plain_http(server, credential):
    pem = certificate().decode()
    given = {
        "secret": "sandbox-secret-of-the-portal",
        "certificate": {"private_key": pem, "public_certificate": pem},
    }[credential]
    app = msal.ConfidentialClientApplication(
        cast.PORTAL_APP,
        client_credential=given,
        authority=f"{server.origin.replace('http', 'https')}/{cast.CONTOSO}",
        instance_discovery=False,
        http_client=make_session(endpoints(login_url=server.origin)),
    )
    token = app.acquire_token_for_client([SCOPE])["access_token"]
    answer = requests.get(f"{server.origin}/v1.0/organization", headers={"Authorization": f"Bearer {token}"}, timeout=5)
    assert answer.json()["value"][0]["displayName"] == "Contoso"


def test_a_connection_serves_many_requests(connection):
    first, _ = ask(connection, "/__control__/stats")
    held = connection.sock
    ask(connection, "/nothing")
    ask(connection, "/__control__/reset", "POST")
    assert first.status == 200
    assert connection.sock is held


def test_large_answers_are_zipped_for_who_can_read_them(connection):
    plain, text = ask(connection, "/__control__/about")
    zipped, packed = ask(connection, "/__control__/about", **{"Accept-Encoding": "gzip, deflate"})
    assert plain.headers["Content-Encoding"] is None
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed) == text
    small, _ = ask(connection, "/__control__/clock", **{"Accept-Encoding": "gzip"})
    assert small.headers["Content-Encoding"] is None


def test_an_empty_answer_has_no_length_and_the_connection_goes_on(server, connection):
    headers = {"Authorization": f"Bearer {app_token(server.cloud)}"}
    path = f"/v1.0/users/{cast.ALEX}/calendar/calendarPermissions/{cast.MEGANS_ROW}"
    deleted, body = ask(connection, path, "DELETE", **headers)
    assert (deleted.status, deleted.headers["Content-Length"], body) == (204, None, b"")
    assert ask(connection, "/__control__/stats")[0].status == 200


def test_the_date_is_that_of_the_cloud(server, connection):
    control(server.cloud, "POST", "clock", {"offset_seconds": 86400 * 400})
    response, _ = ask(connection, "/")
    assert str(server.cloud.now().year) in response.headers["Date"]


def test_a_lost_answer_is_a_closed_connection(server, connection):
    control(server.cloud, "POST", "faults", [{"do": "drop", "match": {"path": "/users$"}}])
    token = app_token(server.cloud)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        ask(connection, "/v1.0/users", Authorization=f"Bearer {token}")
    connection.close()
    assert ask(connection, "/__control__/stats")[0].status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "portal.example"}, 421),
        ({"Host": "127.0.0.1.evil.example:8010"}, 421),
        ({"Transfer-Encoding": "chunked"}, 411),
        ({"Content-Length": "-1"}, 400),
        ({"Content-Length": str(10**9)}, 413),
    ],
)
def test_strange_requests_are_refused_and_the_connection_closed(connection, headers, status):
    connection.putrequest("POST", "/__control__/reset", skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    response.read()
    assert (response.status, response.headers["Connection"]) == (status, "close")


@pytest.mark.parametrize("host", ["localhost", "localhost:8010", "127.0.0.1:1", "127.0.0.53", "[::1]:8010"])
def test_names_of_this_machine(host):
    assert is_this_machine(host)


@pytest.mark.parametrize("host", ["", "example.com", "10.0.0.1:8010", "localhost.example", "[::2]", "127.0.0.1.nip.io"])
def test_names_of_other_machines(host):
    assert not is_this_machine(host)


def test_it_listens_on_loopback_only(server):
    assert server.socket.getsockname()[0] == "127.0.0.1"
    assert urlsplit(server.origin).hostname == "127.0.0.1"


def test_many_callers_are_answered_side_by_side(server):
    token = app_token(server.cloud)
    headers = {"Authorization": f"Bearer {token}"}
    statuses = []

    def work():
        with requests.Session() as session:
            for _ in range(10):
                statuses.append(session.get(f"{server.origin}/v1.0/users", headers=headers, timeout=10).status_code)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert statuses == [200] * 80


# The command


def run(*arguments, **kwargs):
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox", *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **kwargs,
    )


@pytest.mark.parametrize(("arguments", "known"), [((), ["Contoso"]), (("--consented", "fabrikam.com"), ["Fabrikam"])])
def test_the_command_starts_with_fabrikam_still_to_be_connected(arguments, known):
    with run("--port", 0, *arguments) as process:
        try:
            origin = process.stdout.readline().split()[3].rstrip(":")
            with urllib.request.urlopen(f"{origin}/__control__/consents", timeout=5) as answer:  # noqa: S310 - loopback
                assert [each["name"] for each in json.load(answer)["consents"]] == known
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=10)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_where_it_listens_and_stops_quietly(tmp_path, how):
    pem = tmp_path / "portal.pem"
    pem.write_bytes(certificate())
    with run("--port", 0, "--mailboxes", 20, "--certificate", pem, "--state", tmp_path / "world.json") as process:
        line = process.stdout.readline()
        try:
            assert line.startswith("Sandbox ready at http://127.0.0.1:")
            origin = line.split()[3].rstrip(":")
            with urllib.request.urlopen(f"{origin}/__control__/about", timeout=5) as answer:  # noqa: S310 - loopback
                assert json.load(answer)["sandbox"] is True
        finally:
            process.send_signal(how)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
    assert (tmp_path / "world.json").exists()


def test_the_command_refuses_what_it_cannot_use_in_one_sentence(tmp_path):
    taken = socket.create_server(("127.0.0.1", 0))
    text = tmp_path / "text.pem"
    text.write_text("no certificate")
    with taken:
        for arguments in (
            ("--port", taken.getsockname()[1]),
            ("--port", 99999),
            ("--port", 0, "--certificate", tmp_path / "nothing.pem"),
            ("--port", 0, "--certificate", text),
            ("--port", 0, "--state", text),
            ("--port", 0, "--consented", "nowhere.example"),
        ):
            with run(*arguments) as process:
                _, errors = process.communicate(timeout=20)
            assert process.returncode == 1
            assert errors.startswith("The sandbox cannot start: ")
            assert errors.count("\n") == 1
