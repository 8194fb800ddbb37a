"""The parts of the whole, each with its own line of figures."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.databases import database_url

from .matrix import Figures, Matrix
from .plan import composed, matrix
from .races import race
from .scene import scene
from .stopped import stopped

AT_ONCE = 104  # runs that go through time together


def parts(asked: argparse.Namespace) -> list[dict[str, Any]]:
    """The figures of each part that was asked for."""
    wanted = asked.only or ["matrix", "composed", "stopped", "races"]
    runs = matrix() if "matrix" in wanted else []
    more = composed(asked.composed if "composed" in wanted else 0, asked.seed, first=len(runs))
    last = len(runs) + len(more)
    acts: dict[str, Callable[[Matrix], None]] = {
        "matrix": lambda scene: _in_turns(scene, runs),
        "composed": lambda scene: _in_turns(scene, more),
        "stopped": lambda scene: stopped(scene, asked.stopped, first=last),
        "races": lambda scene: race(scene, first=last + asked.stopped),
    }
    results = []
    with tempfile.TemporaryDirectory(prefix="calwarden-faults-") as folder:
        with scene(database_url(), Path(folder), mailboxes=last + asked.stopped + 10) as there:
            for name, act in acts.items():
                if name in wanted:
                    there.figures = Figures()
                    act(there)
                    results.append({"part": name, "good": there.figures.is_good, **there.figures.plain()})
    return results


def _in_turns(scene: Matrix, runs: list[Any]) -> None:
    for start in range(0, len(runs), AT_ONCE):
        scene.carry_out(runs[start : start + AT_ONCE])
        bad = {name: found for name, found in scene.figures.bad.items() if found}
        print(
            f"{scene.figures.runs} of {len(runs)} runs, {scene.figures.seconds:.0f} s, {bad}",
            file=sys.stderr,
            flush=True,
        )
