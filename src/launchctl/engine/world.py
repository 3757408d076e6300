"""What a plan is made from: the desired, the recorded and the live, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from launchctl.compiler.program import LaunchSpec, Program, SweepSpec
from launchctl.engine.plan import Override
from launchctl.engine.renaming import Renames
from launchctl.providers.base import Observation, Provider
from launchctl.state.model import AttemptRecord, Form, RunState, Series, State
from launchctl.status import Status
from launchctl.values import digest_text

if TYPE_CHECKING:
    from launchctl.compiler.entries import ResolvedSweep


@dataclass(frozen=True, slots=True)
class Desired:
    """One run as the project wants it."""

    spec: LaunchSpec
    form: Form
    provider: Provider
    epoch: int = 0
    """Of a trial: the sweep's epoch that it belongs to, which makes it another experiment than in any other."""


@dataclass(frozen=True, slots=True)
class SweepDesired:
    """One sweep as the project wants it, or as it was accepted."""

    spec: SweepSpec
    form: Form
    """Of what all trials share; its canonical text has the search too, in a table of its own."""
    provider: Provider
    text: str
    """The specification as the state keeps it."""
    resolved: ResolvedSweep | None = field(default=None, compare=False, repr=False)
    """As the project writes it, which says where each part stands; None of one that is on record."""

    @property
    def address(self) -> str:
        """`sweeps.NAME`."""
        return str(self.spec.address)

    @property
    def digest(self) -> str:
        """Of the space and of all that a trial is made from: what a saved plan starts is exactly this."""
        return digest_text(self.text)


@dataclass(frozen=True, slots=True)
class World:
    """Everything that planning reads."""

    program: Program
    desired: Mapping[str, Desired]
    """By address."""
    state: State | None
    lineage: str
    """The state's, or the one that a first apply will create it with."""
    workspace: str
    now: float
    """Seconds since the epoch."""
    observations: Mapping[str, Observation] = field(default_factory=dict[str, Observation])
    """By run id."""
    asked: frozenset[str] = frozenset()
    """Run ids that the providers were asked about; one without an observation does not exist there."""
    refreshed: bool = True
    """Whether the providers were to be asked at all."""
    override: Override = field(default_factory=Override)
    environment: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Of the process that plans: what pending attempts wait for depends on it."""
    renames: Renames = field(default_factory=Renames)
    sweeps: Mapping[str, SweepDesired] = field(default_factory=dict[str, SweepDesired])
    """By address."""
    series_of: Callable[[str], Mapping[str, Series]] = lambda _: {}
    """What the trials of a sweep on record have said, by run id; asked for where the sweep has a target alone."""

    def recorded(self, address: str) -> RunState | None:
        """The record of an address of the project, by the name that the state knows it under; forgotten and
        detached ones included."""
        return self.state.runs.get(self.renames.recorded_as(address)) if self.state else None

    def status_of(self, attempt: AttemptRecord) -> Status:
        """Where an attempt stands now: a terminal record beats live absence, a terminal live status beats a
        record that is not, and an object that was there and is gone is lost."""
        if attempt.status.is_terminal or attempt.status is Status.PENDING:
            return attempt.status
        found = self.observations.get(attempt.run_id)
        if found is not None:
            return found.status if found.is_started else Status.INTENT
        if attempt.run_id in self.asked and attempt.status is not Status.INTENT:
            return Status.LOST
        return attempt.status
