"""Starting attempts: claim, create, record, in this order, many at a time.

Claims and outcomes are written in batches, since a durable write costs more than all the rest
of starting a run; the intent of each create is on record before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace

from launchctl.engine.claims import CLAIM_SECONDS
from launchctl.engine.events import Claimed, Created
from launchctl.engine.launch import Launch, target_of
from launchctl.engine.ledger import Ledger
from launchctl.engine.means import Means
from launchctl.engine.roster import Roster
from launchctl.engine.schedule import reference
from launchctl.engine.submit import Outcome, submit
from launchctl.engine.verdict import observed
from launchctl.engine.workers import Workers
from launchctl.errors import ProviderError
from launchctl.state.model import AttemptRecord
from launchctl.status import Status

AHEAD = 4
"""Attempts that are claimed for each that is being created."""

_Calls = dict[Future[Outcome], AttemptRecord]


class Starter:
    """Starts attempts of one drain, and remembers which it could not."""

    def __init__(self, means: Means, ledger: Ledger, roster: Roster, begun: set[str] | None = None) -> None:
        """`begun` is filled with the run ids of attempts that were claimed here to be started."""
        self._means = means
        self._ledger = ledger
        self._roster = roster
        self._renewed_at = 0.0
        self._left_over: set[str] = set()
        """Run ids of attempts that somebody else had begun with."""
        self._bug: BaseException | None = None
        self._begun = begun if begun is not None else set[str]()
        self.stuck: dict[str, str] = {}
        """Run ids of pending attempts that were tried in vain, to what they wait for."""
        self.given_up: set[str] = set()
        """Run ids of attempts of which nobody knows whether they have started: left to the next drain."""

    def start(self, workers: Workers, attempts: Sequence[AttemptRecord]) -> bool:
        """Starts the attempts in their order; whether anything was recorded. An interrupt ends it early."""
        queue = list(attempts)
        running: _Calls = {}
        most = self._means.parallelism * AHEAD
        interrupt = self._means.interrupt
        moved = False
        while (queue or running) and not interrupt.is_urgent:
            if interrupt.is_requested or self._bug is not None:
                queue = []
                moved = self._leave([running.pop(call) for call in list(running) if call.cancel()]) or moved
            elif queue and len(running) <= most // 2:
                batch, queue = queue[: most - len(running)], queue[most - len(running) :]
                running |= self._submit(workers, batch, is_idle=not running)
            if running:
                done, _ = wait(running, timeout=0.1, return_when=FIRST_COMPLETED)
                moved = self._finish({call: running.pop(call) for call in done}) or moved
                self._renew(running.values())
        if self._bug is not None:
            raise self._bug
        return moved

    def _submit(self, workers: Workers, batch: Sequence[AttemptRecord], *, is_idle: bool) -> _Calls:
        means = self._means
        now = means.clock()
        self._left_over |= {found.run_id for found in batch if found.status is Status.INTENT}
        claimed = means.store.claim(batch, means.owner, now, now + CLAIM_SECONDS)
        if is_idle:  # what was claimed before keeps its time
            self._renewed_at = now
        for found in claimed:
            self._roster.put(found)
        self.release(found for found in claimed if found.cancel_requested)
        wanted = [found for found in claimed if not found.cancel_requested]
        self._begun |= {found.run_id for found in wanted}
        if wanted:
            means.sink(Claimed(tuple((reference(found), found.run_id) for found in wanted)))
        old = self._left_over
        return {workers.submit(submit, means, found, is_left_over=found.run_id in old): found for found in wanted}

    def _renew(self, running: Iterable[AttemptRecord]) -> None:
        """Keeps the claims of slow creates."""
        now = self._means.clock()
        if now >= self._renewed_at + CLAIM_SECONDS / 3:
            self._renewed_at = now
            self._extend(running, now + CLAIM_SECONDS)

    def _finish(self, done: _Calls) -> bool:
        """Records the outcomes of finished creates, together."""
        before: list[AttemptRecord] = []
        after: list[AttemptRecord] = []
        for call, attempt in done.items():
            bug = call.exception()
            self._bug = self._bug or bug
            found = self._outcome(attempt, call.result()) if bug is None else None
            if found is not None:
                before.append(attempt)
                after.append(found)
        taken = self._ledger.record(before, after)
        for found in after:
            if found.run_id not in taken and found.status.is_active:
                self._stop_overtaken(found)
        return bool(taken)

    def _stop_overtaken(self, created: AttemptRecord) -> None:
        """Stops what this process created past its claim, where somebody has recorded an end of it meanwhile."""
        _, attempts = self._means.store.history(created.address)
        recorded = next((found for found in attempts if found.run_id == created.run_id), None)
        if recorded is None or not recorded.status.is_terminal:
            return
        launch = Launch.from_text(recorded.manifest)
        try:
            self._means.clients.of(launch.resource).cancel(target_of(created, launch))
        except ProviderError as error:
            self._ledger.trouble(reference(created), self._means.redactor.text(error.message))

    def _outcome(self, attempt: AttemptRecord, outcome: Outcome) -> AttemptRecord | None:
        """The record that an outcome makes; None where nobody knows what became of it."""
        now = self._means.clock()
        if outcome.observation is not None and outcome.observation.is_started:
            self._means.sink(Created(reference(attempt), attempt.run_id))
            seen = self._means.redactor.observation(outcome.observation)
            timeout = Launch.from_text(attempt.manifest).timeout if seen.status.is_terminal else None
            return observed(attempt, seen, now, timeout)
        message = self._means.redactor.text(outcome.message or "it was created and not started")
        if outcome.is_refused:
            self._ledger.refused(reference(attempt), message)
            return replace(attempt, status=Status.FAILED, message=message, since=now, ended_at=now)
        self._ledger.trouble(reference(attempt), message)
        if outcome.is_unstarted:
            self.stuck[attempt.run_id] = f"another try: {message}"
            return replace(attempt, status=Status.PENDING, since=now)
        self.given_up.add(attempt.run_id)
        self.release([attempt])
        return None

    def _leave(self, unstarted: Sequence[AttemptRecord]) -> bool:
        """Nobody has begun with these: they are as they were before, pending or to be looked up."""
        now = self._means.clock()
        self.release(found for found in unstarted if found.run_id in self._left_over)
        fresh = [found for found in unstarted if found.run_id not in self._left_over]
        return bool(self._ledger.record(fresh, [replace(found, status=Status.PENDING, since=now) for found in fresh]))

    def release(self, attempts: Iterable[AttemptRecord]) -> None:
        """Leaves attempts to the next drain, which looks them up before anything else."""
        self._extend(attempts, self._means.clock())

    def _extend(self, attempts: Iterable[AttemptRecord], expires_at: float) -> None:
        """Moves the end of claims, those of one claim in one step."""
        claims: dict[int, list[AttemptRecord]] = {}
        for attempt in attempts:
            if attempt.claim is not None:
                claims.setdefault(attempt.claim.fence, []).append(attempt)
        for held in claims.values():
            claim = held[0].claim
            if claim is not None:
                self._means.store.renew(held, claim, expires_at)
                for attempt in held:
                    self._roster.put(replace(attempt, claim=replace(claim, expires_at=expires_at)))
