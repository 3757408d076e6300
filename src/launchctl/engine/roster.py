"""What a drain knows of the state: loaded when somebody else wrote, and kept current by what it writes itself.

A state of thousands of runs is not read again for each that ends, nor is every pending attempt
looked at again for each place that becomes free: `ready` gives what `schedule` would.
"""

from __future__ import annotations

import math
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace

from launchctl.engine.retry import allows_retry
from launchctl.engine.schedule import Place, missing, order, queue_of, unmet
from launchctl.engine.sweep.tally import sweep_of, tallies_of
from launchctl.state.model import AttemptRecord, NewTrial, RunState, Standing, State, SweepRecord
from launchctl.state.store import StateStore
from launchctl.status import Status


class Roster:
    """The attempts that a drain has to do with, each where it is found at once."""

    def __init__(
        self, store: StateStore, environment: Mapping[str, str], queues: Collection[str] | None = None
    ) -> None:
        """With `queues` nothing of any other is started."""
        self._store = store
        self._environment = environment
        self._queues = queues
        self._revision: Hashable = None
        self._ends: dict[str, str] = {}
        """By sweep, why it does not count as succeeded; nothing where it does."""
        self.loads = 0
        """How often the state was read."""
        self.seen: dict[str, None] = {}
        """Addresses that had something left to do when they were looked at."""

    def refresh(self) -> None:
        """Reads the state again if anybody else has written."""
        revision = self._store.revision()  # before the state, so that a write in between is seen the next time
        if revision != self._revision:
            self._revision = revision
            self.loads += 1
            self._index(self._store.load())

    def reload(self) -> None:
        """Reads the state again, whoever wrote."""
        self._revision = None
        self.refresh()

    @property
    def state(self) -> State:
        """The state as it is known."""
        return State(self._head, self._runs, self._configs, self.sweeps)

    def _index(self, state: State) -> None:
        self._head, self._configs = state.head, state.configs
        self._runs = dict(state.runs)
        self.sweeps = dict(state.sweeps)
        self.tallies = tallies_of(self.sweeps, self._runs)
        """How the trials of each sweep stand."""
        self.active: dict[str, AttemptRecord] = {}
        """By run id: whatever may have an object at a provider that runs, and is ours to look after."""
        self.unreleased: dict[str, AttemptRecord] = {}
        self.ended: dict[str, AttemptRecord] = {}
        """By run id: attempts of trials that have ended; whoever has done with one takes it out."""
        self.retryable: dict[str, RunState] = {}
        """By address: runs whose recorded policy may append an attempt."""
        self._on_queue: Counter[str] = Counter()
        self._lines: dict[str, list[Place]] = defaultdict(list)
        self._placed: set[tuple[str, Place]] = set()
        self._pending: dict[str, AttemptRecord] = {}
        """By address: what stands in a line."""
        self._blocked: dict[str, set[str]] = defaultdict(set)
        """By the address that they wait for: addresses."""
        for run in self._runs.values():
            for attempt in run.attempts:
                self._enter(run, attempt)
            self._review(run)

    def put(self, attempt: AttemptRecord) -> None:
        """Takes an attempt as it was just written."""
        run = self._runs.get(attempt.address)
        if run is None:  # of a name that somebody else has given since; the next refresh knows it
            return
        old = next((found for found in run.attempts if found.run_id == attempt.run_id), None)
        if old is not None:
            self._leave(run, old)
        self._enter(run, attempt)
        others = tuple(found for found in run.attempts if found.run_id != attempt.run_id)
        self._replace(run, _with(run, others, attempt))
        self._wake(attempt.address)

    def add(self, record: SweepRecord, trials: Sequence[NewTrial]) -> None:
        """Takes trials as they were just drawn, and the record of their sweep."""
        self.sweeps[record.address] = record
        for trial in trials:
            old = self._runs.get(trial.run.address)
            new = RunState(trial.run, trial.generation, ())
            self._enter(new, trial.attempt)
            self._replace(old, _with(new, old.attempts if old else (), trial.attempt))
            self._wake(trial.run.address)

    def _replace(self, old: RunState | None, new: RunState) -> None:
        self._runs[new.run.address] = new
        tally = self.tallies.get(sweep_of(new.run.address))
        if tally is not None:
            tally.replace(old, new)
        self._review(new)

    def _wake(self, address: str) -> None:
        for waiting in self._blocked.pop(address, ()):
            self._review(self._runs[waiting])

    def run_of(self, attempt: AttemptRecord) -> RunState | None:
        """The run of an attempt, as it is known."""
        return self._runs.get(attempt.address)

    @property
    def runs(self) -> Mapping[str, RunState]:
        """Every run that is known, by address."""
        return self._runs

    # Sweeps.

    @property
    def awaited(self) -> Sequence[str]:
        """Sweeps that something waits for."""
        return [address for address, waiting in self._blocked.items() if waiting and address in self.sweeps]

    def settle(self, sweep: str, end: str) -> None:
        """Says how a sweep has ended: nothing where what depends on it may start."""
        if self._ends.get(sweep) != end:
            self._ends[sweep] = end
            self._wake(sweep)

    def end_of(self, sweep: str) -> str:
        """Why a sweep does not count as succeeded, as it was said last."""
        return self._ends.get(sweep, f"{sweep}, which is not over" if sweep in self.sweeps else _never(sweep))

    def _enter(self, run: RunState, attempt: AttemptRecord) -> None:
        if run.run.standing is Standing.DETACHED:
            return
        if attempt.status.is_active:
            self.active[attempt.run_id] = attempt
            self._on_queue[queue_of(run, attempt)] += 1
        elif attempt.status.is_terminal and not attempt.is_released:
            self.unreleased[attempt.run_id] = attempt
        if attempt.status.is_terminal and sweep_of(attempt.address):
            self.ended[attempt.run_id] = attempt
        if not attempt.status.is_terminal:
            self.seen[attempt.address] = None

    def _leave(self, run: RunState, attempt: AttemptRecord) -> None:
        if self.active.pop(attempt.run_id, None) is not None:
            self._on_queue[queue_of(run, attempt)] -= 1
        self.unreleased.pop(attempt.run_id, None)

    def _review(self, run: RunState) -> None:
        """Puts a run's latest attempt where it belongs: in a line, among those that wait, or to be retried."""
        address, latest = run.run.address, run.latest
        self._pending.pop(address, None)
        self.retryable.pop(address, None)
        if latest is None or run.run.standing is not Standing.ACTIVE:
            return
        sweep = self.sweeps.get(sweep_of(address))
        if latest.status.is_terminal and _may_retry(run, latest) and not (sweep and sweep.is_stopped):
            self.retryable[address] = run
        elif latest.status is Status.PENDING:
            self._place(run, latest)

    def _place(self, run: RunState, attempt: AttemptRecord) -> None:
        obstacle = unmet(self._runs, run, attempt, self.end_of)
        if obstacle:
            self._blocked[obstacle[0]].add(attempt.address)
            return
        self._pending[attempt.address] = attempt
        queue, place = queue_of(run, attempt), order(run, attempt)
        if (queue, place) not in self._placed and not missing(attempt, self._environment):
            self._placed.add((queue, place))
            insort(self._lines[queue], place)

    # Starting.

    def ready(self, now: float, stuck: Collection[str]) -> list[AttemptRecord]:
        """What may start now, by priority and then first in, first out; but for the run ids that are stuck."""
        found: list[tuple[Place, AttemptRecord]] = []
        room = {name: self.room_in(name) for name, sweep in self.sweeps.items() if sweep.parallel is not None}
        for queue, line in self._lines.items():
            if self.is_ours(queue):
                found += self._of_line(queue, line, now, stuck, room)
        return [attempt for _, attempt in sorted(found, key=lambda one: one[0])]

    def _of_line(
        self, queue: str, line: list[Place], now: float, stuck: Collection[str], in_sweep: dict[str, float]
    ) -> Iterator[tuple[Place, AttemptRecord]]:
        room = self.room_on(queue)
        self._tidy(queue, line)
        for place in line:
            if room <= 0:
                break
            attempt = self._at(place)
            if attempt is None or attempt.run_id in stuck or attempt.not_before > now:
                continue
            sweep = sweep_of(attempt.address)
            if in_sweep.get(sweep, 1) > 0:
                room -= 1
                if sweep in in_sweep:
                    in_sweep[sweep] -= 1
                yield place, attempt

    def places(self, now: float, stuck: Collection[str]) -> Mapping[str, list[Place]]:
        """By queue, where those stand that may start now."""
        found: dict[str, list[Place]] = {}
        for attempt in self.ready(now, stuck):
            run = self._runs[attempt.address]
            found.setdefault(queue_of(run, attempt), []).append(order(run, attempt))
        return found

    def pending_in(self, sweep: str) -> Iterator[str]:
        """Run ids of a sweep's trials that were drawn and have not begun."""
        return (found.run_id for address, found in self._pending.items() if sweep_of(address) == sweep)

    def is_ours(self, queue: str) -> bool:
        """Whether what waits on a queue is started here."""
        return self._queues is None or queue in self._queues

    def limit_of(self, queue: str) -> int | None:
        """How many attempts a queue has places for; None is no limit."""
        config = self._configs.get(f"queues.{queue}")
        return config.max_jobs if config else None

    def room_on(self, queue: str) -> float:
        """Places that are free on a queue."""
        limit = self.limit_of(queue)
        return math.inf if limit is None else limit - self._on_queue[queue]

    def room_in(self, sweep: str) -> float:
        """How many more trials of a sweep may run beside those that do."""
        limit = self.sweeps[sweep].parallel
        return math.inf if limit is None else limit - self.tallies[sweep].active

    def _at(self, place: Place) -> AttemptRecord | None:
        """The pending attempt of a place; None where it has left the line."""
        attempt = self._pending.get(place[-1])
        return attempt if attempt and order(self._runs[place[-1]], attempt) == place else None

    def _tidy(self, queue: str, line: list[Place]) -> None:
        """Takes those who have left from the front, where they nearly always stood."""
        gone = 0
        while gone < len(line) and self._at(line[gone]) is None:
            self._placed.discard((queue, line[gone]))
            gone += 1
        del line[:gone]

    def wake_at(self, now: float, stuck: Collection[str]) -> float | None:
        """When the earliest back-off ends."""
        ends = [
            attempt.not_before
            for attempt in self._pending.values()
            if attempt.not_before > now and attempt.run_id not in stuck
        ]
        return min(ends, default=None)


def _with(run: RunState, others: Sequence[AttemptRecord], attempt: AttemptRecord) -> RunState:
    """A run with an attempt as it is now, without what needs no looking after any more."""
    every = sorted((*others, attempt), key=lambda found: (found.generation, found.number))
    latest = [found for found in every if found.generation == run.run.generation][-1:]
    kept = (found for found in every if found in latest or not (found.status.is_terminal and found.is_released))
    return replace(run, attempts=tuple(kept))


def _never(address: str) -> str:
    return f"{address}, which never ran"


def _may_retry(run: RunState, attempt: AttemptRecord) -> bool:
    if run.generation is None or attempt.prune_requested:
        return False
    policy = run.generation.policy
    return allows_retry(attempt.status, attempt.cause, attempt.number, policy.retry_max, policy.retry_on)
