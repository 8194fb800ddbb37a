"""Graph's error envelope, and the refusals the sandbox can make."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from sandbox.http import Request, Response

# Code: (status, message) as the wire contract reports them (7.3).
KNOWN: dict[str, tuple[int, str]] = {
    "InvalidAuthenticationToken": (401, "Lifetime validation failed, the token is expired."),
    "MailboxNotEnabledForRESTAPI": (
        404,
        "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
    ),
    "MailboxNotSupportedForRESTAPI": (404, "REST API is not yet supported for this mailbox."),
    "ResourceNotFound": (404, "Resource could not be discovered."),
    "ErrorInvalidUser": (404, "The requested user '{}' is invalid."),
    "Request_ResourceNotFound": (
        404,
        "Resource '{}' does not exist or one of its queried reference-property objects are not present.",
    ),
    "ErrorItemNotFound": (404, "The specified object was not found in the store."),
    "ErrorInvalidIdMalformed": (400, "Id is malformed."),
    "ErrorNotSupported": (400, "Specified method is not supported."),
    "ErrorAccessDenied": (403, "Access is denied. Check credentials and try again."),
    "NoPermissionsInAccessToken": (
        401,
        "The token contains no permissions, or permissions can not be understood.",
    ),
    "Authorization_RequestDenied": (403, "Insufficient privileges to complete the operation."),
    "extensionError": (
        403,
        "The mailbox is on-premises, and its Exchange does not support federated requests.",
    ),
    "ErrorGroupIsUsedInNonGroupURI": (400, "Group Shard is used in non-Groups URI."),
    "ErrorInvalidRequest": (400, "Your request can't be completed."),
    "ErrorInvalidArgument": (400, "The argument is invalid."),
    "ErrorDeleteDistinguishedFolder": (400, "Distinguished folders cannot be deleted."),
    "ErrorFolderExists": (409, "A folder with the specified name already exists."),
    "ErrorIrresolvableConflict": (
        412,
        "The send or update operation could not be performed because the change key passed in the request does not "
        "match the current change key for the item.",
    ),
    "ErrorDuplicateTransactionId": (409, "There is an event with the same transaction id already."),
    "ErrorPropertyValidationFailure": (400, "At least one property failed validation."),
    "ErrorInvalidRecipients": (400, "At least one recipient isn't valid."),
    "ErrorInvalidProperty": (400, "The extended property has an id that is not valid."),
    "ErrorInternalServerError": (500, "An internal server error occurred. The operation failed."),
    "ErrorInvalidTimeSettings": (400, "Start Time should occur before End Time."),
    "InvalidTimeZone": (400, "Time Zone settings provided are invalid."),
    "NotImplemented": (501, "This operation target is not yet supported."),
    "BadRequest": (400, "Resource not found for the segment '{}'."),
}


class Refusal(Exception):
    """Graph says no: raised anywhere below `Graph.answer`, which makes the answer of it."""

    def __init__(
        self, code: str, *words: str, status: int | None = None, message: str | None = None, **headers: str
    ) -> None:
        known = KNOWN.get(code, (400, ""))
        self.code, self.status = code, status or known[0]
        self.message = known[1].format(*words) if message is None else message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        super().__init__(f"{self.status} {code}")


def error(
    request: Request,
    status: int,
    code: str,
    message: str,
    headers: dict[str, str] | None = None,
    inner: dict[str, Any] | None = None,
) -> Response:
    """An answer in Graph's envelope; `inner` adds to innerError."""
    id = str(uuid.uuid4())
    inner_error = {
        **(inner or {}),
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": id,
        "client-request-id": request.headers.get("client-request-id", id),
    }
    body = {"error": {"code": code, "message": message, "innerError": inner_error}}
    return Response(
        status,
        {"Content-Type": "application/json", "request-id": id, **(headers or {})},
        json.dumps(body).encode(),
    )


def refused(request: Request, refusal: Refusal) -> Response:
    return error(request, refusal.status, refusal.code, refusal.message, refusal.headers)


def diagnostics(request: Request, response: Response) -> Response:
    """The answer with the headers every Graph answer has."""
    id = response.headers.setdefault("request-id", str(uuid.uuid4()))
    response.headers["client-request-id"] = request.headers.get("client-request-id", id)
    response.headers["x-ms-ags-diagnostic"] = (
        '{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"5","ScaleUnit":"001","RoleInstance":"SB1PEPF00000001"}}'
    )
    response.headers["Strict-Transport-Security"] = "max-age=31536000"
    response.headers["Cache-Control"] = "private" if response.status < 400 else "no-cache"
    return response
