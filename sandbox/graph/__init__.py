"""The Graph half of the sandbox."""

from typing import Any

from sandbox.graph import batch, own_events, router
from sandbox.graph.call import Call
from sandbox.graph.errors import Refusal, diagnostics, error, refused
from sandbox.graph.router import kind
from sandbox.graph.switches import Switches
from sandbox.http import Request, Response

__all__ = ["Graph", "Refusal", "Switches", "diagnostics", "error", "kind", "refused"]


class Graph:
    """Answers Graph calls of callers whose token was found good.

    `cloud` gives `state`, `switches`, `now()` and, for the steps of a batch, `serve(caller, request, batched=True)`.
    """

    def __init__(self, cloud: Any) -> None:
        self.cloud = cloud

    def answer(self, caller: Any, request: Request) -> Response:
        """`request.path` begins with /v1.0/ or /beta/; `caller` is a `sandbox.caller.Caller`."""
        version, path = request.path.lstrip("/").split("/")[0], router.parts(request)
        try:
            if [part.lower() for part in path] == ["$batch"]:
                response = batch.answer(self.cloud, caller, request)
            else:
                response = self._one(caller, request, version, path)
        except Refusal as refusal:
            response = refused(request, refusal)
        return diagnostics(request, response)

    def kind(self, caller: Any, request: Request) -> str:
        """What a call is about, for the log: unlike `router.kind` it knows whose events they are."""
        path = router.parts(request)
        if not router.is_about_events(path):
            return kind(request)
        with self.cloud.state.lock:
            return own_events.about(self.cloud.state, caller, request, path)

    def _one(self, caller: Any, request: Request, version: str, path: list[str]) -> Response:
        cloud = self.cloud
        with cloud.state.lock:
            tenant = cloud.state.tenants[caller.tid]
            return router.answer(Call(cloud.state, cloud.switches, cloud.now(), caller, tenant, request, version, path))
