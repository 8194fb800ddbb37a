"""What an answer about a partner's person proves, and whose side it is on where it is a refusal; pure.

Microsoft documents the errors of free and busy times by their messages, and gives the code as a number or as a word:
https://learn.microsoft.com/exchange/troubleshoot/calendars/free-busy-errors
"""

import re
from typing import NamedTuple

from sharing.models import Probe

# Reasons: what most likely stands behind an error.
NOT_FOUND, DOMAIN_MISSING, UNUSABLE = "not_found", "domain_missing", "unusable"
NO_ACCESS, NOT_ALLOWED = "no_access", "not_allowed"
ENDPOINT, TRANSIENT = "endpoint", "transient"
UNCLEAR = "unclear"


class Verdict(NamedTuple):
    """`outcome` is one of Probe's words, `reason` one of those above; empty where there was an answer."""

    outcome: str
    reason: str


_SIDES = {
    NOT_FOUND: Probe.OURS, DOMAIN_MISSING: Probe.OURS, UNUSABLE: Probe.OURS,
    NO_ACCESS: Probe.THEIRS, NOT_ALLOWED: Probe.THEIRS,
    ENDPOINT: Probe.EITHER, TRANSIENT: Probe.EITHER, UNCLEAR: Probe.UNKNOWN,
}  # fmt: skip
_CODES = {
    "5009": NOT_FOUND, "mailrecipientnotfound": NOT_FOUND,
    "5037": NO_ACCESS, "nofreebusyaccess": NO_ACCESS,
    "invalidorganizationrelationshipforfreebusy": UNUSABLE, "invalidorganizationrelationship": UNUSABLE,
    "proxyrequestnotallowed": NOT_ALLOWED, "proxyrequestprocessingfailed": TRANSIENT,
    "autodiscoverfailed": ENDPOINT,
}  # fmt: skip
_LIDS = {
    "47932": DOMAIN_MISSING, "47652": NO_ACCESS, "44348": NO_ACCESS, "40764": NO_ACCESS, "33676": ENDPOINT,
}  # fmt: skip
# In this order: the first that is in the message counts.
_TEXTS = (
    (r"configuration information for (the )?(forest/domain|forest|domain)\b.*could not be found", DOMAIN_MISSING),
    (r"invalidorganizationrelationship|organization relationship .*can(’|')?t be used", UNUSABLE),
    (r"unable to resolve e-?mail address", NOT_FOUND),
    (r"does not have access to free/?busy", NO_ACCESS),
    (r"proxy (web )?request (is )?not allowed", NOT_ALLOWED),
    (r"autodiscover failed|proxy web request failed.*\b(401|403|404)\b", ENDPOINT),
    (r"proxy web request failed|timed out|timeout", TRANSIENT),
)
# Of what a code says the message may tell more; a code of another side is not talked out of it.
_MORE = {NOT_FOUND: {DOMAIN_MISSING, UNUSABLE}, TRANSIENT: {ENDPOINT}}


def verdict(code: str, message: str) -> Verdict:
    """What the error of a row means: `code` a number or a word, with `Error` in front or not, `message` as it came."""
    known = _CODES.get(code.strip().casefold().removeprefix("error"))
    said = _reason_of(message)
    reason = said if known is None or said in _MORE.get(known, ()) else known
    return Verdict(_SIDES[reason], reason)


def _reason_of(message: str) -> str:
    plain = " ".join(message.casefold().split())
    if (lid := re.search(r"\blid:\s*(\d{5})", plain)) and lid[1] in _LIDS:
        return _LIDS[lid[1]]
    return next((reason for pattern, reason in _TEXTS if re.search(pattern, plain)), UNCLEAR)


def seen(*, has_entries: bool, has_details: bool) -> Verdict:
    """What an answer without an error proves. A calendar with nothing in it may be free, or shown to nobody."""
    if has_details:
        return Verdict(Probe.SEEN_DETAILS, "")
    return Verdict(Probe.SEEN if has_entries else Probe.FREE_OR_UNREADABLE, "")
