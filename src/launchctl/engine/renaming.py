"""Which records go by another name from now on: `moved` against the state. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from launchctl.compiler.program import Program
from launchctl.engine.sweep.tally import sweep_of
from launchctl.state.model import Standing, State


@dataclass(frozen=True, slots=True)
class Renames:
    """What `moved` means for a state."""

    sources: Mapping[str, str] = field(default_factory=dict[str, str])
    """New address to old, of the histories that change hands."""
    refused: Mapping[str, str] = field(default_factory=dict[str, str])
    """The same of those that cannot, since the new address has a history of its own."""

    def recorded_as(self, address: str) -> str:
        """The name under which the state knows an address of the project."""
        return _translated(address, self.sources) if self.sources else address

    def named_now(self, address: str) -> str:
        """The name that the project has for an address of the state."""
        return _translated(address, {old: new for new, old in self.sources.items()}) if self.sources else address


def _translated(address: str, names: Mapping[str, str]) -> str:
    """The other name of an address; a trial goes with its sweep."""
    name, bracket, key = address.partition("[")
    return names.get(name, name) + bracket + key


def renames_of(program: Program, state: State | None) -> Renames:
    """The renames that are still to be carried out; a chain of them hands over the nearest history that there is."""
    if state is None or not program.moved:
        return Renames()
    moved = {str(move.target): str(move.source) for move in program.moved}
    sources: dict[str, str] = {}
    refused: dict[str, str] = {}
    for target in sorted(moved.keys() - set(moved.values())):
        source = _nearest(target, moved, state)
        if source is None:
            continue
        if not _has_history(state, target) and _epoch(state, target) <= _epoch(state, source):
            sources[target] = source
        elif _is_active(state, source):
            refused[target] = source
    return Renames(sources, refused)


def _nearest(target: str, moved: Mapping[str, str], state: State) -> str | None:
    """The first of the addresses before this one that has a history."""
    seen = {target}
    name = moved.get(target)
    while name is not None and name not in seen:
        if _has_history(state, name):
            return name
        seen.add(name)
        name = moved.get(name)
    return None


def _has_history(state: State, address: str) -> bool:
    """Whether a run had a generation, or a sweep is on record with all its trials."""
    sweep, run = state.sweeps.get(address), state.runs.get(address)
    if sweep is not None:
        is_known = sweep.standing is Standing.ACTIVE or any(sweep_of(name) == address for name in state.runs)
        return is_known and not sweep.is_lost
    return run is not None and run.generation is not None


def _epoch(state: State, address: str) -> int:
    """The last epoch of a sweep; none of those that its name had before may come again."""
    sweep = state.sweeps.get(address)
    return sweep.epoch if sweep else 0


def _is_active(state: State, address: str) -> bool:
    sweep = state.sweeps.get(address)
    return (sweep.standing if sweep else state.runs[address].run.standing) is Standing.ACTIVE
