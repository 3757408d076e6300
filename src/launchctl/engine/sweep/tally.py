"""How the trials of a sweep stand: counted once from a state, then kept current trial by trial."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from launchctl.state.model import RunState, Standing, State, SweepRecord
from launchctl.status import Status


def sweep_of(address: str) -> str:
    """`sweeps.lr` for the address of one of its trials; nothing for anything else."""
    return address.partition("[")[0] if address.startswith("sweeps.") else ""


def key_of(address: str) -> str:
    """The key of a trial's address."""
    return address.partition("[")[2][:-1]


class Tally:
    """The trials of one sweep."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.trials: dict[str, RunState] = {}
        """By key: trials that were drawn in this epoch, whatever became of them."""
        self.counts: Counter[Status] = Counter()
        """Latest attempts of this epoch's trials."""
        self.active = 0
        """Attempts of every epoch, as `parallel` counts them."""
        self.leaving = 0
        """Attempts of earlier epochs that were asked to stop and have not ended."""

    def replace(self, old: RunState | None, new: RunState) -> None:
        """Takes a trial as it is now."""
        if old is not None:
            self._count(old, -1)
        self._count(new, 1)
        key = key_of(new.run.address)
        if self._status(new) is None:
            self.trials.pop(key, None)
        else:
            self.trials[key] = new

    def _count(self, run: RunState, sign: int) -> None:
        status = self._status(run)
        if status is not None:
            self.counts[status] += sign
        if run.run.standing is Standing.DETACHED:
            return
        for attempt in run.attempts:
            if attempt.status.is_active:
                self.active += sign
            if attempt.generation != self.epoch and attempt.cancel_requested and not attempt.status.is_terminal:
                self.leaving += sign

    def _status(self, run: RunState) -> Status | None:
        """Where a trial of this epoch stands; None where it was not drawn in it."""
        latest = run.latest if run.run.generation == self.epoch else None
        return latest.status if latest else None

    @property
    def pending(self) -> int:
        """Trials that were drawn and have not begun."""
        return self.counts[Status.PENDING]

    @property
    def unfinished(self) -> int:
        """Trials that were drawn and have not ended."""
        return sum(number for status, number in self.counts.items() if not status.is_terminal)

    @property
    def succeeded(self) -> int:
        """Trials that succeeded or were stopped early."""
        return sum(number for status, number in self.counts.items() if status.is_success)


def tallies_of(sweeps: Mapping[str, SweepRecord], runs: Mapping[str, RunState]) -> dict[str, Tally]:
    """The tally of each sweep on record, by address."""
    tallies = {address: Tally(record.epoch) for address, record in sweeps.items()}
    if tallies:
        for address, run in runs.items():
            tally = tallies.get(sweep_of(address))
            if tally is not None:
                tally.replace(None, run)
    return tallies


def tallies(state: State) -> dict[str, Tally]:
    """The tallies of a snapshot."""
    return tallies_of(state.sweeps, state.runs)
