"""What every new mailbox starts with."""

from typing import Any

from sandbox.rows import DELIVERY

EXCHANGE_PLANS = [
    {
        "assignedDateTime": "2021-03-01T08:00:00Z",
        "capabilityStatus": "Enabled",
        "service": service,
        "servicePlanId": plan,
    }
    for service, plan in (
        ("exchange", "efb87545-963c-4e0d-99df-69c6916d9eb0"),
        ("MicrosoftOffice", "43de0ff5-c92c-492b-9116-175376d08c38"),
    )
]
WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday"]
LANGUAGES = {
    "en-US": ("English (United States)", "M/d/yyyy", "h:mm tt"),
    "en-GB": ("English (United Kingdom)", "dd/MM/yyyy", "HH:mm"),
    "de-DE": ("German (Germany)", "dd.MM.yyyy", "HH:mm"),
    "ar-SA": ("Arabic (Saudi Arabia)", "dd/MM/yy", "hh:mm tt"),
    "ja-JP": ("Japanese (Japan)", "yyyy/MM/dd", "H:mm"),
}
NO_REPLIES = {
    "status": "disabled",
    "externalAudience": "all",
    "internalReplyMessage": "",
    "externalReplyMessage": "",
    "scheduledStartDateTime": {"dateTime": "2019-12-24T05:00:00.0000000", "timeZone": "UTC"},
    "scheduledEndDateTime": {"dateTime": "2019-12-25T05:00:00.0000000", "timeZone": "UTC"},
}
_LANGUAGES = {locale: {"locale": locale, "displayName": LANGUAGES[locale][0]} for locale in LANGUAGES}
_HOURS: dict[str, dict[str, Any]] = {}


def working_hours(zone: str) -> dict[str, Any]:
    """Monday to Friday, 8 to 17 in this time zone; one shared object per zone, so replace it, never change it."""
    return _HOURS.setdefault(
        zone,
        {
            "daysOfWeek": WEEK,
            "startTime": "08:00:00.0000000",
            "endTime": "17:00:00.0000000",
            "timeZone": {"name": zone},
        },
    )


def settings(zone: str = "Pacific Standard Time", locale: str = "en-US") -> dict[str, Any]:
    """Graph's mailboxSettings of a new mailbox."""
    _, date_format, time_format = LANGUAGES[locale]
    return {
        "archiveFolder": "AQMkADAwAGVQAAAAKfowAAAA==",
        "timeZone": zone,
        DELIVERY: "sendToDelegateOnly",
        "dateFormat": date_format,
        "timeFormat": time_format,
        "automaticRepliesSetting": NO_REPLIES,
        "language": _LANGUAGES[locale],
        "workingHours": working_hours(zone),
    }
