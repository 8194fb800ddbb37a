"""Who makes a Graph call, as their checked access token says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """`oid` is None for an application acting as itself; then `roles` counts, otherwise `scopes`."""

    app_id: str
    tid: str
    oid: str | None
    roles: frozenset[str]
    scopes: frozenset[str]
