"""What is on record of each sweep of a world, beside what the project wants of it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from launchctl.engine.sweep.form import accepted_sweep, with_seed
from launchctl.engine.sweep.tally import sweep_of
from launchctl.engine.world import SweepDesired, World
from launchctl.state.model import AttemptRecord, RunState, Standing, SweepRecord
from launchctl.status import Status


@dataclass(frozen=True)
class RecordedSweep:
    """One sweep as it was accepted, with every trial that was ever drawn of it."""

    record: SweepRecord
    trials: Sequence[RunState]
    """Of every epoch, by the name under which the state knows them."""

    @cached_property
    def accepted(self) -> SweepDesired:
        """What its trials are drawn from."""
        return accepted_sweep(self.record)

    @cached_property
    def current(self) -> Sequence[tuple[RunState, AttemptRecord]]:
        """Trials that were drawn in the present epoch, each with its latest attempt."""
        epoch = self.record.epoch
        return [(run, latest) for run in self.trials if run.run.generation == epoch and (latest := run.latest)]

    @property
    def has_run(self) -> bool:
        """Whether a trial of the present epoch ever began."""
        return any(latest.status is not Status.PENDING or latest.number > 1 for _, latest in self.current)

    @property
    def images(self) -> frozenset[str]:
        """Digests of the images that trials of the present epoch ran."""
        digests = (latest.handle.get("image_digest") for _, latest in self.current)
        return frozenset(str(found) for found in digests if found)

    def under_way(self, world: World) -> Iterator[AttemptRecord]:
        """Attempts of the present epoch that run, and that nobody asked to stop."""
        for run, _ in self.current:
            for attempt in run.attempts:
                is_ours = attempt.generation == self.record.epoch and run.run.standing is not Standing.DETACHED
                if is_ours and not attempt.cancel_requested and world.status_of(attempt).is_active:
                    yield attempt


class SweepBook:
    """The sweeps of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._desired: dict[str, SweepDesired] = {}

    @cached_property
    def _by_sweep(self) -> Mapping[str, list[RunState]]:
        found: dict[str, list[RunState]] = defaultdict(list)
        if self.world.state is not None and self.world.state.sweeps:
            for address, run in self.world.state.runs.items():
                sweep = sweep_of(address)
                if sweep:
                    found[sweep].append(run)
        return found

    def on_record(self, name: str) -> RecordedSweep | None:
        """A sweep by the name under which the state knows it."""
        record = self.world.state.sweeps.get(name) if self.world.state else None
        return RecordedSweep(record, self._by_sweep.get(name, ())) if record else None

    def recorded(self, address: str) -> RecordedSweep | None:
        """The record of a sweep of the project, forgotten ones included; one without trials left was never begun, and
        of one that a repair has lost nothing is known but its epochs."""
        found = self.on_record(self.world.renames.recorded_as(address))
        if found is None or found.record.is_lost or (found.record.standing is not Standing.ACTIVE and not found.trials):
            return None
        return found

    def lost(self, address: str) -> RecordedSweep | None:
        """A sweep of the project whose record a repair has lost."""
        found = self.on_record(address)
        return found if found and found.record.is_lost else None

    def epochs_before(self, address: str) -> int:
        """The last epoch of a name, which none that comes after may have again."""
        found = self.on_record(self.world.renames.recorded_as(address))
        return found.record.epoch if found else 0

    def desired(self, address: str) -> SweepDesired:
        """A sweep of the project, with the default seed that it began with."""
        if address not in self._desired:
            self._desired[address] = self._seeded(address)
        return self._desired[address]

    def _seeded(self, address: str) -> SweepDesired:
        desired, recorded = self.world.sweeps[address], self.recorded(address)
        search = desired.spec.search
        if recorded is None or search.has_own_seed:
            return desired
        began = recorded.accepted.spec.search
        if began.has_own_seed or began.seed == search.seed:
            return desired
        return with_seed(desired, began.seed, self.world.program)
