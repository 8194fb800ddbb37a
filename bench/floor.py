"""The floor: the same answers fetched with `requests`, decoded and thrown away."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from .world import World

THREADS = 4
BATCH_SIZE = 20


class Floor:
    """The directory page by page, then $batch of 20 in four threads, each with a session of its own."""

    def __init__(self, origin: str, mailboxes: int, calendars: int = 3) -> None:
        self._root = f"{origin}/v1.0"
        world = World(mailboxes, calendars)
        paths = [path for mailbox in range(mailboxes) for path in world.paths(mailbox)]
        self._batches = [paths[start : start + BATCH_SIZE] for start in range(0, len(paths), BATCH_SIZE)]
        self._mine = threading.local()
        self._sessions: list[requests.Session] = []
        self._threads = ThreadPoolExecutor(THREADS)

    def fetch(self) -> dict[str, float]:
        """Everything once; CPU and wall seconds."""
        cpu, wall = time.process_time(), time.perf_counter()
        link = f"{self._root}/users/delta"
        while link:
            link = self._get(link).get("@odata.nextLink", "")
        for _ in self._threads.map(self._send, self._batches):
            pass
        return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}

    def close(self) -> None:
        self._threads.shutdown()
        for session in self._sessions:
            session.close()

    def _get(self, url: str) -> dict[str, Any]:
        response = self._session().get(url, headers={"Authorization": "Bearer bench"}, timeout=30)
        response.raise_for_status()
        page: dict[str, Any] = json.loads(response.content)
        return page

    def _send(self, paths: list[str]) -> None:
        items = [{"id": str(n), "method": "GET", "url": path} for n, path in enumerate(paths)]
        response = self._session().post(
            f"{self._root}/$batch", data=json.dumps({"requests": items}), timeout=30,
            headers={"Authorization": "Bearer bench", "Content-Type": "application/json"},
        )  # fmt: skip
        response.raise_for_status()
        json.loads(response.content)

    def _session(self) -> requests.Session:
        session = getattr(self._mine, "session", None)
        if session is None:
            session = self._mine.session = requests.Session()
            session.trust_env = False  # looking for proxies at every call would make the floor dearer by a quarter
            self._sessions.append(session)
        return session
