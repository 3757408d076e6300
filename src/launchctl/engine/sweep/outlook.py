"""What the sweeps of a snapshot have left, and what it waits for. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TypeAlias

from launchctl.engine.events import Undrawn
from launchctl.engine.schedule import count_active, ends_of, place_in, place_on, upstream_obstacle
from launchctl.engine.sweep.course import Course, course_of
from launchctl.engine.sweep.tally import sweep_of
from launchctl.state.model import Series, State

SeriesOf: TypeAlias = Callable[[str], Mapping[str, Series]]
"""The series of a sweep's trials, by its address."""
_PLACE = "a place "


def undrawn_of(state: State, waiting: Mapping[str, str], series_of: SeriesOf | None = None) -> tuple[Undrawn, ...]:
    """What waits of each sweep of a snapshot; without the series of trials no target is known to be reached.

    `waiting` is what pending attempts wait for, by reference.
    """
    return folded(outlook(state, series_of), unfolded(waiting)[1])


def unfolded(waiting: Mapping[str, str]) -> tuple[Mapping[str, str], Mapping[str, tuple[int, str]]]:
    """What is told of single attempts, and by sweep how many of its trials wait for a place, and for which."""
    own: dict[str, str] = {}
    numbers: Counter[str] = Counter()
    reasons: dict[str, str] = {}
    for name, reason in waiting.items():
        sweep = sweep_of(name)
        if sweep and reason.startswith(_PLACE):
            numbers[sweep] += 1
            reasons[sweep] = reason
        else:
            own[name] = reason
    return own, {sweep: (number, reasons[sweep]) for sweep, number in numbers.items()}


def folded(undrawn: tuple[Undrawn, ...], places: Mapping[str, tuple[int, str]]) -> tuple[Undrawn, ...]:
    """One line a sweep: what is left of it, and what was drawn and waits for a place."""
    found = {left.address: left for left in undrawn}
    for sweep, (number, reason) in places.items():
        left = found.get(sweep, Undrawn(sweep, 0, reason))
        found[sweep] = Undrawn(sweep, left.trials + number, left.reason or reason)
    return tuple(found[sweep] for sweep in sorted(found))


def outlook(state: State, series_of: SeriesOf | None = None) -> tuple[Undrawn, ...]:
    """One of each sweep that has trials left to draw."""
    courses = (_course(state, address, series_of) for address in sorted(state.sweeps))
    return tuple(_undrawn(state, course) for course in courses if course is not None and course.left)


def _course(state: State, address: str, series_of: SeriesOf | None) -> Course | None:
    """The series of many trials are a lot to read, and matter only where there is a target."""
    course = course_of(state, address)
    objective = course.search.objective if course else None
    if course is not None and series_of is not None and objective is not None and objective.target is not None:
        course.learn(series_of(address))
    return course


def _undrawn(state: State, course: Course) -> Undrawn:
    return Undrawn(course.record.address, course.left, _obstacle(state, course))


def _obstacle(state: State, course: Course) -> str:
    """Nothing where the next drain draws."""
    record, tally = course.record, course.tally
    if tally.leaving:
        return leaving(tally.leaving)
    end = ends_of(state)
    for name in course.upstream:
        obstacle = upstream_obstacle(state.runs, name, end)
        if obstacle:
            return obstacle
    if record.parallel is not None and tally.active >= record.parallel:
        return place_in(record.address, record.parallel)
    queue = f"queues.{course.spec.launch.queue}"
    config = state.configs.get(queue)
    limit = config.max_jobs if config else None
    return place_on(queue, limit) if limit is not None and count_active(state)[queue] >= limit else ""


def leaving(number: int) -> str:
    """What a new epoch waits for."""
    return f"the end of {number:,} of its trials that were asked to stop"
