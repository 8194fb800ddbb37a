"""Asks Graph for everything about a slice of mailboxes: network only, never the database."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sharing import graph

from .compare import ListState, default_calendar_id, is_own, state_of
from .digest import digest

MANY = 5  # mailboxes that must agree before the tenant is thought to refuse
CALENDARS, PRIMARY, SETTINGS, NAMED, DEFAULT = "calendars", "primary", "settings", "named", "default"

_REFUSALS = (graph.ConsentMissing, graph.TokenRefused, graph.SignInError)


class RunMustStop(Exception):
    """The tenant, not a mailbox, refuses: no further mailbox can be read. `cause` says why.

    `is_ours` where it was not the tenant at all, but our own credential.
    """

    def __init__(self, error: graph.GraphError) -> None:
        super().__init__(str(error))
        self.cause = error.cause
        self.is_ours = isinstance(error, graph.CredentialRefused)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One mailbox to read: what is asked, and what a quiet answer would look like."""

    oid: str
    addresses: frozenset[str]
    digest: str
    named: tuple[str, ...]  # Graph ids of own calendars known from last time, the primary not among them


@dataclass(slots=True)
class Reading:
    """What was heard about one mailbox; parsed only where something may have changed."""

    oid: str
    answers: dict[tuple[str, str], graph.Answer] = field(default_factory=dict)
    digest: str = ""
    is_unchanged: bool = False
    calendars: tuple[graph.Calendar, ...] = ()
    calendars_state: ListState = ListState("never")
    default_id: str | None = None
    permissions: dict[str, tuple[graph.Permission, ...]] = field(default_factory=dict)  # by calendar id
    permissions_state: dict[str, ListState] = field(default_factory=dict)
    settings: graph.MailboxSettings | None = None
    settings_state: ListState = ListState("never")
    retry_after: float | None = None


def read_mailboxes(
    window: graph.Window, wanted: Sequence[Wanted], *, progress: Callable[[int], None] | None = None
) -> dict[str, Reading]:
    """Read every mailbox in `wanted` in one round, and a second one for what the first showed to be new.

    Raises RunMustStop where the tenant itself refuses (token, consent).
    """
    readings = {w.oid: Reading(w.oid) for w in wanted}
    by_oid = {w.oid: w for w in wanted}
    for oid in _collect(window, (ask for w in wanted for ask in _first_round(w)), readings):
        if _is_quiet(by_oid[oid], readings[oid]):
            # Nothing will be asked of it again, and a shard's JSON is large: it need not wait for the others.
            readings[oid].answers.clear()
    _stop_where_all_are_refused(readings.values())
    for _ in _collect(window, [ask for w in wanted for ask in _second_round(w, readings[w.oid])], readings):
        pass
    for w in wanted:
        _settle(w, readings[w.oid])
    if progress:
        progress(len(wanted))
    return readings


def _collect(window: graph.Window, asks: Iterable[graph.Ask], readings: Mapping[str, Reading]) -> Iterator[str]:
    """Puts each answer with its mailbox's; yields the mailbox's id every time."""
    for answer in window.read(asks):
        if isinstance(answer.error, graph.SignInError):
            raise RunMustStop(answer.error)
        oid, kind, calendar_id = cast(tuple[str, str, str], answer.key)
        readings[oid].answers[kind, calendar_id] = answer
        yield oid


def _stop_where_all_are_refused(readings: Iterable[Reading]) -> None:
    """A refused token or consent is the tenant's word only where five mailboxes say it and none says otherwise."""
    refusals = []
    for reading in readings:
        errors = [answer.error for answer in reading.answers.values()]
        refusal = next((e for e in errors if isinstance(e, graph.ConsentMissing | graph.TokenRefused)), None)
        if refusal is None or None in errors:
            return
        refusals.append(refusal)
    if len(refusals) >= MANY:
        raise RunMustStop(refusals[0])


def _first_round(w: Wanted) -> Iterable[graph.Ask]:
    yield graph.Ask((w.oid, CALENDARS, ""), w.oid, graph.calendars_path(w.oid))
    yield graph.Ask((w.oid, PRIMARY, ""), w.oid, graph.permissions_path(w.oid, None))
    yield graph.Ask((w.oid, SETTINGS, ""), w.oid, graph.settings_path(w.oid))
    for calendar_id in w.named:
        yield graph.Ask((w.oid, NAMED, calendar_id), w.oid, graph.permissions_path(w.oid, calendar_id))


def _second_round(w: Wanted, reading: Reading) -> list[graph.Ask]:
    """Own calendars that were not known, and `/calendar` where the list does not say which one is the default."""
    listed = reading.answers.get((CALENDARS, ""))
    if listed is None or listed.error is not None:
        return []
    _parse_calendars(reading)
    if not reading.calendars_state.is_ok:
        return []
    reading.default_id = default_calendar_id(reading.calendars)
    asks = [
        graph.Ask((w.oid, NAMED, c.id), w.oid, graph.permissions_path(w.oid, c.id))
        for c in reading.calendars
        if c.id != reading.default_id and is_own(c, w.addresses) and (NAMED, c.id) not in reading.answers
    ]
    if reading.default_id is None and reading.calendars:
        asks.append(graph.Ask((w.oid, DEFAULT, ""), w.oid, graph.default_calendar_path(w.oid)))
    return asks


def _is_quiet(w: Wanted, reading: Reading) -> bool:
    """Is the first round complete, and does it say exactly what is stored? Then nothing needs parsing."""
    if not w.digest or len(reading.answers) != 3 + len(w.named):
        return False
    if any(answer.error is not None for answer in reading.answers.values()):
        return False
    reading.digest = _digest(reading)
    reading.is_unchanged = reading.digest == w.digest
    return reading.is_unchanged


def _digest(reading: Reading) -> str:
    lists: dict[str, Any] = {
        key[1]: answer.items for key, answer in reading.answers.items() if key[0] in (PRIMARY, NAMED)
    }
    try:
        return digest(
            calendars=_items(reading.answers[CALENDARS, ""]),
            permissions=lists,
            settings=reading.answers[SETTINGS, ""].body or {},
        )
    except (TypeError, AttributeError, KeyError, ValueError, graph.Malformed):
        return ""


def _settle(w: Wanted, reading: Reading) -> None:
    """Parse what is not known to be unchanged, and give each list its state."""
    if reading.is_unchanged:
        return
    waits = [a.error.retry_after for a in reading.answers.values() if isinstance(a.error, graph.Throttled)]
    reading.retry_after = max((wait for wait in waits if wait), default=None)
    if reading.calendars_state.state == "never":
        _parse_calendars(reading)
    _parse_settings(reading)
    if not reading.calendars_state.is_ok:
        return
    if reading.default_id is None:
        reading.default_id = default_calendar_id(reading.calendars) or _asked_default(reading)
    for calendar in reading.calendars:
        if is_own(calendar, w.addresses):
            kind = (PRIMARY, "") if calendar.id == reading.default_id else (NAMED, calendar.id)
            _parse_permissions(reading, calendar.id, reading.answers.get(kind))
    if reading.default_id is None:
        reading.calendars_state = ListState("incomplete", "no_default_calendar")
    if not any(answer.error for answer in reading.answers.values()):
        reading.digest = _digest(reading)


def _asked_default(reading: Reading) -> str | None:
    answer = reading.answers.get((DEFAULT, ""))
    if answer is None or answer.error or not answer.body:
        return None
    calendar_id = answer.body.get("id")
    return calendar_id if any(c.id == calendar_id for c in reading.calendars) else None


def _items(answer: graph.Answer) -> list[Any]:
    if answer.error:
        raise answer.error
    if answer.items is None:  # an object where a collection was asked for
        raise graph.Malformed
    return answer.items


def _parse_calendars(reading: Reading) -> None:
    answer = reading.answers[CALENDARS, ""]
    try:
        reading.calendars = graph.parse_calendars(_items(answer))
        reading.calendars_state = ListState("ok") if reading.calendars else ListState("incomplete", "empty")
    except graph.GraphError as error:
        reading.calendars_state = state_of(error)


def _parse_permissions(reading: Reading, calendar_id: str, answer: graph.Answer | None) -> None:
    if answer is None:
        reading.permissions_state[calendar_id] = ListState("incomplete", "not_asked")
        return
    try:
        reading.permissions[calendar_id] = graph.parse_permissions(_items(answer))
        reading.permissions_state[calendar_id] = ListState("ok")
    except graph.GraphError as error:
        reading.permissions_state[calendar_id] = state_of(error)


def _parse_settings(reading: Reading) -> None:
    answer = reading.answers[SETTINGS, ""]
    try:
        if answer.error:
            raise answer.error
        if answer.body is None:
            raise graph.Malformed
        reading.settings = graph.parse_settings(answer.body)
        reading.settings_state = ListState("ok")
    except graph.GraphError as error:
        reading.settings_state = state_of(error)
