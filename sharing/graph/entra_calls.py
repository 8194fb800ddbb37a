"""The list of what is asked of Entra ID, and of where a browser is sent there; Graph has a list of its own in `calls`.

Nothing here can read a mailbox: these calls fetch tokens, and what tokens are checked with.
"""

import re
from urllib.parse import urlsplit

from . import samples
from .calls import Kind

_TENANT = re.compile(r"/([^/]+)(/.+)", re.ASCII)
_EVERYBODY = ("organizations", "common")  # where nobody has said yet which tenant it is

DISCOVERY = Kind(
    "GET", "/{tenant}/v2.0/.well-known/openid-configuration", "",
    "Where the organization signs in, and which organization a domain belongs to.", samples.DISCOVERY,
)  # fmt: skip
KEYS = Kind(
    "GET", "/{tenant}/discovery/v2.0/keys", "",
    "The public keys that sign-ins are checked with. Kept for a day, for all organizations; counted where one signed in"
    " for whom they were fetched.", samples.KEYS,
)  # fmt: skip
TOKEN = Kind(
    "POST", "/{tenant}/oauth2/v2.0/token", "",
    "A token for what the organization approved or a person lent, and who has just signed in.", samples.BEARER_ANSWER,
)  # fmt: skip
AUTHORIZE = Kind(
    "GET", "/{tenant}/oauth2/v2.0/authorize", "",
    "A browser is sent there for its person to sign in, or to lend their own mailbox.", samples.SIGN_IN_PAGE,
)  # fmt: skip
CONSENT = Kind(
    "GET", "/{tenant}/v2.0/adminconsent", "",
    "A browser is sent there for an administrator of the organization to approve the app.", samples.SIGN_IN_PAGE,
)  # fmt: skip
ENTRA_KINDS = (TOKEN, DISCOVERY, KEYS, AUTHORIZE, CONSENT)
# Where we do not ask ourselves: it is the browser of a person that goes there, as often as we send one.
BY_BROWSER = frozenset({AUTHORIZE.name, CONSENT.name})
_BY_PATH = {(kind.method, kind.path.removeprefix("/{tenant}")): kind for kind in ENTRA_KINDS}


def entra_kind_of(method: str, url: str) -> tuple[Kind | None, str]:
    """Which kind of call this is, and of which tenant (an id, or a domain); empty where its address names none."""
    found = _TENANT.fullmatch(urlsplit(url).path)
    if found is None:
        return None, ""
    kind = _BY_PATH.get((method.upper(), found[2]))
    return kind, "" if kind is None or found[1].casefold() in _EVERYBODY else found[1].casefold()
