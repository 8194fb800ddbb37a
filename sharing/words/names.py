"""Names as they are shown: an account's number is not taken for a name, and nothing hides in one."""

import re

from sharing.models.names import visible

__all__ = ["NOT_FOUND", "is_sid", "visible"]

NOT_FOUND = "Not found in the directory"

_SID = re.compile(r"(NT:)?S-1-5-[\d-]+", re.IGNORECASE)


def is_sid(name: str) -> bool:
    """Is it only the number of an account that the directory does not know, as Exchange shows it?"""
    return bool(_SID.fullmatch(name.strip()))
