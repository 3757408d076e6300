"""Whole processes, measured from outside: wall-clock time and peak memory, in pairs.

Two commands that are compared run in turn, so that a machine that slows down slows both; the
median of several such pairs is what counts.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took."""

    seconds: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Command:
    """A process to measure, and what puts things back before each run."""

    arguments: Sequence[str | Path]
    folder: Path
    environment: Mapping[str, str]
    prepare: Callable[[], None] | None = None

    def run(self) -> Cost:
        """The cost of running it once; raises RuntimeError with its words where it fails."""
        if self.prepare:
            self.prepare()
        started = time.perf_counter()
        process = subprocess.Popen(
            self.arguments, cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.stderr.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{self.arguments} ended with {process.returncode}:\n{said.decode(errors='replace')}")
        return Cost(seconds, usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10))


@dataclass(frozen=True, slots=True)
class Pair:
    """Medians of two commands that ran in turn, and of their ratios."""

    first: Cost
    second: Cost
    ratio: float


def alone(command: Command, rounds: int) -> Cost:
    """The median cost of a command."""
    return _median([command.run() for _ in range(rounds)])


def paired(first: Command, second: Command, rounds: int) -> Pair:
    """The median costs of two commands, and the median of the ratios of their times."""
    costs = [(first.run(), second.run()) for _ in range(rounds)]
    ratio = median(a.seconds / b.seconds for a, b in costs)
    return Pair(_median([a for a, _ in costs]), _median([b for _, b in costs]), ratio)


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(median(cost.seconds for cost in costs), median(cost.megabytes for cost in costs))
