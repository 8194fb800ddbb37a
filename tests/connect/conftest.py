"""A connected Contoso, and a clock set by hand."""

from tests.contoso import clock, contoso, sync

__all__ = ["clock", "contoso", "sync"]
