"""What becomes of a trial on record, by the cells that a run has too: within an epoch it never becomes another
experiment. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from launchctl.addresses import typed
from launchctl.compiler.program import RetryPolicy
from launchctl.engine.cells import CELLS, Case, Changes, next_id
from launchctl.engine.decision import TABLE, Changed
from launchctl.engine.plan import Action, Change, FieldChange, Reason, allowed, fits
from launchctl.engine.world import Desired, World
from launchctl.state.model import AttemptRecord, RunState
from launchctl.status import Status

WishedFor = Callable[[], Desired]
"""Makes the trial as its sweep wants it, which most trials never need."""


def trial_changes(
    world: World,
    run: RunState,
    attempt: AttemptRecord,
    wished: WishedFor,
    fields: tuple[FieldChange, ...],
    *,
    retries: bool = True,
) -> Changes:
    """What becomes of a trial of the present epoch; nothing where nothing does.

    `fields` are what is edited of all trials at once; a change of one trial does not repeat them. Without `retries`
    no policy starts another attempt.
    """
    address = attempt.address
    status = Status.INTENT if attempt.status is Status.INTENT else world.status_of(attempt)
    is_requested = fits(address, world.override.rerun) and status not in {Status.PENDING, Status.INTENT}
    if status.is_success and not is_requested:
        return ()
    base = Change(
        address,
        Action.NO_OP,
        None,
        generation=run.run.generation,
        attempt=attempt.number,
        run_id=attempt.run_id,
        status=status,
        changes=fields,
    )
    desired = wished()
    if not retries:
        desired = replace(desired, spec=replace(desired.spec, retry=RetryPolicy()))
    changed = Changed.NOTHING if status.is_terminal else _changed(run, desired)
    base = replace(base, span=desired.spec.span)
    case = Case(world, base, desired, run, attempt, changed)
    found = _requested(case) if is_requested else CELLS[TABLE[status][changed]](case)
    return tuple(replace(change, changes=()) for change in found if not _says_nothing(change))


def _says_nothing(change: Change) -> bool:
    """Whether its sweep counts it and that is all there is to say."""
    return change.action is Action.NO_OP or (change.action is Action.WAITING and change.reason is None)


def _changed(run: RunState, desired: Desired) -> Changed:
    accepted = run.run.acknowledged
    if accepted.placement != desired.form.placement:
        return Changed.PLACEMENT
    return Changed.METADATA if accepted.metadata != desired.form.metadata else Changed.NOTHING


def _requested(case: Case) -> Changes:
    """`--rerun` of one trial: another attempt in the same epoch."""
    assert case.base.status is not None
    if case.base.status.is_terminal:
        return (_again(case),)
    if allowed(case.base.address, case.world.override.allow_supersede):
        return (_again(case, "the old one runs on"),)
    lifecycle = case.desired.spec.lifecycle
    if allowed(case.base.address, case.world.override.allow_cancel) and not lifecycle.protect:
        return (case.with_action(Action.CANCEL, Reason.REQUESTED), _again(case, "starts once the old one has ended"))
    address = case.base.address
    options = (
        f"launchctl apply --allow supersede={typed(address)}",
        "lifecycle: {protect: false}" if lifecycle.protect else f"launchctl apply --allow cancel={typed(address)}",
    )
    message = "it is running and protected" if lifecycle.protect else "it is running"
    return (replace(case.with_action(Action.BLOCKED, Reason.REQUESTED, message), options=options),)


def _again(case: Case, message: str = "") -> Change:
    starts = case.record.run.starts.get(case.desired.form.intent, 0)
    return replace(
        case.base,
        action=Action.RETRY,
        reason=Reason.REQUESTED,
        attempt=case.attempt.number + 1,
        run_id=next_id(case.world.program, case.world.workspace, case.desired, starts),
        message=message,
    )
