"""Every page that reads audit or history rows, when there are many: anywhere, on one calendar, or of one person."""

import html
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client

from sharing.models import Calendar, CalendarPermission, Person, Tenant

from . import years
from .world import oid

Visit = Callable[[], int]  # makes one visit; how long its answer is, in rows


def measure(tenant: Tenant, *, repeat: int) -> dict[str, Any]:
    """For each page its queries, milliseconds and CPU milliseconds of `repeat` visits after one uncounted.

    `control` is CPU milliseconds of a plain loop beside each visit.
    """
    return {name: _measured(visit, repeat) for name, visit in _visits(tenant).items()}


def _visits(tenant: Tenant) -> dict[str, Visit]:
    asks = {"IT": _client(tenant, years.OPERATORS[0]), "owner": _client(tenant, years.OWNER)}
    asks["sharee"] = _client(tenant, years.HOLDER)
    paths = [(who, name, path) for who, pages in _pages(tenant).items() for name, path in pages.items()]
    found: dict[str, Visit] = {f"{who}: {name}": _get(asks[who], path) for who, name, path in paths}
    for who, page in (("IT", "history"), ("owner", "history"), ("owner", "calendar history")):
        path = _pages(tenant)[who]["calendar history" if who == "IT" else page]
        found[f"{who}: {page}, next page"] = _get(asks[who], path + _next(asks[who], path))
    found["IT: activity, CSV, first lines"] = _first_byte(asks["IT"], "/it/activity/csv/")
    return found


def _pages(tenant: Tenant) -> dict[str, dict[str, str]]:
    person = Person.objects.get(tenant=tenant, oid=oid(years.HOLDER))
    calendar = Calendar.objects.get(mailbox__person__oid=oid(years.OWNER), is_default=True)
    entry = CalendarPermission.objects.open().filter(calendar=calendar, graph_id__startswith="years").first()
    assert entry
    day = (datetime.now(UTC) - timedelta(days=years.NIGHTS // 2)).date().isoformat()
    week = (datetime.now(UTC) - timedelta(days=7)).date().isoformat()
    tid = f"{tenant.tid}.{oid(years.OPERATORS[0])}"
    of_calendar, of_person = f"calendars/{calendar.public_id}/", f"people/{person.public_id}/"
    filters = {
        "actor": "actor=system", "many actors": "actor=operator", "person": f"person={person.public_id}",
        "action": "action=looking", "rare action": f"action={years.RARE}", "days": f"from={day}&to={week}",
        "actor, rare action": f"actor=system&action={years.RARE}",
        "actor, action": f"actor={tid}&action=changes", "many actors, action": "actor=operator&action=changes",
        "many actors, rare action": f"actor=operator&action={years.RARE}",
        "actor, person": f"actor={tid}&person={person.public_id}",
        "many actors, person": f"actor=operator&person={person.public_id}",
        "person, action": f"person={person.public_id}&action=looking",
        "person, rare action": f"person={person.public_id}&action={years.RARE}",
        "actor, person, rare action": f"actor={tid}&person={person.public_id}&action={years.RARE}",
        "actor, days": f"actor={tid}&to={day}", "action, days": f"action=changes&to={day}",
        "person, days": f"person={person.public_id}&to={day}",
    }  # fmt: skip
    return {
        "IT": {
            "overview": "/it/",
            "activity": "/it/activity/",
            **{f"activity by {name}": f"/it/activity/?{query}" for name, query in filters.items()},
            "calendar": f"/it/{of_calendar}",
            "calendar history": f"/it/{of_calendar}history/",
            "calendar on a day": f"/it/{of_calendar}on/?date={day}",
            "entry history": f"/it/access/{entry.pk}/history/",
            "person": f"/it/{of_person}",
            "person history": f"/it/{of_person}history/",
            "person on a day": f"/it/{of_person}on/?date={day}",
            "owner's page": f"/it/people/{calendar.mailbox.person.public_id}/",
            "owner on a day": f"/it/people/{calendar.mailbox.person.public_id}/on/?date={day}",
        },
        "owner": {
            "start": "/",
            "history": "/history/",
            "calendar": f"/{of_calendar}",
            "calendar history": f"/{of_calendar}history/",
            "entry history": f"/{of_calendar}people/{entry.pk}/history/",
            "calendar on a day": f"/{of_calendar}on/?date={day}",
            "put back to a day": f"/{of_calendar}restore/?date={day}",
        },
        "sharee": {"shared with me": "/shared/"},
    }


def _client(tenant: Tenant, number: int) -> Client:
    client = Client(SERVER_NAME=settings.ALLOWED_HOSTS[0])
    client.force_login(years.user_of(tenant, number))
    return client


def _get(client: Client, path: str) -> Visit:
    def visit() -> int:
        response = client.get(path)
        if response.status_code != 200:
            raise RuntimeError(f"{path} answers {response.status_code}")
        return response.content.count(b"<tr") + response.content.count(b"<li>")

    return visit


def _first_byte(client: Client, path: str) -> Visit:
    def visit() -> int:
        file = client.get(path)
        next(iter(file.streaming_content))
        # Or its query would stay open until somebody tidies up; `file.close()` would end the connection, too.
        file._iterator.close()
        return 1

    return visit


def _next(client: Client, path: str) -> str:
    """The query string of the link to what is older."""
    found = re.search(r'href="(?:[^"?]*)(\?[^"]*before=[^"]*)"', client.get(path).content.decode())
    return html.unescape(found[1]) if found else ""


def _measured(visit: Visit, repeat: int) -> dict[str, Any]:
    queries: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        queries.append(sql)
        return execute(sql, *rest)

    cache.clear()  # nobody is asked to wait who looks this often
    visit()
    with connection.execute_wrapper(note):
        rows = visit()
    taken, cpu, control = [], [], []
    for _ in range(repeat):
        control.append(_control())
        began, cpu_began = time.perf_counter(), time.process_time()
        visit()
        taken.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - cpu_began) * 1000)
    return {"ms": taken, "cpu": cpu, "control": control, "queries": len(queries), "rows": rows}


def _control() -> float:
    began, found = time.process_time(), 0
    for number in range(200_000):
        found += number * number % 7
    return (time.process_time() - began) * 1000
