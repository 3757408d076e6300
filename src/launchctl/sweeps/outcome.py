"""What trials came to: the objective of each, what stands in for one that has none, and their order."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from launchctl.compiler.sweep.search import Objective, Trial
from launchctl.status import Status


@dataclass(frozen=True, slots=True)
class Result:
    """A trial, how it stands, and what it said of the sweep's metric."""

    trial: Trial
    status: Status
    values: tuple[float, ...] = ()
    """In the order of its log, those of its latest attempt last."""


class Observation(NamedTuple):
    """What a search may learn from a trial."""

    trial: Trial
    value: float | None
    """None where nothing can be said of it yet: the point is taken, its value is open."""


_RUNNING = frozenset({Status.RUNNING, Status.SUSPENDED})
_WAITING = frozenset({Status.PENDING, Status.INTENT, Status.SUBMITTED, Status.PREEMPTED})
"""Nothing is known of the point; what was preempted says nothing about its values."""


def finite(values: Iterable[object]) -> tuple[float, ...]:
    """The values that are finite numbers; a boolean is none."""
    numbers = (value for value in values if isinstance(value, int | float) and not isinstance(value, bool))
    return tuple(float(value) for value in numbers if abs(value) <= sys.float_info.max)


def is_better(value: float, other: float, objective: Objective) -> bool:
    """Whether a value is strictly better than another one."""
    return value < other if objective.goal == "minimize" else value > other


def best_of(values: Iterable[float], objective: Objective) -> float | None:
    """The best of some values, None where no finite one is among them."""
    numbers = finite(values)
    return None if not numbers else min(numbers) if objective.goal == "minimize" else max(numbers)


def worst_of(values: Iterable[float], objective: Objective) -> float | None:
    """The worst of some values, None where no finite one is among them."""
    numbers = finite(values)
    return None if not numbers else max(numbers) if objective.goal == "minimize" else min(numbers)


def value_of(result: Result, objective: Objective) -> float | None:
    """The objective of a trial: the best that it logged, None where it logged nothing that counts."""
    return best_of(result.values, objective)


def is_target_reached(history: Iterable[Result], objective: Objective) -> bool:
    """Whether some trial, of whatever status, logged a value at least as good as the target."""
    target = objective.target
    if target is None:
        return False
    found = (value_of(result, objective) for result in history)
    return any(value is not None and not is_better(target, value, objective) for value in found)


def ranked(history: Iterable[Result], objective: Objective) -> list[tuple[Result, float]]:
    """The trials with an objective, best first; equal ones in the order in which they were drawn."""
    found = [(result, value) for result in history if (value := value_of(result, objective)) is not None]
    sign = 1 if objective.goal == "minimize" else -1
    return sorted(found, key=lambda pair: (sign * pair[1], pair[0].trial.index, pair[0].trial.repeat))


def observations(history: Sequence[Result], objective: Objective) -> tuple[Observation, ...]:
    """What a search learns from each trial, in the order of the history.

    One that succeeded or was stopped early has its own objective. One that failed, was cancelled or
    lost has what `impute` says, whatever it logged. One that runs is open unless
    `impute_while_running` says otherwise. Where a trial has nothing of its own to impute from, the
    worst value that any ended trial logged stands in, and it stays open while there is none: an
    invented number could be the best one ever seen.
    """
    ended = (result.values for result in history if result.status.is_terminal and result.status not in _WAITING)
    worst = worst_of((value for values in ended for value in values), objective)
    return tuple(Observation(result.trial, _learned(result, objective, worst)) for result in history)


def _learned(result: Result, objective: Objective, worst: float | None) -> float | None:
    if result.status in _WAITING:
        return None
    own = value_of(result, objective)
    if result.status.is_success:
        return worst if own is None else own
    if result.status in _RUNNING:
        while_running = objective.impute_while_running != "false"
        return (worst if own is None else own) if while_running else None
    return _imputed(result, objective, worst)


def _imputed(result: Result, objective: Objective, worst: float | None) -> float | None:
    """What stands in for the objective of a trial that ended badly."""
    values = finite(result.values)
    match objective.impute:
        case "best" if values:
            return best_of(values, objective)
        case "latest" if values:
            return values[-1]
        case _:
            return worst
