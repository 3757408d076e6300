"""Records of what was decided, out of what the project wants. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from launchctl.compiler.program import LaunchSpec
from launchctl.compiler.sweep.search import Trial
from launchctl.engine.plan import Change, Plan
from launchctl.engine.upstream import generation_of
from launchctl.engine.world import Desired, World
from launchctl.state.model import AttemptRecord, GenerationRecord, Policy, RunRecord, Standing, TrialRecord
from launchctl.status import Status

PER_DECISION = 10_000_000
"""More than the addresses of any one decision, so that an earlier decision comes first."""


def last_in_line(serial: int) -> int:
    """The place of a sweep's trials in line: after the runs of the decision that accepted it, before the next."""
    return (serial + 1) * PER_DECISION - 1


def run_record(address: str, desired: Desired, generation: int, starts: Mapping[str, int]) -> RunRecord:
    """An address whose desired form is accepted."""
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


def before_latest(run: RunRecord, earlier: GenerationRecord | None) -> RunRecord:
    """A run's record without its latest generation, which never started: what was accepted before it counts again."""
    if earlier is None:
        return replace(run, generation=0)
    return replace(run, generation=earlier.number, acknowledged=earlier.form)


def new_generation(plan: Plan, world: World, change: Change, desired: Desired) -> GenerationRecord:
    """The generation that a change starts."""
    return GenerationRecord(
        address=change.address,
        number=change.generation,
        form=desired.form,
        policy=policy_of(desired),
        run_id=change.run_id,
        reason=change.reason.value if change.reason else "",
        serial=plan.serial + 1,
        decided_at=world.now,
        upstream=upstream_then(plan, world, desired.spec),
        trial=point_of(desired.spec.trial) if desired.spec.trial else None,
    )


def point_of(trial: Trial) -> TrialRecord:
    """What is recorded of a trial's point."""
    return TrialRecord(trial.index, trial.repeat, trial.values)


def upstream_then(plan: Plan, world: World, spec: LaunchSpec) -> Mapping[str, int]:
    """The generation of each `rerun` dependency once the plan is applied."""
    names = sorted(str(found.address) for found in spec.depends_on if found.rerun)
    numbers = {name: generation_of(world, name) for name in names}
    for other in plan.changes if names else ():
        if other.address in numbers:
            numbers[other.address] = max(numbers[other.address], other.generation)
    return numbers


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


def acknowledged_policy(recorded: Policy, desired: Desired) -> Policy:
    """The policy of a generation that stays another experiment than the project's: its retries stay what they are."""
    new = policy_of(desired)
    return replace(recorded, priority=new.priority, depends_on=new.depends_on)


def new_attempt(change: Change, manifest: str, sequence: int, now: float) -> AttemptRecord:
    """A pending attempt."""
    return AttemptRecord(
        address=change.address,
        generation=change.generation,
        number=change.attempt,
        run_id=change.run_id,
        status=Status.PENDING,
        manifest=manifest,
        sequence=sequence,
        since=now,
    )


def ids_for_retries(desired: Desired, attempt: int) -> int:
    """How many ids are set aside for the retries that a policy may append to an attempt without a decision."""
    return max(0, desired.spec.retry.max - (attempt - 1))


def count_starts(starts: Mapping[str, int], intent: str, ids: int) -> Mapping[str, int]:
    """How often each intent was decided, with so many more of one."""
    return {**starts, intent: starts.get(intent, 0) + ids}
