"""What each cell of the decision table makes of a run. Pure; one function a cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from launchctl.compiler.bind import run_id
from launchctl.compiler.program import Program
from launchctl.engine.decision import Cell, Changed
from launchctl.engine.plan import Action, Change, Reason, fits
from launchctl.engine.retry import allows_retry
from launchctl.engine.world import Desired, World
from launchctl.state.model import AttemptRecord, RunState
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


@dataclass(frozen=True, slots=True)
class Case:
    """A run that was decided before, beside what the project wants of it now."""

    world: World
    base: Change
    """The change so far: address, latest attempt, its status, the fields that differ."""
    desired: Desired
    record: RunState
    attempt: AttemptRecord
    """The latest."""
    changed: Changed = Changed.NOTHING
    waits_for: str = ""

    def with_action(self, action: Action, reason: Reason | None, message: str = "") -> Change:
        """The change with what is done and why."""
        return replace(self.base, action=action, reason=reason, message=message)

    @property
    def reason(self) -> Reason | None:
        """The reason that the changed fields give."""
        return _REASON_OF[self.changed]


Changes: TypeAlias = tuple[Change, ...]


def next_id(program: Program, workspace: str, desired: Desired, starts: int) -> str:
    """Id of an attempt of the desired intent under its address, of which so many were decided before."""
    spec = desired.spec
    return run_id(
        spec.address.slug,
        program.project,
        program.entity,
        workspace,
        str(spec.address),
        desired.form.intent,
        starts,
        desired.provider.capabilities.id_length,
    )


def _id_after(world: World, desired: Desired, record: RunState | None) -> str:
    starts = record.run.starts.get(desired.form.intent, 0) if record else 0
    return next_id(world.program, world.workspace, desired, starts)


def start(
    world: World, base: Change, desired: Desired, record: RunState | None, reason: Reason, message: str = ""
) -> Change:
    """The next generation."""
    return replace(
        base,
        action=Action.START,
        reason=reason,
        generation=(record.run.generation if record else 0) + 1,
        attempt=1,
        run_id=_id_after(world, desired, record),
        message=message,
    )


def new_generation(case: Case) -> Changes:
    """A new generation, unless the run says that it never starts again by itself."""
    if case.desired.spec.lifecycle.rerun_on == "never":
        held = case.with_action(
            Action.HELD,
            Reason.INTENT_CHANGED,
            "lifecycle.rerun_on is never: the edit is accepted and starts nothing",
        )
        return (replace(held, options=(f"launchctl apply --rerun {case.base.address}",)),)
    return (start(case.world, case.base, case.desired, case.record, Reason.INTENT_CHANGED),)


def requested(case: Case) -> Changes:
    """`--rerun`: a new generation of the same experiment, or of a changed one."""
    if case.base.status is not None and case.base.status.is_terminal:
        return (start(case.world, case.base, case.desired, case.record, Reason.REQUESTED),)
    return _replace_running(case, Reason.REQUESTED)


def _nothing(case: Case) -> Changes:
    return (case.base,)


def _wait(case: Case) -> Changes:
    return (case.with_action(Action.WAITING, None, case.waits_for),)


def _take_form(case: Case) -> Changes:
    """A pending attempt of another intent takes another id: an id is never given to two experiments."""
    assert case.record.generation is not None
    same = case.record.generation.form.intent == case.desired.form.intent
    taken = case.with_action(Action.UPDATE, case.reason, "not started yet: takes the new form")
    return (taken if same else replace(taken, run_id=_id_after(case.world, case.desired, case.record)),)


def _recover(case: Case) -> Changes:
    if case.attempt.run_id not in case.world.asked:
        return (case.with_action(Action.WAITING, Reason.RECOVERED, "being started, or left over by a crash"),)
    found = case.world.observations.get(case.attempt.run_id)
    if found is not None and found.is_started:
        return (case.with_action(Action.ADOPT, Reason.RECOVERED, "created, and not recorded"),)
    message = "its start was begun and never recorded, and the provider has no such object"
    return (case.with_action(Action.START, Reason.RECOVERED, message),)


def _update(case: Case) -> Changes:
    """In place where the provider can change every field that differs, else recorded."""
    fields = case.base.changes
    if fields and all(case.desired.provider.mutable(field.path) for field in fields):
        return (case.with_action(Action.UPDATE, case.reason),)
    message = "it runs on; the next attempt uses the new form"
    return (case.with_action(Action.RECORD, case.reason, message),)


def _live_update(case: Case) -> Changes:
    if case.desired.spec.lifecycle.live_update:
        return _update(case)
    return (case.with_action(Action.RECORD, case.reason, "it runs on; the next attempt uses the new form"),)


def _on_change(case: Case) -> Changes:
    return _replace_running(case, Reason.INTENT_CHANGED)


def _replace_running(case: Case, reason: Reason) -> Changes:
    """What becomes of a run that is another experiment now while the old one is under way."""
    address, override = case.base.address, case.world.override
    wish: str = case.desired.spec.lifecycle.on_change
    if fits(address, override.allow_cancel):
        wish = "cancel"
    elif fits(address, override.allow_supersede):
        wish = "supersede"
    if wish == "keep":
        return (case.with_action(Action.RECORD, reason, "it runs on; nothing starts"),)
    if case.record.run.protect:
        return (_blocked(case, reason, "it is running and protected", ("lifecycle: {protect: false}",)),)
    if wish == "supersede":
        return (start(case.world, case.base, case.desired, case.record, reason, "the old one runs on"),)
    if wish == "cancel":
        following = start(case.world, case.base, case.desired, case.record, reason, "starts once the old one has ended")
        return (case.with_action(Action.CANCEL, reason), following)
    options = (
        f"launchctl apply --allow supersede={address}",
        f"launchctl apply --allow cancel={address}",
        "lifecycle: {on_change: keep}",
    )
    message = (
        "it is running" if reason is Reason.REQUESTED else "it is running, and the edit makes it another experiment"
    )
    return (_blocked(case, reason, message, options),)


def _blocked(case: Case, reason: Reason, message: str, options: tuple[str, ...]) -> Change:
    return replace(case.with_action(Action.BLOCKED, reason, message), options=options)


def _record(case: Case) -> Changes:
    return (case.with_action(Action.RECORD, case.reason),)


def _hold(case: Case) -> Changes:
    """Held, or the next attempt where the retry policy or the command line says so."""
    status, attempt = case.base.status, case.attempt
    assert status is not None
    observed = case.world.observations.get(attempt.run_id)
    cause = attempt.cause or (observed.cause if observed else None)
    policy = case.desired.spec.retry
    by_policy = allows_retry(status, cause, attempt.number, policy.max, policy.on)
    by_request = case.world.override.retry_failed and status is not Status.CANCELLED
    if by_policy or by_request:
        following = replace(
            case.base, attempt=attempt.number + 1, run_id=_id_after(case.world, case.desired, case.record)
        )
        return (replace(following, action=Action.RETRY, reason=Reason.RETRY if by_policy else Reason.REQUESTED),)
    held = case.with_action(
        Action.HELD, _REASON_OF_END[status], attempt.message or (observed.message if observed else "")
    )
    retries = () if status is Status.CANCELLED else ("launchctl apply --retry-failed",)
    return (replace(held, options=(*retries, f"launchctl apply --rerun {case.base.address}")),)


def _ask(case: Case) -> Changes:
    address = case.base.address
    message = "its provider does not know it any more, and nobody saw how it ended"
    options = (
        f"launchctl resolve {address} --as succeeded",
        f"launchctl resolve {address} --as failed",
        f"launchctl apply --rerun {address}",
    )
    return (replace(case.with_action(Action.HELD, Reason.LOST, message), options=options),)


CELLS: Mapping[Cell, Callable[[Case], Changes]] = {
    Cell.START: new_generation,
    Cell.NOTHING: _nothing,
    Cell.WAIT: _wait,
    Cell.TAKE_FORM: _take_form,
    Cell.RECOVER: _recover,
    Cell.UPDATE: _update,
    Cell.LIVE_UPDATE: _live_update,
    Cell.ON_CHANGE: _on_change,
    Cell.RECORD: _record,
    Cell.NEW_GENERATION: new_generation,
    Cell.HOLD: _hold,
    Cell.HOLD_NEW_FORM: _hold,
    Cell.ASK: _ask,
}
