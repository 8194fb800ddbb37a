"""Ids that look like Microsoft's and are the same on every run."""

import base64
import hashlib
import uuid

ORGANIZATION_ROW = "RGVmYXVsdA=="  # base64 of "Default", in every mailbox of the world
ANONYMOUS_ROW = "QW5vbnltb3Vz"
DN = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn="


def digest(*parts: object, size: int = 16) -> bytes:
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=size).digest()


def object_id(*parts: object) -> str:
    """A version 4 GUID made from the parts."""
    return str(uuid.UUID(bytes=digest("oid", *parts), version=4))


def calendar_id(*parts: object) -> str:
    """An Outlook folder id: base64 with `-` for `/` and `_` for `+`, ending in the folder's counter."""
    return "AAMkAG" + base64.b64encode(digest("calendar", *parts, size=63), b"_-").decode() + "AAA="


def event_id(*parts: object) -> str:
    """An id of an item in a mailbox, as Outlook makes them: no `/` and no `+`."""
    return "AAMkAG" + base64.b64encode(digest("event", *parts, size=63), b"_-").decode() + "AAA="


def ical_uid(*parts: object) -> str:
    """The id a meeting has in every calendar it stands in."""
    return "040000008200E00074C5B7101A82E00800000000" + digest("ical", *parts, size=28).hex().upper()


def change_key(*parts: object) -> str:
    return base64.b64encode(digest("change", *parts, size=22)).decode()


def holder_id(alias: str) -> str:
    """What a user or group of the organisation is called in a permission row: base64 of a legacyExchangeDN."""
    return base64.b64encode(f"{DN}{digest('dn', alias).hex()}-{alias}".encode()).decode()


def outside_id(address: str) -> str:
    return base64.b64encode(f"ExchangePublishedUser.{address}".encode()).decode()


def legacy_name(oid: str) -> str:
    """What Exchange calls the holder of a row when the account behind it is gone."""
    parts = [int.from_bytes(digest("sid", oid, place, size=4)) for place in range(4)]
    return "NT:S-1-5-21-" + "-".join(map(str, parts))
