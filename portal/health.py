"""Two answers for whoever watches: the process lives; the portal can work."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"ok": True, "version": settings.VERSION})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers and is migrated; 503 otherwise. Says no names, hosts or counts."""
    try:
        executor = MigrationExecutor(connection)
        state = "migrations" if executor.migration_plan(executor.loader.graph.leaf_nodes()) else "ok"
    except DatabaseError:
        state = "database"
    return JsonResponse({"ok": state == "ok", "state": state}, status=200 if state == "ok" else 503)
