"""The courses of all sweeps that a drain knows of, each kept for as long as its search stays the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from launchctl.engine.roster import Roster
from launchctl.engine.sweep.course import Course, result
from launchctl.engine.sweep.form import shared_intent
from launchctl.engine.sweep.readings import Readings
from launchctl.engine.sweep.tally import sweep_of
from launchctl.state.model import AttemptRecord, SweepRecord
from launchctl.state.store import StateStore
from launchctl.sweeps.outcome import Result


class Courses:
    """Sweeps by address, as they stand now."""

    def __init__(self, store: StateStore, roster: Roster) -> None:
        self._store = store
        self._roster = roster
        self._kept: dict[str, tuple[tuple[str, int], Course]] = {}
        self._learned: dict[str, int] = {}
        self._earlier: dict[tuple[str, int], Sequence[Result]] = {}
        self._loads = roster.loads
        self.readings = Readings(store)

    def of(self, address: str) -> Course | None:
        """A sweep that was accepted; None for what is none, or was never drawn from."""
        record = self._roster.sweeps.get(address)
        if record is None or record.epoch == 0 or record.is_lost:
            return None
        if self._loads != self._roster.loads:
            self._loads = self._roster.loads
            self.readings.forget()
        return self._updated(record)

    def _updated(self, record: SweepRecord) -> Course:
        address, tally = record.address, self._roster.tallies[record.address]
        key = (record.spec, record.epoch)
        kept, course = self._kept.get(address, (None, None))
        if course is None or kept != key:
            course = Course(record, tally)
            self._kept[address] = (key, course)
            self._learned.pop(address, None)
        course.update(record, tally)
        version = self.readings.version(address)
        if course.search.objective is not None and self._learned.get(address) != version:
            self._learned[address] = version
            course.learn(self.readings.of(address), self._before(course))
        return course

    def all(self) -> Iterator[Course]:
        """Every sweep that was accepted."""
        for address in list(self._roster.sweeps):
            course = self.of(address)
            if course is not None:
                yield course

    # The epochs before.

    def _before(self, course: Course) -> Sequence[Result]:
        """What a bayes search learns from earlier epochs whose trials shared everything with the present ones."""
        record = course.record
        if course.search.method != "bayes" or record.epoch == 1:
            return ()
        key = (record.address, record.epoch)
        if key not in self._earlier:
            found = [one for address in self._trials(record.address) for one in self._of_trial(address, course)]
            # A point of another epoch is none of this one's, whatever its index was.
            self._earlier[key] = tuple(
                replace(one, trial=replace(one.trial, index=-1 - place)) for place, one in enumerate(found)
            )
        return self._earlier[key]

    def _trials(self, sweep: str) -> list[str]:
        return [address for address in self._roster.runs if sweep_of(address) == sweep]

    def _of_trial(self, address: str, course: Course) -> Iterator[Result]:
        record, objective = course.record, course.search.objective
        series = self.readings.of(record.address)
        generations, attempts = self._store.history(address)
        latest: dict[int, AttemptRecord] = {found.generation: found for found in attempts}
        for generation in generations:
            attempt = latest.get(generation.number)
            is_like = generation.number < record.epoch and shared_intent(generation.form) == record.form.intent
            said = series.get(attempt.run_id) if attempt else None
            if attempt and is_like and said and objective and objective.name in said.last:
                found = result(generation, attempt.run_id, attempt.status, series, objective.name)
                if found is not None:
                    yield found
