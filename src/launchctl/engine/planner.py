"""Planning: desired, recorded and live to a `Plan`, by the decision table. Pure, and linear in the runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from graphlib import TopologicalSorter

from launchctl.compiler.program import FieldClass
from launchctl.engine.cells import CELLS, Case, Changes, requested, start
from launchctl.engine.decision import TABLE, Changed
from launchctl.engine.fingerprint import field_changes
from launchctl.engine.plan import Action, Change, FieldChange, Plan, Reason, fits
from launchctl.engine.removal import config_changes, removals
from launchctl.engine.schedule import schedule
from launchctl.engine.world import Desired, World
from launchctl.state.model import AttemptRecord, RunState, Standing
from launchctl.status import Status


def make_plan(world: World) -> Plan:
    """What apply would do with every address, configuration first, then in the order of the project."""
    planner = _Planner(world)
    renamed = frozenset(planner.renamed.values())
    changes = (*config_changes(world), *planner.runs(), *removals(world, renamed))
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
        self.renamed = {
            str(move.target): str(move.source)
            for move in world.program.moved
            if self._is_active(str(move.source)) and not self._is_active(str(move.target))
        }
        """New address to old."""
        self.planned: dict[str, Changes] = {}

    def _is_active(self, address: str) -> bool:
        found = self.world.recorded(address)
        return found is not None and found.run.standing is Standing.ACTIVE

    def runs(self) -> Iterator[Change]:
        """Changes of every run that the project names; each is planned after those that it depends on."""
        desired = self.world.desired
        for address in _in_dependency_order(desired):
            self.planned[address] = self._run(address, desired[address])
        for address in desired:
            yield from self.planned[address]

    def is_targeted(self, address: str) -> bool:
        """Whether `--target` leaves an address in the plan."""
        return self._targeted is None or address in self._targeted

    @cached_property
    def _targeted(self) -> frozenset[str] | None:
        """Addresses that `--target` names, with what they depend on; None without a target."""
        if not self.world.override.targets:
            return None
        known = {*self.world.desired, *(self.world.state.runs if self.world.state else ())}
        reached = {name for name in known if fits(name, self.world.override.targets)}
        waiting = list(reached)
        while waiting:
            run = self.world.desired.get(waiting.pop())
            fresh = {str(found.address) for found in run.spec.depends_on} - reached if run else set[str]()
            reached |= fresh
            waiting.extend(fresh)
        return frozenset(reached)

    def _run(self, address: str, desired: Desired) -> Changes:
        record = self.world.recorded(self.renamed.get(address, address))
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
            changes = tuple(_named_again(change) for change in changes)
        if address in self.renamed:
            message = f"was {self.renamed[address]} until now"
            changes = (replace(base, action=Action.RECORD, reason=Reason.RENAMED, message=message), *changes)
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
        sources = set(self.renamed.values())
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
        changed, fields = _changed(desired, record, attempt)
        case = Case(
            self.world,
            replace(base, changes=fields),
            desired,
            record,
            attempt,
            changed,
            self._waiting.get(f"{attempt.address}@g{attempt.generation}#a{attempt.number}", ""),
        )
        status = base.status
        assert status is not None
        if fits(base.address, self.world.override.rerun) and status not in {Status.PENDING, Status.INTENT}:
            return requested(case)
        upstream = self._moved_upstream(desired, record) if status.is_terminal else None
        if upstream and changed is not Changed.INTENT:
            message = f"{upstream} has a new generation"
            return (start(self.world, case.base, desired, record, Reason.UPSTREAM, message),)
        return CELLS[TABLE[status][changed]](case)

    @cached_property
    def _waiting(self) -> Mapping[str, str]:
        return schedule(self.world.state, self.world.now).waiting if self.world.state else {}

    def _moved_upstream(self, desired: Desired, record: RunState) -> str | None:
        """The `rerun` dependency whose generation has risen since this run's own was decided."""
        assert record.generation is not None
        for dependency in desired.spec.depends_on:
            name = str(dependency.address)
            if dependency.rerun and self._generation_after(name) > record.generation.upstream.get(name, 0):
                return name
        return None

    def _generation_after(self, address: str) -> int:
        """Number of an address's latest generation once this plan is applied."""
        return max((change.generation for change in self.planned.get(address, ())), default=0)


def _in_dependency_order(desired: Mapping[str, Desired]) -> Iterator[str]:
    if not any(run.spec.depends_on for run in desired.values()):
        return iter(desired)
    graph = {
        address: [name for found in run.spec.depends_on if (name := str(found.address)) in desired]
        for address, run in desired.items()
    }
    return iter(TopologicalSorter(graph).static_order())


def _named_again(change: Change) -> Change:
    """A run that was removed and is named again: its history decides, as if it had never gone."""
    if change.action is not Action.NO_OP:
        return change
    return replace(
        change, action=Action.RECORD, reason=Reason.METADATA_CHANGED, message="named again; its history counts"
    )


def _changed(desired: Desired, record: RunState, attempt: AttemptRecord) -> tuple[Changed, tuple[FieldChange, ...]]:
    """What changed since the last form that an apply accepted."""
    accepted = record.run.acknowledged
    if accepted.hashes == desired.form.hashes:
        return Changed.NOTHING, ()
    fields = field_changes(accepted, desired.form, desired.spec)
    pinned = _pinned_image(fields, attempt)
    kinds = {field.field_class for field in fields if field is not pinned}
    if FieldClass.INTENT in kinds:
        return Changed.INTENT, fields
    return Changed.PLACEMENT if FieldClass.PLACEMENT in kinds else Changed.METADATA, fields


def _pinned_image(fields: tuple[FieldChange, ...], attempt: AttemptRecord) -> FieldChange | None:
    """The change of a tag into the very digest that the latest attempt ran, which is none."""
    digest = attempt.handle.get("image_digest")
    for field in fields:
        if field.path == "image" and digest and str(field.new).endswith(f"@{digest}"):
            return field
    return None
