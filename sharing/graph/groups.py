"""Mail-enabled groups, and who and how many are in them."""

from collections.abc import Iterable, Sequence
from typing import Any

from . import parse
from .batch import BATCH_SIZE, Part, parts
from .client import LONGEST_PAUSE_SECONDS, MAX_TRIES, Client, backoff
from .errors import Malformed, Throttled, Unreachable
from .ids import directory_id
from .resources import Group, Members

_PARAMS = {"$filter": "mailEnabled eq true", "$select": "id,displayName,mail,mailEnabled,proxyAddresses"}
# Casts and counts are answered from an index of the directory, and only to those who say that they know.
_EVENTUAL = {"ConsistencyLevel": "eventual"}


def list_mail_groups(client: Client) -> tuple[Group, ...]:
    """Groups that have a mail address and so may hold permissions. Raises Denied without GroupMember.Read.All.

    https://learn.microsoft.com/graph/api/group-list
    """
    items: list[Any] = []
    for page in client.pages("/groups", {**_PARAMS, "$top": "999"}):
        items += page["value"]
    return tuple(group for group in parse.groups(items) if group.address)


def first_groups(client: Client) -> tuple[Group, ...]:
    """A hundred groups at most, to try whether they may be read. https://learn.microsoft.com/graph/api/group-list"""
    return parse.groups(next(client.pages("/groups", {**_PARAMS, "$top": "100"}))["value"])


def count_members(client: Client, group_ids: Iterable[str]) -> dict[str, int]:
    """How many people are in each of these groups and in the groups within them, as far as Microsoft says.

    A group is left out where its number is unknown: refused, answered with rubbish, or none at all, because a group
    that hides its members answers like an empty one. Raises GraphError where not even the questions were taken.
    https://learn.microsoft.com/graph/api/group-list-transitivemembers
    """
    ids = list(group_ids)
    counted: dict[str, int] = {}
    for start in range(0, len(ids), BATCH_SIZE):
        if not _count(client, ids[start : start + BATCH_SIZE], counted):
            break
    return counted


def _count(client: Client, waiting: list[str], counted: dict[str, int]) -> bool:
    """One batch, repeated for what was throttled; False where Microsoft wants a longer rest than this is worth."""
    for tries in range(1, MAX_TRIES + 1):
        again, pause = [], 0.0
        for group_id, part in zip(waiting, _ask(client, waiting), strict=True):
            if isinstance(part.error, Throttled | Unreachable):
                again.append(group_id)
                pause = max(pause, backoff(tries) if part.error.retry_after is None else part.error.retry_after)
            elif size := _size(part):
                counted[group_id] = size
        if not again or tries == MAX_TRIES or pause > LONGEST_PAUSE_SECONDS:
            return not again
        client.stats.add(retried=len(again))
        client.sleep(pause)
        waiting = again
    raise AssertionError("not reached")


def _ask(client: Client, group_ids: Sequence[str]) -> list[Part]:
    # One member and the number of all, because what $count alone is inside a batch is not documented.
    people = "transitiveMembers/microsoft.graph.user?$count=true&$top=1&$select=id"
    paths = [f"/groups/{directory_id(group_id)}/{people}" for group_id in group_ids]
    try:
        deadline = client.monotonic() + client.deadline_seconds
        responses, _ = client.batch(paths, deadline=deadline, headers=_EVENTUAL)
    except (Throttled, Unreachable) as error:
        return [Part(None, error)] * len(paths)
    return parts(responses, len(paths))


def _size(part: Part) -> int | None:
    if part.body is None:
        return None
    try:
        return parse.count(part.body)
    except Malformed:
        return None


def get_group(client: Client, group_id: str) -> Group:
    """One group. Raises NotFound or MailboxMissing where there is none. https://learn.microsoft.com/graph/api/group-get"""
    return parse.group(client.get(f"/groups/{directory_id(group_id)}", {"$select": _PARAMS["$select"]}))


def list_members(client: Client, group_id: str, *, nested: bool = False) -> Members:
    """Who is in a group, whole or an error; `nested` counts the members of the groups within it, too.

    A group that hides its members answers like an empty one.
    https://learn.microsoft.com/graph/api/group-list-members
    """
    what = "transitiveMembers" if nested else "members"
    items: list[Any] = []
    for page in client.pages(f"/groups/{directory_id(group_id)}/{what}", {"$select": "id", "$top": "999"}):
        items += page["value"]
    return parse.members(items)
