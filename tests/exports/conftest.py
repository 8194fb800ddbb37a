"""A connected Contoso, a clock set by hand, and a sync that reads it."""

from tests.contoso import clock, contoso, sync

__all__ = ["clock", "contoso", "sync"]
