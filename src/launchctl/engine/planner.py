"""Planning: desired, recorded and live to a `Plan`, by the decision table. Pure, and linear in the runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from graphlib import TopologicalSorter

from launchctl.compiler.bind import run_id
from launchctl.compiler.program import FieldClass
from launchctl.engine.decision import TABLE, Cell, Changed
from launchctl.engine.fingerprint import field_changes
from launchctl.engine.plan import Action, Change, FieldChange, Plan, Reason, fits
from launchctl.engine.removal import config_changes, removals
from launchctl.engine.schedule import schedule
from launchctl.engine.world import Desired, World
from launchctl.state.model import AttemptRecord, RunState, Standing
from launchctl.status import Status

_REASON_OF: Mapping[Changed, Reason | None] = {
    Changed.NOTHING: None,
    Changed.METADATA: Reason.METADATA_CHANGED,
    Changed.PLACEMENT: Reason.PLACEMENT_CHANGED,
    Changed.INTENT: Reason.INTENT_CHANGED,
}
_REASON_OF_END: Mapping[Status, Reason] = {
    Status.FAILED: Reason.FAILED,
    Status.TIMED_OUT: Reason.TIMED_OUT,
    Status.CANCELLED: Reason.CANCELLED,
    Status.PREEMPTED: Reason.PREEMPTED,
    Status.LOST: Reason.LOST,
}


def make_plan(world: World) -> Plan:
    """What apply would do with every address, in the order of addresses, configuration first."""
    planner = _Planner(world)
    changes = (*config_changes(world), *planner.runs(), *removals(world, frozenset(planner.renamed.values())))
    return Plan(
        project=world.program.project,
        entity=world.program.entity,
        workspace=world.workspace,
        lineage=world.lineage,
        serial=world.state.head.serial if world.state else 0,
        changes=tuple(change for change in changes if planner.is_targeted(change.address)),
        override=world.override,
        refreshed=bool(world.asked) or world.state is None,
    )


class _Planner:
    def __init__(self, world: World) -> None:
        self.world = world
        self.renamed = {
            str(move.target): str(move.source)
            for move in world.program.moved
            if self._is_recorded(str(move.source)) and not self._is_recorded(str(move.target))
        }
        self.planned: dict[str, tuple[Change, ...]] = {}

    def _is_recorded(self, address: str) -> bool:
        found = self.world.recorded(address)
        return found is not None and found.run.standing is Standing.ACTIVE

    # The order of planning: a run comes after those that it depends on.

    def runs(self) -> Iterator[Change]:
        """Changes of every run that the project names."""
        desired = self.world.desired
        order = TopologicalSorter(
            {
                address: [name for found in run.spec.depends_on if (name := str(found.address)) in desired]
                for address, run in desired.items()
            }
        ).static_order()
        for address in order:
            self.planned[address] = tuple(self._run(address, desired[address]))
        for address in desired:
            yield from self.planned[address]

    @cached_property
    def targeted(self) -> frozenset[str] | None:
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

    def is_targeted(self, address: str) -> bool:
        """Whether `--target` leaves an address in the plan."""
        return self.targeted is None or address in self.targeted

    # One run.

    def _run(self, address: str, desired: Desired) -> Iterator[Change]:
        record = self.world.recorded(self.renamed.get(address, address))
        if record is not None and record.run.standing is not Standing.ACTIVE:
            record = self._returned(record)
        base = Change(address, Action.NO_OP, None, span=desired.spec.span)
        if record is None or record.generation is None:
            yield self._first(base, desired)
            return
        attempt = record.latest
        base = replace(
            base,
            generation=record.run.generation,
            attempt=attempt.number if attempt else 0,
            run_id=attempt.run_id if attempt else "",
            status=self.world.status_of(attempt) if attempt else None,
        )
        if address in self.renamed:
            yield replace(
                base, action=Action.RECORD, reason=Reason.RENAMED, message=f"was {self.renamed[address]} until now"
            )
        yield from self._by_table(base, desired, record)

    def _returned(self, record: RunState) -> RunState | None:
        """A run that was removed and is named again: its history decides, as if it had never gone."""
        return record if record.generation is not None and record.latest is not None else None

    def _first(self, base: Change, desired: Desired) -> Change:
        twin = self._twin(base.address, desired)
        if twin and not fits(base.address, self.world.override.rerun):
            return replace(
                base,
                action=Action.BLOCKED,
                reason=Reason.RENAMED,
                message=f"{twin} ran this very experiment and is no longer in the project",
                options=(
                    f"moved: [{{from: {twin}, to: {base.address}}}]",
                    f"launchctl apply --rerun {base.address}",
                ),
            )
        return self._start(base, desired, None, Reason.REQUESTED if twin else Reason.NEVER_RUN)

    @cached_property
    def _gone(self) -> Mapping[str, str]:
        """Intent to address of the runs that started once and that the project does not name any more."""
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

    def _twin(self, address: str, desired: Desired) -> str | None:
        found = self._gone.get(desired.form.intent)
        return None if found == address else found

    def _by_table(self, base: Change, desired: Desired, record: RunState) -> Iterator[Change]:
        changed, fields = self._changed(desired, record)
        attempt = record.latest
        status = base.status
        base = replace(base, changes=fields)
        if status is None or attempt is None:
            yield self._start(base, desired, record, Reason.NEVER_RUN)
            return
        if fits(base.address, self.world.override.rerun) and status is not Status.PENDING:
            yield from self._requested(base, desired, record, status)
            return
        upstream = self._moved_upstream(desired, record)
        if upstream and status.is_terminal and changed is not Changed.INTENT:
            yield replace(self._start(base, desired, record, Reason.UPSTREAM), message=f"{upstream} has a new generation")
            return
        yield from self._cell(TABLE[status][changed], base, desired, record, changed)

    def _changed(self, desired: Desired, record: RunState) -> tuple[Changed, tuple[FieldChange, ...]]:
        """What changed since the last form that an apply accepted."""
        accepted = record.run.acknowledged
        if accepted.hashes == desired.form.hashes:
            return Changed.NOTHING, ()
        fields = field_changes(accepted, desired.form, desired.spec)
        pinned = _pinned_image(fields, record.latest)
        kinds = {field.field_class for field in fields if field is not pinned}
        for field_class, changed in (
            (FieldClass.INTENT, Changed.INTENT),
            (FieldClass.PLACEMENT, Changed.PLACEMENT),
        ):
            if field_class in kinds:
                return changed, fields
        return Changed.METADATA, fields

    def _moved_upstream(self, desired: Desired, record: RunState) -> str | None:
        """The `rerun` dependency whose generation has risen since this run's own was decided."""
        assert record.generation is not None
        for dependency in desired.spec.depends_on:
            name = str(dependency.address)
            if dependency.rerun and self.generation_after(name) > record.generation.upstream.get(name, 0):
                return name
        return None

    def generation_after(self, address: str) -> int:
        """Number of an address's latest generation once this plan is applied."""
        return max((change.generation for change in self.planned.get(address, ())), default=0)

    def _cell(
        self, cell: Cell, base: Change, desired: Desired, record: RunState, changed: Changed
    ) -> Iterator[Change]:
        reason = _REASON_OF[changed]
        match cell:
            case Cell.START | Cell.NEW_GENERATION:
                yield self._new_generation(base, desired, record)
            case Cell.NOTHING:
                yield base
            case Cell.WAIT:
                message = self._waiting.get(f"{base.address}@g{base.generation}#a{base.attempt}", "")
                yield replace(base, action=Action.WAITING, message=message)
            case Cell.TAKE_FORM:
                yield self._take_form(base, desired, record, reason)
            case Cell.RECOVER:
                yield self._recover(base)
            case Cell.UPDATE | Cell.LIVE_UPDATE:
                yield self._update(base, desired, reason, cell)
            case Cell.ON_CHANGE:
                yield from self._on_change(base, desired, record)
            case Cell.RECORD:
                yield replace(base, action=Action.RECORD, reason=reason)
            case Cell.HOLD | Cell.HOLD_NEW_FORM:
                yield self._hold_or_retry(base, desired, record)
            case Cell.ASK:
                yield self._ask(base)

    # What the cells do.

    def _identity(self, desired: Desired, record: RunState | None) -> str:
        """Id of the next attempt of this intent under this address."""
        program, spec = self.world.program, desired.spec
        return run_id(
            spec.address.slug,
            program.project,
            program.entity,
            self.world.workspace,
            str(spec.address),
            desired.form.intent,
            record.run.starts.get(desired.form.intent, 0) if record else 0,
            desired.provider.capabilities.id_length,
        )

    def _start(self, base: Change, desired: Desired, record: RunState | None, reason: Reason) -> Change:
        generation = (record.run.generation if record else 0) + 1
        return replace(
            base,
            action=Action.START,
            reason=reason,
            generation=generation,
            attempt=1,
            run_id=self._identity(desired, record),
        )

    def _new_generation(self, base: Change, desired: Desired, record: RunState) -> Change:
        if desired.spec.lifecycle.rerun_on == "never":
            return replace(
                base,
                action=Action.HELD,
                reason=Reason.INTENT_CHANGED,
                message="lifecycle.rerun_on is never: the edit is accepted and starts nothing",
                options=(f"launchctl apply --rerun {base.address}",),
            )
        return self._start(base, desired, record, Reason.INTENT_CHANGED)

    def _requested(self, base: Change, desired: Desired, record: RunState, status: Status) -> Iterator[Change]:
        if status.is_terminal:
            yield self._start(base, desired, record, Reason.REQUESTED)
        else:
            yield from self._on_change(replace(base, message="--rerun"), desired, record)

    @cached_property
    def _waiting(self) -> Mapping[str, str]:
        return schedule(self.world.state, self.world.now).waiting if self.world.state else {}

    def _take_form(self, base: Change, desired: Desired, record: RunState, reason: Reason | None) -> Change:
        """The pending attempt's new id: the count of its own intent must not include itself."""
        assert record.generation is not None
        same = record.generation.form.intent == desired.form.intent
        found = base.run_id if same else self._identity(desired, record)
        return replace(base, action=Action.UPDATE, reason=reason, run_id=found, message="not started yet: takes the new form")

    def _recover(self, base: Change) -> Change:
        attempt = self._attempt(base)
        claim = attempt.claim
        if base.run_id not in self.world.asked:
            return replace(base, action=Action.WAITING, reason=Reason.RECOVERED, message="being started, or left over by a crash")
        if base.run_id in self.world.observations:
            return replace(base, action=Action.ADOPT, reason=Reason.RECOVERED, message="created but not recorded")
        owner = f" by {claim.owner}" if claim else ""
        message = f"its start was begun{owner} and never recorded; the provider has no such object"
        return replace(base, action=Action.START, reason=Reason.RECOVERED, message=message)

    def _attempt(self, base: Change) -> AttemptRecord:
        record = self.world.recorded(self.renamed.get(base.address, base.address))
        assert record is not None
        assert record.latest is not None
        return record.latest

    def _update(self, base: Change, desired: Desired, reason: Reason | None, cell: Cell) -> Change:
        allowed = cell is Cell.UPDATE or desired.spec.lifecycle.live_update
        if allowed and base.changes and all(desired.provider.mutable(field.path) for field in base.changes):
            return replace(base, action=Action.UPDATE, reason=reason)
        return replace(base, action=Action.RECORD, reason=reason, message="it runs on; the next attempt uses the new form")

    def _on_change(self, base: Change, desired: Desired, record: RunState) -> Iterator[Change]:
        override, address = self.world.override, base.address
        wish = desired.spec.lifecycle.on_change
        if fits(address, override.allow_cancel):
            wish = "cancel"
        elif fits(address, override.allow_supersede):
            wish = "supersede"
        reason = Reason.REQUESTED if base.message == "--rerun" else Reason.INTENT_CHANGED
        base = replace(base, message="")
        match wish:
            case "keep":
                yield replace(base, action=Action.RECORD, reason=reason, message="it runs on; nothing starts")
            case "supersede" | "cancel" if not record.run.protect:
                if wish == "cancel":
                    yield replace(base, action=Action.CANCEL, reason=reason)
                yield replace(
                    self._start(base, desired, record, reason),
                    message="the old one runs on" if wish == "supersede" else "starts once the old one has ended",
                )
            case _:
                yield self._blocked_running(base, reason, record.run.protect)

    def _blocked_running(self, base: Change, reason: Reason, protected: bool) -> Change:
        if protected:
            message, options = "it is running and protected", ("lifecycle: {protect: false}",)
        else:
            message = "it is running, and the edit makes it another experiment"
            options = (
                f"launchctl apply --allow supersede={base.address}",
                f"launchctl apply --allow cancel={base.address}",
                "lifecycle: {on_change: keep}",
            )
        return replace(base, action=Action.BLOCKED, reason=reason, message=message, options=options)

    def _hold_or_retry(self, base: Change, desired: Desired, record: RunState) -> Change:
        status = base.status
        assert status is not None
        attempt = self._attempt(base)
        observed = self.world.observations.get(attempt.run_id)
        cause = attempt.cause or (observed.cause if observed else None)
        policy = desired.spec.retry
        wanted = cause is not None and (cause in policy.on or ("any" in policy.on and cause in {"failed", "timed_out"}))
        by_policy = status is not Status.CANCELLED and wanted and attempt.number <= policy.max
        by_request = status is not Status.CANCELLED and self.world.override.retry_failed
        if by_policy or by_request:
            return replace(
                base,
                action=Action.RETRY,
                reason=Reason.REQUESTED if by_request and not by_policy else Reason.RETRY,
                attempt=attempt.number + 1,
                run_id=self._identity(desired, record),
            )
        retries = () if status is Status.CANCELLED else ("launchctl apply --retry-failed",)
        return replace(
            base,
            action=Action.HELD,
            reason=_REASON_OF_END[status],
            message=attempt.message or (observed.message if observed else ""),
            options=(*retries, f"launchctl apply --rerun {base.address}"),
        )

    def _ask(self, base: Change) -> Change:
        return replace(
            base,
            action=Action.HELD,
            reason=Reason.LOST,
            message="its provider does not know it any more, and nobody saw how it ended",
            options=(
                f"launchctl resolve {base.address} --as succeeded",
                f"launchctl resolve {base.address} --as failed",
                f"launchctl apply --rerun {base.address}",
            ),
        )


def _pinned_image(fields: tuple[FieldChange, ...], attempt: AttemptRecord | None) -> FieldChange | None:
    """The change of a tag into the very digest that the latest attempt ran, which is none."""
    digest = attempt.handle.get("image_digest") if attempt else None
    for field in fields:
        if field.path == "image" and digest and str(field.new).endswith(f"@{digest}"):
            return field
    return None

