"""Recording what became of attempts, and telling it: every change of a status goes through here."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from launchctl.engine.events import Sink, StatusChanged, Trouble, Warned
from launchctl.engine.roster import Roster
from launchctl.engine.schedule import reference
from launchctl.engine.sweep.tally import sweep_of
from launchctl.state.model import AttemptRecord
from launchctl.state.store import StateStore
from launchctl.status import Status


class Ledger:
    """Writes outcomes in one step, tells those that were taken, and keeps count for the report."""

    def __init__(self, store: StateStore, sink: Sink, roster: Roster) -> None:
        self._store = store
        self._sink = sink
        self._roster = roster
        self._refused: list[str] = []
        self._troubles: dict[str, dict[str, None]] = {}
        """By what they are about; forgotten once that is over."""
        self._warned: dict[tuple[str, str], str] = {}
        """By sweep and kind, the line of the first."""
        self.touched: dict[str, None] = {}
        """Addresses whose attempts were seen to change, in order."""

    @property
    def errors(self) -> tuple[str, ...]:
        """What could not be done, a line each."""
        return (*self._refused, *(line for lines in self._troubles.values() for line in lines))

    def record(self, before: Sequence[AttemptRecord], after: Sequence[AttemptRecord]) -> Collection[str]:
        """Writes what differs between two states of the same attempts; the run ids of those that were taken."""
        old = {found.run_id: found for found in before}  # what a rename meanwhile does not change
        changed = [found for found in after if found != old[found.run_id]]
        taken = self._store.record(changed) if changed else ()
        for found in taken:
            self._roster.put(found)
            if found.status is not old[found.run_id].status:
                self._tell(old[found.run_id].status, found)
        return [found.run_id for found in taken]

    def _tell(self, old: Status, found: AttemptRecord) -> None:
        self.touched[found.address] = None
        if found.status.is_terminal:
            self.over(reference(found))
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
        self._refused.append(f"{name}: {message}")

    def trouble(self, name: str, message: str) -> None:
        """Tells what did not stop the drain, once, and keeps it for the report."""
        line = f"{name}: {message}" if name else message
        lines = self._troubles.setdefault(name, {})
        if line not in lines:
            lines[line] = None
            self._sink(Trouble(name, message))

    def warn(self, kind: str, name: str, message: str) -> None:
        """Tells what a person should look into, once a kind and sweep, and keeps it for the report."""
        key = (sweep_of(name) or name, kind)
        if key not in self._warned:
            self._warned[key] = f"{name}: {message}"
            self._sink(Warned(name, message))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was warned of, a line each."""
        return tuple(self._warned.values())

    def over(self, name: str) -> None:
        """Forgets the troubles with something that has come to its end all the same."""
        self._troubles.pop(name, None)
