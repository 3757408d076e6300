"""Stopping trials early: what a sweep's rule says of its curves, put on record before anything is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from launchctl.engine.events import Pruning, Sink
from launchctl.engine.ledger import Ledger
from launchctl.engine.schedule import reference
from launchctl.engine.sweep.course import Course
from launchctl.engine.sweep.courses import Courses
from launchctl.state.model import AttemptRecord
from launchctl.status import Status
from launchctl.sweeps.stopping import to_stop


class Pruner:
    """Asks for the end of trials that are not worth going on with; the drain then stops what was asked for."""

    def __init__(self, ledger: Ledger, courses: Courses, sink: Sink) -> None:
        self._ledger = ledger
        self._courses = courses
        self._sink = sink
        self._judged: dict[str, int] = {}
        """By sweep, the readings that were looked at last."""

    @property
    def is_needed(self) -> bool:
        """Whether trials run that may be stopped early."""
        return any(course.search.stopping is not None and course.tally.active for course in self._courses.all())

    def prune(self) -> bool:
        """Puts on record which trials are to be stopped; whether there are any."""
        moved = False
        for course in self._courses.all():
            version = self._courses.readings.version(course.record.address)
            if course.search.stopping is not None and self._judged.get(course.record.address) != version:
                self._judged[course.record.address] = version
                moved = self._judge(course) or moved
        return moved

    def _judge(self, course: Course) -> bool:
        rule, objective = course.search.stopping, course.search.objective
        running = {found.run_id: found for found in _running(course)}
        if rule is None or objective is None or not running:
            return False
        series = self._courses.readings.of(course.record.address)
        latest = (run.latest for run in course.tally.trials.values())
        curves = {
            found.run_id: series[found.run_id].values_of(objective.name)
            for found in latest
            if found and found.run_id in series
        }
        reasons = to_stop(rule, objective, curves, running)
        before = [running[run_id] for run_id in reasons]
        after = [replace(found, cancel_requested=True, prune_requested=True) for found in before]
        taken = self._ledger.record(before, after)
        for attempt in before:
            if attempt.run_id in taken:
                self._sink(Pruning(reference(attempt), attempt.run_id, reasons[attempt.run_id]))
        return bool(taken)


def _running(course: Course) -> Iterator[AttemptRecord]:
    for run in course.tally.trials.values():
        latest = run.latest
        if latest is not None and latest.status is Status.RUNNING and not latest.cancel_requested:
            yield latest
