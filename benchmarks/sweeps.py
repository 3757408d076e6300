"""Grids of 10,000 points, ours and those of the reference library, which is found by `LAUNCHCTL_TEST_REFERENCE`.

Both are timed inside of a process of their own, after their imports, which cost the library far more than its search.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from benchmarks import workshop

REFERENCE = os.environ.get("LAUNCHCTL_TEST_REFERENCE", "")
"""Interpreter of the environment that has `sweeps`."""
ASKED = 50
_OURS = """
from launchctl.compiler.sweep.search import Search
from launchctl.compiler.sweep.space import Distribution, Leaf, Space
from launchctl.sweeps.grid import Grid
from launchctl.sweeps.searcher import following, page

def fresh():
    leaves = tuple(Leaf((name,), Distribution.CATEGORICAL, tuple(range(10))) for name in "abcd")
    return Search("grid", Space(leaves), seed=1)
"""
_THEIRS = """
import warnings
warnings.simplefilter("ignore")
from sweeps.grid_search import grid_search_next_runs
config = {"method": "grid", "parameters": {name: {"values": list(range(10))} for name in "abcd"}}
"""
_TIMED = """
import time
started = time.process_time()
{}
print(time.process_time() - started)
"""
_ALL_OF_THEIRS = _TIMED.format("grid_search_next_runs([], config, n=10_000)")
_VALUES = (_TIMED.format("list(Grid(fresh()).values())"), _ALL_OF_THEIRS)
_TRIALS = (_TIMED.format("page(fresh(), 0, 10_000)"), _ALL_OF_THEIRS)
_ONE_BY_ONE = (
    f"taken = {{trial.key for trial in page(fresh(), 0, {10_000 - ASKED})}}\nsearch = fresh()\n"
    + _TIMED.format(f"for _ in range({ASKED}): taken |= {{trial.key for trial in following(search, taken, (), 1)}}"),
    f"runs = grid_search_next_runs([], config, n={10_000 - ASKED})\n"
    + _TIMED.format(f"for _ in range({ASKED}): runs += grid_search_next_runs(runs, config, n=1)"),
)


class Comparison(NamedTuple):
    """Seconds of ours and of theirs, None where there is no reference library, and the ratio that is promised."""

    what: str
    ours: float
    theirs: float | None
    limit: float


def compared(rounds: int) -> Iterator[Comparison]:
    """A whole grid at once, and its last points one by one, as a sweep asks for them while it runs."""
    for what, (ours, theirs), limit in (
        ("10,000 points of a grid / `sweeps` 0.3.0, which names none", _VALUES, 0.05),
        ("10,000 points of a grid with their keys / `sweeps` 0.3.0", _TRIALS, 0.33),
        (f"the last {ASKED} of 10,000 points, one by one / `sweeps` 0.3.0", _ONE_BY_ONE, 0.05),
    ):
        pairs = [
            (_seconds(sys.executable, _OURS + ours), _seconds(REFERENCE, _THEIRS + theirs) if REFERENCE else None)
            for _ in range(rounds)
        ]
        reference = [seconds for _, seconds in pairs if seconds is not None]
        yield Comparison(what, median(pair[0] for pair in pairs), median(reference) if reference else None, limit)


def _seconds(interpreter: str, program: str) -> float:
    said = subprocess.run(
        [interpreter, "-c", program],
        cwd=workshop.ROOT,
        env=workshop.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(said.stdout)
