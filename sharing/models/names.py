"""Names as they are shown, and as they are searched: nothing hides in them, and no accent stands in the way."""

import re
import unicodedata

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


# Letters that no decomposition takes apart, and that are typed without their stroke.
_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})


def folded(text: str) -> str:
    """`text` as it is searched: no case and no accents, so that "Müller" and "muller" are the same. Safe to repeat."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold().translate(_PLAIN)
