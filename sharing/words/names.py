"""Names as they are shown: an account's number is not taken for a name, and nothing hides in one."""

import re

from sharing.models.names import visible

__all__ = ["GONE", "NOT_FOUND", "is_account_number", "is_sid", "visible"]

NOT_FOUND = "Not found in the directory"
GONE = "Someone who is no longer in the directory"  # the same for owners, as a name

_SID = re.compile(r"(NT:)?S-1-5-[\d-]+", re.IGNORECASE)
_OID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_sid(name: str) -> bool:
    """Is it only the number of an account that the directory does not know, as Exchange shows it?"""
    return bool(_SID.fullmatch(name.strip()))


def is_account_number(name: str) -> bool:
    """The same, or its object id in Entra."""
    return is_sid(name) or bool(_OID.fullmatch(name.strip()))
