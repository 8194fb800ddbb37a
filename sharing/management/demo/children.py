"""Starts processes, starts them again when they die, and stops them all."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

STOP_SECONDS = 10.0
WELL_SECONDS = 30.0  # a process that lived so long is started again at once
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0


@dataclass
class Child:
    """One process with a group and a log of its own."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    process: subprocess.Popen | None = None
    began: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS  # at least so long from one start to the next

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.began = time.monotonic()
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C in the terminal reaches the demo alone, which then stops them in order.
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, env=dict(self.environment), stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def last_words(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return "\n".join(lines[-5:])

    def signal(self, number: int) -> None:
        """To the whole group: a web server has workers of its own."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except (ProcessLookupError, PermissionError):
                pass


@dataclass
class Children:
    """All processes of the demo, in the order in which they were started."""

    say: Callable[[str], None]
    running: list[Child] = field(default_factory=list)

    def start(self, child: Child) -> Child:
        self.running.append(child)
        child.start()
        return child

    def watch(self) -> None:
        """For ever: start again what dies, after a pause that grows while it keeps dying."""
        while True:
            for child in self.running:
                if not child.is_alive:
                    self._revive(child)
            time.sleep(0.5)

    def _revive(self, child: Child) -> None:
        lived = time.monotonic() - child.began
        if lived > WELL_SECONDS:
            child.pause = FIRST_PAUSE_SECONDS
        if lived < child.pause:
            return
        child.signal(signal.SIGKILL)  # what it left behind
        code = child.process.returncode if child.process else "none"
        self.say(f"{child.name} ended (code {code}); it is started again. Its log: {child.log}")
        child.pause = min(child.pause * 2, LONGEST_PAUSE_SECONDS)
        child.start()

    def stop(self) -> None:
        """End them all, the last started first; what does not listen is killed."""
        for child in reversed(self.running):
            child.signal(signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        for child in reversed(self.running):
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            child.signal(signal.SIGKILL)
            child.process.wait()
        self.running.clear()
