"""Draining: starting what was decided, watching what runs. Holds no lease; any number may overlap.

Every step is: record the intent, act, record the outcome. An attempt left in `intent` by a
crash is looked up before anything else is done with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from launchctl.engine.events import CancelSent, Retrying, Waiting
from launchctl.engine.launch import Launch, target_of
from launchctl.engine.ledger import Ledger
from launchctl.engine.retry import allows_retry
from launchctl.engine.schedule import Schedule, reference, schedule
from launchctl.engine.starting import Means, Starter
from launchctl.engine.verdict import gone, is_due, observed
from launchctl.errors import ProviderError
from launchctl.providers.base import Observation
from launchctl.state.model import AttemptRecord, RunState, Standing, State
from launchctl.status import Status

FIRST_POLL, LAST_POLL = 0.05, 1.0
"""Seconds between two looks at what runs: the shortest after anything moved, then ever longer up to the longest."""


class Drain:
    """One drain of a state: `run` starts what fits, and with `wait` goes on until nothing is left to do."""

    def __init__(self, means: Means, *, starts: bool = True) -> None:
        """With `starts` false, nothing is started: what runs is watched and stopped where that was asked for."""
        self._means = means
        self._starts = starts
        self._last_waiting: Mapping[str, str] = {}
        self.ledger = Ledger(means.store, means.sink)
        self._starter = Starter(means, self.ledger)

    def run(self, *, wait: bool) -> tuple[State, Mapping[str, str]]:
        """Drains; the last state that it saw, and what each pending attempt waits for, by reference."""
        pause = FIRST_POLL
        interrupt = self._means.interrupt
        with ThreadPoolExecutor(self._means.parallelism, thread_name_prefix="submit") as pool:
            while True:
                state, moved = self._cycle(pool)
                if interrupt.is_requested:
                    pool.shutdown(wait=not interrupt.is_urgent, cancel_futures=True)
                    return state, self._schedule(state).waiting
                if moved:
                    pause = FIRST_POLL
                elif not wait or self._is_drained(state):
                    return state, self._schedule(state).waiting
                else:
                    interrupt.wait(pause)
                    pause = min(pause * 1.5, LAST_POLL)

    def _is_drained(self, state: State) -> bool:
        plan = self._schedule(state)
        ours = (found for found in _active(state) if found.run_id not in self._starter.given_up)
        return not any(ours) and not plan.ready and plan.wake_at is None

    def _schedule(self, state: State) -> Schedule:
        return schedule(state, self._means.clock(), self._means.environment)

    def _cycle(self, pool: ThreadPoolExecutor) -> tuple[State, bool]:
        """Watch, stop, retry, start: each once. The state afterwards, and whether anything moved."""
        state = self._means.store.load()
        moved = self._watch(state)
        moved = self._stop(pool, state) or moved
        state = self._means.store.load() if moved else state
        if self._starts and not self._means.interrupt.is_requested:
            if self._retry(state):
                state, moved = self._means.store.load(), True
            left_over = [found for found in _active(state) if found.status is Status.INTENT]
            if self._starter.start(pool, [*left_over, *self._schedule(state).ready]):
                state, moved = self._means.store.load(), True
        self._tell_waiting(state)
        return state, moved

    # Watching.

    def _watch(self, state: State) -> bool:
        """Records what the targets say of everything that is active."""
        return self._look_at([found for found in _active(state) if found.status is not Status.INTENT])

    def _look_at(self, active: Sequence[AttemptRecord]) -> bool:
        if not active:
            return False
        try:
            seen = self._means.clients.observe(active)
        except ProviderError as error:
            self.ledger.trouble("", error.message)
            return False
        now = self._means.clock()
        return self.ledger.record(active, [_after(found, seen.get(found.run_id), now) for found in active])

    # Stopping.

    def _stop(self, pool: ThreadPoolExecutor, state: State) -> bool:
        """Cancels what was asked for and what is overdue, all at a time; carries out what was held back."""
        now = self._means.clock()
        moved = False
        doomed: list[AttemptRecord] = []
        for attempt in _all(state):
            if attempt.status.is_terminal and not attempt.is_released:
                moved = self._release(attempt) or moved
            elif attempt.status.is_active and (attempt.cancel_requested or _is_due(attempt, now)):
                doomed.append(attempt)
        for attempt in doomed:
            self._means.sink(CancelSent(reference(attempt), attempt.run_id))
        troubles = [message for message in pool.map(self._cancel, doomed) if message]
        for name, message in troubles:
            self.ledger.trouble(name, message)
        return self._look_at(doomed) or moved

    def _cancel(self, attempt: AttemptRecord) -> tuple[str, str] | None:
        """Stops one attempt, in a thread; what went wrong, if anything did."""
        launch = Launch.from_text(attempt.manifest)
        try:
            self._means.clients.of(launch.resource).cancel(target_of(attempt, launch))
        except ProviderError as error:
            return reference(attempt), self._means.redactor.text(error.message)
        return None

    def _release(self, attempt: AttemptRecord) -> bool:
        launch = Launch.from_text(attempt.manifest)
        try:
            self._means.clients.of(launch.resource).release(target_of(attempt, launch))
        except ProviderError as error:
            self.ledger.trouble(reference(attempt), error.message)
            return False
        return self.ledger.record([attempt], [replace(attempt, is_released=True)])

    # Retrying.

    def _retry(self, state: State) -> bool:
        """Appends the attempts that recorded policies allow."""
        moved = False
        for run in state.runs.values():
            attempt = run.latest
            if attempt is not None and _may_retry(run, attempt):
                moved = self._append(run, attempt) or moved
        return moved

    def _append(self, run: RunState, attempt: AttemptRecord) -> bool:
        launch = self._recorded(attempt).retry
        if launch is None:
            return False
        assert run.generation is not None
        now = self._means.clock()
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
        if not self._means.store.add_attempt(following):
            return False
        self.ledger.failed.pop(attempt.address, None)
        cause = attempt.cause.value if attempt.cause else attempt.status.value
        self._means.sink(Retrying(reference(following), following.run_id, cause, following.not_before))
        return True

    def _recorded(self, attempt: AttemptRecord) -> Launch:
        """The launch of an attempt that has ended, which a snapshot does not carry."""
        _, attempts = self._means.store.history(attempt.address)
        return next(Launch.from_text(found.manifest) for found in attempts if found.run_id == attempt.run_id)

    def _tell_waiting(self, state: State) -> None:
        waiting = self._schedule(state).waiting
        if waiting and waiting != self._last_waiting:
            self._means.sink(Waiting(waiting))
        self._last_waiting = waiting


def _after(attempt: AttemptRecord, seen: Observation | None, now: float) -> AttemptRecord:
    """The record of an attempt that was begun, after a look at its object."""
    if seen is None:
        return gone(attempt, now)
    return observed(attempt, seen, now, Launch.from_text(attempt.manifest).timeout) if seen.is_started else attempt


def _is_due(attempt: AttemptRecord, now: float) -> bool:
    return attempt.started_at is not None and is_due(attempt, now, Launch.from_text(attempt.manifest).timeout)


def _all(state: State) -> Iterator[AttemptRecord]:
    """Every attempt of a snapshot that is still ours to look after."""
    runs = (run for run in state.runs.values() if run.run.standing is not Standing.DETACHED)
    return (attempt for run in runs for attempt in run.attempts)


def _active(state: State) -> list[AttemptRecord]:
    return [attempt for attempt in _all(state) if attempt.status.is_active]


def _may_retry(run: RunState, attempt: AttemptRecord) -> bool:
    if run.generation is None or run.run.standing is not Standing.ACTIVE:
        return False
    policy = run.generation.policy
    return allows_retry(attempt.status, attempt.cause, attempt.number, policy.retry_max, policy.retry_on)
