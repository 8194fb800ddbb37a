"""A connected Contoso, a clock set by hand, and Outlook's back door."""

from tests.contoso import clock, contoso, outside, sync

__all__ = ["clock", "contoso", "outside", "sync"]
