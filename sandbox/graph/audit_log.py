"""security/auditLog/queries: searches of the audit log, which take their time; and what acts leave in that log."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.changes import Change
from sandbox.graph.call import Call, collection, entity
from sandbox.graph.errors import Refusal
from sandbox.graph.paging import sealed, unsealed
from sandbox.http import Response
from sandbox.rows import Tenant

PAGE = 3
SECONDS = 90.0  # until a search is done; a third of it waits
DELAY = timedelta(minutes=60)  # until a search finds what was done
_EXCHANGE = {"none": "None", "freeBusyRead": "AvailabilityOnly", "limitedRead": "LimitedDetails", "read": "Reviewer",
             "write": "Editor"}  # fmt: skip
_OPERATIONS = {"share": "AddFolderPermissions", "role": "ModifyFolderPermissions", "unshare": "RemoveFolderPermissions"}


def answer(call: Call, rest: list[str]) -> Response:
    """The collection of searches, one of them, or what it found. Raises Refusal."""
    call.need("audit log", "Authorization_RequestDenied")
    match [part.lower() for part in rest]:
        case []:
            call.only("POST")
            return _create(call)
        case [id]:
            call.only("GET")
            return entity(call.context("security/auditLog/queries/$entity"), _shown(call, _found(call, id)))
        case [id, "records"]:
            call.only("GET")
            return _records(call, _found(call, id))
    raise Refusal("BadRequest", rest[-1])


def _create(call: Call) -> Response:
    asked = call.body()
    begins, ends = _moment(asked.get("filterStartDateTime")), _moment(asked.get("filterEndDateTime"))
    operations = asked.get("operationFilters", [])
    if not isinstance(operations, list) or (begins and ends and begins >= ends):
        raise Refusal("BadRequest", message="The filters of this query cannot be understood.")
    query = {
        "id": str(uuid.uuid4()), "displayName": asked.get("displayName"), "made_at": call.now.isoformat(),
        "begins_at": begins.isoformat() if begins else None, "ends_at": ends.isoformat() if ends else None,
        "operations": [str(each).casefold() for each in operations],
    }  # fmt: skip
    call.tenant.audit_queries[query["id"]] = query
    call.changed()
    return entity(call.context("security/auditLog/queries/$entity"), _shown(call, query), 201)


def _moment(text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (TypeError, ValueError):
        raise Refusal("BadRequest", message=f"Cannot convert '{text}' to DateTimeOffset.") from None


def _found(call: Call, id: str) -> dict[str, Any]:
    query = call.tenant.audit_queries.get(id)
    if query is None:
        raise Refusal("ResourceNotFound")
    return query


def _status(call: Call, query: dict[str, Any]) -> str:
    age = (call.now - datetime.fromisoformat(query["made_at"])).total_seconds()
    if age < SECONDS / 3:
        return "notStarted"
    return "running" if age < SECONDS else call.switches.audit_query_ends


def _shown(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": query["id"], "displayName": query["displayName"], "filterStartDateTime": query["begins_at"],
        "filterEndDateTime": query["ends_at"], "operationFilters": query["operations"], "recordTypeFilters": [],
        "status": _status(call, query), "isRecordCountLimitExceeded": call.switches.audit_query_cut_off,
    }  # fmt: skip


def _records(call: Call, query: dict[str, Any]) -> Response:
    if _status(call, query) != "succeeded":
        raise Refusal("BadRequest", message="The query is not ready.")
    rows = [record for record in call.tenant.audit_log if _matches(query, record)]
    start = unsealed(call.params["$skiptoken"], "start")["start"] if "$skiptoken" in call.params else 0
    # A page begins with the last record of the one before: records are known to come twice.
    page = rows[max(0, start - 1) : start + PAGE]
    root = f"{call.root}/security/auditLog/queries/{query['id']}/records"
    link = f"{root}?$skiptoken={sealed({'start': start + PAGE})}" if start + PAGE < len(rows) else None
    return collection(
        call.context("security/auditLog/queries/records"), [_record(each) for each in page], nextLink=link
    )


def _matches(query: dict[str, Any], record: dict[str, Any]) -> bool:
    at, made = _at(record), datetime.fromisoformat(query["made_at"])
    begins, ends = _moment(query["begins_at"]), _moment(query["ends_at"])
    is_within = (begins is None or at >= begins) and (ends is None or at < ends)
    operations = query["operations"]
    return is_within and at + DELAY <= made and (not operations or record["Operation"].casefold() in operations)


def _at(record: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(record["CreationTime"].rstrip("Z")).replace(tzinfo=UTC)


def _record(content: dict[str, Any]) -> dict[str, Any]:
    is_admin = content.get("RecordType") == 1
    return {
        "@odata.type": "#microsoft.graph.security.auditLogRecord", "id": content["Id"],
        "createdDateTime": content["CreationTime"].rstrip("Z") + "Z", "operation": content["Operation"],
        "auditLogRecordType": "exchangeAdmin" if is_admin else "exchangeItem", "service": "Exchange",
        "organizationId": content["OrganizationId"], "userType": "Regular", "userId": content["UserId"],
        "userPrincipalName": content["UserId"], "objectId": None, "clientIp": "203.0.113.7", "administrativeUnits": [],
        "auditData": {"@odata.type": "#microsoft.graph.security.auditData", **content},
    }  # fmt: skip


def note(tenant: Tenant, change: Change, now: datetime) -> None:
    """What an act in Outlook leaves in the log: who did it (`by`, else the owner), on whose calendar, for whom."""
    operation, owner = _OPERATIONS.get(change["do"]), tenant.user(str(change.get("mailbox")))
    if operation is None or owner is None:
        return
    folder = {"Path": f"\\{change.get('calendar') or 'Calendar'}", "MemberUpn": change.get("who"),
              "MemberRights": _EXCHANGE.get(str(change.get("role")), "None")}  # fmt: skip
    tenant.audit_log.append({
        "CreationTime": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "Id": str(uuid.uuid4()), "RecordType": 2,
        "Operation": operation, "OrganizationId": tenant.tid, "ResultStatus": "Succeeded", "Workload": "Exchange",
        "UserId": change.get("by") or owner.upn, "MailboxOwnerUPN": owner.upn, "Item": {"ParentFolder": folder},
    })  # fmt: skip
