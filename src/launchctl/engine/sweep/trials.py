"""Drawing: the trials of each sweep on record that can start now, from what the state says of it and nothing else.

A trial is drawn by one conditional write and then started like any pending attempt. Of two drains
that draw at once one comes first, and the other looks again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from launchctl.compiler.sweep.search import Trial
from launchctl.engine.events import Drawn, Undrawn
from launchctl.engine.launch import Launch
from launchctl.engine.ledger import Ledger
from launchctl.engine.means import Means
from launchctl.engine.records import last_in_line
from launchctl.engine.roster import Roster
from launchctl.engine.schedule import Place, is_hopeless, place_in, place_on, upstream_obstacle
from launchctl.engine.starting import AHEAD
from launchctl.engine.sweep.brake import Brake
from launchctl.engine.sweep.course import Course
from launchctl.engine.sweep.courses import Courses
from launchctl.engine.sweep.measuring import Meter
from launchctl.engine.sweep.outlook import leaving
from launchctl.engine.sweep.trial_records import trial_records
from launchctl.errors import LaunchctlError
from launchctl.state.model import NewTrial
from launchctl.sweeps import searcher

_TRIES = 5
"""How often it is drawn anew where another drain was first; it is tried again in the next cycle."""


class _Candidate(NamedTuple):
    """A sweep that may draw, and how many of its trials its queue's line leaves out of account."""

    course: Course
    most: float


class Drawer:
    """Draws trials for one drain."""

    def __init__(
        self, means: Means, ledger: Ledger, roster: Roster, courses: Courses, meter: Meter, agent: str = ""
    ) -> None:
        """`agent` is the address of the agent that drains, if one does."""
        self._means = means
        self._ledger = ledger
        self._roster = roster
        self._agent = agent
        self._brake = Brake()
        self._courses = courses
        self._meter = meter
        self._lacking: dict[str, tuple[str, str]] = {}
        """By sweep: the specification whose trials lack something here, and what."""

    def draw(self, room: float, stuck: Mapping[str, str]) -> bool:
        """Appends the trials that can start now, at most as many as there is `room` for in this process."""
        if not self._roster.sweeps:
            return False
        moved = False
        for address, count in self._shares(room, stuck).items():
            if self._means.interrupt.is_requested:
                break
            moved = self._draw(address, count, stuck) or moved
        return moved

    def _draw(self, address: str, count: int, stuck: Mapping[str, str]) -> bool:
        for _ in range(_TRIES):
            course = self._courses.of(address)
            if course is None or self._obstacle(course, stuck):
                return False
            drawn = self._records(course, count)
            if not drawn:
                return False
            record = course.record
            if self._means.store.draw(record, drawn):
                self._roster.add(replace(record, revision=record.revision + 1), drawn)
                self._means.sink(Drawn(address, record.epoch, tuple(trial.attempt.run_id for trial in drawn)))
                return True
            self._roster.reload()
        return False

    def _records(self, course: Course, count: int) -> list[NewTrial]:
        record, workspace = course.record, self._roster.state.head.workspace
        now = self._means.clock()
        found: list[NewTrial] = []
        for trial in self._following(course, count):
            try:
                new = trial_records(record, trial, workspace, record.serial, last_in_line(record.serial), now)
                lacking = "" if found else Launch.from_text(new.attempt.manifest).missing(self._means.environment)
            except Exception as error:  # noqa: BLE001  (whatever a trial's values do to one sweep, the others go on)
                self._fail(course, error)
                return found
            if lacking:
                self._lacking[record.address] = (record.spec, lacking)
                return []
            found.append(new)
        return found

    def _following(self, course: Course, count: int) -> Sequence[Trial]:
        """The next trials; none of a search that cannot go on here, which then waits, and nobody else does."""
        try:
            return course.following(count)
        except Exception as error:  # noqa: BLE001  (numbers and libraries fail in many ways, and the others go on)
            self._fail(course, error)
            return ()

    def _fail(self, course: Course, error: Exception) -> None:
        """What a sweep waits for from now on, and an error of the report."""
        said = error.message if isinstance(error, LaunchctlError) else str(error) or type(error).__name__
        hint = error.hint if isinstance(error, LaunchctlError) else None
        reason = self._means.redactor.text(f"{said}; {hint}" if hint else said)
        self._lacking[course.record.address] = (course.record.spec, reason)
        self._ledger.refused(course.record.address, f"its next trial cannot be drawn: {reason}")

    # How many, and whose turn it is.

    def _shares(self, room: float, stuck: Mapping[str, str]) -> Mapping[str, int]:
        """How many trials each sweep draws now: each queue's free places go to whoever comes first in its line."""
        by_queue: dict[str, list[_Candidate]] = {}
        for course in self.courses():
            queue = course.spec.launch.queue
            most = self._most(course)
            if self._roster.is_ours(queue) and most > 0 and not self._obstacle(course, stuck):
                by_queue.setdefault(queue, []).append(_Candidate(course, most))
        if not by_queue:
            return {}
        shares: dict[str, int] = {}
        ready = self._roster.places(self._means.clock(), stuck)
        for queue, candidates in by_queue.items():
            found = _divide(min(room, self._roster.room_on(queue)), ready.get(queue, ()), candidates)
            room -= sum(found.values())
            shares |= found
        return {address: count for address, count in shares.items() if count}

    def _most(self, course: Course) -> float:
        """How many trials may be drawn before any of them has begun."""
        ahead = self._means.parallelism * AHEAD
        line = min(ahead, self._roster.room_in(course.record.address)) - course.tally.pending
        return min(line, course.left) if line > 0 else 0

    def _obstacle(self, course: Course, stuck: Mapping[str, str]) -> str:
        """What keeps a sweep from drawing, places apart; nothing where it may."""
        address, tally = course.record.address, course.tally
        if tally.leaving:
            return leaving(tally.leaving)
        upstream = (upstream_obstacle(self._roster.runs, name, self.end_of) for name in course.upstream)
        obstacle = next(filter(None, upstream), "")
        if obstacle:
            return obstacle
        spec, lacking = self._lacking.get(address, ("", ""))
        lacking = lacking if spec == course.record.spec else searcher.lacking(course.search)
        if lacking:
            return lacking
        failures = self._brake.holds(course)
        if failures:
            return self._braked(course, failures)
        if stuck and tally.pending:
            return next((stuck[run_id] for run_id in self._roster.pending_in(address) if run_id in stuck), "")
        if course.search.method == "bayes" and self._meter.is_unread(address):
            return "the metrics of its trials"
        return ""

    def heed(self) -> None:
        """Takes note of the trials that had failed before they were looked at here."""
        for course in self.courses():
            self._brake.heed(course)

    def _braked(self, course: Course, failures: str) -> str:
        """Says once that no more is started here, and what is waited for instead."""
        address = course.record.address
        by = self._agent or "this apply"
        way = "one that succeeds, or an edit" if self._agent else "another `launchctl apply`"
        message = f"{failures}; no more are started by {by}: see `launchctl logs '{self._brake.example(course)}'`"
        how = "a trial that succeeds, an edit or `--rerun` lets it go on" if self._agent else "apply again to go on"
        self._ledger.warn(f"brake {course.record.serial}", address, f"{message}; {how}")
        return f"{way}: {failures}"

    # What there is.

    def courses(self) -> Iterator[Course]:
        """Sweeps that may have something left to draw."""
        return (course for course in self._courses.all() if course.is_open)

    def end_of(self, address: str) -> str:
        """Why a sweep does not count as succeeded; nothing where it does."""
        course = self._courses.of(address)
        return course.end() if course else f"{address}, which never ran"

    def without_upstream(self) -> list[str]:
        """Sweeps that cannot go on, since something that they depend on did not succeed."""
        runs, end_of = self._roster.runs, self.end_of
        return [
            course.record.address
            for course in self.courses()
            if course.left and any(is_hopeless(runs, name, end_of) for name in course.upstream)
        ]

    def settle(self) -> None:
        """Lets go what waits for a sweep that is over."""
        for address in self._roster.awaited:
            self._roster.settle(address, self.end_of(address))

    # Telling.

    def undrawn(self, stuck: Mapping[str, str], full: str = "") -> tuple[Undrawn, ...]:
        """What is left of each sweep, and what it waits for; `full` is what this process waits for itself."""
        found = (self._undrawn(course, stuck, full) for course in self.courses())
        return tuple(undrawn for undrawn in found if undrawn is not None)

    def _undrawn(self, course: Course, stuck: Mapping[str, str], full: str) -> Undrawn | None:
        left = course.left
        queue = course.spec.launch.queue
        if left == 0 or not self._roster.is_ours(queue):
            return None
        reason = self._obstacle(course, stuck) or self._place(course, queue) or full
        return Undrawn(course.record.address, left, reason)

    def _place(self, course: Course, queue: str) -> str:
        limit, parallel = self._roster.limit_of(queue), course.record.parallel
        if parallel is not None and self._roster.room_in(course.record.address) <= course.tally.pending:
            return place_in(course.record.address, parallel)
        return place_on(f"queues.{queue}", limit) if limit is not None else ""


def _divide(free: float, ready: Sequence[Place], candidates: Sequence[_Candidate]) -> dict[str, int]:
    """The free places of a queue, handed out in order; sweeps that stand at the same place take turns."""
    shares = {candidate.course.record.address: 0 for candidate in candidates}
    standing = [*ready]
    while free > 0:
        open_ones = [found for found in candidates if shares[found.course.record.address] < found.most]
        if not open_ones:
            break
        first = min(open_ones, key=lambda found: _place_of(found.course, shares[found.course.record.address]))
        if standing and standing[0] < _place_of(first.course, shares[first.course.record.address]):
            standing.pop(0)
        else:
            shares[first.course.record.address] += 1
        free -= 1
    return shares


def _place_of(course: Course, more: int) -> Place:
    """Where the next trial of a sweep stands in its queue's line."""
    record = course.record
    drawn = len(course.tally.trials) + more
    return (course.spec.launch.priority.rank, last_in_line(record.serial), drawn, 0, record.address)
