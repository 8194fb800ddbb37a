"""Values in PowerShell that somebody will run: each is one single-quoted text, or is refused."""

import unicodedata

# PowerShell takes these for the end of a single-quoted text, too.
_QUOTES = "'\u2018\u2019\u201a\u201b"
_REFUSED = ("Cc", "Cf", "Cs", "Zl", "Zp")  # line ends, control characters, invisible ones, halves of characters


class ValueRefused(Exception):
    """A value with a line end or a character that nobody sees, or not what it should be: it is in no script."""


def literal(value: str) -> str:
    """`value` as a PowerShell text that means exactly it: `$`, a backtick, `;` and `#` do nothing in single quotes.

    Raises ValueRefused. https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
    """
    if any(unicodedata.category(character) in _REFUSED for character in value):
        raise ValueRefused
    return "'" + "".join(character * 2 if character in _QUOTES else character for character in value) + "'"
