"""Moments and spans in words; both moments of a pair are in the reader's time zone."""

from datetime import date, datetime, timedelta


def day(at: date) -> str:
    """ "12 November 2026" """
    return f"{at.day} {at:%B %Y}"


def short_day(at: datetime) -> str:
    """ "12 Nov 2026", for tables"""
    return f"{at.day} {at:%b %Y}"


def moment(at: datetime, now: datetime) -> str:
    """ "today 09:14", "yesterday 09:14" or "12 November 2026, 09:14" """
    if at.date() == now.date():
        return f"today {at:%H:%M}"
    if at.date() == now.date() - timedelta(days=1):
        return f"yesterday {at:%H:%M}"
    return f"{day(at)}, {at:%H:%M}"


def ago(at: datetime, now: datetime) -> str:
    """ "just now", "4 minutes ago", "3 hours ago"; from a day on the moment itself, from the future "just now" """
    minutes = int((now - at).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} {'minute' if minutes == 1 else 'minutes'} ago"
    if minutes < 24 * 60:
        hours = minutes // 60
        return f"{hours} {'hour' if hours == 1 else 'hours'} ago"
    return moment(at, now)


def left(span: timedelta) -> str:
    """ "About 9 minutes left", rounded, never exact"""
    minutes = round(span.total_seconds() / 60)
    if minutes < 1:
        return "Less than a minute left"
    if minutes < 90:
        return f"About {minutes} {'minute' if minutes == 1 else 'minutes'} left"
    return f"About {round(minutes / 60)} hours left"
