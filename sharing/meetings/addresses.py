"""Mail addresses that a person typed, before Microsoft is asked about them; pure."""

import re

_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"\\\x00-\x1f\x7f]{1,64}@([A-Za-z0-9](?:[A-Za-z0-9\-.]{0,251}[A-Za-z0-9])?)")


def domain_of(address: str) -> str | None:
    """The domain of an address in lower case; None where it is no address that is asked for here."""
    match = _ADDRESS.fullmatch(address)
    domain = match[1].lower() if match else ""
    return domain if "." in domain and ".." not in domain else None
