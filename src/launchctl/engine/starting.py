"""Starting attempts: claim, create, record, in this order, many at a time.

Claims and outcomes are written in batches, since a durable write costs more than all the rest
of starting a run; the intent of each create is on record before it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

from launchctl.engine.clients import Clients
from launchctl.engine.events import Claimed, Created, Sink
from launchctl.engine.interrupt import Interrupt
from launchctl.engine.launch import Launch
from launchctl.engine.ledger import Ledger
from launchctl.engine.redaction import Redactor
from launchctl.engine.schedule import reference
from launchctl.engine.submit import Outcome, submit
from launchctl.engine.verdict import observed
from launchctl.providers.base import Observation
from launchctl.state.model import AttemptRecord
from launchctl.state.store import StateStore
from launchctl.status import Status

CLAIM_SECONDS = 60.0
"""How long a claim lasts unless renewed; a dead owner on the same machine is noticed at once."""
AHEAD = 4
"""Attempts that are claimed for each that is being created."""


@dataclass(frozen=True, slots=True)
class Means:
    """What draining works with."""

    store: StateStore
    clients: Clients
    owner: str
    environment: Mapping[str, str]
    """Of the process: secrets and `${env:NAME}` are read from it."""
    sink: Sink
    interrupt: Interrupt
    redactor: Redactor
    prepare: Callable[[AttemptRecord, Launch], None]
    """Makes ready what an attempt needs on this machine, before it is created."""
    parallelism: int = 10
    clock: Callable[[], float] = time.time


class Starter:
    """Starts attempts of one drain, and remembers which it gave up."""

    def __init__(self, means: Means, ledger: Ledger) -> None:
        self._means = means
        self._ledger = ledger
        self._renewed_at = 0.0
        self.given_up: set[str] = set()
        """Run ids of attempts that are left to another drain."""

    def start(self, pool: ThreadPoolExecutor, attempts: Iterable[AttemptRecord]) -> bool:
        """Starts the attempts in their order; whether anything was recorded. An interrupt ends it early."""
        queue = [found for found in attempts if found.run_id not in self.given_up]
        running: dict[Future[Outcome], AttemptRecord] = {}
        most = self._means.parallelism * AHEAD
        interrupt = self._means.interrupt
        moved = False
        while (queue or running) and not interrupt.is_urgent:
            if interrupt.is_requested:
                queue = []
                self._leave({found: running.pop(found) for found in list(running) if found.cancel()})
            elif queue and len(running) <= most // 2:
                batch, queue = queue[: most - len(running)], queue[most - len(running) :]
                running |= self._submit(pool, batch)
            if running:
                done, _ = wait(running, timeout=0.1, return_when=FIRST_COMPLETED)
                moved = self._finish({found: running.pop(found) for found in done}) or moved
                self._renew(running.values())
        return moved

    def _submit(
        self, pool: ThreadPoolExecutor, batch: Sequence[AttemptRecord]
    ) -> Mapping[Future[Outcome], AttemptRecord]:
        means = self._means
        now = means.clock()
        left_over = {found.run_id for found in batch if found.status is Status.INTENT}
        able = [found for found in batch if not Launch.from_text(found.manifest).missing(means.environment)]
        claimed = means.store.claim(able, means.owner, now, now + CLAIM_SECONDS) if able else ()
        self._renewed_at = now
        self.given_up |= left_over - {found.run_id for found in claimed}
        if claimed:
            means.sink(Claimed(tuple((reference(found), found.run_id) for found in claimed)))
        return {pool.submit(self._create, found, found.run_id in left_over): found for found in claimed}

    def _create(self, attempt: AttemptRecord, is_left_over: bool) -> Outcome:  # noqa: FBT001  (a pool passes it)
        means, launch = self._means, Launch.from_text(attempt.manifest)
        return submit(means.clients.of, attempt, launch, means.environment, means.prepare, is_left_over=is_left_over)

    def _renew(self, running: Iterable[AttemptRecord]) -> None:
        """Keeps the claims of slow creates."""
        now = self._means.clock()
        if now < self._renewed_at + CLAIM_SECONDS / 3:
            return
        self._renewed_at = now
        for attempt in running:
            if attempt.claim is not None:
                self._means.store.renew([attempt], attempt.claim, now + CLAIM_SECONDS)

    def _finish(self, done: Mapping[Future[Outcome], AttemptRecord]) -> bool:
        """Records the outcomes of finished creates, together."""
        before: list[AttemptRecord] = []
        after: list[AttemptRecord] = []
        for future, attempt in done.items():
            found = self._outcome(attempt, future.result())
            if found is not None:
                before.append(attempt)
                after.append(found)
        return self._ledger.record(before, after)

    def _outcome(self, attempt: AttemptRecord, outcome: Outcome) -> AttemptRecord | None:
        """The record that an outcome makes; None where nobody knows what became of it."""
        now = self._means.clock()
        if outcome.observation is not None:
            self._means.sink(Created(reference(attempt), attempt.run_id))
            return self._created(attempt, self._means.redactor.observation(outcome.observation), now)
        message = self._means.redactor.text(outcome.message)
        if outcome.is_refused:
            self._ledger.refused(reference(attempt), message)
            return replace(attempt, status=Status.FAILED, message=message, since=now, ended_at=now)
        self._ledger.trouble(reference(attempt), message)
        self._release([attempt])
        return None

    def _created(self, attempt: AttemptRecord, seen: Observation, now: float) -> AttemptRecord:
        timeout = Launch.from_text(attempt.manifest).timeout if seen.status.is_terminal else None
        return observed(attempt, seen, now, timeout)

    def _leave(self, unstarted: Mapping[Future[Outcome], AttemptRecord]) -> None:
        self._release(tuple(unstarted.values()))

    def _release(self, attempts: Sequence[AttemptRecord]) -> None:
        """Leaves attempts to the next drain, which looks them up before anything else."""
        for attempt in attempts:
            self.given_up.add(attempt.run_id)
            if attempt.claim is not None:
                self._means.store.renew([attempt], attempt.claim, self._means.clock())
