"""Looks for cyclic rubbish less often during a sync: Graph's JSON has none, and looking cost a sixth of all work."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = 50_000  # containers made before Python looks; 700 otherwise

_lock = threading.Lock()
_usual: list[tuple[int, int, int]] = []  # what it was before, once for each reading in this process


@contextmanager
def seldom_collected() -> Iterator[None]:
    """For one reading; they may overlap in threads, and the last one to end puts things back."""
    with _lock:
        _usual.append(_usual[0] if _usual else gc.get_threshold())
        gc.set_threshold(SELDOM, *_usual[0][1:])
    try:
        yield
    finally:
        with _lock:
            usual = _usual.pop()
            if not _usual:
                gc.set_threshold(*usual)
