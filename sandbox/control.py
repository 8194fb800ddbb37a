"""The control room: everything a test or a demo does to the world behind Microsoft's back."""

import json
from collections.abc import Callable
from typing import Any

from sandbox.cast import CAST, PORTAL_APP
from sandbox.changes import find_tenant
from sandbox.control_apps import AppsControl
from sandbox.exchange.page import plain
from sandbox.exchange.shell import run_script
from sandbox.graph import audit_log
from sandbox.http import Request, Response


class Control:
    """JSON in, JSON out, below /__control__/. `cloud` is the Cloud it belongs to."""

    def __init__(self, cloud: Any) -> None:
        self.cloud = cloud
        self._routes: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "about"): self.about,
            ("GET", "state"): lambda request: self.cloud.state.dump(),
            ("GET", "log"): self.log,
            ("DELETE", "log"): self.clear_log,
            ("GET", "stats"): self.stats,
            ("GET", "invitations"): lambda request: {"invitations": list(self.cloud.state.invitations)},
            ("GET", "journal"): self.journal,
            ("GET", "faults"): lambda request: {"faults": self.cloud.faults.plain()},
            ("GET", "switches"): lambda request: self.all_switches(),
            ("GET", "clock"): lambda request: self.clock_reads(),
            ("POST", "reset"): self.reset,
            ("POST", "change"): self.change,
            ("POST", "faults"): self.set_faults,
            ("POST", "switches"): self.set_switches,
            ("POST", "clock"): self.set_clock,
            ("POST", "rewind"): self.rewind,
            ("POST", "play"): self.play,
            ("POST", "rotate_key"): self.rotate_key,
            ("POST", "exchange/run"): self.run_script,
            **AppsControl(cloud).routes,
        }

    def answer(self, request: Request) -> Response:
        name = request.path.removeprefix("/__control__/")
        route = self._routes.get((request.method, name))
        if route is None:
            known = ", ".join(f"{method} {each}" for method, each in self._routes)
            return as_json({"error": f"There is no {request.method} {name}. There are {known}."}, 404)
        # A page in a browser cannot send JSON to another origin without asking first; that keeps web pages out.
        if request.body and not request.headers.get("content-type", "").startswith("application/json"):
            return as_json({"error": "Send JSON, with Content-Type: application/json."}, 415)
        if "origin" in request.headers:
            return as_json({"error": "The control room does not talk to web pages."}, 403)
        try:
            return as_json(route(request))
        except (ValueError, KeyError, TypeError) as wrong:
            text = f"{wrong} is missing." if isinstance(wrong, KeyError) else str(wrong)
            return as_json({"error": text}, 400)

    def about(self, request: Request) -> dict[str, Any]:
        tenants = self.cloud.state.tenants
        cast = [
            {
                "name": name,
                "address": tenants[tid].users[oid].mail or upn if oid in tenants[tid].users else upn,
                "upn": upn,
                "tid": tid,
                "oid": oid,
                "tenant": tenants[tid].name,
                "sentence": sentence,
                "directory_roles": tenants[tid].users[oid].directory_roles if oid in tenants[tid].users else [],
            }
            for oid, name, upn, tid, sentence in CAST
        ]
        named = [{"tid": each.tid, "name": each.name, "domains": each.domains} for each in tenants.values()]
        return {"sandbox": True, "client_id": PORTAL_APP, "tenants": named, "cast": cast}

    def log(self, request: Request) -> dict[str, Any]:
        return {"log": [entry.plain() for entry in self.cloud.log.since(int(request.params.get("since", 0)))]}

    def clear_log(self, request: Request) -> dict[str, Any]:
        self.cloud.log.clear()
        self.cloud.throttle.early_retries = 0
        return self.stats(request)

    def stats(self, request: Request) -> dict[str, Any]:
        return {**self.cloud.log.stats(), "early_retries": self.cloud.throttle.early_retries}

    def journal(self, request: Request) -> dict[str, Any]:
        """The past, oldest first: {"entry", "days_ago", "change"}."""
        entries = enumerate(self.cloud.state.journal)
        return {"journal": [{"entry": n, "days_ago": each.days_ago, "change": each.change} for n, each in entries]}

    def all_switches(self) -> dict[str, Any]:
        return {**self.cloud.switches.plain(), **self.cloud.throttle.plain()}

    def clock_reads(self) -> dict[str, Any]:
        return {"offset_seconds": self.cloud.offset_seconds, "now": self.cloud.now().isoformat()}

    def reset(self, request: Request) -> dict[str, Any]:
        """Everything as after the start, but the keys: tokens handed out stay good."""
        cloud = self.cloud
        cloud.state.reset()
        cloud.offset_seconds = 0.0
        cloud.faults.clear()
        cloud.throttle.reset()
        cloud.log.clear()
        cloud.switches.change(type(cloud.switches)().plain())
        return {"version": cloud.state.version}

    def change(self, request: Request) -> dict[str, Any]:
        """The change, and the one that takes it back (null where nothing does)."""
        wanted = request.json()
        if not isinstance(wanted, dict):
            raise ValueError("A change is an object.")
        back = self.cloud.state.apply(wanted)
        audit_log.note(find_tenant(self.cloud.state.tenants, wanted.get("tenant")), wanted, self.cloud.now())
        return {"version": self.cloud.state.version, "back": back}

    def set_faults(self, request: Request) -> dict[str, Any]:
        plan = request.json()
        self.cloud.faults.set(plan["faults"] if isinstance(plan, dict) else plan)
        return {"faults": self.cloud.faults.plain()}

    def set_switches(self, request: Request) -> dict[str, Any]:
        """Graph's switches and the throttle's limits."""
        wanted, throttle = dict(request.json()), self.cloud.throttle
        limits = {name: wanted.pop(name) for name in throttle.SETTINGS if name in wanted}
        before = throttle.plain()
        throttle.change(limits)
        try:
            self.cloud.switches.change(wanted)
        except ValueError:
            throttle.change(before)
            raise
        return self.all_switches()

    def set_clock(self, request: Request) -> dict[str, Any]:
        self.cloud.offset_seconds = float(request.json()["offset_seconds"])
        return self.clock_reads()

    def rewind(self, request: Request) -> dict[str, Any]:
        """The world before entry `to` of the journal; its length gives today."""
        self.cloud.state.rewind(int(request.json()["to"]))
        return {"version": self.cloud.state.version}

    def play(self, request: Request) -> dict[str, Any]:
        """Do again what entry `entry` of the journal did."""
        self.cloud.state.play(int(request.json()["entry"]))
        return {"version": self.cloud.state.version}

    def run_script(self, request: Request) -> dict[str, Any]:
        """What a script did in the Exchange Online PowerShell of a tenant; questions are answered with `confirm`."""
        asked = dict(request.json())
        options = {"confirm": bool(asked.get("confirm", False)), "powershell": asked.get("powershell")}
        return plain(run_script(self.cloud, asked["tenant"], asked["script"], **options))

    def rotate_key(self, request: Request) -> dict[str, Any]:
        self.cloud.keys.rotate()
        return self.cloud.keys.published()


def as_json(value: Any, status: int = 200) -> Response:
    headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
    return Response(status, headers, json.dumps(value, default=str).encode())
