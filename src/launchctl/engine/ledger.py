"""Recording what became of attempts, and telling it: every change of a status goes through here."""

from __future__ import annotations

from collections.abc import Sequence

from launchctl.engine.events import Sink, StatusChanged, Trouble
from launchctl.engine.schedule import reference
from launchctl.state.model import AttemptRecord
from launchctl.state.store import StateStore
from launchctl.status import Status


class Ledger:
    """Writes outcomes in one step, tells those that were taken, and keeps count for the report."""

    def __init__(self, store: StateStore, sink: Sink) -> None:
        self._store = store
        self._sink = sink
        self.touched: dict[str, None] = {}
        """Addresses whose attempts were seen to change, in order."""
        self.failed: dict[str, None] = {}
        """Addresses whose latest end was no success."""
        self.errors: dict[str, None] = {}
        """What could not be done, a line each."""

    def record(self, before: Sequence[AttemptRecord], after: Sequence[AttemptRecord]) -> bool:
        """Writes what differs between two states of the same attempts; whether anything did."""
        old = {found.key: found for found in before}
        changed = [found for found in after if found != old[found.key]]
        if not changed:
            return False
        for found in self._store.record(changed):
            if found.status is not old[found.key].status:
                self._tell(old[found.key].status, found)
        return True

    def _tell(self, old: Status, found: AttemptRecord) -> None:
        self.touched[found.address] = None
        if found.status.is_success:
            self.failed.pop(found.address, None)
        elif found.status.is_terminal:
            self.failed[found.address] = None
        self._sink(
            StatusChanged(
                reference(found),
                found.run_id,
                old,
                found.status,
                found.exit_code,
                found.message,
                found.started_at,
                found.ended_at,
            )
        )

    def refused(self, name: str, message: str) -> None:
        """Keeps a refusal for the report; its change of status tells it."""
        self.errors[f"{name}: {message}"] = None

    def trouble(self, name: str, message: str) -> None:
        """Tells what did not stop the drain, once, and keeps it for the report."""
        line = f"{name}: {message}" if name else message
        if line not in self.errors:
            self.errors[line] = None
            self._sink(Trouble(name, message))
