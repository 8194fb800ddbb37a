"""The back door of the sandbox: its people, its past."""

import http.client
import json
import time
from typing import Any


class Sandbox:
    """Speaks to the control room of the sandbox on `port` of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, method: str, name: str, body: Any = None) -> Any:
        """One question below /__control__/. Raises OSError where nobody answers, ValueError where it is refused."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            sent = None if body is None else json.dumps(body)
            connection.request(method, f"/__control__/{name}", sent, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise ValueError(said.get("error", answer.reason))
        return said

    def is_up(self) -> bool:
        try:
            return bool(self.ask("GET", "about")["sandbox"])
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            return False

    def about(self) -> dict[str, Any]:
        return self.ask("GET", "about")

    def journal(self) -> list[dict[str, Any]]:
        return self.ask("GET", "journal")["journal"]

    def rewind(self) -> None:
        """The world as it was before the first entry of the journal."""
        self.ask("POST", "rewind", {"to": 0})

    def play(self, entry: int) -> None:
        self.ask("POST", "play", {"entry": entry})


def wait_until(is_so, *, seconds: float) -> bool:
    """Ask often until `is_so()`; False where it did not come true in time."""
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() >= until:
            return False
        time.sleep(0.05)
    return True
