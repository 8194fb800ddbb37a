"""What the tests of all pages share."""

from tests.cast import cast, later

__all__ = ["cast", "later"]
