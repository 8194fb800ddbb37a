"""Who asked, and whether over TLS: a forwarded header counts only from a proxy that TRUSTED_PROXIES names."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings

FOR, PROTO = "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO"
FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_")  # how the names of such headers begin
_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?", re.ASCII)
_IPV4_AND_PORT = re.compile(r"([0-9.]+):[0-9]{1,5}", re.ASCII)


@lru_cache(maxsize=8)
def networks(names: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    """TRUSTED_PROXIES as networks. Raises ValueError for what is neither an address nor a network."""
    return tuple(ip_network(name) for name in names)


def address(text: str) -> IPv4Address | IPv6Address | None:
    """`text` as an address, an IPv4 one out of its IPv6 clothes, without the zone; None where it is none."""
    try:
        found = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def hop_of(text: str) -> str:
    """The address of one entry of X-Forwarded-For, without the port and the brackets that some proxies write.

    Empty where it is none: what a proxy of ours could not tell is not to be had from what stands left of it.
    """
    text = text.strip()
    bare = _BRACKETED.fullmatch(text) or _IPV4_AND_PORT.fullmatch(text)
    found = address(bare[1] if bare else text)
    return str(found) if found else ""


def is_trusted(text: str, names: Iterable[str]) -> bool:
    """Is `text` the address of one of our proxies?"""
    found = address(text)
    try:
        return found is not None and any(found in network for network in networks(tuple(names)))
    except ValueError:
        return False  # a check says which name is no address; until then nobody is trusted


def trusted_proxies(get_response):
    """Forwarded headers are dropped, or, from a proxy of ours, tell the address and the scheme of who asked."""

    def middleware(request):
        meta, names = request.META, settings.TRUSTED_PROXIES
        told = {name: meta.pop(name) for name in list(meta) if name.startswith(FORWARDED)}
        if is_trusted(meta.get("REMOTE_ADDR", ""), names):
            # From the right: each was added by the one after it. The first that is not ours is who asked.
            for hop in map(hop_of, reversed(told.get(FOR, "").split(","))):
                if not hop:
                    break
                meta["REMOTE_ADDR"] = hop
                if not is_trusted(hop, names):
                    break
            if told.get(PROTO) in ("http", "https"):
                meta[PROTO] = told[PROTO]
        return get_response(request)

    return middleware
