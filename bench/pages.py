"""The access table and its neighbours on the IT pages: milliseconds in the server and queries, by kind of page."""

import time
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from sharing.models import CalendarPermission, RoleAssignment, Tenant, User

REVIEWER = "5bde3e51-d13b-4db1-9948-fe4b109d11a7"


def measure(tenant: Tenant, *, repeat: int) -> dict[str, Any]:
    """For each page its queries, and milliseconds and CPU milliseconds of `repeat` visits after one uncounted."""
    client = Client(SERVER_NAME=settings.ALLOWED_HOSTS[0])
    client.force_login(_reviewer(tenant))
    paths = {name: f"/it/access/?{query}" for name, query in _queries(tenant).items()}
    paths |= {"overview": "/it/", "delegates": "/it/delegates/", "people": "/it/people/"}
    return {name: _visit(client, path, repeat) for name, path in paths.items()}


def _queries(tenant: Tenant) -> dict[str, str]:
    """What is asked of the access table; the deep pages begin behind nine tenths of the rows."""
    rows = CalendarPermission.objects.open().of_people().filter(tenant=tenant)
    place = rows.count() * 9 // 10
    newest = rows.order_by("-began_at", "-pk").values_list("pk", flat=True)[place]
    owner = rows.order_by("owner_sort", "pk").values_list("pk", flat=True)[place]
    return {
        "page 1": "",
        "page 1, by owner": "sort=owner",
        "deep page": f"after={newest}.{place}",
        "deep page, by owner": f"sort=owner&after={owner}.{place}",
        "filter: delegates": "role=delegate",
        "filter: write or more": "role=write",
        "filter: outside": "where=outside",
        "filter: accounts disabled": "flag=gone",
        "two filters": "where=outside&role=read&sort=owner",
        "search: one person": "q=rosa.haas",
        "search: many people": "q=rosa",
        "search: nobody": "q=zzzz",
        "search: many calendars": "q=team",
    }


def _visit(client: Client, path: str, repeat: int) -> dict[str, Any]:
    queries: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        queries.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        response = client.get(path)
    if response.status_code != 200:
        raise RuntimeError(f"{path} answers {response.status_code}")
    taken, cpu = [], []
    for _ in range(repeat):
        began, cpu_began = time.perf_counter(), time.process_time()
        client.get(path)
        taken.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - cpu_began) * 1000)
    shown = response.content.count(b"<tr>") + response.content.count(b"<tr ")
    return {"ms": taken, "cpu": cpu, "queries": len(queries), "rows": max(0, shown - 1)}


def _reviewer(tenant: Tenant) -> User:
    user, _ = User.objects.get_or_create(tenant=tenant, oid=REVIEWER, defaults={"name": "Isaiah Langer"})
    RoleAssignment.objects.get_or_create(
        user=user, tenant=tenant, role=RoleAssignment.REVIEWER, defaults={"given_at": timezone.now()}
    )
    return user
