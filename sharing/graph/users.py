"""Directory users."""

from collections.abc import Iterable
from typing import Any

from . import parse
from .client import Client
from .errors import MailboxMissing, Malformed, NotFound, Rejected, ResyncRequired
from .ids import directory_id, path_of_link, with_query
from .resources import Delta, User
from .window import Answer, Ask, Window

_SELECT = (
    "id,displayName,mail,userPrincipalName,proxyAddresses,userType,accountEnabled,jobTitle,department,"
    "assignedPlans,createdDateTime"
)


def list_users(client: Client) -> tuple[User, ...]:
    """Every user and guest of the tenant, whole or an error: half a directory would offboard people.

    https://learn.microsoft.com/graph/api/user-list
    """
    items: list[Any] = []
    for page in client.pages("/users", {"$select": _SELECT, "$top": "999"}):
        items += page["value"]
    return parse.users(items)


def first_users(client: Client) -> tuple[User, ...]:
    """A hundred users at most, to try something on. https://learn.microsoft.com/graph/api/user-list"""
    return parse.users(next(client.pages("/users", {"$select": _SELECT, "$top": "100"}))["value"])


def get_user(client: Client, user_id: str) -> User:
    """One user or guest. Raises NotFound or MailboxMissing where there is none, IdRefused for an id that is no GUID.

    https://learn.microsoft.com/graph/api/user-get
    """
    return parse.user(client.get(f"/users/{directory_id(user_id)}", {"$select": _SELECT}))


def get_users(client: Client, user_ids: Iterable[str]) -> dict[str, User | None]:
    """These users and nobody else, in batches; None for an id that nobody has. All of them, or a GraphError.

    https://learn.microsoft.com/graph/api/user-get
    """
    found: dict[str, User | None] = {}
    for answer in _ask(client, {i: with_query(f"/users/{directory_id(i)}", {"$select": _SELECT}) for i in user_ids}):
        if isinstance(answer.error, NotFound | MailboxMissing):
            found[str(answer.key)] = None
        elif answer.error:
            raise answer.error
        else:
            found[str(answer.key)] = parse.user(answer.body)
    return found


def find_users(client: Client, addresses: Iterable[str]) -> dict[str, tuple[User, ...]]:
    """Who has each of these addresses, in batches; nobody else is asked about. All of them, or a GraphError.

    https://learn.microsoft.com/graph/api/user-list
    """
    found: dict[str, tuple[User, ...]] = {}
    for answer in _ask(client, {a: with_query("/users", {"$filter": _has(a), "$select": _SELECT}) for a in addresses}):
        if answer.error:
            raise answer.error
        found[str(answer.key)] = parse.users(answer.items)
    return found


def _has(address: str) -> str:
    text = address.replace("'", "''")
    return f"mail eq '{text}' or userPrincipalName eq '{text}' or proxyAddresses/any(a:a eq 'smtp:{text}')"


def _ask(client: Client, paths: dict[str, str]) -> Iterable[Answer]:
    window = Window(client)
    try:
        yield from window.read(Ask(key, key, path) for key, path in paths.items())
    finally:
        window.close()


def users_delta(client: Client, link: str | None) -> Delta:
    """What changed since `link` was handed out; with None everything there is. Keep `Delta.link` for the next time.

    Changes may come twice: the last one counts here, and storing one again must be harmless. Raises ResyncRequired
    where `link` is too old. https://learn.microsoft.com/graph/api/user-delta
    """
    users: dict[str, User] = {}
    removed: dict[str, str] = {}
    following = _first(client, link)
    last: dict[str, Any] = {}
    try:
        for last in client.pages(following):
            for item in last["value"]:
                _take(item, users, removed)
    except Rejected as error:
        # An expired link is answered with 40X and codes that are not all documented.
        if link is None:
            raise
        raise ResyncRequired(error.message, status=error.status, code=error.code) from None
    return Delta(
        users=tuple(users.values()),
        # The first round may tell of people who were gone before it.
        removed=tuple(removed.items()) if link else (),
        link=_delta_link(client, last),
    )


def delta_link(client: Client) -> str:
    """A link for `users_delta` that begins now. Ask for it before listing, so that nothing falls in between.

    https://learn.microsoft.com/graph/delta-query-overview
    """
    *_, last = client.pages("/users/delta", {"$select": _SELECT, "$deltatoken": "latest"})
    return _delta_link(client, last)


def _first(client: Client, link: str | None) -> str:
    if link is None:
        return f"/users/delta?$select={_SELECT}"
    return path_of_link(link, graph_url=client.endpoints.graph_url)


def _take(item: object, users: dict[str, User], removed: dict[str, str]) -> None:
    mark = item.get("@removed") if isinstance(item, dict) else None
    if mark is None:
        user = parse.user(item)
        removed.pop(user.id, None)
        users[user.id] = user
        return
    gone = parse.removed(item)
    users.pop(gone[0], None)
    removed[gone[0]] = gone[1]


def _delta_link(client: Client, last: dict[str, Any]) -> str:
    link = last.get("@odata.deltaLink")
    if link is None:
        raise Malformed("the last page has no delta link", cause="cut_off")
    path_of_link(link, graph_url=client.endpoints.graph_url)
    return str(link)
