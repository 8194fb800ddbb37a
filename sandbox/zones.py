"""Time zones by Windows' names and by IANA's, as mailboxes name them."""

from datetime import tzinfo
from zoneinfo import ZoneInfo, available_timezones

WINDOWS = {
    "UTC": "UTC",
    "Pacific Standard Time": "America/Los_Angeles",
    "Mountain Standard Time": "America/Denver",
    "Central Standard Time": "America/Chicago",
    "Eastern Standard Time": "America/New_York",
    "Newfoundland Standard Time": "America/St_Johns",
    "GMT Standard Time": "Europe/London",
    "W. Europe Standard Time": "Europe/Berlin",
    "Romance Standard Time": "Europe/Paris",
    "Arab Standard Time": "Asia/Riyadh",
    "India Standard Time": "Asia/Kolkata",
    "Nepal Standard Time": "Asia/Kathmandu",
    "Tokyo Standard Time": "Asia/Tokyo",
    "Cen. Australia Standard Time": "Australia/Adelaide",
    "AUS Eastern Standard Time": "Australia/Sydney",
}
ZONES = {*WINDOWS, *available_timezones()}


def zone(name: object) -> tzinfo | None:
    """The time zone of this name; None for one nobody knows here."""
    if not isinstance(name, str) or name not in ZONES:
        return None
    return ZoneInfo(WINDOWS.get(name, name))
