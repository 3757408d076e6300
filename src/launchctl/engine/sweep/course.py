"""The course of a sweep: what its trials came to, what it has left to draw, and whether it is over. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from launchctl.compiler.program import SweepSpec
from launchctl.compiler.sweep.search import Search, Trial
from launchctl.engine.schedule import NO_SUCCESS
from launchctl.engine.sweep.form import accepted_sweep, trial_of
from launchctl.engine.sweep.tally import Tally, sweep_of
from launchctl.state.model import GenerationRecord, RunState, Series, Standing, State, SweepRecord
from launchctl.status import Status
from launchctl.sweeps import searcher
from launchctl.sweeps.outcome import Result, is_target_reached


class Course:
    """One sweep on record beside its trials; `update` tells it how they stand now."""

    def __init__(self, record: SweepRecord, tally: Tally) -> None:
        self.spec: SweepSpec = accepted_sweep(record).spec
        self.search: Search = self.spec.search
        self.update(record, tally)
        self.learn({})

    def update(self, record: SweepRecord, tally: Tally) -> None:
        """The record and the trials as they are now; of the same epoch and the same search."""
        self.record = record
        if getattr(self, "tally", None) is not tally:
            self._counted, self._in_space = 0, 0
        self.tally = tally

    def learn(self, series: Mapping[str, Series], earlier: Sequence[Result] = ()) -> None:
        """What the trials have said, by run id, and what is known from epochs before."""
        self._series = series
        self._earlier = earlier
        self.is_target_reached = self._is_target_reached()

    def _is_target_reached(self) -> bool:
        objective = self.search.objective
        return objective is not None and objective.target is not None and is_target_reached(self.results(), objective)

    @property
    def is_open(self) -> bool:
        """Whether trials may still be drawn if there are any."""
        is_ours = self.record.standing is Standing.ACTIVE and self.record.epoch > 0
        return is_ours and not self.record.is_stopped and not self.is_target_reached

    @property
    def upstream(self) -> list[str]:
        """Addresses that must have succeeded before anything is drawn."""
        return sorted(str(found.address) for found in self.spec.launch.depends_on)

    def following(self, count: int) -> list[Trial]:
        """The next trials, as many as there are, up to so many."""
        if count <= 0 or not self.is_open:
            return []
        history = (*self._earlier, *self.results()) if self.search.method == "bayes" else ()
        return searcher.following(self.search, self.tally.trials.keys(), history, count)

    @property
    def left(self) -> int:
        """How many trials are still to be drawn."""
        if not self.is_open:
            return 0
        taken = len(self.tally.trials)
        searched = self._taken_points() if self.search.method == "grid" else taken
        return searcher.left(self.search, taken, searched) or 0

    def _taken_points(self) -> int:
        """Trials of this epoch that the search still has: values may have been removed since."""
        trials = self.tally.trials
        self._in_space += sum(self._has(key, run) for key, run in islice(trials.items(), self._counted, None))
        self._counted = len(trials)
        return self._in_space

    def _has(self, key: str, run: RunState) -> bool:
        trial = run.generation.trial if run.generation else None
        return trial is None or searcher.is_trial(self.search, key, trial.values, trial.repeat)

    def results(self) -> list[Result]:
        """What the trials of this epoch came to, in the order of the search."""
        metric = self.search.objective.name if self.search.objective else ""
        found = (result_of(run, self._series, metric) for run in self.tally.trials.values())
        return sorted((one for one in found if one), key=lambda one: (one.trial.index, one.trial.repeat))

    def end(self) -> str:
        """Why what depends on this sweep may not start; nothing where it is over and a trial succeeded."""
        address, unfinished = self.record.address, self.tally.unfinished + self.left
        if unfinished:
            return f"{address}, of which {unfinished:,} {'trial has' if unfinished == 1 else 'trials have'} not ended"
        return "" if self.tally.succeeded else f"{address}, {NO_SUCCESS}"


def result_of(run: RunState, series: Mapping[str, Series], metric: str) -> Result | None:
    """What a search learns from a trial's latest attempt."""
    latest = run.latest
    if run.generation is None or latest is None:
        return None
    return result(run.generation, latest.run_id, latest.status, series, metric)


def result(
    generation: GenerationRecord, run_id: str, status: Status, series: Mapping[str, Series], metric: str
) -> Result | None:
    """What a search learns from one attempt of a trial."""
    point = generation.trial
    if point is None:
        return None
    said = series.get(run_id)
    return Result(trial_of(generation.address, point), status, said.values_of(metric) if said else ())


def course_of(state: State, address: str, series: Mapping[str, Series] | None = None) -> Course | None:
    """A sweep as a snapshot has it; without `series` nothing is known of a target."""
    record = state.sweeps.get(address)
    if record is None or record.epoch == 0 or record.is_lost:
        return None
    course = Course(record, _tally(state.runs.values(), record))
    course.learn(series or {})
    return course


def end_of_recorded(state: State, address: str) -> str:
    """`Course.end` by a snapshot alone."""
    course = course_of(state, address)
    return course.end() if course else f"{address}, which never ran"


def _tally(runs: Iterable[RunState], record: SweepRecord) -> Tally:
    tally = Tally(record.epoch)
    for run in runs:
        if sweep_of(run.run.address) == record.address:
            tally.replace(None, run)
    return tally
