"""Forwarded headers: a browser that forges them gains nothing; a proxy that TRUSTED_PROXIES names is believed."""

import pytest
from django.http import JsonResponse
from django.test import RequestFactory

from portal.proxies import trusted_proxies

FORGED = {
    "x-forwarded-for": "192.0.2.66",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "evil.example",
    "x-forwarded-port": "1",
    "forwarded": "for=192.0.2.66;proto=https",
}


@pytest.fixture
def seen(settings):
    """What a view sees of a request that came from `peer` with `headers`."""
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    def view(request):
        forwarded = sorted(name for name in request.META if "FORWARDED" in name)
        return JsonResponse({"from": request.META["REMOTE_ADDR"], "tls": request.is_secure(), "headers": forwarded})

    def ask(peer, headers, trusted=()):
        settings.TRUSTED_PROXIES = list(trusted)
        import json

        answer = trusted_proxies(view)(RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer))
        return tuple(json.loads(answer.content).values())

    return ask


@pytest.mark.parametrize("trusted", [[], ["192.0.2.1"], ["not-an-address"]])
@pytest.mark.parametrize("peer", ["198.51.100.7", "127.0.0.1", "::1", ""])
def test_a_forged_header_does_nothing(seen, peer, trusted):
    assert seen(peer, FORGED, trusted) == (peer, False, [])


@pytest.mark.parametrize(("peer", "trusted"), [
    ("127.0.0.1", ["127.0.0.1"]),
    ("10.1.2.3", ["10.1.0.0/16"]),
    ("::1", ["::1"]),
    ("::ffff:10.1.2.3", ["10.1.2.3"]),
])  # fmt: skip
def test_a_proxy_of_ours_says_who_asked_and_how(seen, peer, trusted):
    assert seen(peer, FORGED, trusted) == ("192.0.2.66", True, ["HTTP_X_FORWARDED_PROTO"])
    assert seen(peer, {"x-forwarded-proto": "http"}, trusted) == (peer, False, ["HTTP_X_FORWARDED_PROTO"])
    assert seen(peer, {}, trusted) == (peer, False, [])


@pytest.mark.parametrize(("chain", "who"), [
    ("6.6.6.6, 192.0.2.66", "192.0.2.66"),                     # the browser wrote the first one itself
    ("6.6.6.6, 192.0.2.66, 10.0.0.2", "192.0.2.66"),           # two proxies of ours
    ("10.0.0.3, 10.0.0.2", "10.0.0.3"),                        # somebody on our own network
    ("192.0.2.66, nonsense, 10.0.0.2", "10.0.0.2"),            # what is left of nonsense is not believed
    ("2001:db8::7", "2001:db8::7"),
    ("192.0.2.66:1234", "192.0.2.66"),                         # some proxies write the port, too
    ("6.6.6.6, 192.0.2.66:80, 10.0.0.2:8080", "192.0.2.66"),
    ("[2001:db8::7]:443", "2001:db8::7"),
    ("[2001:db8::7]", "2001:db8::7"),
    ("[::ffff:192.0.2.66]:443", "192.0.2.66"),
    ("fe80::1%eth0", "fe80::1"),
    ("192.0.2.66, unknown", "10.0.0.1"),
    ("192.0.2.66, _hidden, 10.0.0.2", "10.0.0.2"),
    ("192.0.2.66, [::1, 10.0.0.2", "10.0.0.2"),
    ("192.0.2.66, 2001:db8::7:, 10.0.0.2", "10.0.0.2"),
    ("192.0.2.66, [192.0.2.1], 10.0.0.2", "192.0.2.1"),
    ("192.0.2.66, 192.0.2.1:x, 10.0.0.2", "10.0.0.2"),
    ("192.0.2.66, 10.0.0.2,", "10.0.0.1"),
    ("٣.٣.٣.٣", "10.0.0.1"),
    ("", "10.0.0.1"),
])  # fmt: skip
def test_who_asked_is_the_last_one_that_is_not_ours(seen, chain, who):
    assert seen("10.0.0.1", {"x-forwarded-for": chain}, ["10.0.0.0/24"])[0] == who


@pytest.mark.parametrize("scheme", ["https, http", "http,https", "HTTPS", "wss", " https", ""])
def test_a_scheme_that_is_not_one_plain_word_is_not_believed(seen, scheme):
    assert seen("127.0.0.1", {"x-forwarded-proto": scheme}, ["127.0.0.1"])[1:] == (False, [])


@pytest.mark.django_db
def test_a_forged_scheme_opens_no_page_without_tls(client, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = True
    headers = {"host": "localhost:8000", "x-forwarded-proto": "https"}
    moved = client.get("/signin/", headers=headers)
    assert (moved.status_code, moved["Location"]) == (301, "https://localhost:8000/signin/")
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    assert client.get("/signin/", headers=headers).status_code == 200
    assert client.get("/signin/", headers=headers, REMOTE_ADDR="198.51.100.7").status_code == 301


@pytest.mark.django_db
def test_a_forwarded_host_is_never_used(client, settings):
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    page = client.get("/signin/", headers={"host": "localhost:8000", "x-forwarded-host": "evil.example"})
    assert page.status_code == 200 and b"evil.example" not in page.content
