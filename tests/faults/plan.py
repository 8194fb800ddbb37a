"""What is tried: operations × places where the worker dies × what goes wrong at Microsoft."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

OPERATIONS = ("role", "remove", "create", "delivery")
METHODS = {"role": "PATCH", "remove": "DELETE", "create": "POST", "delivery": "PATCH"}

# Where a worker is killed. "claiming" and "settled" are inside a transaction that is then never committed; "left" is
# after the request was sent and before its answer is read.
CRASHES = ("", "claiming", "claimed", "looked", "marked", "left", "written", "read", "settled", "done")

# What becomes of the write on the wire, in the words of the sandbox's fault plan.
WIRE: dict[str, dict[str, Any]] = {
    "lost before landing": {"do": "drop"},
    "lost after landing": {"do": "drop_after"},
    "landing 25 s late": {"do": "late", "seconds": 25},
    "landing 50 s late": {"do": "late", "seconds": 50},
    "landing too late": {"do": "late", "seconds": 240},  # when its outcome was given up
    "429 with Retry-After": {"do": "status", "status": 429, "code": "ApplicationThrottled", "retry_after": 17},
    "503": {"do": "status", "status": 503, "code": "serviceNotAvailable"},
    "500 after landing": {"do": "status", "status": 500, "code": "generalException", "applied": True},
    "HTML with 200": {"do": "html_200"},
    "truncated body": {"do": "truncate"},
}
# What the owner does in Outlook meanwhile: to a third value, or back to the one before.
EDITS = ("edited before the write", "edited after the write", "put back at once", "put back later")
FAULTS = ("none", *WIRE, *EDITS)
UNREAD = {
    "list answers 503": {"do": "status", "status": 503, "code": "serviceNotAvailable"},
    "list is empty": {"do": "empty_list"},
    "list is cut off": {"do": "truncate"},
    "list is HTML": {"do": "html_200"},
}


@dataclass(frozen=True)
class Run:
    """One change of one mailbox, and its troubles; `number` also chooses the mailbox."""

    number: int
    operation: str
    crash: str
    faults: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"{self.operation}, {self.crash or 'no crash'}, {' + '.join(self.faults)}"

    def plan(self, oid: str) -> Iterator[dict[str, Any]]:
        """Lines of the sandbox's fault plan; a second trouble on the wire strikes the second attempt."""
        for fault in self.faults:
            if fault in WIRE:
                match = {"method": METHODS[self.operation], "path": f"/users/{oid}/"}
                yield {"match": match, "times": 1, **WIRE[fault]}
            if fault in UNREAD:
                match = {"method": "GET", "path": f"/users/{oid}/", "batched": False}
                yield {"match": match, "times": 2, "after": self.number % 3, **UNREAD[fault]}


def matrix() -> list[Run]:
    """Every operation with every crash and every fault, once."""
    return [
        Run(number, operation, crash, (fault,))
        for number, (operation, crash, fault) in enumerate(product(OPERATIONS, CRASHES, FAULTS))
    ]


def short() -> list[Run]:
    """About thirty of them, each operation, crash and fault several times."""
    runs = []
    for number in range(28):
        operation = OPERATIONS[number % 4]
        crash, fault = CRASHES[(number * 3 + number // 10) % len(CRASHES)], FAULTS[number % len(FAULTS)]
        runs.append(Run(number, operation, crash, (fault,)))
    return runs


def composed(count: int, seed: int, *, first: int = 0) -> list[Run]:
    """Two or three faults at once, by chance; the same ones for the same seed."""
    chance = random.Random(seed)
    troubles = [*WIRE, *EDITS, *UNREAD]
    runs = []
    for number in range(first, first + count):
        faults = tuple(sorted(chance.sample(troubles, chance.choice((2, 2, 3)))))
        runs.append(Run(number, chance.choice(OPERATIONS), chance.choice(CRASHES), faults))
    return runs
