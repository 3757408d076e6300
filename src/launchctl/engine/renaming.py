"""Which records go by another name from now on: `moved` against the state. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from launchctl.compiler.program import Program
from launchctl.state.model import RunState, Standing, State


@dataclass(frozen=True, slots=True)
class Renames:
    """What `moved` means for a state."""

    sources: Mapping[str, str] = field(default_factory=dict[str, str])
    """New address to old, of the histories that change hands."""
    refused: Mapping[str, str] = field(default_factory=dict[str, str])
    """The same of those that cannot, since the new address has a history of its own."""

    def recorded_as(self, address: str) -> str:
        """The name under which the state knows an address of the project."""
        return self.sources.get(address, address)


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
        if not _has_history(state.runs.get(target)):
            sources[target] = source
        elif state.runs[source].run.standing is Standing.ACTIVE:
            refused[target] = source
    return Renames(sources, refused)


def _nearest(target: str, moved: Mapping[str, str], state: State) -> str | None:
    """The first of the addresses before this one that has a history."""
    seen = {target}
    name = moved.get(target)
    while name is not None and name not in seen:
        if _has_history(state.runs.get(name)):
            return name
        seen.add(name)
        name = moved.get(name)
    return None


def _has_history(record: RunState | None) -> bool:
    return record is not None and record.generation is not None
