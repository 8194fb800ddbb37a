"""The time zone of a mailbox, from the name Microsoft 365 gives it: Windows' own, or IANA's."""

from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

_WINDOWS = {name.casefold(): iana for name, iana in win_tz.items()}


def zone_of(name: str | None) -> ZoneInfo | None:
    """The zone of that name; None for one that nobody knows, for example a customised one."""
    if not name:
        return None
    try:
        return ZoneInfo(_WINDOWS.get(name.casefold(), name))
    except (KeyError, ValueError, OSError):  # not there; not a name at all; a folder of the zones' files
        return None


def zone_words(zone: ZoneInfo | None) -> str:
    """Which zone the times of a page are in."""
    if zone is None:
        return "Times are in UTC: the time zone set in Outlook is not known."
    return f"Times are in the time zone {zone.key.replace('_', ' ')}, as set in Outlook."
