"""What Entra ID accepts and refuses: redirect addresses, sign-in requests and scopes."""

import re
from urllib.parse import urlsplit

from sandbox.tokens import GRAPH_APP

OPENID = ("openid", "profile", "email", "offline_access")
# Where Graph is: its own name, its application id, or this sandbox as the portal knows it.
GRAPH_PREFIX = re.compile(
    rf"(https://graph\.microsoft\.com|{GRAPH_APP}|https?://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)/+", re.IGNORECASE
)


class Refused(Exception):
    """Entra says no: `error` is the OAuth word, `number` Microsoft's AADSTS number."""

    def __init__(self, error: str, number: int, text: str, status: int = 400, *, suberror: str = "") -> None:
        super().__init__(text)
        self.suberror = suberror
        self.error, self.number, self.text, self.status = error, number, f"AADSTS{number}: {text}", status


def check_redirect(url: str, registered: list[str]) -> None:
    """Only this machine gets a code, and only on plain http. Raises Refused.

    Where addresses are registered it is one of them to the letter; only the port of this machine does not count.
    """
    # urlsplit forgives line breaks and backslashes; a browser makes something else of them.
    fine = url.isascii() and url.isprintable() and not set(url) & set(' \\#"<>')
    try:
        parts = urlsplit(url)
        fine = fine and parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
        fine = fine and parts.port != 0 and parts.username is None and parts.path.startswith("/")
    except ValueError:
        fine = False
    if not fine:
        text = f"The redirect URI '{url}' is not registered; http://localhost and http://127.0.0.1 are."
        raise Refused("invalid_request", 50011, text)
    if registered and without_port(url) not in {without_port(each) for each in registered}:
        text = f"The redirect URI '{url}' specified in the request does not match the redirect URIs configured."
        raise Refused("invalid_request", 50011, text)


def without_port(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.hostname or "").geturl()


def wrong_with(asked: dict[str, str]) -> tuple[str, str] | None:
    """The error that a request for a sign-in earns, if any."""
    if asked.get("response_type") != "code":
        return "unsupported_response_type", "AADSTS70005: The sandbox knows response_type=code only."
    if asked.get("response_mode", "query") not in ("query", "fragment"):
        return "invalid_request", "AADSTS90009: The sandbox knows response_mode query and fragment."
    if not asked.get("scope", "").strip():
        return "invalid_request", "AADSTS900144: The request must contain the following parameter: 'scope'."
    if any("/" in short(each) for each in asked["scope"].split()):
        return "invalid_scope", "AADSTS70011: The sandbox knows the scopes of Graph only."
    if "code_challenge" in asked and asked.get("code_challenge_method") != "S256":
        return "invalid_request", "AADSTS501481: The code_challenge_method must be S256."
    if "max_age" in asked and not asked["max_age"].isdecimal():
        return "invalid_request", "AADSTS90014: The value of the parameter 'max_age' is not valid."
    if asked.get("prompt") == "none":
        return "login_required", "AADSTS50058: Nobody is signed in; the sandbox keeps no sessions."
    return None


def short(scope: str) -> str:
    """Calendars.Read for https://graph.microsoft.com/Calendars.Read."""
    return GRAPH_PREFIX.sub("", scope, count=1)


def narrowed(wanted: list[str], granted: list[str]) -> list[str]:
    """The scopes a refresh asks for, and those about the sign-in itself. Raises Refused for more than was granted."""
    held = {short(each).lower() for each in granted}
    if missing := [each for each in wanted if short(each).lower() not in {*held, *OPENID, ".default"}]:
        raise Refused("invalid_grant", 65001, f"The user has not consented to {missing[0]}.")
    asked = granted if ".default" in map(short, wanted) else wanted
    return [*dict.fromkeys([*asked, *(each for each in granted if each in OPENID)])]
