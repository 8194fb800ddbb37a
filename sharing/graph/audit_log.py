"""Searches of Exchange's audit log: made, waited for, and read."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .client import Client
from .errors import IdRefused, Malformed
from .ids import directory_id

NAME = "Calwarden"
MOST_RECORDS = 200_000
_ROOT = "/security/auditLog/queries"
SUCCEEDED, ENDED = "succeeded", ("failed", "cancelled")


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """A search as Microsoft keeps it. `is_cut_off`: it found more than it may give."""

    id: str
    status: str
    is_cut_off: bool


def create_audit_query(
    client: Client, *, operations: Collection[str], begins_at: datetime, ends_at: datetime
) -> AuditQuery:
    """Begin a search for these operations between two moments; its outcome is waited for.

    Repeating it is harmless: a search alters nothing, and one that nobody reads is forgotten by Microsoft.
    https://learn.microsoft.com/graph/api/security-auditcoreroot-post-auditlogqueries
    """
    body = {
        "displayName": NAME, "filterStartDateTime": _moment(begins_at), "filterEndDateTime": _moment(ends_at),
        "operationFilters": sorted(operations),
    }  # fmt: skip
    return _query(client.ask(_ROOT, body))


def read_audit_query(client: Client, query_id: str) -> AuditQuery:
    """How far a search is. Raises NotFound where Microsoft forgot it.

    https://learn.microsoft.com/graph/api/security-auditlogquery-get
    """
    return _query(client.get(f"{_ROOT}/{directory_id(query_id)}"))


def list_audit_records(client: Client, query_id: str) -> list[dict[str, Any]]:
    """What a search that succeeded found: the `auditData` of each record, which names the same things as an export.

    Complete, or it raises; a record may be there twice.
    https://learn.microsoft.com/graph/api/security-auditlogquery-list-records
    """
    found: list[dict[str, Any]] = []
    for page in client.pages(f"{_ROOT}/{directory_id(query_id)}/records"):
        for record in page["value"]:
            content = record.get("auditData") if isinstance(record, dict) else None
            if not isinstance(content, dict):
                raise Malformed("a record without its content")
            found.append(content)
        if len(found) > MOST_RECORDS:
            raise Malformed("more records than anybody reads", cause="too_large")
    return found


def _query(body: dict[str, Any]) -> AuditQuery:
    query_id, status = body.get("id"), body.get("status")
    if not isinstance(query_id, str) or not isinstance(status, str):
        raise Malformed("not a search")
    try:
        directory_id(query_id)
    except IdRefused:
        raise Malformed("not the id of a search") from None
    return AuditQuery(query_id, status, body.get("isRecordCountLimitExceeded") is True)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
