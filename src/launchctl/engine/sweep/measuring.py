"""Measuring: what trials say of their metrics, read while they run and once more when they have ended.

Only sweeps that name a metric are read. A log that cannot be read is told and never stops a drain:
the trial goes on, and the next drain reads it again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future
from concurrent.futures import wait as wait_for
from functools import partial
from typing import NamedTuple

from launchctl.compiler.sweep.search import Search
from launchctl.engine.events import Measured
from launchctl.engine.launch import Launch
from launchctl.engine.ledger import Ledger
from launchctl.engine.means import Means
from launchctl.engine.roster import Roster
from launchctl.engine.schedule import reference
from launchctl.engine.sweep.courses import Courses
from launchctl.engine.sweep.gauge import LONGEST_NAME, MOST_NAMES, Gauge, Piece
from launchctl.engine.sweep.readings import is_unread
from launchctl.engine.sweep.tally import sweep_of
from launchctl.engine.sweep.unlogged import what_was_logged
from launchctl.engine.workers import Workers
from launchctl.errors import LaunchctlError, NoOutput
from launchctl.state.model import AttemptRecord, Series
from launchctl.status import Status

MOST_READERS = 4
"""Logs that are read at a time."""
TRIES = 3
"""How often the log of a trial that has ended is tried before it is left to the next drain."""
LONGEST_LOOK = 60.0
"""Seconds after which a look at a log is not waited for any more."""
_LEFT_OUT = (
    f"logged more than {MOST_NAMES:,} metrics, or names longer than {LONGEST_NAME} characters; "
    "the rest is left out (see docs/sweeps.md, Metrics)"
)

LaunchOf = Callable[[AttemptRecord], Launch]


class _Look(NamedTuple):
    gauge: Gauge
    is_final: bool
    until: float


class Meter:
    """Reads the logs of one drain's trials."""

    def __init__(self, means: Means, ledger: Ledger, roster: Roster, courses: Courses, launch_of: LaunchOf) -> None:
        """`launch_of` gives the launch of an attempt that has ended, too."""
        self._means = means
        self._ledger = ledger
        self._roster = roster
        self._courses = courses
        self._launch_of = launch_of
        self._workers = Workers(MOST_READERS)
        self._gauges: dict[str, Gauge] = {}
        self._looks: dict[Future[Piece], _Look] = {}
        self._given_up: set[str] = set()
        """Run ids of trials that have ended and could not be read."""
        self._absent: set[str] = set()
        """Those of them whose output is not kept here, or not any more."""

    def measure(self) -> bool:
        """Takes what was read meanwhile and begins to read what is due; whether a trial was read to its end."""
        if not self._roster.sweeps:
            return False
        moved = self._harvest()
        if not self._means.interrupt.is_requested:
            self._begin()
        return moved

    def due_in(self) -> float:
        """Seconds until the next log is due; without end where none is read."""
        busy = {look.gauge.attempt.run_id for look in self._looks.values()} | self._given_up
        due = (gauge.due for run_id, gauge in self._gauges.items() if run_id not in busy)
        return min(due, default=math.inf) - self._means.clock()

    def wait(self, seconds: float) -> bool:
        """Waits until something was read, for so long at most; False where nothing is being read."""
        if self._looks:
            wait_for(self._looks, timeout=seconds, return_when=FIRST_COMPLETED)
        return bool(self._looks)

    def try_again(self) -> None:
        """Reads what could not be read before."""
        self._given_up = set(self._absent)

    def close(self) -> None:
        """Lets the threads end."""
        self._workers.close()

    # What is to be read.

    @property
    def is_behind(self) -> bool:
        """Whether trials have ended whose metrics are still to be read here."""
        return any(True for _ in self._unread())

    def is_unread(self, sweep: str) -> bool:
        """Whether trials of a sweep have ended whose metrics are still to be read here."""
        return any(sweep_of(found.address) == sweep for found in self._unread())

    def awaits(self, attempt: AttemptRecord) -> bool:
        """Whether an attempt that has ended is still to be read, and its object therefore needed."""
        is_open = attempt.run_id in self._roster.ended and attempt.run_id not in self._given_up
        return is_open and not self._is_done(attempt)

    def _unread(self) -> Iterator[AttemptRecord]:
        for attempt in list(self._roster.ended.values()):
            if attempt.run_id in self._given_up:
                continue
            if self._is_done(attempt):
                self._roster.ended.pop(attempt.run_id, None)
            else:
                yield attempt

    def _is_done(self, attempt: AttemptRecord) -> bool:
        """Whether nothing is to be read of an attempt that has ended: it never ran, or was read to its end."""
        sweep = sweep_of(attempt.address)
        search = self._measured(sweep)
        if search is None or (attempt.started_at is None and not attempt.handle):
            return True
        return not is_unread(attempt, self._courses.readings.of(sweep).get(attempt.run_id), search)

    def _measured(self, sweep: str) -> Search | None:
        """The search of a sweep whose trials are read."""
        course = self._courses.of(sweep)
        return course.search if course and course.search.objective else None

    def _begin(self) -> None:
        now = self._means.clock()
        busy = {look.gauge.attempt.run_id for look in self._looks.values()}
        known = self._roster.active.keys() | self._roster.ended.keys()
        self._gauges = {run_id: gauge for run_id, gauge in self._gauges.items() if run_id in known}
        places = MOST_READERS * 4 - len(self._looks)
        for attempt, is_final in self._wanted():
            if places <= 0:
                return
            gauge = self._gauge(attempt) if attempt.run_id not in busy else None
            if gauge is not None and gauge.due <= now:
                self._look(gauge, now, is_final=is_final)
                places -= 1

    def _wanted(self) -> Iterator[tuple[AttemptRecord, bool]]:
        """Trials that have ended, then those that run, whose turn came longest ago first."""
        for attempt in self._unread():
            yield attempt, True
        running = [found for found in self._roster.active.values() if self._is_running(found)]
        for attempt in sorted(running, key=self._due):
            yield attempt, False

    def _is_running(self, attempt: AttemptRecord) -> bool:
        sweep = sweep_of(attempt.address)
        return bool(sweep) and attempt.status is Status.RUNNING and self._measured(sweep) is not None

    def _due(self, attempt: AttemptRecord) -> float:
        gauge = self._gauges.get(attempt.run_id)
        return gauge.due if gauge else 0.0

    def _gauge(self, attempt: AttemptRecord) -> Gauge | None:
        course = self._courses.of(sweep_of(attempt.address))
        objective = course.search.objective if course else None
        if course is None or objective is None:
            return None
        gauge = self._gauges.get(attempt.run_id)
        if gauge is None or (gauge.source, gauge.metric) != (course.search.metrics, objective.name):
            series = self._courses.readings.of(course.record.address).get(attempt.run_id)
            redactor = self._means.redactor
            gauge = Gauge(attempt, course.search.metrics, objective.name, series, redactor)
            self._gauges[attempt.run_id] = gauge
        gauge.attempt = attempt
        return gauge

    # Reading.

    def _look(self, gauge: Gauge, now: float, *, is_final: bool) -> None:
        try:
            launch = self._launch_of(gauge.attempt)
            client = self._means.clients.of(launch.resource)
        except LaunchctlError as error:
            self._failed(gauge, error.message, now, is_final=is_final)
            return
        call = self._workers.submit(partial(gauge.look, client, launch, is_final=is_final))
        self._looks[call] = _Look(gauge, is_final, now + LONGEST_LOOK)

    def _harvest(self) -> bool:
        """Keeps what the finished looks gave, in one write."""
        now = self._means.clock()
        series: list[Series] = []
        for call in [call for call in self._looks if call.done()]:
            found = self._taken(call, self._looks.pop(call), now)
            if found is not None:
                series.append(found)
        for call in [call for call, look in self._looks.items() if look.until <= now]:
            look = self._looks.pop(call)
            self._failed(look.gauge, "its target does not answer", now, is_final=look.is_final)
            self._gauges.pop(look.gauge.attempt.run_id, None)  # the thread may still use it
        if series:
            self._courses.readings.put(series)
            self._means.sink(Measured(tuple(found.run_id for found in series)))
        return any(found.is_complete for found in series)

    def _taken(self, call: Future[Piece], look: _Look, now: float) -> Series | None:
        """What is to be written, also of a look that failed after it had read something."""
        gauge = look.gauge
        before = gauge.series
        try:
            gauge.take(call.result(), now, is_final=look.is_final)
        except NoOutput as error:
            self._leave(gauge, error.message, now, is_final=look.is_final)
        except (LaunchctlError, OSError) as error:
            message = error.message if isinstance(error, LaunchctlError) else str(error)
            self._failed(gauge, message, now, is_final=look.is_final)
        else:
            self._ledger.over(_name(gauge.attempt))
        after = gauge.series
        if gauge.leaves_out:
            self._ledger.warn("names", gauge.attempt.address, _LEFT_OUT)
        if after.is_complete:
            self._gauges.pop(gauge.attempt.run_id, None)
            self._roster.ended.pop(gauge.attempt.run_id, None)
            self._say_if_silent(gauge, after)
        return after if after != before else None

    def _say_if_silent(self, gauge: Gauge, series: Series) -> None:
        """A trial that ended well and never said its metric is most likely read by the wrong rules."""
        if gauge.attempt.status is Status.SUCCEEDED and not series.values:
            said = what_was_logged(gauge.metric, gauge.source, series.last)
            message = f'ended without its metric "{gauge.metric}": {said}'
            self._ledger.warn("silent", gauge.attempt.address, self._means.redactor.text(message))

    def _leave(self, gauge: Gauge, message: str, now: float, *, is_final: bool) -> None:
        """What is kept elsewhere or was removed is left to another drain; what was read before stays."""
        gauge.fail(now)
        if is_final:
            self._given_up.add(gauge.attempt.run_id)
            self._absent.add(gauge.attempt.run_id)
            text = self._means.redactor.text(message)
            self._ledger.warn("absent", gauge.attempt.address, f"its metrics cannot be read here: {text}")

    def _failed(self, gauge: Gauge, message: str, now: float, *, is_final: bool) -> None:
        gauge.fail(now)
        if gauge.tries >= TRIES:
            self._ledger.trouble(_name(gauge.attempt), self._means.redactor.text(message))
            if is_final:
                self._given_up.add(gauge.attempt.run_id)


def _name(attempt: AttemptRecord) -> str:
    return f"metrics of {reference(attempt)}"
