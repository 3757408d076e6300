"""Deciding: an accepted plan to the writes that record it, all of them one step. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from launchctl.addresses import Kind, parse_address
from launchctl.compiler.program import AgentSpec, QueueSpec
from launchctl.engine.edit import is_same_experiment
from launchctl.engine.launch import Launch
from launchctl.engine.plan import Action, Change, Plan, Reason
from launchctl.engine.records import (
    PER_DECISION,
    acknowledged_policy,
    before_latest,
    count_starts,
    ids_for_retries,
    new_attempt,
    new_generation,
    policy_of,
    run_record,
)
from launchctl.engine.sweep.decide import SweepWrites
from launchctl.engine.upstream import upstream_seen
from launchctl.engine.world import Desired, World
from launchctl.state.model import AttemptRecord, ConfigRecord, GenerationRecord, RunState, Standing
from launchctl.state.store import (
    DropAttempt,
    DropConfig,
    DropRun,
    PutAttempt,
    PutConfig,
    PutGeneration,
    PutLaunch,
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
Earlier = Callable[[str, int], GenerationRecord | None]
"""The generation of an address that came before the one of a number; None before the first."""


@dataclass(frozen=True, slots=True)
class _Decision:
    plan: Plan
    world: World
    launch_text: LaunchText
    earlier: Earlier
    order: Mapping[str, int]
    """Place of each address in the plan: first in, first out within one decision too."""

    @property
    def serial(self) -> int:
        return self.plan.serial + 1

    def attempt(self, change: Change, desired: Desired, first_id: str, before: int) -> AttemptRecord:
        """The pending attempt of a change."""
        sequence = self.serial * PER_DECISION + self.order[change.address]
        return new_attempt(change, self.launch_text(desired, change, first_id, before), sequence, self.world.now)


def writes_for(plan: Plan, world: World, launch_text: LaunchText, earlier: Earlier) -> tuple[Write, ...]:
    """The writes of a decision, configuration first; empty where there is nothing to record."""
    order = {change.address: place for place, change in enumerate(plan.changes)}
    decision = _Decision(plan, world, launch_text, earlier, order)
    sweeps = SweepWrites(plan, world, earlier)
    return (*_configs(decision), *sweeps.writes(), *_runs(decision, sweeps))


def _configs(decision: _Decision) -> Iterator[Write]:
    """New queues and agents, edits that the plan shows, and removals that it shows."""
    recorded = decision.world.state.configs if decision.world.state else {}
    program = decision.world.program
    accepted = {change.address: change.action for change in decision.plan.changes}
    specs: Sequence[QueueSpec | AgentSpec] = (*program.queues.values(), *program.agents.values())
    for spec in specs:
        record = ConfigRecord(str(spec.address), canonical(spec.form), spec.max_jobs)
        old = recorded.get(record.address)
        if old is None or (
            old != record and (accepted.get(record.address) is Action.UPDATE or old.form == record.form)
        ):
            yield PutConfig(record)
    for address in recorded:
        if accepted.get(address) is Action.FORGET:
            yield DropConfig(address)


def _runs(decision: _Decision, sweeps: SweepWrites) -> Iterator[Write]:
    removed: dict[str, list[Change]] = {}
    for change in decision.plan.changes:
        address = parse_address(change.address)
        if address is None or not (address.kind is Kind.RUNS or address.key):
            continue
        desired = sweeps.wanted(change.address) if address.key else decision.world.desired.get(change.address)
        if desired is None:
            removed.setdefault(change.address, []).append(change)
        elif change.action is Action.RECORD and change.reason is Reason.RENAMED:
            yield from _rename(decision, change)
        else:
            yield from _kept(decision, change, desired, decision.world.recorded(change.address))
    for name, changes in removed.items():
        record = decision.world.recorded(name)
        if record is not None:
            yield from _gone(decision, name, changes, record)


# What the project does not name any more.


def _gone(decision: _Decision, name: str, changes: Sequence[Change], record: RunState) -> Iterator[Write]:
    run, standing = replace(record.run, address=name), Standing.FORGOTTEN
    for change in changes:
        if change.action is Action.CANCEL:
            yield RequestCancel(change.address, change.generation, change.attempt)
        elif change.action is Action.FORGET and change.status is Status.PENDING:
            yield DropAttempt(change.address, change.generation, change.attempt)
            if change.attempt == 1:
                run = before_latest(run, decision.earlier(record.run.address, run.generation))
        elif change.action is Action.FORGET and change.status is not None and not change.status.is_terminal:
            standing = Standing.DETACHED
        elif change.action is Action.BLOCKED:
            standing = run.standing
    if any(change.action.decides for change in changes):
        yield PutRun(replace(run, standing=standing))


# What it names.


def _rename(decision: _Decision, change: Change) -> Iterator[Write]:
    """The history under its new name; under the old one stays how many ids it has given away."""
    world = decision.world
    record = world.recorded(change.address)
    assert record is not None
    assert world.state is not None
    if change.address in world.state.runs:
        yield DropRun(change.address)
    yield RenameRun(record.run.address, change.address)
    yield PutRun(replace(record.run, standing=Standing.FORGOTTEN, protect=False, generation=0))


def _kept(decision: _Decision, change: Change, desired: Desired, record: RunState | None) -> Iterator[Write]:
    if change.action is Action.START and change.reason is not Reason.RECOVERED:
        yield from _start(decision, change, desired, record)
    elif record is None:
        return
    elif change.action is Action.CANCEL:
        yield RequestCancel(change.address, change.generation, change.attempt)
    elif change.action is Action.RETRY:
        yield from _retry(decision, change, desired, record)
    elif change.action is Action.UPDATE and change.status is Status.PENDING:
        yield from _take_form(decision, change, desired, record)
    elif change.action in {Action.UPDATE, Action.RECORD} or (change.action is Action.HELD and change.changes):
        yield from _acknowledge(decision, change, desired, record)


def _start(decision: _Decision, change: Change, desired: Desired, record: RunState | None) -> Iterator[Write]:
    latest = record.latest if record else None
    if latest is not None and latest.status is Status.PENDING:  # a retry of what this generation replaces
        yield DropAttempt(change.address, latest.generation, latest.number)
    intent = desired.form.intent
    starts = record.run.starts if record else {}
    ids = 1 + ids_for_retries(desired, change.attempt)
    yield PutRun(run_record(change.address, desired, change.generation, count_starts(starts, intent, ids)))
    yield PutGeneration(new_generation(decision.plan, decision.world, change, desired))
    yield PutAttempt(decision.attempt(change, desired, change.run_id, starts.get(intent, 0)))


def _retry(decision: _Decision, change: Change, desired: Desired, record: RunState) -> Iterator[Write]:
    assert record.generation is not None
    intent = desired.form.intent
    starts = record.run.starts
    ids = 1 + ids_for_retries(desired, change.attempt)
    following = decision.attempt(change, desired, record.generation.run_id, starts.get(intent, 0))
    if change.reason is Reason.RETRY:
        following = replace(following, not_before=_end(decision.world, record) + desired.spec.retry.backoff)
    yield PutRun(run_record(change.address, desired, change.generation, count_starts(starts, intent, ids)))
    yield PutGeneration(
        replace(
            record.generation,
            address=change.address,
            policy=policy_of(desired),
            upstream=upstream_seen(decision.world, desired, record),
        )
    )
    yield PutAttempt(following)


def _end(world: World, record: RunState) -> float:
    """When the latest attempt ended, from which a back-off counts."""
    latest = record.latest
    assert latest is not None
    seen = world.observations.get(latest.run_id)
    return latest.ended_at or (seen.ended_at if seen else None) or world.now


def _take_form(decision: _Decision, change: Change, desired: Desired, record: RunState) -> Iterator[Write]:
    assert record.generation is not None
    starts, intent = record.run.starts, desired.form.intent
    first = change.run_id if change.attempt == 1 else record.generation.run_id
    latest = record.latest
    # An id is never given twice, so that another intent takes new ones and the old ones stay used up.
    own = 0 if latest is not None and latest.run_id == change.run_id else 1
    ids = own + ids_for_retries(desired, change.attempt)
    generation = new_generation(decision.plan, decision.world, change, desired)
    yield PutRun(run_record(change.address, desired, change.generation, count_starts(starts, intent, ids)))
    yield PutGeneration(replace(generation, run_id=first, reason=record.generation.reason))
    taken = decision.attempt(change, desired, first, starts.get(intent, 0) + own - 1)
    if latest is not None:  # it keeps its place in the queue, and its back-off
        taken = replace(taken, sequence=latest.sequence, not_before=latest.not_before, since=latest.since)
    yield PutAttempt(taken)


def _acknowledge(decision: _Decision, change: Change, desired: Desired, record: RunState) -> Iterator[Write]:
    """An edit is accepted; an attempt that is under way will be followed by attempts of the new form."""
    generation, latest, starts = record.generation, record.latest, record.run.starts
    assert generation is not None
    assert latest is not None
    same = is_same_experiment(generation.form, desired, latest)
    ids = ids_for_retries(desired, latest.number) if same and latest.status.is_active else 0
    counted = count_starts(starts, desired.form.intent, ids)
    yield PutRun(run_record(change.address, desired, record.run.generation, counted))
    policy = policy_of(desired) if same else acknowledged_policy(generation.policy, desired)
    upstream = upstream_seen(decision.world, desired, record)
    yield PutGeneration(replace(generation, address=change.address, policy=policy, upstream=upstream))
    if ids:
        own = replace(change, generation=latest.generation, attempt=latest.number, run_id=latest.run_id)
        text = decision.launch_text(desired, own, generation.run_id, starts.get(desired.form.intent, 0) - 1)
        launch = replace(Launch.from_text(latest.manifest), retry=Launch.from_text(text).retry)
        yield PutLaunch(change.address, latest.generation, latest.number, launch.to_text())
