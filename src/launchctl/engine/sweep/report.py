"""What is known of a sweep and its trials, as rows sorted best first. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from launchctl.addresses import parse_address
from launchctl.compiler.program import SweepSpec
from launchctl.compiler.sweep.search import Objective, Search, Trial
from launchctl.compiler.sweep.space import Distribution, Leaf, ParameterPath
from launchctl.engine.sweep.readings import is_unread
from launchctl.engine.sweep.unlogged import what_was_logged
from launchctl.state.model import AttemptRecord, GenerationRecord, Series, Standing
from launchctl.status import Status
from launchctl.sweeps.outcome import best_of
from launchctl.values import JSON, canonical, is_mapping

_NO_RESULT = frozenset({Status.FAILED, Status.CANCELLED, Status.TIMED_OUT, Status.PREEMPTED, Status.LOST})


class TrialHistory(NamedTuple):
    """A trial of one epoch, with its latest attempt there."""

    generation: GenerationRecord
    attempt: AttemptRecord | None
    is_dropped: bool = False
    """Whether its point is gone from the search, and with it what was to follow; its history stays."""


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One trial: its point, what became of it, and what it said of the metric."""

    address: str
    key: str
    index: int
    repeat: int
    values: Mapping[str, JSON]
    """As the job is given them: groups nested, constants included."""
    attempt: int = 0
    run_id: str = ""
    status: Status | None = None
    """None where it was never drawn."""
    curve: tuple[float, ...] = ()
    """Every value of the metric, in the order of the log."""
    best: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])
    """The last value of every metric that it logged."""
    started_at: float | None = None
    ended_at: float | None = None
    is_dropped: bool = False
    is_unread: bool = False
    """Whether it has begun, and what it said was not read to its end."""

    @property
    def last(self) -> float | None:
        """The metric's last value."""
        return self.curve[-1] if self.curve else None

    @property
    def counts_as_result(self) -> bool:
        """Whether its metric competes: a trial that failed, was cancelled, lost or dropped is never the best."""
        return self.best is not None and self.status not in _NO_RESULT and not self.is_dropped

    def value_of(self, path: ParameterPath) -> tuple[JSON] | None:
        """The value of a parameter in a tuple, or None where it does not exist at this point."""
        found: JSON = self.values
        for part in path:
            if not is_mapping(found) or part not in found:
                return None
            found = found[part]
        return (found,)


@dataclass(frozen=True, slots=True)
class SweepReport:
    """A sweep in one of its epochs."""

    address: str
    title: str
    search: Search
    epoch: int
    """0 where it was never applied."""
    latest_epoch: int
    standing: Standing | None
    """None where it was never applied."""
    size: int | None
    """How many trials the search has, `run_cap` counted in; None where it is without end."""
    rows: tuple[TrialRow, ...]
    """Best first, then those that say nothing of the metric, in the order of the search."""

    @property
    def objective(self) -> Objective | None:
        """What is optimised."""
        return self.search.objective

    @property
    def is_earlier(self) -> bool:
        """Whether it is of an epoch before the latest, of which nobody knows any more what was optimised."""
        return self.epoch < self.latest_epoch

    @property
    def columns(self) -> tuple[Leaf, ...]:
        """The parameters that vary, in the order of the file."""
        return self.search.space.searched

    @property
    def best(self) -> TrialRow | None:
        """The best trial so far."""
        return self.rows[0] if self.rows and self.rows[0].counts_as_result else None

    @property
    def drawn(self) -> int:
        """How many trials were drawn, whatever became of them."""
        return sum(row.status is not None for row in self.rows)

    @property
    def undrawn(self) -> int | None:
        """How many trials are still to be drawn; None where there is no end of them."""
        if self.size is None:
            return None
        present = sum(row.status is not None and not row.is_dropped for row in self.rows)
        capped = self.size if self.search.run_cap is None else self.search.run_cap - self.drawn
        return max(min(self.size - present, capped), 0)

    @property
    def dropped(self) -> int:
        """How many trials on record the search does not have any more."""
        return sum(row.is_dropped for row in self.rows)

    @property
    def statuses(self) -> Mapping[Status, int]:
        """How many trials that the search has stand where, in the order of an attempt's life."""
        found = Counter(row.status for row in self.rows if not row.is_dropped)
        return {status: found[status] for status in Status if found[status]}


def remarks(report: SweepReport) -> tuple[str, ...]:
    """What a reader should know of the results that are missing, a sentence each."""
    objective = report.objective
    if objective is None:
        return ()
    unread = sum(row.is_unread and row.status is not None and row.status.is_terminal for row in report.rows)
    silent = [row for row in report.rows if row.status is Status.SUCCEEDED and not row.is_unread and not row.curve]
    found: list[str] = []
    if unread:
        whose = "an ended trial are" if unread == 1 else f"{unread:,} ended trials are"
        found.append(f"the metrics of {whose} not read yet: `launchctl apply` reads them")
    if silent:
        who = "one trial" if len(silent) == 1 else f"{len(silent):,} trials"
        logged = {name for row in silent for name in row.metrics}
        said = what_was_logged(objective.name, report.search.metrics, logged, "it" if len(silent) == 1 else "they")
        found.append(f'{who} ended without the metric "{objective.name}": {said}')
    return tuple(found)


def column_labels(leaves: Sequence[Leaf]) -> tuple[str, ...]:
    """The names of parameters; where two would be the same, `a.b` and `b` in the group `a`, segments are set apart."""
    named = Counter(leaf.name for leaf in leaves)
    return tuple(leaf.name if named[leaf.name] == 1 else " > ".join(leaf.path) for leaf in leaves)


def report_of(
    spec: SweepSpec,
    trials: Iterable[TrialHistory],
    series: Mapping[str, Series],
    *,
    epoch: int,
    latest_epoch: int,
    standing: Standing,
    size: int | None,
) -> SweepReport:
    """The report of a sweep on record, in one of its epochs; trials of others are left aside.

    Of an earlier epoch the search is not on record: what its trials were given says which parameters it had, and
    nothing says what was optimised, so that none of them is judged by what is optimised today.
    """
    search = spec.search if epoch == latest_epoch else replace(spec.search, objective=None, stopping=None)
    rows = [_row(found, series, search) for found in trials if found.generation.number == epoch]
    if epoch != latest_epoch:
        search, size = _spaced(search, rows), len(rows)
    ordered = tuple(sorted(rows, key=lambda row: _rank(row, search.objective)))
    return SweepReport(str(spec.address), spec.title, search, epoch, latest_epoch, standing, size, ordered)


def report_of_new(spec: SweepSpec, page: Iterable[Trial], size: int | None) -> SweepReport:
    """The report of a sweep that was never applied: its first trials, none of them run."""
    rows = tuple(
        TrialRow(f"{spec.address}[{trial.key}]", trial.key, trial.index, trial.repeat, trial.values) for trial in page
    )
    return SweepReport(str(spec.address), spec.title, spec.search, 0, 0, None, size, rows)


def _spaced(search: Search, rows: Sequence[TrialRow]) -> Search:
    """The search with the parameters that an earlier epoch had: what its trials were given says which varied."""
    known = {leaf.path: leaf for leaf in search.space.leaves}
    paths = dict.fromkeys([*known, *(path for row in rows for path in _paths(row.values, known.keys()))])
    found: list[Leaf] = []
    for path in paths:
        values = {canonical(value[0]): value[0] for row in rows if (value := row.value_of(path))}
        leaf = known.get(path) or Leaf(path, Distribution.CATEGORICAL)
        if len(values) == 1:
            found.append(replace(leaf, distribution=Distribution.CONSTANT, values=tuple(values.values())))
        elif values:
            found.append(replace(leaf, distribution=Distribution.CATEGORICAL) if leaf.is_constant else leaf)
    return replace(search, space=replace(search.space, leaves=tuple(found)))


def _paths(values: JSON, known: Collection[ParameterPath], path: ParameterPath = ()) -> Iterator[ParameterPath]:
    """The leaves of a trial's values; one that is a parameter itself is not looked into."""
    if path not in known and is_mapping(values) and values:
        for name, value in values.items():
            yield from _paths(value, known, (*path, name))
    elif path:
        yield path


def _row(found: TrialHistory, series: Mapping[str, Series], search: Search) -> TrialRow:
    objective = search.objective
    trial, attempt = found.generation.trial, found.attempt
    address = parse_address(found.generation.address)
    said = series.get(attempt.run_id) if attempt else None
    curve = () if said is None else said.values_of(objective.name) if objective else said.values
    return TrialRow(
        address=found.generation.address,
        key=address.key if address else "",
        index=trial.index if trial else 0,
        repeat=trial.repeat if trial else 1,
        values=trial.values if trial else {},
        attempt=attempt.number if attempt else 0,
        run_id=attempt.run_id if attempt else found.generation.run_id,
        status=attempt.status if attempt else Status.PENDING,
        curve=curve,
        best=best_of(curve, objective) if objective else None,
        metrics=said.last if said else {},
        started_at=attempt.started_at if attempt else None,
        ended_at=attempt.ended_at if attempt else None,
        is_dropped=found.is_dropped,
        is_unread=bool(attempt and is_unread(attempt, said, search)),
    )


def _rank(row: TrialRow, objective: Objective | None) -> tuple[int, float, int, int]:
    if row.best is None:
        return (2, 0.0, row.index, row.repeat)
    signed = -row.best if objective and objective.goal == "maximize" else row.best
    return (0 if row.counts_as_result else 1, signed, row.index, row.repeat)
