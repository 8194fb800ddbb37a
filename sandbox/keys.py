"""The signing keys of the pretend Entra ID."""

import base64
import functools
import hashlib
import secrets
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key


def make_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@functools.cache
def key_of_this_process() -> RSAPrivateKey:
    """Making a key takes a tenth of a second; the many worlds of a test run share one."""
    return make_key()


def base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def number(value: int) -> str:
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def key_id(key: RSAPublicKey) -> str:
    numbers = key.public_numbers()
    return base64url(hashlib.sha256(f"{numbers.e} {numbers.n}".encode()).digest())


class Keys:
    """Signs with the newest key and publishes all of them; `secret` seals what only this cloud reads back."""

    def __init__(self) -> None:
        self.secret = secrets.token_hex(32)
        self._keys = [key_of_this_process()]

    @property
    def signing_key(self) -> RSAPrivateKey:
        return self._keys[0]

    def rotate(self) -> None:
        """Sign with a new key from now on; what the older ones signed stays valid."""
        self._keys.insert(0, make_key())

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.signing_key, "RS256", {"kid": key_id(self.signing_key.public_key())})

    def public_key(self, kid: str | None) -> RSAPublicKey | None:
        return {key_id(each.public_key()): each.public_key() for each in self._keys}.get(kid or "")

    def published(self) -> dict[str, Any]:
        """The JSON Web Key Set."""
        listed = []
        for public in (each.public_key() for each in self._keys):
            numbers, kid = public.public_numbers(), key_id(public)
            key = {"kty": "RSA", "use": "sig", "kid": kid, "x5t": kid, "n": number(numbers.n), "e": number(numbers.e)}
            listed.append(key)
        return {"keys": listed}

    def dump(self) -> dict[str, Any]:
        """Everything needed to know the same tokens again after a restart."""
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return {"secret": self.secret, "keys": [each.private_bytes(*form).decode() for each in self._keys]}

    def load(self, dumped: dict[str, Any]) -> None:
        keys = [serialization.load_pem_private_key(each.encode(), None) for each in dumped["keys"]]
        self._keys = [each for each in keys if isinstance(each, RSAPrivateKey)]
        self.secret = dumped["secret"]
