"""Generations upstream: what a `rerun` dependency was when a run was decided. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from launchctl.compiler.program import LaunchSpec
from launchctl.engine.world import Desired, World
from launchctl.state.model import RunState


def upstream_seen(world: World, desired: Desired, record: RunState) -> Mapping[str, int]:
    """By `rerun` dependency, the generation that the run's own was decided on.

    A dependency that is new in the project counts as seen as it stands: to write it down is an edit
    of metadata, and starts nothing that has ended.
    """
    assert record.generation is not None
    return seen_of(world, desired.spec, record.generation.upstream)


def seen_of(world: World, spec: LaunchSpec, known: Mapping[str, int]) -> Mapping[str, int]:
    """The same of a run or a sweep of which so much is recorded."""
    seen: dict[str, int] = {}
    for dependency in spec.depends_on:
        if dependency.rerun:
            name = str(dependency.address)
            old = known.get(name, known.get(world.renames.recorded_as(name)))
            seen[name] = generation_of(world, name) if old is None else old
    return seen


def generation_of(world: World, address: str) -> int:
    """Number of the latest generation on record, or epoch of a sweep; 0 before the first."""
    name = world.renames.recorded_as(address)
    if world.state is not None and name in world.state.sweeps:
        return world.state.sweeps[name].epoch
    record = world.recorded(address)
    return record.run.generation if record else 0
