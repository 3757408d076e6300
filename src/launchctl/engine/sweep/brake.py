"""The brake: a sweep of which nothing but failures comes is not drawn from any further by the drain that sees it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from launchctl.engine.sweep.course import Course
from launchctl.state.model import AttemptRecord
from launchctl.status import Status

MOST_FAILURES = 5
"""So many trials may fail before one has succeeded."""
_FAILURES = frozenset({Status.FAILED, Status.TIMED_OUT})


@dataclass(slots=True)
class _Watch:
    key: tuple[str, int]
    before: frozenset[str]
    """Run ids of trials that had failed when they were first looked at."""
    failed: int = 0
    """How many have failed since, once these are too many."""
    example: str = ""
    """Address of one of them."""


class Brake:
    """What one drain remembers of the failures of sweeps; an edit and another epoch begin anew."""

    def __init__(self) -> None:
        self._watches: dict[str, _Watch] = {}

    def holds(self, course: Course) -> str:
        """Why no more of a sweep is drawn here; nothing where its trials do not all fail, or not yet."""
        watch = self._watch(course)
        if course.tally.succeeded:
            watch.failed = 0
        elif not watch.failed and sum(course.tally.counts[status] for status in _FAILURES) >= MOST_FAILURES:
            new = [attempt for attempt in _failures(course) if attempt.run_id not in watch.before]
            if len(new) >= MOST_FAILURES:
                watch.failed, watch.example = len(new), new[0].address
        if not watch.failed:
            return ""
        return f"{watch.failed} more trials failed" if watch.before else f"its first {watch.failed} trials all failed"

    def heed(self, course: Course) -> None:
        """Takes note of what had failed before."""
        self._watch(course)

    def example(self, course: Course) -> str:
        """The address of a trial that failed."""
        return self._watch(course).example

    def _watch(self, course: Course) -> _Watch:
        record = course.record
        key = (record.spec, record.epoch)
        watch = self._watches.get(record.address)
        if watch is None or watch.key != key:
            watch = _Watch(key, frozenset(attempt.run_id for attempt in _failures(course)))
            self._watches[record.address] = watch
        return watch


def _failures(course: Course) -> Iterator[AttemptRecord]:
    for run in course.tally.trials.values():
        latest = run.latest
        if latest is not None and latest.status in _FAILURES:
            yield latest
