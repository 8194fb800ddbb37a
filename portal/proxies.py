"""Who asked, and whether over TLS: a forwarded header counts only from a proxy that TRUSTED_PROXIES names."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings

FOR, PROTO = "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO"
FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_")  # how the names of such headers begin


@lru_cache(maxsize=8)
def networks(names: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    """TRUSTED_PROXIES as networks. Raises ValueError for what is neither an address nor a network."""
    return tuple(ip_network(name) for name in names)


def address(text: str) -> IPv4Address | IPv6Address | None:
    """`text` as an address, an IPv4 one out of its IPv6 clothes; None where it is none."""
    try:
        found = ip_address(text.strip())
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


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
            for hop in reversed(told.get(FOR, "").split(",")):
                if not address(hop):
                    break
                meta["REMOTE_ADDR"] = str(address(hop))
                if not is_trusted(hop, names):
                    break
            if told.get(PROTO) in ("http", "https"):
                meta[PROTO] = told[PROTO]
        return get_response(request)

    return middleware
