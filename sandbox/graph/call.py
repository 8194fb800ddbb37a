"""One Graph call on its way through the sandbox: who asks, about what, in which version, and what they may do."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote

from sandbox.graph import reach
from sandbox.graph.errors import Refusal
from sandbox.graph.needs import NEEDS
from sandbox.graph.switches import Switches
from sandbox.http import Request, Response
from sandbox.rows import Tenant, User
from sandbox.state import State

CONTEXT = "https://graph.microsoft.com"


def normal(segments: list[str]) -> list[str]:
    """The path as a server sees it: `.` vanishes and `..` takes the segment before it away."""
    path: list[str] = []
    for segment in segments:
        if segment == "..":
            path[-1:] = []
        elif segment != ".":
            path.append(segment)
    return path


@dataclass
class Call:
    """`caller` is a `sandbox.caller.Caller`; `path` are the decoded segments after the version."""

    state: State
    switches: Switches
    now: datetime
    caller: Any
    tenant: Tenant
    request: Request
    version: str
    path: list[str]

    @property
    def method(self) -> str:
        return self.request.method

    @property
    def beta(self) -> bool:
        return self.version == "beta"

    @cached_property
    def params(self) -> dict[str, str]:
        """Query options, names in lower case."""
        return {name.lower(): value for name, value in self.request.params.items()}

    @cached_property
    def root(self) -> str:
        """The origin the caller used, with the version: links to further pages begin so."""
        return f"{self.request.origin}/{self.version}"

    def context(self, what: str) -> str:
        return f"{CONTEXT}/{self.version}/$metadata#{what}"

    def body(self) -> dict[str, Any]:
        """The JSON object that was sent. Raises Refusal."""
        try:
            value = self.request.json()
        except ValueError:
            raise Refusal(
                "BadRequest",
                message="Unable to read JSON request payload. Please ensure Content-Type header is set.",
            ) from None
        if not isinstance(value, dict):
            raise Refusal(
                "RequestBodyRead",
                message="An unexpected node was found when reading the payload. A 'StartObject' was expected.",
            )
        return value

    def may(self, what: str) -> bool:
        held = self.caller.roles if self.caller.oid is None else self.caller.scopes
        return not NEEDS[what].isdisjoint(held)

    def need(self, what: str, refusal: str = "ErrorAccessDenied") -> None:
        if not self.may(what):
            raise Refusal(refusal)

    def only(self, *methods: str) -> None:
        if self.method not in methods:
            message = "Specified HTTP method is not allowed for the request target."
            raise Refusal("Request_BadRequest", status=405, message=message)

    def changed(self) -> None:
        """Note that this call changed the state."""
        self.state.version += 1

    def mailbox_user(self, key: str, what: str, *, shared: bool = False) -> User:
        """The user whose mailbox a path names, readable in its present state by this caller. Raises Refusal.

        `shared`: the call may also be about a calendar that somebody shared with the person who asks; then the caller
        of this function minds whether it is.
        """
        user = self.tenant.user(key)
        if self.caller.oid is None:
            reach.mind_app(self, user, what)
        else:
            self.need(what)
        if user is None:
            if key in self.tenant.groups:
                raise Refusal("ErrorGroupIsUsedInNonGroupURI")
            raise Refusal("ErrorInvalidUser", key)
        if self.caller.oid not in (None, user.oid) and not shared:
            raise Refusal("ErrorAccessDenied")
        if user.mailbox is None:
            raise Refusal("MailboxNotEnabledForRESTAPI")
        if user.mailbox_state != "ok":
            self._mind_state(user, what)
        return user

    def _mind_state(self, user: User, what: str) -> None:
        state = user.mailbox_state
        if state == "policy_blocked":
            basic = what == "list calendars" and "Calendars.ReadBasic.All" in self.caller.roles
            if not basic or self.switches.policy_covers_read_basic:
                raise Refusal("ErrorAccessDenied", message="Access to OData is disabled.")
            return
        if state == "provisioning":
            assert user.mailbox is not None
            user.mailbox.refusals += 1
            raise Refusal("ResourceNotFound" if user.mailbox.refusals % 2 else "MailboxNotEnabledForRESTAPI")
        if state == "on_premises":
            raise Refusal(self.switches.on_premises_answer)
        if state == "store_error":
            status = 404 if self.switches.store_error_answer == "ErrorItemNotFound" else 403
            message = "The process failed to get the correct properties."
            raise Refusal(self.switches.store_error_answer, status=status, message=message)
        raise Refusal("MailboxNotSupportedForRESTAPI" if state == "unsupported" else "MailboxNotEnabledForRESTAPI")


def key(text: str) -> str:
    """A key as it stands in a context URL."""
    return quote(text, safe="")


def chosen(value: dict[str, Any], select: str | None) -> dict[str, Any]:
    """The members that $select asks for, always with the id and annotations; unknown names are ignored."""
    if not select:
        return value
    wanted = {name.strip().lower() for name in select.split(",")}
    if "*" in wanted:
        return value
    return {
        name: each for name, each in value.items() if name.lower() in wanted or name == "id" or name.startswith("@")
    }


def collection(context: str, rows: list[Any], **annotations: Any) -> Response:
    """A page; annotations are given without "@odata."."""
    links = {f"@odata.{name}": value for name, value in annotations.items() if value is not None}
    return Response.of({"@odata.context": context, **links, "value": rows})


def entity(context: str, value: dict[str, Any], status: int = 200) -> Response:
    return Response.of({"@odata.context": context, **value}, status)


def number(text: str, option: str, low: int, high: int) -> int:
    """A paging option in its bounds. Raises Refusal in the directory's words."""
    try:
        value = int(text)
    except ValueError:
        raise Refusal("BadRequest", message=f"Invalid value '{text}' for {option}.") from None
    if not low <= value <= high:
        message = f"Invalid page size specified: '{value}'. Must be between {low} and {high} inclusive."
        raise Refusal("Request_UnsupportedQuery", status=400, message=message)
    return value
