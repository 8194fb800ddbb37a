"""Processes of their own, each on one core, that answer the questions of whoever started them."""

import multiprocessing
import os
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

LONGEST_ANSWER_SECONDS = 600.0


class Remote:
    """`build(*args)` in a fresh process, pinned to a core where the system allows it; `ask` calls its methods."""

    def __init__(self, build: Callable[..., Any], *args: Any, core: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._here, there = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(there, core, build, args), daemon=True)
        self._process.start()
        there.close()
        self._receive()

    def ask(self, method: str, **kwargs: Any) -> Any:
        """What the method returns. Raises RuntimeError with the other side's traceback, TimeoutError after 600 s."""
        self._here.send((method, kwargs))
        return self._receive()

    def _receive(self) -> Any:
        if not self._here.poll(LONGEST_ANSWER_SECONDS):
            raise TimeoutError("no answer within ten minutes")
        try:
            is_well, value = self._here.recv()
        except EOFError:
            raise RuntimeError("the other process ended without an answer") from None
        if not is_well:
            raise RuntimeError(value)
        return value

    def close(self) -> None:
        self._here.close()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(10)

    def __enter__(self) -> "Remote":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _serve(there: Connection, core: int, build: Callable[..., Any], args: tuple[Any, ...]) -> None:
    pin(core)
    try:
        thing = build(*args)
        there.send((True, None))
        while True:
            method, kwargs = there.recv()
            there.send((True, getattr(thing, method)(**kwargs)))
    except (EOFError, KeyboardInterrupt):  # whoever asked has gone
        return
    except Exception:
        there.send((False, traceback.format_exc()))


def pin(core: int) -> None:
    """Stay on one core, so that client and server do not share one; does nothing where there is but one."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[core % len(cores)]})
