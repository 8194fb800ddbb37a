"""What a page may know of Microsoft’s trouble: that there was no answer, why, and how long to wait."""

from collections.abc import Iterator
from contextlib import contextmanager

from sharing import graph


class NotAnswered(Exception):
    """Microsoft gave no usable answer. `cause` is Graph's code or a word of ours, `wait` seconds or None."""

    def __init__(self, cause: str, wait: float | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.wait = wait


@contextmanager
def answered() -> Iterator[None]:
    """What fails at Microsoft in here is NotAnswered; how it failed is `cause`."""
    try:
        yield
    except graph.Throttled as error:
        raise NotAnswered("throttled", error.retry_after) from error
    except graph.Unreachable as error:
        raise NotAnswered("unreachable") from error
    except graph.Denied as error:
        raise NotAnswered("denied") from error
    except (graph.GraphError, graph.ConfigurationRefused) as error:
        raise NotAnswered(error.cause) from error
