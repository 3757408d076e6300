"""What a drain knows of the state: loaded when somebody else wrote, and kept current by what it writes itself.

A state of thousands of runs is not read again for each that ends, nor is every pending attempt
looked at again for each place that becomes free: `ready` gives what `schedule` would.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace

from launchctl.engine.retry import allows_retry
from launchctl.engine.schedule import missing, order, queue_of, unmet
from launchctl.state.model import AttemptRecord, RunState, Standing, State
from launchctl.state.store import StateStore
from launchctl.status import Status

_Place = tuple[int, int, str]
"""Where a pending attempt stands on its queue, and its address."""


class Roster:
    """The attempts that a drain has to do with, each where it is found at once."""

    def __init__(self, store: StateStore, environment: Mapping[str, str]) -> None:
        self._store = store
        self._environment = environment
        self._revision: Hashable = None
        self.seen: dict[str, None] = {}
        """Addresses that had something left to do when they were looked at."""

    def refresh(self) -> None:
        """Reads the state again if anybody else has written."""
        revision = self._store.revision()  # before the state, so that a write in between is seen the next time
        if revision != self._revision:
            self._revision = revision
            self._index(self._store.load())

    @property
    def state(self) -> State:
        """The state as it is known."""
        return State(self._head, self._runs, self._configs)

    def _index(self, state: State) -> None:
        self._head, self._configs = state.head, state.configs
        self._runs = dict(state.runs)
        self.active: dict[str, AttemptRecord] = {}
        """By run id: whatever may have an object at a provider that runs, and is ours to look after."""
        self.unreleased: dict[str, AttemptRecord] = {}
        self.retryable: dict[str, RunState] = {}
        """By address: runs whose recorded policy may append an attempt."""
        self._on_queue: Counter[str] = Counter()
        self._lines: dict[str, list[_Place]] = defaultdict(list)
        self._placed: set[tuple[str, _Place]] = set()
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
        run = self._runs[attempt.address] = _with(run, others, attempt)
        self._review(run)
        for address in self._blocked.pop(attempt.address, ()):
            self._review(self._runs[address])

    def _enter(self, run: RunState, attempt: AttemptRecord) -> None:
        if run.run.standing is Standing.DETACHED:
            return
        if attempt.status.is_active:
            self.active[attempt.run_id] = attempt
            self._on_queue[queue_of(run, attempt)] += 1
        elif attempt.status.is_terminal and not attempt.is_released:
            self.unreleased[attempt.run_id] = attempt
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
        if latest.status.is_terminal and _may_retry(run, latest):
            self.retryable[address] = run
        elif latest.status is Status.PENDING:
            self._place(run, latest)

    def _place(self, run: RunState, attempt: AttemptRecord) -> None:
        obstacle = unmet(self._runs, run, attempt)
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
        found: list[tuple[_Place, AttemptRecord]] = []
        for queue, line in self._lines.items():
            found += self._of_line(queue, line, now, stuck)
        return [attempt for _, attempt in sorted(found, key=lambda one: one[0])]

    def _of_line(
        self, queue: str, line: list[_Place], now: float, stuck: Collection[str]
    ) -> Iterator[tuple[_Place, AttemptRecord]]:
        config = self._configs.get(f"queues.{queue}")
        limit = config.max_jobs if config else None
        room = len(line) if limit is None else limit - self._on_queue[queue]
        self._tidy(queue, line)
        for place in line:
            if room <= 0:
                break
            attempt = self._at(place)
            if attempt is not None and attempt.run_id not in stuck and attempt.not_before <= now:
                room -= 1
                yield place, attempt

    def _at(self, place: _Place) -> AttemptRecord | None:
        """The pending attempt of a place; None where it has left the line."""
        attempt = self._pending.get(place[2])
        return attempt if attempt and order(self._runs[place[2]], attempt) == place else None

    def _tidy(self, queue: str, line: list[_Place]) -> None:
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


def _may_retry(run: RunState, attempt: AttemptRecord) -> bool:
    if run.generation is None:
        return False
    policy = run.generation.policy
    return allows_retry(attempt.status, attempt.cause, attempt.number, policy.retry_max, policy.retry_on)
