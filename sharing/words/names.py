"""Names as they are shown: what would hide in them is made visible, and an account's number is not taken for a name."""

import re

NOT_FOUND = "Not found in the directory"

# Soft hyphen, marks and overrides of direction, widthless spaces. Joiners belong to Arabic, to Indic and to emoji.
_HIDDEN = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
    "|(?<![\u0590-\u0dff\u2190-\U0001faff])[\u200c\u200d]"
)  # fmt: skip
_SID = re.compile(r"(NT:)?S-1-5-[\d-]+", re.IGNORECASE)


def visible(name: str) -> str:
    """`name` with characters that nobody sees, or that turn the text around, as escapes: "\\u202e"."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", name)


def is_sid(name: str) -> bool:
    """Is it only the number of an account that the directory does not know, as Exchange shows it?"""
    return bool(_SID.fullmatch(name.strip()))
