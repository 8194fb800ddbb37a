"""Nobody is signed in with a token that fails any one check."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from sharing.graph import IdTokenRefused, Malformed, SigningKeys, Unreachable, make_session, verify_id_token
from sharing.graph.id_token import CONSUMER_TENANT

from .conftest import ALEX, AT, Answer, FakeGraph

TID = "1717622f-1d94-4d0c-9d74-709fad664b77"
OTHER_TID = "5b9e1a6e-3f2c-4d55-9a57-0a2f4a4f7d10"
CLIENT_ID = "ca1e4da2-0000-4000-8000-00000000c0de"
NONCE = "n-0S6_WzA2Mj"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AT_NOW = int(NOW.timestamp())
ISSUER = f"http://127.0.0.1:8010/{TID}/v2.0"
OURS = rsa.generate_private_key(public_exponent=65537, key_size=2048)
THEIRS = rsa.generate_private_key(public_exponent=65537, key_size=2048)
GOOD = {
    "aud": CLIENT_ID,
    "iss": ISSUER,
    "iat": AT_NOW - 5,
    "nbf": AT_NOW - 5,
    "exp": AT_NOW + 3600,
    "tid": TID,
    "oid": ALEX,
    "sub": "pairwise",
    "ver": "2.0",
    "nonce": NONCE,
    "name": "Alex Wilber",
    "preferred_username": "AlexW@contoso.com",
    "roles": ["Reviewer"],
    "acct": 0,
}


def published(key=OURS, **members):
    numbers = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    shown = {"kid": "k1", "use": "sig", "alg": "RS256", "issuer": "http://127.0.0.1:8010/{tenantid}/v2.0"}
    return {name: value for name, value in {**numbers, **shown, **members}.items() if value is not None}


def sign(claims=GOOD, *, key=OURS, algorithm="RS256", **header):
    return jwt.PyJWS().encode(json.dumps(claims).encode(), key, algorithm=algorithm, headers={"kid": "k1", **header})


def encode(value):
    return base64.urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).rstrip(b"=")


def by_hand(header, claims, signature=b""):
    return b".".join([encode(header), encode(claims), encode(signature)]).decode()


def confused():
    """HS256, keyed with our published key as text: the classic confusion of algorithms."""
    pem = OURS.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    signed = encode({"alg": "HS256", "kid": "k1"}) + b"." + encode(GOOD)
    return (signed + b"." + encode(hmac.new(pem, signed, hashlib.sha256).digest())).decode()


@pytest.fixture
def keys(fake, clock):
    fake.script(Answer({"keys": [published()]}))
    return keys_of(fake, clock)


def keys_of(fake, clock):
    session = make_session(AT)
    for prefix in list(session.adapters):
        session.mount(prefix, fake)
    return SigningKeys(endpoints=AT, session=session, monotonic=clock)


def verify(token, keys, **changes):
    asked = {"endpoints": AT, "client_id": CLIENT_ID, "keys": keys, "nonce": NONCE, "now": NOW}
    return verify_id_token(token, **{**asked, **changes})


def test_a_good_token_says_who_it_is(keys, fake):
    claims = verify(sign(), keys)
    assert (claims.tid, claims.oid, claims.acct) == (TID, ALEX, 0)
    assert (claims.name, claims.preferred_username, claims.roles) == (
        "Alex Wilber",
        "AlexW@contoso.com",
        ("Reviewer",),
    )
    assert fake.sent[0].url == "http://127.0.0.1:8010/organizations/discovery/v2.0/keys"


WITHOUT = ("aud", "iss", "iat", "exp", "tid", "oid", "ver", "nonce")
CHANGED = [
    ("aud", "00000000-0000-0000-0000-000000000000"),
    ("aud", [CLIENT_ID]),
    ("aud", [CLIENT_ID, "other"]),
    ("aud", CLIENT_ID.upper()),
    ("aud", ""),
    ("azp", "00000000-0000-0000-0000-000000000000"),
    ("iss", f"http://127.0.0.1:8010/{OTHER_TID}/v2.0"),
    ("iss", f"https://sts.windows.net/{TID}/"),
    ("iss", f"https://login.microsoftonline.com/{TID}/v2.0"),
    ("iss", ISSUER + "/"),
    ("iss", ISSUER.upper()),
    ("iss", "http://127.0.0.1:8010/{tenantid}/v2.0"),
    ("iss", [ISSUER]),
    ("tid", OTHER_TID),
    ("tid", TID.upper()),
    ("tid", "{" + TID + "}"),
    ("tid", TID + "\n"),
    ("tid", 5),
    ("oid", "not-a-guid"),
    ("oid", ALEX.upper()),
    ("oid", ""),
    ("oid", [ALEX]),
    ("exp", AT_NOW - 121),
    ("exp", 0),
    ("exp", -1),
    ("exp", str(AT_NOW + 3600)),
    ("exp", True),
    ("exp", 1e300),
    ("exp", float("inf")),
    ("exp", float("nan")),
    ("exp", [AT_NOW + 3600]),
    ("nbf", AT_NOW + 121),
    ("nbf", "now"),
    ("iat", AT_NOW + 121),
    ("iat", {}),
    ("ver", "1.0"),
    ("ver", 2.0),
    ("nonce", "another"),
    ("nonce", NONCE.upper()),
    ("nonce", ""),
    ("nonce", [NONCE]),
    ("nonce", "ü"),
    ("name", {"x": 1}),
    ("preferred_username", 7),
]
PERSONAL = {"tid": CONSUMER_TENANT, "iss": f"http://127.0.0.1:8010/{CONSUMER_TENANT}/v2.0"}
MUTATED = {
    **{f"without {name}": sign({k: v for k, v in GOOD.items() if k != name}) for name in WITHOUT},
    **{f"{name} is {value!r}": sign({**GOOD, name: value}) for name, value in CHANGED},
    "personal account": sign({**GOOD, **PERSONAL}),
    "another tenant in tid and iss, v1 issuer": sign({**GOOD, "iss": f"https://sts.windows.net/{TID}/", "ver": "1.0"}),
    "signed by another key": sign(key=THEIRS),
    "no key id": jwt.encode(GOOD, OURS, algorithm="RS256"),
    "unknown key id": sign(kid="k2"),
    "empty key id": sign(kid=""),
    "key id of another kind": by_hand({"alg": "RS256", "kid": 7}, GOOD, b"x" * 256),
    "none": by_hand({"alg": "none", "kid": "k1"}, GOOD),
    "None": by_hand({"alg": "None", "kid": "k1"}, GOOD),
    "no algorithm": by_hand({"kid": "k1"}, GOOD),
    "HS256": jwt.encode(GOOD, "x" * 64, algorithm="HS256", headers={"kid": "k1"}),
    "HS256 with the public key": confused(),
    "PS256": sign(algorithm="PS256"),
    "RS512": sign(algorithm="RS512"),
    "ES256": sign(key=ec.generate_private_key(ec.SECP256R1()), algorithm="ES256"),
    "critical header": sign(crit=["exp"], exp=1),
    "detached payload": by_hand({"alg": "RS256", "kid": "k1", "b64": False, "crit": ["b64"]}, GOOD, b"x"),
    "no signature": sign().rpartition(".")[0] + ".",
    "two parts": sign().rpartition(".")[0],
    "four parts": sign() + ".x",
    "other claims under a good signature": ".".join(
        [sign().split(".")[0], encode({**GOOD, "oid": TID}).decode(), sign().split(".")[2]]
    ),
    "claims are a list": by_hand({"alg": "RS256", "kid": "k1"}, [GOOD], b"x" * 256),
    "header is a list": by_hand(["RS256"], GOOD, b"x" * 256),
    "space in front": " " + sign(),
    "line behind": sign() + "\n",
    "empty": "",
    "bytes": sign().encode(),
    "nothing": None,
    "a list": [sign()],
    "not ascii": sign()[:-1] + "é",
    "too long": sign({**GOOD, "x": "y" * 40_000}),
    "an access token": sign({**GOOD, "aud": "https://graph.microsoft.com", "scp": "User.Read"}),
}


def test_there_are_more_than_sixty_mutations():
    assert len(MUTATED) > 60


@pytest.mark.parametrize("token", MUTATED.values(), ids=MUTATED)
def test_a_mutated_token_is_refused(keys, token):
    assert verify(sign(), keys)
    with pytest.raises(IdTokenRefused) as caught:
        verify(token, keys)
    assert caught.value.cause and len(str(caught.value)) < 40


@pytest.mark.parametrize("name", ["none", "HS256", "HS256 with the public key", "PS256", "ES256"])
def test_another_algorithm_is_refused_before_keys_are_asked_for(keys, fake, name):
    with pytest.raises(IdTokenRefused) as caught:
        verify(MUTATED[name], keys)
    assert caught.value.cause == "algorithm" and not fake.sent


@given(st.integers(0, len(sign()) - 1), st.sampled_from("ABCxyz019-_."))
def test_no_single_character_can_be_changed(place, letter):
    good = sign()
    token = good[:place] + letter + good[place + 1 :]
    fake = FakeGraph()
    fake.script(Answer({"keys": [published()]}))
    try:
        claims = verify(token, keys_of(fake, lambda: 0.0))
    except IdTokenRefused:
        return
    # The last character of a part has bits that mean nothing.
    assert claims == verify(good, keys_of(fake, lambda: 0.0))


@pytest.mark.parametrize("change", [{"nonce": ""}, {"nonce": "x"}, {"client_id": ""}, {"client_id": TID}])
def test_what_we_expect_must_be_there(keys, change):
    with pytest.raises(IdTokenRefused):
        verify(sign({**GOOD, "nonce": change.get("nonce", NONCE), "aud": ""}), keys, **change)


def test_two_minutes_of_difference_between_clocks_are_forgiven(keys):
    verify(sign({**GOOD, "exp": AT_NOW - 119}), keys)
    verify(sign({**GOOD, "iat": AT_NOW + 119, "nbf": AT_NOW + 119}), keys)


def test_guests_and_missing_words_are_told_apart(keys):
    assert verify(sign({**GOOD, "acct": 1}), keys).acct == 1
    bare = {k: v for k, v in GOOD.items() if k not in ("acct", "name", "preferred_username", "roles", "nbf")}
    claims = verify(sign(bare), keys)
    assert (claims.acct, claims.name, claims.preferred_username, claims.roles) == (None, "", "", ())
    assert verify(sign({**GOOD, "acct": True, "name": "a\x00b"}), keys).name == "a\ufffdb"


def test_an_address_inside_a_token_is_never_followed(keys, fake):
    evil = "https://evil.example/keys"
    token = sign(key=THEIRS, jku=evil, x5u=evil, jwk=published(THEIRS))
    with pytest.raises(IdTokenRefused):
        verify(token, keys)
    assert {sent.url for sent in fake.sent} == {"http://127.0.0.1:8010/organizations/discovery/v2.0/keys"}


@pytest.mark.parametrize(
    "key",
    [
        published(use="enc"),
        published(alg="RS512"),
        published(kty="EC"),
        published(n=None),
        published(n="AQAB"),
        published(e=7),
        published(kid=None),
        published(kid=7),
        published(issuer="https://login.microsoftonline.com/{tenantid}/v2.0"),
        published(issuer=f"http://127.0.0.1:8010/{OTHER_TID}/v2.0"),
        published(issuer=["x"]),
        published(rsa.generate_private_key(public_exponent=65537, key_size=1024)),  # noqa: S505 - to be refused
        "k1",
        None,
    ],
)
def test_a_key_that_is_not_for_this_is_not_used(fake, clock, key):
    fake.script(Answer({"keys": [key, published(THEIRS, kid="k9")]}))
    keys = keys_of(fake, clock)
    with pytest.raises(IdTokenRefused):
        verify(sign(), keys)
    assert verify(sign(key=THEIRS, kid="k9"), keys)


def test_keys_are_kept_for_a_day(keys, fake, clock):
    for _ in range(3):
        verify(sign(), keys)
    assert len(fake.sent) == 1
    clock.seconds += 86_401
    verify(sign(), keys)
    assert len(fake.sent) == 2


def test_an_unknown_key_asks_again_at_most_once_a_minute(keys, fake, clock):
    verify(sign(), keys)
    fake.script(Answer({"keys": [published(), published(THEIRS, kid="k2")]}))
    for _ in range(5):
        with pytest.raises(IdTokenRefused):
            verify(sign(key=THEIRS, kid="k2"), keys)
    assert len(fake.sent) == 1
    clock.seconds += 61
    assert verify(sign(key=THEIRS, kid="k2"), keys)
    assert len(fake.sent) == 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (requests.exceptions.ConnectionError("refused"), Unreachable),
        (requests.exceptions.ReadTimeout("slow"), Unreachable),
        (Answer({"keys": [published()]}, 500), Unreachable),
        (Answer(b"", 302, Location="https://evil.example/keys"), Unreachable),
        (Answer(b"<html>"), Malformed),
        (Answer([]), Malformed),
        (Answer(b'{"keys": "' + b"x" * 1_100_000 + b'"}'), Malformed),
        (Answer({"keys": {}}), IdTokenRefused),
        (Answer({}), IdTokenRefused),
    ],
)
def test_without_keys_nobody_is_signed_in(fake, clock, answer, kind):
    fake.script(answer)
    with pytest.raises(kind):
        verify(sign(), keys_of(fake, clock))
