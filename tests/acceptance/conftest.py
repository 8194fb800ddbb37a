"""Exactly what `make demo` starts, on ports of its own and in an empty folder."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sharing.management.demo import Place, Sandbox

ROOT = Path(__file__).resolve().parents[2]
CLIENT_ID = "ca1e4da2-0000-4000-8000-00000000c0de"
START_SECONDS = 150  # the issue allows three minutes with the install


@dataclass
class Demo:
    """A running demo: its place, and what it has printed."""

    folder: Path
    process: subprocess.Popen = field(init=False)
    said: list[str] = field(default_factory=list)
    place: Place = field(init=False)

    def start(self) -> None:
        """Returns when the address was printed."""
        self.said.clear()
        words = ("--port", "0", "--sandbox-port", "0", "--folder", str(self.folder))
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "demo", *words], cwd=ROOT, env=plain_environment(), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        threading.Thread(target=self._listen, daemon=True).start()
        until = time.monotonic() + START_SECONDS
        while "Ctrl-C stops everything" not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < until, self.text
            time.sleep(0.1)
        self.place = Place(self.folder, self.port(r"Open http://localhost:(\d+)"), self.port(r"http://127.0.0.1:(\d+)"))

    def _listen(self) -> None:
        with self.process.stdout as lines:
            for line in lines:
                self.said.append(line)

    @property
    def text(self) -> str:
        return "".join(self.said)

    def port(self, pattern: str) -> int:
        return int(re.search(pattern, self.text)[1])

    @property
    def sandbox(self) -> Sandbox:
        return Sandbox(self.place.sandbox_port)

    def manage(self, *words: str) -> str:
        """What a command prints in the demo's settings."""
        env = plain_environment() | self.place.environment(client_id=CLIENT_ID)
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def export(self, *words: str) -> list[dict]:
        return json.loads(self.manage("export", "access", "--format", "json", *words))

    def stop(self, number: int = signal.SIGINT) -> int:
        """As Ctrl-C does; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(30)

    def left(self) -> list[str]:
        """Processes that still belong to it: their settings name the folder."""
        found = []
        for at in Path("/proc").glob("[0-9]*"):
            try:
                if str(self.folder).encode() in (at / "environ").read_bytes() + (at / "cmdline").read_bytes():
                    found.append((at / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
        return found


def plain_environment() -> dict[str, str]:
    """A shell in which nothing of the portal's is set."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}


@pytest.fixture
def demo(tmp_path):
    demo = Demo(tmp_path / "demo")
    demo.start()
    yield demo
    if demo.process.poll() is None:
        demo.stop()
