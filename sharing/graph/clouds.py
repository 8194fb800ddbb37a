"""Which Microsoft cloud we talk to, and its exact addresses."""

import enum
import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from .errors import ConfigurationRefused


class Cloud(enum.Enum):
    """The clouds an installation may serve; one installation serves one."""

    GLOBAL = "global"
    US_GOV = "usgov"
    US_GOV_DOD = "usgovdod"
    CHINA = "china"
    SANDBOX = "sandbox"


@dataclass(frozen=True)
class Endpoints:
    """Origins without a trailing slash."""

    cloud: Cloud
    login_url: str
    graph_url: str
    exchange_url: str

    @property
    def graph_scope(self) -> str:
        """Everything the app registration holds at Graph."""
        if self.cloud is Cloud.SANDBOX:
            return "https://graph.microsoft.com/.default"
        return f"{self.graph_url}/.default"


# https://learn.microsoft.com/graph/deployments
_CLOUDS = {
    Cloud.GLOBAL: ("https://login.microsoftonline.com", "https://graph.microsoft.com", "https://outlook.office365.com"),
    Cloud.US_GOV: ("https://login.microsoftonline.us", "https://graph.microsoft.us", "https://outlook.office365.us"),
    Cloud.US_GOV_DOD: (
        "https://login.microsoftonline.us",
        "https://dod-graph.microsoft.us",
        "https://outlook-dod.office365.us",
    ),
    Cloud.CHINA: (
        "https://login.partner.microsoftonline.cn",
        "https://microsoftgraph.chinacloudapi.cn",
        "https://partner.outlook.cn",
    ),
}


def endpoints(cloud: str = "global", *, login_url: str = "", graph_url: str = "") -> Endpoints:
    """The addresses of `cloud`, or of whoever plays the sandbox on this machine.

    Addresses may be given for loopback only (then the cloud is the sandbox, whatever was asked for), with or without
    TLS. One given address stands for both. Raises ConfigurationRefused for every other address and unknown clouds.
    """
    try:
        wanted = Cloud(cloud)
    except ValueError:
        known = ", ".join(member.value for member in Cloud)
        raise ConfigurationRefused(f"MICROSOFT_CLOUD is {cloud!r}; it must be one of {known}.") from None
    if login_url or graph_url:
        login = _loopback_origin("MICROSOFT_LOGIN_URL", login_url or graph_url)
        graph = _loopback_origin("MICROSOFT_GRAPH_URL", graph_url or login_url)
        return Endpoints(Cloud.SANDBOX, login, graph, graph)
    if wanted is Cloud.SANDBOX:
        raise ConfigurationRefused("MICROSOFT_CLOUD is 'sandbox', so MICROSOFT_LOGIN_URL must say where it listens.")
    return Endpoints(wanted, *_CLOUDS[wanted])


def is_loopback(host: str | None) -> bool:
    """Whether `host` is this machine by name or by number. No name is looked up: DNS could say anything."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _loopback_origin(setting: str, url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigurationRefused(f"{setting} is not an address.") from None
    # Whatever is not scheme://host:port, perhaps with one slash behind it, is refused rather than cleaned.
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    origin = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
    if parts.scheme not in ("http", "https") or url.removesuffix("/") != origin:
        raise ConfigurationRefused(f"{setting} must look like http://127.0.0.1:8010.")
    if not is_loopback(parts.hostname):
        raise ConfigurationRefused(f"{setting} may only be an address of this machine (loopback).")
    return origin
