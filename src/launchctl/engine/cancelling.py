"""Stopping attempts: what was asked for and what is overdue, all at a time, and nobody waits for a slow target."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future
from concurrent.futures import wait as wait_for

from launchctl.engine.claims import CLAIM_SECONDS, is_left_over
from launchctl.engine.events import CancelSent
from launchctl.engine.launch import Launch, target_of
from launchctl.engine.ledger import Ledger
from launchctl.engine.means import Means
from launchctl.engine.roster import Roster
from launchctl.engine.schedule import reference
from launchctl.engine.starting import Starter
from launchctl.engine.verdict import is_due
from launchctl.engine.workers import Workers
from launchctl.errors import ProviderError
from launchctl.state.model import AttemptRecord
from launchctl.status import Status

_PROMPT = 0.1
"""Seconds in which most targets have answered."""


class Canceller:
    """Stops the attempts of one drain; a target may take its time, since a job has some grace to end by itself."""

    def __init__(self, means: Means, ledger: Ledger, roster: Roster, starter: Starter, workers: Workers) -> None:
        self._means = means
        self._ledger = ledger
        self._roster = roster
        self._starter = starter
        self._workers = workers
        self._calls: dict[Future[str], AttemptRecord] = {}

    @property
    def is_busy(self) -> bool:
        """Whether a target has not answered yet."""
        return bool(self._calls)

    def wait(self, seconds: float) -> None:
        """Waits for an answer, for so long at most."""
        wait_for(self._calls, timeout=seconds, return_when=FIRST_COMPLETED)

    def cancel(self) -> list[AttemptRecord]:
        """Asks for the end of what is to be stopped; the attempts whose targets have carried it out."""
        under_way = {found.run_id for found in self._calls.values()}
        is_over = self._means.interrupt.is_requested
        for attempt in () if is_over else self._doomed(self._means.clock()):
            if attempt.run_id not in under_way:
                self._means.sink(CancelSent(reference(attempt), attempt.run_id))
                self._calls[self._workers.submit(self._call, attempt)] = attempt
        if not self._calls:
            return []
        done = [(self._calls.pop(call), call.result()) for call in wait_for(self._calls, timeout=_PROMPT).done]
        for attempt, message in done:
            if message:
                self._ledger.trouble(reference(attempt), message)
                self._starter.release([attempt])
        stopped = (attempt for attempt, message in done if not message)
        return [self._roster.active[found.run_id] for found in stopped if found.run_id in self._roster.active]

    def _doomed(self, now: float) -> list[AttemptRecord]:
        """What is to be stopped; an intent only where nobody is about to create its object, and nobody will be."""
        active = self._roster.active.values()
        begun = [found for found in active if found.status is not Status.INTENT]
        doomed = [found for found in begun if found.cancel_requested or _is_due(found, now)]
        left_over = [found for found in active if found.cancel_requested and is_left_over(found, now)]
        if left_over:
            claimed = self._means.store.claim(left_over, self._means.owner, now, now + CLAIM_SECONDS)
            for found in claimed:
                self._roster.put(found)
            doomed += claimed
        return doomed

    def _call(self, attempt: AttemptRecord) -> str:
        """Stops one attempt, in a thread; what went wrong, if anything did."""
        launch = Launch.from_text(attempt.manifest)
        try:
            self._means.clients.of(launch.resource).cancel(target_of(attempt, launch))
        except ProviderError as error:
            return self._means.redactor.text(error.message)
        return ""


def _is_due(attempt: AttemptRecord, now: float) -> bool:
    return is_due(attempt, now, Launch.from_text(attempt.manifest).timeout)
