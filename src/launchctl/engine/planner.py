"""Planning: desired, recorded and live to a `Plan`, by the decision table. Pure, and linear in the runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from launchctl.compiler.program import LaunchSpec
from launchctl.engine.cells import CELLS, Case, Changes, after_upstream, requested, start
from launchctl.engine.decision import TABLE, Changed
from launchctl.engine.edit import edit_of
from launchctl.engine.plan import Action, Change, Plan, Reason, fits
from launchctl.engine.removal import config_changes, configured, refused_rename, removals
from launchctl.engine.schedule import reference, schedule
from launchctl.engine.sweep.tally import sweep_of
from launchctl.engine.upstream import seen_of, upstream_seen
from launchctl.engine.world import Desired, World
from launchctl.state.model import AttemptRecord, RunState, Standing
from launchctl.status import Status

if TYPE_CHECKING:
    from launchctl.engine.sweep.planner import SweepPlanner


def make_plan(world: World) -> Plan:
    """What apply would do with every address, configuration first, then in the order of the project."""
    planner = _Planner(world)
    changes = (*config_changes(world), *planner.named(), *removals(world), *planner.removed_sweeps())
    return Plan(
        project=world.program.project,
        entity=world.program.entity,
        workspace=world.workspace,
        lineage=world.lineage,
        serial=world.state.head.serial if world.state else 0,
        changes=tuple(change for change in changes if planner.is_targeted(change.address)),
        override=world.override,
        refreshed=world.refreshed,
    )


class _Planner:
    def __init__(self, world: World) -> None:
        self.world = world
        self.planned: dict[str, Changes] = {}

    def named(self) -> Iterator[Change]:
        """Changes of every run and sweep that the project names; each is planned after those that it depends on."""
        desired, sweeps = self.world.desired, self.world.sweeps
        for address in _in_dependency_order(_specs(self.world)):
            self.planned[address] = self._sweep(address) if address in sweeps else self._run(address, desired[address])
        for address in (*desired, *sweeps):
            yield from self.planned[address]

    def is_targeted(self, address: str) -> bool:
        """Whether `--target` leaves an address in the plan."""
        return self._targeted is None or not self._targeted.isdisjoint({address, sweep_of(address) or address})

    @cached_property
    def _targeted(self) -> frozenset[str] | None:
        """Addresses that `--target` names, with what they depend on and their queues; None without a target."""
        if not self.world.override.targets:
            return None
        specs = _specs(self.world)
        known, state = {*specs, *configured(self.world)}, self.world.state
        known |= {*state.runs, *state.configs, *state.sweeps} if state else set()
        reached = {name for name in known if fits(name, self.world.override.targets)}
        waiting = list(reached)
        while waiting:
            name = waiting.pop()
            spec = specs.get(sweep_of(name) or name)
            if spec is not None:
                needed = {*(str(found.address) for found in spec.depends_on), f"queues.{spec.queue}"}
                waiting.extend(needed - reached)
                reached |= needed
        return frozenset(reached)

    def _run(self, address: str, desired: Desired) -> Changes:
        record = self.world.recorded(address)
        attempt = record.latest if record else None
        base = Change(address, Action.NO_OP, None, span=desired.spec.span)
        if record is None or attempt is None:
            return (self._first(base, desired, record),)
        base = replace(
            base,
            generation=record.run.generation,
            attempt=attempt.number,
            run_id=attempt.run_id,
            status=Status.INTENT if attempt.status is Status.INTENT else self.world.status_of(attempt),
        )
        changes = self._again(base, desired, record, attempt)
        if record.run.standing is not Standing.ACTIVE:
            changes = _named_again(base, changes)
        if address in self.world.renames.sources:
            message = f"was {self.world.renames.sources[address]} until now"
            return (replace(base, action=Action.RECORD, reason=Reason.RENAMED, message=message), *changes)
        if address in self.world.renames.refused and any(change.action is Action.START for change in changes):
            return (refused_rename(base, self.world.renames.refused[address], address),)
        return changes

    # A run that was never decided.

    def _first(self, base: Change, desired: Desired, record: RunState | None) -> Change:
        twin = self._gone.get(desired.form.intent)
        if twin is None:
            return start(self.world, base, desired, record, Reason.NEVER_RUN)
        if fits(base.address, self.world.override.rerun):
            return start(self.world, base, desired, record, Reason.REQUESTED)
        return replace(
            base,
            action=Action.BLOCKED,
            reason=Reason.RENAMED,
            message=f"{twin} ran this very experiment and is no longer in the project",
            options=(f"moved: [{{from: {twin}, to: {base.address}}}]", f"launchctl apply --rerun {base.address}"),
        )

    @cached_property
    def _gone(self) -> Mapping[str, str]:
        """Intent to address of the runs that were started and that the project does not name any more."""
        runs = self.world.state.runs.items() if self.world.state else ()
        sources = set(self.world.renames.sources.values())
        return {
            record.generation.form.intent: address
            for address, record in runs
            if address not in self.world.desired
            and address not in sources
            and record.generation is not None
            and (latest := record.latest) is not None
            and latest.status is not Status.PENDING
        }

    # A run that was decided before.

    def _again(self, base: Change, desired: Desired, record: RunState, attempt: AttemptRecord) -> Changes:
        changed, fields = edit_of(record.run.acknowledged, desired, attempt)
        case = Case(
            self.world,
            replace(base, changes=fields),
            desired,
            record,
            attempt,
            changed,
            self._waiting.get(reference(attempt), ""),
        )
        status = base.status
        assert status is not None
        if fits(base.address, self.world.override.rerun) and status not in {Status.PENDING, Status.INTENT}:
            return requested(case)
        upstream = self._moved_upstream(desired, record)
        if upstream and changed is not Changed.INTENT:
            moved = after_upstream(case, f"{upstream} has a new generation")
            if moved is not None:
                return moved
        return CELLS[TABLE[status][changed]](case)

    @cached_property
    def _waiting(self) -> Mapping[str, str]:
        state = self.world.state
        return schedule(state, self.world.now, self.world.environment).waiting if state else {}

    def _moved_upstream(self, desired: Desired, record: RunState) -> str | None:
        """The `rerun` dependency whose generation has risen since this run's own was decided."""
        return self._risen(upstream_seen(self.world, desired, record))

    def _risen(self, seen: Mapping[str, int]) -> str | None:
        """The first of these whose generation, or epoch, is higher once the plan is applied."""
        for name, number in seen.items():
            if max((change.generation for change in self.planned.get(name, ())), default=0) > number:
                return name
        return None

    # A sweep.

    @cached_property
    def sweeps(self) -> SweepPlanner:
        """Loaded for those that have one."""
        from launchctl.engine.sweep.planner import SweepPlanner

        return SweepPlanner(self.world)

    def removed_sweeps(self) -> Iterator[Change]:
        """Changes of every sweep that the project does not name any more."""
        if self.world.sweeps or (self.world.state and self.world.state.sweeps):
            yield from self.sweeps.removals()

    def _sweep(self, address: str) -> Changes:
        from launchctl.engine.sweep.form import upstream_of

        spec, recorded = self.world.sweeps[address].spec.launch, self.sweeps.book.recorded(address)
        if recorded is None or not any(found.rerun for found in spec.depends_on):
            return self.sweeps.changes(address)
        seen = seen_of(self.world, spec, upstream_of(recorded.record.form))
        return self.sweeps.changes(address, self._risen(seen) or "")


def _specs(world: World) -> Mapping[str, LaunchSpec]:
    """What every run and all trials of every sweep start, by address."""
    runs = {address: run.spec for address, run in world.desired.items()}
    return {**runs, **{address: sweep.spec.launch for address, sweep in world.sweeps.items()}}


def _in_dependency_order(specs: Mapping[str, LaunchSpec]) -> Iterator[str]:
    if not any(spec.depends_on for spec in specs.values()):
        return iter(specs)
    graph = {
        address: [name for found in spec.depends_on if (name := str(found.address)) in specs]
        for address, spec in specs.items()
    }
    return iter(TopologicalSorter(graph).static_order())


def _named_again(base: Change, changes: Changes) -> Changes:
    """A run that was removed and is named again: its history decides, as if it had never gone."""
    if any(change.action.decides or change.action is Action.BLOCKED for change in changes):
        return changes
    message = "named again; its history counts"
    again = replace(base, action=Action.RECORD, reason=Reason.METADATA_CHANGED, message=message)
    return (again, *(change for change in changes if change.action is not Action.NO_OP))
