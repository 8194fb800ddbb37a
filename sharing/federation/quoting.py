"""What may stand in a script for Exchange: texts, domains and ids, each exactly itself or refused."""

import re
import uuid
from collections.abc import Iterable

from sharing.words.powershell import ValueRefused, literal

_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{4,253}}\Z){_LABEL}(\.{_LABEL})*\.(?!\d+\Z){_LABEL}", re.ASCII)


def domain(text: str) -> str:
    """A domain as DNS writes it, in lower case; one with other letters has to come as `xn--…`. Raises ValueRefused.

    No conversion is made: what two standards convert differently would be another domain.
    """
    found = text.strip().lower() if text.isascii() else ""
    if not _DOMAIN.fullmatch(found):
        raise ValueRefused
    return found


def guid(value: object) -> str:
    """An id as a PowerShell text. Raises ValueRefused."""
    try:
        return literal(str(uuid.UUID(str(value))))
    except ValueError:
        raise ValueRefused from None


def texts(values: Iterable[str]) -> str:
    """A list of texts for PowerShell: `@('a', 'b')`. Raises ValueRefused."""
    return f"@({', '.join(map(literal, values))})"


__all__ = ["ValueRefused", "domain", "guid", "literal", "texts"]
