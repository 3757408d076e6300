"""Draining: starting what was decided, watching what runs. Holds no lease; any number may overlap.

Every step is: record the intent, act, record the outcome. An attempt left in `intent` by a
crash is looked up before anything else is done with it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from launchctl.engine.cancelling import Canceller
from launchctl.engine.claims import is_left_over
from launchctl.engine.clients import by_resource
from launchctl.engine.events import Retrying, Undrawn
from launchctl.engine.launch import Launch, target_of
from launchctl.engine.ledger import Ledger
from launchctl.engine.means import Means
from launchctl.engine.roster import Roster
from launchctl.engine.schedule import reference
from launchctl.engine.share import Share
from launchctl.engine.starting import Starter
from launchctl.engine.sweep.courses import Courses
from launchctl.engine.sweep.measuring import Meter
from launchctl.engine.sweep.pruning import Pruner
from launchctl.engine.sweep.trials import Drawer
from launchctl.engine.verdict import gone, observed
from launchctl.engine.waiting import Teller
from launchctl.engine.workers import Workers
from launchctl.errors import ProviderError
from launchctl.providers.base import Observation
from launchctl.state.model import AttemptRecord, RunState, State
from launchctl.status import Status

FIRST_POLL, LAST_POLL = 0.05, 1.0
"""Seconds between two looks at what runs: the shortest after anything moved, then ever longer up to the longest."""
READ_POLL = 0.2
"""The shortest pause while metrics are waited for that decide what is done next."""
IDLE_POLL = 5.0
"""The longest pause of an agent for which there is nothing to do."""
FIRST_RETRY, LAST_RETRY = 15.0, 300.0
"""Seconds until an agent tries again what could not be started or read: ever longer while that goes on."""
START_SECONDS = 2.0
"""How long trials are drawn and started before what runs is looked at again."""
READ_SECONDS = 10.0
"""How long a drain that does not wait reads the metrics of trials that have ended."""


class Drain:
    """One drain of a state: `run` starts what fits, and with `wait` goes on until nothing is left to do."""

    def __init__(self, means: Means, *, watched: Collection[str] | None = None, share: Share | None = None) -> None:
        """With run ids to watch nothing is started: what was asked to stop is stopped, and these seen to their end.

        With a share only its queues are started from.
        """
        self._means = means
        self._watched = watched
        self._share = share
        self.roster = Roster(means.store, means.environment, share.queues if share else None)
        self.ledger = Ledger(means.store, means.sink, self.roster)
        self._starter = Starter(means, self.ledger, self.roster, share.begun if share else None)
        self._workers = Workers(means.parallelism)
        self._canceller = Canceller(means, self.ledger, self.roster, self._starter, self._workers)
        courses = Courses(means.store, self.roster)
        self._meter = Meter(means, self.ledger, self.roster, courses, self._launch)
        self._pruner = Pruner(self.ledger, courses, means.sink)
        self._drawer = Drawer(means, self.ledger, self.roster, courses, self._meter, share.address if share else "")
        self._teller = Teller(means, self.roster, self._drawer, share)
        self._read_until = math.inf
        self._again_at, self._again_in = 0.0, FIRST_RETRY

    @property
    def undrawn(self) -> tuple[Undrawn, ...]:
        """What sweeps have left, as it was told last."""
        return self._teller.undrawn

    @property
    def without_upstream(self) -> Sequence[str]:
        """Sweeps that cannot go on, since something that they depend on did not succeed."""
        return self._drawer.without_upstream()

    def run(self, *, wait: bool, until: float = math.inf) -> tuple[State, Mapping[str, str]]:
        """Drains, until a moment at the latest.

        Returns the last state that it saw, and what each pending attempt waits for, by reference.
        """
        pause = FIRST_POLL
        interrupt = self._means.interrupt
        self._read_until = self._means.clock() + READ_SECONDS
        self._teller.is_quiet = not wait
        try:
            while True:
                moved = self._cycle()
                is_stopped = interrupt.is_urgent or (interrupt.is_requested and not self._canceller.is_busy)
                if is_stopped or self._is_over(until) or not (moved or self._goes_on(wait=wait)):
                    self._teller.is_quiet = True
                    self._tell(at_once=True)
                    return self.roster.state, self._teller.waiting
                if moved:
                    pause = FIRST_POLL
                else:
                    self._pause(pause)
                    pause = min(pause * 1.5, self._longest_pause())
                self._try_again()
        finally:
            self._workers.close()
            self._meter.close()

    def _pause(self, seconds: float) -> None:
        """Sleeps, but not past the end of what is being stopped, nor past the next word of a trial to be judged."""
        if self._canceller.is_busy:
            self._canceller.wait(min(seconds, READ_POLL))
            return
        if self._meter.is_behind or self._pruner.is_needed:
            seconds = min(seconds, max(READ_POLL, self._meter.due_in()))
            if self._meter.wait(seconds):
                seconds = min(seconds, READ_POLL)
        self._means.interrupt.wait(seconds)

    def _longest_pause(self) -> float:
        """An agent that has nothing to do looks for news less often."""
        return IDLE_POLL if self._share is not None and not self._is_work_left() else LAST_POLL

    def _try_again(self) -> None:
        """What was tried in vain is left to the next drain; an agent, which has none after it, tries again."""
        now = self._means.clock()
        if self._share is None or now < self._again_at:
            return
        is_stuck = bool(self._starter.stuck or self._starter.given_up)
        self._again_in = min(self._again_in * 2, LAST_RETRY) if is_stuck else FIRST_RETRY
        self._again_at = now + self._again_in
        self._starter.stuck.clear()
        self._starter.given_up.clear()
        self._meter.try_again()

    def _is_over(self, until: float) -> bool:
        if self._watched is None:
            return False
        return self._means.clock() >= until or not any(found in self._watched for found in self.roster.active)

    def _goes_on(self, *, wait: bool) -> bool:
        """Whether there is anything to do although nothing has moved."""
        if self._canceller.is_busy or (wait and (self._share is not None or self._is_work_left())):
            return True
        return self._meter.is_behind and self._means.clock() < self._read_until

    def _is_work_left(self) -> bool:
        """Whether anything runs, is about to, or can be started here sooner or later."""
        now, stuck = self._means.clock(), self._starter.stuck
        ours = any(run_id not in self._starter.given_up for run_id in self.roster.active)
        is_left = bool(self.roster.ready(now, stuck)) or self.roster.wake_at(now, stuck) is not None
        return ours or is_left or self._meter.is_behind

    def _cycle(self) -> bool:
        """Watch, measure, stop, retry, draw and start: each once; whether anything moved."""
        self.roster.refresh()
        self._drawer.heed()
        moved = self._watch()
        moved = self._meter.measure() or moved
        if self._watched is None and not self._means.interrupt.is_requested:
            moved = self._pruner.prune() or moved
        moved = self._stop() or moved
        if self._watched is None and not self._means.interrupt.is_requested:
            moved = self._retry() or moved
            moved = self._start() or moved
        return moved

    # Starting.

    def _start(self) -> bool:
        """Draws trials and starts what fits, until nothing more fits or it is time to look at what runs."""
        now, stuck = self._means.clock(), self._starter.stuck
        left_over = [found for found in self.roster.active.values() if self._is_to_recover(found, now)]
        until, moved, is_first = now + START_SECONDS, False, True
        while True:
            is_drawn = self._drawer.draw(self._room(), stuck)
            self._drawer.settle()
            ready = self.roster.ready(now, stuck)
            if is_first:
                self._tell(at_once=False)
            wanted = [*left_over, *ready[: _whole(self._room(), len(ready))]]
            moved = self._starter.start(self._workers, wanted) or is_drawn or moved
            now = self._means.clock()
            if not is_drawn or self._means.interrupt.is_requested or now >= until:
                return moved
            left_over, is_first = [], False

    def _is_to_recover(self, attempt: AttemptRecord, now: float) -> bool:
        is_ours = attempt.run_id not in self._starter.given_up and not attempt.cancel_requested
        return is_ours and is_left_over(attempt, now) and self._is_on_our_queue(attempt)

    def _is_on_our_queue(self, attempt: AttemptRecord) -> bool:
        return self._share is None or Launch.from_text(attempt.manifest).queue in self._share.queues

    def _room(self) -> float:
        """How many more attempts may run that this process has started."""
        if self._share is None or self._share.max_jobs is None:
            return math.inf
        return self._share.max_jobs - sum(run_id in self.roster.active for run_id in self._share.begun)

    def _tell(self, *, at_once: bool) -> None:
        self._teller.tell(self._starter.stuck, self._room(), at_once=at_once)

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
            before = self._as_recorded(group, seen)
            now = self._means.clock()
            after = [_after(found, seen.get(found.run_id), now) for found in before]
            moved = bool(self.ledger.record(before, after)) or moved
        return moved

    def _as_recorded(self, group: Sequence[AttemptRecord], seen: Mapping[str, Observation]) -> Sequence[AttemptRecord]:
        """The attempts as they are on record after the look: one that has ended badly may have been asked to."""
        ends = (seen.get(found.run_id) for found in group)
        if all(end is not None and (not end.status.is_terminal or end.status.is_success) for end in ends):
            return group
        self.roster.refresh()
        return [self.roster.active.get(found.run_id, found) for found in group]

    # Stopping.

    def _stop(self) -> bool:
        """Stops what was asked for and what is overdue, and carries out what was held back."""
        moved = False
        for attempt in list(self.roster.unreleased.values()):
            if not self._meter.awaits(attempt):  # what it printed goes with its object
                moved = self._release(attempt) or moved
        return self._look_at(self._canceller.cancel()) or moved

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


def _whole(room: float, most: int) -> int:
    return most if room >= most else max(0, int(room))


def _after(attempt: AttemptRecord, seen: Observation | None, now: float) -> AttemptRecord:
    """The record of an attempt that was begun, after a look at its object."""
    if seen is None or (not seen.is_started and attempt.cancel_requested):
        return gone(attempt, now)
    return observed(attempt, seen, now, Launch.from_text(attempt.manifest).timeout) if seen.is_started else attempt
