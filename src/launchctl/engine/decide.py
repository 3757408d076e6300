"""Deciding: an accepted plan to the writes that record it, all of them one step. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from launchctl.addresses import Kind, parse_address
from launchctl.compiler.program import AgentSpec, QueueSpec
from launchctl.engine.plan import Action, Change, Plan, Reason
from launchctl.engine.world import Desired, World
from launchctl.state.model import (
    AttemptRecord,
    ConfigRecord,
    GenerationRecord,
    Policy,
    RunRecord,
    RunState,
    Standing,
)
from launchctl.state.store import (
    DropAttempt,
    DropConfig,
    PutAttempt,
    PutConfig,
    PutGeneration,
    PutRun,
    RenameRun,
    RequestCancel,
    Write,
)
from launchctl.status import Status
from launchctl.values import canonical

LaunchText = Callable[[Desired, Change, str, int], str]
"""Renders an attempt's launch from the run, its change, the generation's first id and how often this intent was
decided before."""

_PER_DECISION = 10_000_000
"""More than the addresses of any one decision, so that an earlier decision comes first."""


@dataclass(frozen=True, slots=True)
class _Decision:
    plan: Plan
    world: World
    launch_text: LaunchText
    order: Mapping[str, int]
    """Place of each address in the plan: first in, first out within one decision too."""

    @property
    def serial(self) -> int:
        return self.plan.serial + 1


def writes_for(plan: Plan, world: World, launch_text: LaunchText) -> tuple[Write, ...]:
    """The writes of a decision, configuration first; empty where there is nothing to record."""
    order = {change.address: place for place, change in enumerate(plan.changes)}
    decision = _Decision(plan, world, launch_text, order)
    return (*_configs(decision), *_runs(decision))


def _configs(decision: _Decision) -> Iterator[Write]:
    recorded = decision.world.state.configs if decision.world.state else {}
    program = decision.world.program
    specs: Sequence[QueueSpec | AgentSpec] = (*program.queues.values(), *program.agents.values())
    for spec in specs:
        record = ConfigRecord(str(spec.address), canonical(spec.form), spec.max_jobs)
        if recorded.get(record.address) != record:
            yield PutConfig(record)


def _runs(decision: _Decision) -> Iterator[Write]:
    moved = {str(move.target): str(move.source) for move in decision.world.program.moved}
    renamed = {change.address for change in decision.plan.changes if change.reason is Reason.RENAMED}
    for change in decision.plan.changes:
        source = moved.get(change.address, change.address) if change.address in renamed else change.address
        if change.action is Action.RECORD and change.reason is Reason.RENAMED:
            yield RenameRun(source, change.address)
            continue
        found = parse_address(change.address)
        if found is not None and found.kind is not Kind.RUNS:
            if change.action is Action.FORGET:
                yield DropConfig(change.address)
            continue
        record = decision.world.recorded(source)
        desired = decision.world.desired.get(change.address)
        yield from _gone(change, record) if desired is None else _kept(decision, change, desired, record)


def _gone(change: Change, record: RunState | None) -> Iterator[Write]:
    """Writes for an address that the project does not name any more."""
    if record is None or not change.action.decides:
        return
    if change.action is Action.CANCEL:
        yield RequestCancel(change.address, change.generation, change.attempt)
        return
    run = record.run
    if change.status is Status.PENDING:
        yield DropAttempt(change.address, change.generation, change.attempt)
        run = replace(run, generation=run.generation - 1 if change.attempt == 1 else run.generation)
    is_over = change.status is None or change.status.is_terminal or change.status is Status.PENDING
    yield PutRun(replace(run, standing=Standing.FORGOTTEN if is_over else Standing.DETACHED))


def _kept(decision: _Decision, change: Change, desired: Desired, record: RunState | None) -> Iterator[Write]:
    """Writes for an address of the project."""
    match change.action:
        case Action.START if change.reason is not Reason.RECOVERED:
            yield from _start(decision, change, desired, record)
        case Action.RETRY:
            assert record is not None
            yield from _retry(decision, change, desired, record)
        case Action.UPDATE if change.status is Status.PENDING:
            assert record is not None
            yield from _take_form(decision, change, desired, record)
        case Action.UPDATE | Action.RECORD:
            assert record is not None
            yield from _acknowledge(change, desired, record)
        case Action.HELD if change.changes:
            assert record is not None
            yield from _acknowledge(change, desired, record)
        case Action.CANCEL:
            yield RequestCancel(change.address, change.generation, change.attempt)
        case _:
            pass


def _start(decision: _Decision, change: Change, desired: Desired, record: RunState | None) -> Iterator[Write]:
    intent = desired.form.intent
    starts = record.run.starts if record else {}
    reserved = ids_reserved(desired.spec.retry.max, change.attempt)
    yield PutRun(_run_record(change.address, desired, change.generation, _count(starts, intent, reserved)))
    yield PutGeneration(_generation(decision, change, desired))
    yield PutAttempt(_attempt(decision, change, desired, change.run_id, starts.get(intent, 0)))


def _retry(decision: _Decision, change: Change, desired: Desired, record: RunState) -> Iterator[Write]:
    assert record.generation is not None
    intent = desired.form.intent
    starts = record.run.starts
    reserved = ids_reserved(desired.spec.retry.max, change.attempt)
    yield PutRun(_run_record(change.address, desired, change.generation, _count(starts, intent, reserved)))
    yield PutGeneration(replace(record.generation, policy=policy_of(desired)))
    yield PutAttempt(_attempt(decision, change, desired, record.generation.run_id, starts.get(intent, 0)))


def _take_form(decision: _Decision, change: Change, desired: Desired, record: RunState) -> Iterator[Write]:
    assert record.generation is not None
    starts, intent = record.run.starts, desired.form.intent
    first = change.run_id if change.attempt == 1 else record.generation.run_id
    # An id is never given twice, so that a new intent takes new ones and the old ones stay used up.
    is_new = change.run_id != record.generation.run_id and intent != record.generation.form.intent
    reserved = ids_reserved(desired.spec.retry.max, change.attempt) if is_new else 0
    yield PutRun(_run_record(change.address, desired, change.generation, _count(starts, intent, reserved)))
    yield PutGeneration(replace(_generation(decision, change, desired), run_id=first, reason=record.generation.reason))
    before = starts.get(intent, 0) if is_new else starts.get(intent, 1) - 1
    yield PutAttempt(_attempt(decision, change, desired, first, before))


def _acknowledge(change: Change, desired: Desired, record: RunState) -> Iterator[Write]:
    assert record.generation is not None
    yield PutRun(_run_record(change.address, desired, record.run.generation, record.run.starts))
    yield PutGeneration(replace(record.generation, address=change.address, policy=policy_of(desired)))


def _run_record(address: str, desired: Desired, generation: int, starts: Mapping[str, int]) -> RunRecord:
    lifecycle = desired.spec.lifecycle
    return RunRecord(
        address=address,
        standing=Standing.ACTIVE,
        acknowledged=desired.form,
        protect=lifecycle.protect,
        generation=generation,
        starts=starts,
        on_remove=lifecycle.on_remove,
    )


def _generation(decision: _Decision, change: Change, desired: Desired) -> GenerationRecord:
    upstream = {str(found.address) for found in desired.spec.depends_on if found.rerun}
    numbers = dict.fromkeys(sorted(upstream), 0)
    for other in decision.plan.changes if upstream else ():
        if other.address in upstream:
            numbers[other.address] = max(numbers[other.address], other.generation)
    return GenerationRecord(
        address=change.address,
        number=change.generation,
        form=desired.form,
        policy=policy_of(desired),
        run_id=change.run_id,
        reason=change.reason.value if change.reason else "",
        serial=decision.serial,
        decided_at=decision.world.now,
        upstream=numbers,
    )


def policy_of(desired: Desired) -> Policy:
    """What a drain must know of a run, so that it never needs the project's text."""
    spec = desired.spec
    return Policy(
        queue=spec.queue,
        resource=spec.resource,
        priority=spec.priority.rank,
        depends_on=tuple(sorted(str(found.address) for found in spec.depends_on)),
        retry_max=spec.retry.max,
        retry_on=spec.retry.on,
        backoff=spec.retry.backoff,
        timeout=spec.timeout,
    )


def _attempt(decision: _Decision, change: Change, desired: Desired, first_id: str, before: int) -> AttemptRecord:
    return AttemptRecord(
        address=change.address,
        generation=change.generation,
        number=change.attempt,
        run_id=change.run_id,
        status=Status.PENDING,
        manifest=decision.launch_text(desired, change, first_id, before),
        sequence=decision.serial * _PER_DECISION + decision.order[change.address],
        since=decision.world.now,
    )


def ids_reserved(retry_max: int, attempt: int) -> int:
    """How many ids an attempt takes: its own, and one for each retry that its policy may append without a decision."""
    return 1 + max(0, retry_max - (attempt - 1))


def _count(starts: Mapping[str, int], intent: str, step: int) -> Mapping[str, int]:
    return {**starts, intent: starts.get(intent, 0) + step}
