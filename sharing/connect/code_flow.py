"""The way back from a sign-in at Microsoft: what its answer says, and whose validated ID token its code stands for."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from sharing import graph
from sharing.graph import authorize

from . import clients, identity

Answer = Mapping[str, Sequence[str]]  # a query string as it came: every name with all its values

# https://learn.microsoft.com/entra/identity-platform/reference-error-codes: only which sentence to show.
_BY_NUMBER = {
    65004: "declined",
    90094: "not_administrator", 90095: "not_administrator", 900941: "not_administrator",
    50020: "wrong_account", 50034: "wrong_account", 51004: "wrong_account", 16000: "wrong_account",
    90002: "tenant_unknown", 900023: "tenant_unknown",
    700016: "registration", 70001: "registration", 650052: "registration", 650056: "registration",
    500011: "registration", 50011: "registration", 50194: "registration", 7000112: "registration",
    53000: "policy", 53001: "policy", 53003: "policy", 500212: "policy", 500213: "policy", 50105: "policy",
}  # fmt: skip
_BY_WORD = {"access_denied": "declined", "permission_denied": "declined"}


class SignInFailed(Exception):
    """Nobody is known to have signed in; `cause` is a word of ours, `code` Microsoft's AADSTS number or nothing."""

    def __init__(self, cause: str, code: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.code = code


def refusal_of(answer: Answer) -> tuple[str, str]:
    """Why Microsoft sent the browser back with nothing: a word of ours, and its AADSTS number or nothing."""
    found = re.search(r"AADSTS(\d{4,7})(?!\d)", only(answer, "error_description"), re.ASCII)
    number = int(found[1]) if found else 0
    cause = _BY_NUMBER.get(number) or (_BY_WORD.get(only(answer, "error"), "") if not number else "")
    return cause or "microsoft", f"AADSTS{number}" if number else ""


def only(answer: Answer, name: str) -> str:
    """The one value of a parameter; nothing where it is missing or there are several."""
    values = answer.get(name, ())
    return values[0] if len(values) == 1 else ""


def check_error(answer: Answer) -> None:
    """Raises SignInFailed where Microsoft says what went wrong; `admin_consent=True` stands beside errors too."""
    if "error" in answer or "error_description" in answer:
        raise SignInFailed(*refusal_of(answer))


def who_signed_in(
    *, answer: Answer, tenant_id: str, redirect_uri: str, nonce: str, verifier: str, now: datetime
) -> graph.Claims:
    """Whose sign-in to `tenant_id` (or "organizations") the answer's code stands for. Raises SignInFailed.

    That the answer belongs to a trip of this browser was checked before.
    """
    check_error(answer)
    code = only(answer, "code")
    if not code:
        raise SignInFailed("malformed")
    try:
        tokens = authorize.redeem_code(
            endpoints=clients.endpoints(), session=identity.session(), credential=clients.credential(),
            tenant_id=tenant_id, code=code, redirect_uri=redirect_uri, verifier=verifier,
        )  # fmt: skip
        return identity.read_id_token(id_token=tokens.get("id_token"), nonce=nonce, now=now)
    except graph.IdTokenRefused as refused:
        raise SignInFailed(f"id_token:{refused.cause}") from None
    except (graph.Unreachable, graph.Throttled, graph.Malformed):
        raise SignInFailed("unreachable") from None
    except (graph.GraphError, graph.ConfigurationRefused):
        raise SignInFailed("code_refused") from None
