"""What a plan is made from: the desired, the recorded and the live, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from launchctl.compiler.program import LaunchSpec, Program
from launchctl.engine.plan import Override
from launchctl.engine.renaming import Renames
from launchctl.providers.base import Observation, Provider
from launchctl.state.model import AttemptRecord, Form, RunState, State
from launchctl.status import Status


@dataclass(frozen=True, slots=True)
class Desired:
    """One run as the project wants it."""

    spec: LaunchSpec
    form: Form
    provider: Provider


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
