"""Draining: starting what was decided, watching what runs. Holds no lease; any number may overlap.

Every step is: record the intent, act, record the outcome. An attempt left in `intent` by a
crash is looked up before anything else is done with it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import wait as wait_for
from dataclasses import replace

from launchctl.engine.claims import CLAIM_SECONDS, is_left_over
from launchctl.engine.clients import by_resource
from launchctl.engine.events import CancelSent, Retrying, Waiting
from launchctl.engine.launch import Launch, target_of
from launchctl.engine.ledger import Ledger
from launchctl.engine.means import Means
from launchctl.engine.roster import Roster
from launchctl.engine.schedule import reference, schedule
from launchctl.engine.starting import Starter
from launchctl.engine.verdict import gone, is_due, observed
from launchctl.engine.workers import Workers
from launchctl.errors import ProviderError
from launchctl.providers.base import Observation
from launchctl.state.model import AttemptRecord, RunState, State
from launchctl.status import Status

FIRST_POLL, LAST_POLL = 0.05, 1.0
"""Seconds between two looks at what runs: the shortest after anything moved, then ever longer up to the longest."""
TELL_SECONDS = 1.0
"""How often at most it is told what waits, which takes a look at everything that does."""


class Drain:
    """One drain of a state: `run` starts what fits, and with `wait` goes on until nothing is left to do."""

    def __init__(self, means: Means, *, watched: Collection[str] | None = None) -> None:
        """With run ids to watch nothing is started: what was asked to stop is stopped, and these seen to their end."""
        self._means = means
        self._watched = watched
        self._told: Mapping[str, str] = {}
        self._tell_at = -math.inf
        self.roster = Roster(means.store, means.environment)
        self.ledger = Ledger(means.store, means.sink, self.roster)
        self._starter = Starter(means, self.ledger, self.roster)
        self._workers = Workers(means.parallelism)

    def run(self, *, wait: bool, until: float = math.inf) -> tuple[State, Mapping[str, str]]:
        """Drains, until a moment at the latest.

        Returns the last state that it saw, and what each pending attempt waits for, by reference.
        """
        pause = FIRST_POLL
        interrupt = self._means.interrupt
        try:
            while True:
                moved = self._cycle()
                if interrupt.is_requested or self._is_over(until) or not (moved or (wait and self._is_work_left())):
                    return self.roster.state, self._tell_waiting(at_once=True)
                if moved:
                    pause = FIRST_POLL
                else:
                    interrupt.wait(pause)
                    pause = min(pause * 1.5, LAST_POLL)
        finally:
            self._workers.close()

    def _is_over(self, until: float) -> bool:
        if self._watched is None:
            return False
        return self._means.clock() >= until or not any(found in self._watched for found in self.roster.active)

    def _is_work_left(self) -> bool:
        """Whether anything runs, is about to, or can be started here sooner or later."""
        now, stuck = self._means.clock(), self._starter.stuck
        ours = any(run_id not in self._starter.given_up for run_id in self.roster.active)
        return ours or bool(self.roster.ready(now, stuck)) or self.roster.wake_at(now, stuck) is not None

    def _cycle(self) -> bool:
        """Watch, stop, retry, start: each once; whether anything moved."""
        self.roster.refresh()
        moved = self._watch()
        moved = self._stop() or moved
        if self._watched is None and not self._means.interrupt.is_requested:
            moved = self._retry() or moved
            now = self._means.clock()
            left_over = [found for found in self.roster.active.values() if self._is_to_recover(found, now)]
            ready = self.roster.ready(now, self._starter.stuck)
            self._tell_waiting(at_once=False)
            moved = self._starter.start(self._workers, [*left_over, *ready]) or moved
        return moved

    def _is_to_recover(self, attempt: AttemptRecord, now: float) -> bool:
        is_ours = attempt.run_id not in self._starter.given_up and not attempt.cancel_requested
        return is_ours and is_left_over(attempt, now)

    # Watching.

    def _watch(self) -> bool:
        """Records what the targets say of everything that is active."""
        return self._look_at([found for found in self.roster.active.values() if found.status is not Status.INTENT])

    def _look_at(self, active: Sequence[AttemptRecord]) -> bool:
        """A target that does not answer keeps nobody from looking at the others."""
        moved = False
        for resource, group in by_resource(active).items():
            try:
                seen = self._means.clients.look(resource, group)
            except ProviderError as error:
                self.ledger.trouble(resource, error.message)
                continue
            self.ledger.over(resource)
            now = self._means.clock()
            after = [_after(found, seen.get(found.run_id), now) for found in group]
            moved = bool(self.ledger.record(group, after)) or moved
        return moved

    # Stopping.

    def _stop(self) -> bool:
        """Cancels what was asked for and what is overdue, all at a time; carries out what was held back."""
        moved = False
        for attempt in list(self.roster.unreleased.values()):
            moved = self._release(attempt) or moved
        doomed = self._doomed(self._means.clock())
        for attempt in doomed:
            self._means.sink(CancelSent(reference(attempt), attempt.run_id))
        calls = {self._workers.submit(self._cancel, found): found for found in doomed}
        while calls.keys() - wait_for(calls, timeout=0.1).done:
            if self._means.interrupt.is_urgent:
                return moved
        failed = {found.run_id: message for call, found in calls.items() if (message := call.result())}
        for attempt in doomed:
            if attempt.run_id in failed:
                self.ledger.trouble(reference(attempt), failed[attempt.run_id])
                self._starter.release([attempt])
        return self._look_at([found for found in doomed if found.run_id not in failed]) or moved

    def _doomed(self, now: float) -> list[AttemptRecord]:
        """What is to be stopped; an intent only where nobody is about to create its object, and nobody will be."""
        active = self.roster.active.values()
        begun = [found for found in active if found.status is not Status.INTENT]
        doomed = [found for found in begun if found.cancel_requested or _is_due(found, now)]
        left_over = [found for found in active if found.cancel_requested and is_left_over(found, now)]
        if left_over:
            claimed = self._means.store.claim(left_over, self._means.owner, now, now + CLAIM_SECONDS)
            for found in claimed:
                self.roster.put(found)
            doomed += claimed
        return doomed

    def _cancel(self, attempt: AttemptRecord) -> str:
        """Stops one attempt, in a thread; what went wrong, if anything did."""
        launch = Launch.from_text(attempt.manifest)
        try:
            self._means.clients.of(launch.resource).cancel(target_of(attempt, launch))
        except ProviderError as error:
            return self._means.redactor.text(error.message)
        return ""

    def _release(self, attempt: AttemptRecord) -> bool:
        launch = Launch.from_text(attempt.manifest)
        try:
            self._means.clients.of(launch.resource).release(target_of(attempt, launch))
        except ProviderError as error:
            self.ledger.trouble(reference(attempt), self._means.redactor.text(error.message))
            return False
        self.ledger.over(reference(attempt))
        return bool(self.ledger.record([attempt], [replace(attempt, is_released=True)]))

    # Retrying.

    def _retry(self) -> bool:
        """Appends the attempts that recorded policies allow."""
        moved = False
        for run in list(self.roster.retryable.values()):
            attempt = run.latest
            assert attempt is not None
            if self._append(run, attempt):
                moved = True
            else:
                self.roster.retryable.pop(attempt.address, None)
        return moved

    def _append(self, run: RunState, attempt: AttemptRecord) -> bool:
        launch = self._launch(attempt).retry
        if launch is None:  # its policy was accepted when it had ended: the next plan retries it
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
        self.roster.put(following)
        cause = attempt.cause.value if attempt.cause else attempt.status.value
        self._means.sink(Retrying(reference(following), following.run_id, cause, following.not_before))
        return True

    def _launch(self, attempt: AttemptRecord) -> Launch:
        """The launch of an attempt that has ended, which a snapshot may not carry."""
        if attempt.manifest:
            return Launch.from_text(attempt.manifest)
        _, attempts = self._means.store.history(attempt.address)
        return next(Launch.from_text(found.manifest) for found in attempts if found.run_id == attempt.run_id)

    # Telling.

    def _tell_waiting(self, *, at_once: bool) -> Mapping[str, str]:
        """Tells what waits and for what, where something waits for another thing than was told before."""
        now = self._means.clock()
        if at_once or now >= self._tell_at:
            waiting = schedule(self.roster.state, now, self._means.environment, self._starter.stuck).waiting
            if any(self._told.get(name) != reason for name, reason in waiting.items()):
                self._means.sink(Waiting(waiting))
            self._told, self._tell_at = waiting, now + TELL_SECONDS
        return self._told


def _after(attempt: AttemptRecord, seen: Observation | None, now: float) -> AttemptRecord:
    """The record of an attempt that was begun, after a look at its object."""
    if seen is None or (not seen.is_started and attempt.cancel_requested):
        return gone(attempt, now)
    return observed(attempt, seen, now, Launch.from_text(attempt.manifest).timeout) if seen.is_started else attempt


def _is_due(attempt: AttemptRecord, now: float) -> bool:
    return is_due(attempt, now, Launch.from_text(attempt.manifest).timeout)
