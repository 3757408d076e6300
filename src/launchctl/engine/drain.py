"""Draining: starting what was decided, watching what runs. Holds no lease; any number may overlap.

Every step is: record the intent, act, record the outcome. An attempt left in `intent` by a
crash is looked up before anything else is done with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from launchctl.engine.clients import Clients
from launchctl.engine.events import (
    CancelSent,
    Claimed,
    Created,
    Retrying,
    Sink,
    StatusChanged,
    Trouble,
    Waiting,
)
from launchctl.engine.interrupt import Interrupt
from launchctl.engine.launch import Launch, target_of
from launchctl.engine.retry import allows_retry
from launchctl.engine.schedule import Schedule, reference, schedule
from launchctl.engine.submit import Outcome, submit
from launchctl.engine.verdict import gone, is_due, observed
from launchctl.errors import ProviderError
from launchctl.providers.base import Observation
from launchctl.state.model import AttemptRecord, RunState, Standing, State
from launchctl.state.store import StateStore
from launchctl.status import Status

CLAIM_SECONDS = 60.0
"""How long a claim lasts unless renewed; a dead owner on the same machine is noticed at once."""
_FIRST_POLL, _LAST_POLL = 0.05, 1.0


@dataclass(slots=True)
class Tally:
    """What a drain has seen so far."""

    touched: dict[str, None] = field(default_factory=dict[str, None])
    """Addresses whose attempts it started or saw change, in order."""
    failed: dict[str, None] = field(default_factory=dict[str, None])
    errors: dict[str, None] = field(default_factory=dict[str, None])


class Drain:
    """One drain of a state: `run` starts what fits, and with `wait` goes on until nothing is left to do."""

    def __init__(
        self,
        store: StateStore,
        clients: Clients,
        *,
        owner: str,
        environment: Mapping[str, str],
        sink: Sink,
        interrupt: Interrupt,
        prepare: Callable[[AttemptRecord, Launch], None],
        parallelism: int = 10,
        starts: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._clients = clients
        self._owner = owner
        self._environment = environment
        self._sink = sink
        self._interrupt = interrupt
        self._prepare = prepare
        self._parallelism = parallelism
        self._starts = starts
        self._clock = clock
        self._last_waiting: Mapping[str, str] = {}
        self._stuck: dict[str, str] = {}
        self._skipped: set[str] = set()
        self.tally = Tally()

    def run(self, *, wait: bool) -> State:
        """Drains, and returns the last state that it saw."""
        pause = _FIRST_POLL
        with ThreadPoolExecutor(self._parallelism, thread_name_prefix="submit") as pool:
            while True:
                state, moved = self._cycle(pool)
                if self._interrupt.is_requested:
                    if self._interrupt.is_urgent:
                        pool.shutdown(wait=False, cancel_futures=True)
                    return state
                if not moved and (not wait or self._is_drained(state)):
                    return state
                if not moved:
                    self._interrupt.wait(pause)
                    pause = min(pause * 1.5, _LAST_POLL)
                else:
                    pause = _FIRST_POLL

    def _is_drained(self, state: State) -> bool:
        plan = self._schedule(state)
        active = any(
            attempt.status.is_active and attempt.run_id not in self._skipped
            for run in state.runs.values()
            if run.run.standing is Standing.ACTIVE
            for attempt in run.attempts
        )
        return not active and not plan.ready and plan.wake_at is None

    def _schedule(self, state: State) -> Schedule:
        plan = schedule(state, self._clock())
        stuck = {reference(found): self._stuck[found.run_id] for found in plan.ready if found.run_id in self._stuck}
        if not stuck:
            return plan
        ready = tuple(found for found in plan.ready if found.run_id not in self._stuck)
        return Schedule(ready, {**plan.waiting, **stuck}, plan.wake_at)

    def _cycle(self, pool: ThreadPoolExecutor) -> tuple[State, bool]:
        """Observe, stop, retry, start: each once. Returns the state afterwards and whether anything moved."""
        state = self._store.load()
        moved = self._watch(state)
        moved = self._stop(state) or moved
        if moved:
            state = self._store.load()
        started = False
        if self._starts:
            moved = self._retry(state) or moved
            started = self._start(pool, self._store.load() if moved else state)
        if started or moved:
            state = self._store.load()
        self._tell_waiting(state)
        return state, started or moved

    # Watching.

    def _watch(self, state: State) -> bool:
        """Records what the targets say of everything that is active."""
        active = [found for found in _active(state) if found.status is not Status.INTENT]
        if not active:
            return False
        try:
            seen = self._clients.observe(active)
        except ProviderError as error:
            self._trouble("", error.message)
            return False
        now = self._clock()
        after = [self._after(found, seen.get(found.run_id), now) for found in active]
        return self._record(active, after)

    def _after(self, attempt: AttemptRecord, seen: Observation | None, now: float) -> AttemptRecord:
        if seen is None:
            return gone(attempt, now)
        if not seen.is_started:
            return attempt
        return observed(attempt, seen, now, Launch.from_text(attempt.manifest).timeout)

    def _record(self, before: Sequence[AttemptRecord], after: Sequence[AttemptRecord]) -> bool:
        """Writes what changed in one step, and tells it."""
        old = {found.key: found for found in before}
        changed = [found for found in after if found != old[found.key]]
        if not changed:
            return False
        for found in self._store.record(changed):
            if found.status is not old[found.key].status:
                self._tell_status(old[found.key].status, found)
        return True

    def _tell_status(self, old: Status, found: AttemptRecord) -> None:
        self.tally.touched[found.address] = None
        if found.status.is_terminal:
            (self.tally.failed.pop if found.status.is_success else self.tally.failed.setdefault)(found.address, None)
        self._sink(
            StatusChanged(
                reference(found), found.run_id, old, found.status, found.exit_code, found.message, found.started_at
            )
        )

    def _trouble(self, name: str, message: str) -> None:
        if (name + message) not in self.tally.errors:
            self._sink(Trouble(name, message))
        self.tally.errors[f"{name}: {message}" if name else message] = None

    # Stopping.

    def _stop(self, state: State) -> bool:
        """Cancels what was asked for and what is overdue; carries out what was held back."""
        moved = False
        now = self._clock()
        for attempt in _all(state):
            if attempt.status.is_terminal:
                moved = self._release(attempt) or moved
            elif attempt.status.is_active and (attempt.cancel_requested or self._is_due(attempt, now)):
                moved = self._cancel(attempt) or moved
        return moved

    def _is_due(self, attempt: AttemptRecord, now: float) -> bool:
        return attempt.started_at is not None and is_due(attempt, now, Launch.from_text(attempt.manifest).timeout)

    def _cancel(self, attempt: AttemptRecord) -> bool:
        try:
            launch = Launch.from_text(attempt.manifest)
            self._clients.of(launch.resource).cancel(target_of(attempt, launch))
            self._sink(CancelSent(reference(attempt), attempt.run_id))
            seen = self._clients.observe([attempt]).get(attempt.run_id)
        except ProviderError as error:
            self._trouble(reference(attempt), error.message)
            return False
        return self._record([attempt], [self._after(attempt, seen, self._clock())])

    def _release(self, attempt: AttemptRecord) -> bool:
        if attempt.is_released:
            return False
        try:
            launch = Launch.from_text(attempt.manifest)
            self._clients.of(launch.resource).release(target_of(attempt, launch))
        except ProviderError as error:
            self._trouble(reference(attempt), error.message)
            return False
        self._store.record([replace(attempt, is_released=True)])
        return True

    # Retrying.

    def _retry(self, state: State) -> bool:
        """Appends the attempts that recorded policies allow."""
        moved = False
        for run in state.runs.values():
            attempt = run.latest
            if attempt is None or run.run.standing is not Standing.ACTIVE or not _may_retry(run, attempt):
                continue
            launch = self._recorded(attempt).retry
            if launch is not None:
                moved = self._append(run, attempt, launch) or moved
        return moved

    def _recorded(self, attempt: AttemptRecord) -> Launch:
        """The launch of an attempt that has ended, which a snapshot does not carry."""
        _, attempts = self._store.history(attempt.address)
        return next(Launch.from_text(found.manifest) for found in attempts if found.run_id == attempt.run_id)

    def _append(self, run: RunState, attempt: AttemptRecord, launch: Launch) -> bool:
        assert run.generation is not None
        now = self._clock()
        following = AttemptRecord(
            address=attempt.address,
            generation=attempt.generation,
            number=attempt.number + 1,
            run_id=launch.run_id,
            status=Status.PENDING,
            manifest=launch.to_text(),
            sequence=attempt.sequence,
            not_before=(attempt.ended_at or now) + run.generation.policy.backoff,
            since=now,
        )
        if not self._store.add_attempt(following):
            return False
        self.tally.failed.pop(attempt.address, None)
        cause = attempt.cause.value if attempt.cause else attempt.status.value
        self._sink(Retrying(reference(following), following.run_id, cause, following.not_before))
        return True

    # Starting.

    def _start(self, pool: ThreadPoolExecutor, state: State) -> bool:
        """Starts what fits, as many at a time as `parallelism` says."""
        queue = [*self._left_over(state), *self._schedule(state).ready]
        running: dict[Future[Outcome], AttemptRecord] = {}
        moved = False
        while (queue or running) and not self._interrupt.is_urgent:
            free = self._parallelism - len(running)
            if queue and free >= max(1, self._parallelism // 2) and not self._interrupt.is_requested:
                batch, queue = queue[:free], queue[free:]
                running.update(self._submit(pool, batch))
            elif self._interrupt.is_requested:
                queue = []
            if running:
                done, _ = wait(running, timeout=0.1, return_when=FIRST_COMPLETED)
                moved = self._finish({found: running.pop(found) for found in done}) or moved
        return moved

    def _left_over(self, state: State) -> Iterable[AttemptRecord]:
        """Attempts whose intent somebody recorded and never the outcome; `claim` knows whose are free to take."""
        return (
            found for found in _active(state) if found.status is Status.INTENT and found.run_id not in self._skipped
        )

    def _submit(
        self, pool: ThreadPoolExecutor, batch: Sequence[AttemptRecord]
    ) -> Mapping[Future[Outcome], AttemptRecord]:
        launches: dict[str, Launch] = {}
        for attempt in batch:
            launch = Launch.from_text(attempt.manifest)
            missing = launch.missing(self._environment)
            if missing:
                self._stuck[attempt.run_id] = missing
            else:
                launches[attempt.run_id] = launch
        now = self._clock()
        able = [attempt for attempt in batch if attempt.run_id in launches]
        claimed = self._store.claim(able, self._owner, now, now + CLAIM_SECONDS) if able else ()
        taken = {found.run_id for found in claimed}
        self._skipped.update(
            found.run_id for found in able if found.run_id not in taken and found.status is Status.INTENT
        )
        if claimed:
            self._sink(Claimed(tuple((reference(found), found.run_id) for found in claimed)))
        left_over = {found.run_id for found in able if found.status is Status.INTENT}
        self._skipped |= left_over - taken
        return {
            pool.submit(
                submit,
                self._clients.of,
                found,
                launches[found.run_id],
                self._environment,
                self._prepare,
                found.run_id in left_over,
            ): found
            for found in claimed
        }

    def _finish(self, done: Mapping[Future[Outcome], AttemptRecord]) -> bool:
        """Records the outcomes of finished creates, together."""
        before, after = [], []
        for future, attempt in done.items():
            outcome = future.result()
            if outcome.observation is not None:
                self._sink(Created(reference(attempt), attempt.run_id))
                after.append(self._created(attempt, outcome.observation))
            elif outcome.is_refused:
                after.append(self._refused(attempt, outcome.message))
            else:
                self._give_up(attempt, outcome.message)
                continue
            before.append(attempt)
        return self._record(before, after)

    def _give_up(self, attempt: AttemptRecord, message: str) -> None:
        """Leaves an attempt whose outcome nobody knows to the next drain, which looks it up first."""
        self._skipped.add(attempt.run_id)
        self._trouble(reference(attempt), message)
        if attempt.claim is not None:
            self._store.renew([attempt], attempt.claim, self._clock())

    def _created(self, attempt: AttemptRecord, seen: Observation) -> AttemptRecord:
        now = self._clock()
        timeout = Launch.from_text(attempt.manifest).timeout if seen.status.is_terminal else None
        found = observed(attempt, seen, now, timeout)
        return replace(found, claim=attempt.claim)

    def _refused(self, attempt: AttemptRecord, message: str) -> AttemptRecord:
        self._trouble(reference(attempt), message)
        now = self._clock()
        return replace(attempt, status=Status.FAILED, message=message, since=now, ended_at=now)

    # Telling.

    def _tell_waiting(self, state: State) -> None:
        waiting = self._schedule(state).waiting
        if waiting and waiting != self._last_waiting:
            self._sink(Waiting(waiting))
        self._last_waiting = waiting


def _all(state: State) -> Iterable[AttemptRecord]:
    """Every attempt of a snapshot that is still ours to look after."""
    return (
        attempt for run in state.runs.values() if run.run.standing is not Standing.DETACHED for attempt in run.attempts
    )


def _active(state: State) -> list[AttemptRecord]:
    return [attempt for attempt in _all(state) if attempt.status.is_active]


def _may_retry(run: RunState, attempt: AttemptRecord) -> bool:
    if run.generation is None:
        return False
    policy = run.generation.policy
    return allows_retry(attempt.status, attempt.cause, attempt.number, policy.retry_max, policy.retry_on)
