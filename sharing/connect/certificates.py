"""Makes self-signed certificates for an app registration, Entra asks for no other kind; and reads what one says."""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

LIFETIME = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class PublicPart:
    """What may be shown of a certificate; `entra_thumbprint` is the older one, by which Entra lists it."""

    pem: str
    der: bytes
    thumbprint: str
    entra_thumbprint: str
    expires_at: datetime


def new_certificate(*, name: str, now: datetime, lifetime: timedelta = LIFETIME) -> bytes:
    """A new key and its certificate, one PEM text."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    names = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(names)
        .issuer_name(names)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + lifetime)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)


def make_certificate(path: Path, *, name: str, now: datetime, lifetime: timedelta = LIFETIME) -> None:
    """Write a new key and its certificate into `path`, one PEM file that only its owner may read.

    Never overwrites: raises FileExistsError.
    """
    pem = new_certificate(name=name, now=now, lifetime=lifetime)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)


def public_part(pem: bytes) -> PublicPart:
    """The certificate in a PEM text, without any key beside it. Raises ValueError where there is none."""
    certificate = x509.load_pem_x509_certificate(pem)
    return PublicPart(
        pem=certificate.public_bytes(serialization.Encoding.PEM).decode(),
        der=certificate.public_bytes(serialization.Encoding.DER),
        thumbprint=certificate.fingerprint(hashes.SHA256()).hex().upper(),
        entra_thumbprint=certificate.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303  Entra's own way to name it
        expires_at=certificate.not_valid_after_utc,
    )
