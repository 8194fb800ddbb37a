"""A filtered list as a CSV file that streams, written into the activity log."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import StreamingHttpResponse

from sharing.exports import csv_lines
from sharing.models import AuditEvent, Tenant
from sharing.web.asked import Asked

from .tables import Query


def csv_response(
    request: Asked,
    tenant: Tenant,
    rows: Iterable[Mapping[str, Any]],
    *,
    columns: Sequence[str],
    name: str,
    asked: Query,
    now: datetime,
    subject: Mapping[str, str] | None = None,
) -> StreamingHttpResponse:
    """Sends `rows` as NAME-DATE.csv. The log keeps which list and which filters, not what was searched for."""
    AuditEvent.objects.record(
        now=now, verb="list.exported", tenant=tenant, actor=request.user,
        subject={"list": name, "filters": asked.values, "searched": bool(asked.q), **(subject or {})},
    )  # fmt: skip
    response = StreamingHttpResponse(csv_lines(rows, columns), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{now:%Y-%m-%d}.csv"'
    return response
