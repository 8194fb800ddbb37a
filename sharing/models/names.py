"""Names as they are shown: what would hide in them, or turn the text around, is made visible."""

import re

# Control characters, soft hyphen, fillers, marks and overrides of direction, widthless spaces. Joiners belong to
# Arabic, to Indic and to emoji; tags to a flag.
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\u3164"
    "\ufeff\uffa0]"
    "|(?<![\u0590-\u0dff\u2190-\U0001faff])[\u200c\u200d]"
    "|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007f]"
)  # fmt: skip


def visible(name: str) -> str:
    """`name` with characters that nobody sees, or that turn the text around, as escapes: "\\u202e". Safe to repeat."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", name)
