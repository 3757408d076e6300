"""What the sweeps of a snapshot have left, and what it waits for. Pure."""

from __future__ import annotations

from launchctl.engine.course import Course, course_of
from launchctl.engine.events import Undrawn
from launchctl.engine.schedule import count_active, ends_of, place_in, place_on, upstream_obstacle
from launchctl.state.model import State


def outlook(state: State) -> tuple[Undrawn, ...]:
    """One of each sweep that has trials left to draw."""
    courses = (course_of(state, address) for address in sorted(state.sweeps))
    return tuple(_undrawn(state, course) for course in courses if course is not None and course.left)


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
