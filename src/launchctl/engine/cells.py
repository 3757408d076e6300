"""What each cell of the decision table makes of a run. Pure; one function a cell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from launchctl.addresses import typed
from launchctl.compiler.bind import run_id
from launchctl.compiler.program import FieldClass, Program
from launchctl.engine.decision import Cell, Changed
from launchctl.engine.edit import is_same_experiment
from launchctl.engine.plan import Action, Change, FieldChange, Reason, fits
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
    spec, intent = desired.spec, desired.form.intent
    return run_id(
        spec.address.slug,
        program.project,
        program.entity,
        workspace,
        str(spec.address),
        f"{intent}@e{desired.epoch}" if desired.epoch else intent,
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
    if _is_requested(case):
        return (start(case.world, case.base, case.desired, case.record, Reason.REQUESTED),)
    if case.desired.spec.lifecycle.rerun_on == "never":
        return (_never(case, Reason.INTENT_CHANGED, "the edit is accepted and starts nothing"),)
    return (start(case.world, case.base, case.desired, case.record, Reason.INTENT_CHANGED),)


def after_upstream(case: Case, message: str) -> Changes | None:
    """What a new generation upstream means for a dependant that asked to follow it; None where nothing yet."""
    status = case.base.status
    if status is Status.PENDING and case.attempt.number == 1:
        return (case.with_action(Action.UPDATE, Reason.UPSTREAM, f"not started yet; {message}"),)
    if status is None or status is Status.LOST or not (status.is_terminal or status is Status.PENDING):
        return None
    if case.desired.spec.lifecycle.rerun_on == "never":
        return (_never(case, Reason.UPSTREAM, f"{message}, which starts nothing"),)
    return (start(case.world, case.base, case.desired, case.record, Reason.UPSTREAM, message),)


def _never(case: Case, reason: Reason, message: str) -> Change:
    held = case.with_action(Action.HELD, reason, f"lifecycle.rerun_on is never: {message}")
    return replace(held, options=(f"launchctl apply --rerun {typed(case.base.address)}",))


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
    """A pending attempt of another intent takes another id: an id is never given to two experiments.

    A retry stays what its generation is: another experiment is another generation.
    """
    assert case.record.generation is not None
    form = case.record.generation.form
    if case.attempt.number > 1 and not is_same_experiment(form, case.desired, case.attempt):
        return new_generation(case) if case.changed is Changed.INTENT else _record(case)
    taken = case.with_action(Action.UPDATE, case.reason, "not started yet: takes the new form")
    same = form.intent == case.desired.form.intent
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
    """In place where the provider can change every field that it knows of, else recorded."""
    fields = [field for field in case.base.changes if not _is_ours(field)]
    if fields and all(case.desired.provider.mutable(field.path) for field in fields):
        return (case.with_action(Action.UPDATE, case.reason),)
    message = "it runs on; the next attempt uses the new form"
    return (case.with_action(Action.RECORD, case.reason, message),)


def _is_ours(field: FieldChange) -> bool:
    """Whether a field never reaches the provider: a priority, a policy, a description."""
    return field.field_class is FieldClass.METADATA and not field.path.startswith("config")


def _live_update(case: Case) -> Changes:
    if case.desired.spec.lifecycle.live_update:
        return _update(case)
    return (case.with_action(Action.RECORD, case.reason, "it runs on; the next attempt uses the new form"),)


def _on_change(case: Case) -> Changes:
    return _replace_running(case, Reason.INTENT_CHANGED)


def _replace_running(case: Case, reason: Reason) -> Changes:
    """What becomes of a run that is another experiment now while the old one is under way."""
    wish = _wish(case, reason)
    if wish == "keep":
        return (case.with_action(Action.RECORD, reason, "it runs on; nothing starts"),)
    if wish == "supersede":
        return (start(case.world, case.base, case.desired, case.record, reason, "the old one runs on"),)
    if wish == "cancel" and not case.desired.spec.lifecycle.protect:
        following = start(case.world, case.base, case.desired, case.record, reason, "starts once the old one has ended")
        return (case.with_action(Action.CANCEL, reason), following)
    return (_blocked(case, reason),)


def _wish(case: Case, reason: Reason) -> str:
    """What `lifecycle.on_change` says, or the command line for this once; to keep is no answer to `--rerun`."""
    address, override = case.base.address, case.world.override
    if fits(address, override.allow_cancel):
        return "cancel"
    if fits(address, override.allow_supersede):
        return "supersede"
    said = case.desired.spec.lifecycle.on_change
    return "block" if said == "keep" and reason is Reason.REQUESTED else said


def _blocked(case: Case, reason: Reason) -> Change:
    address, is_protected = case.base.address, case.desired.spec.lifecycle.protect
    state = "it is running and protected" if is_protected else "it is running"
    message = state if reason is Reason.REQUESTED else f"{state}, and the edit makes it another experiment"
    options = [f"launchctl apply --allow supersede={typed(address)}"]
    options.append(
        "lifecycle: {protect: false}" if is_protected else f"launchctl apply --allow cancel={typed(address)}"
    )
    if reason is not Reason.REQUESTED:
        options.append("lifecycle: {on_change: keep}")
    return replace(case.with_action(Action.BLOCKED, reason, message), options=tuple(options))


def _record(case: Case) -> Changes:
    return _following(case) or (case.with_action(Action.RECORD, case.reason),)


def _hold(case: Case) -> Changes:
    """Held, or the next attempt where the retry policy or the command line says so."""
    return _following(case) or (_held(case),)


def _following(case: Case) -> Changes | None:
    """The next attempt of one that ended badly, where somebody asked for it: the file once, or the command line now."""
    assert case.record.generation is not None
    if not is_same_experiment(case.record.generation.form, case.desired, case.attempt):
        if _is_requested(case):
            return (start(case.world, case.base, case.desired, case.record, Reason.REQUESTED),)
        recorded = case.record.generation.policy
        if not _allows_retry(case, recorded.retry_max, recorded.retry_on):
            return None
        return (case.with_action(Action.WAITING, Reason.RETRY, "the next attempt of what it was until the last edit"),)
    by_policy = _allows_retry(case, case.desired.spec.retry.max, case.desired.spec.retry.on)
    if not by_policy and not _is_requested(case):
        return None
    reason = Reason.RETRY if by_policy else Reason.REQUESTED
    attempt, following = case.attempt.number + 1, _id_after(case.world, case.desired, case.record)
    return (replace(case.base, action=Action.RETRY, reason=reason, attempt=attempt, run_id=following),)


def _is_requested(case: Case) -> bool:
    """Whether `--retry-failed` means this run."""
    return case.world.override.retry_failed and case.base.status in {
        Status.FAILED,
        Status.TIMED_OUT,
        Status.PREEMPTED,
    }


def _allows_retry(case: Case, most: int, on: Collection[str]) -> bool:
    assert case.base.status is not None
    observed = case.world.observations.get(case.attempt.run_id)
    cause = case.attempt.cause or (observed.cause if observed else None)
    return allows_retry(case.base.status, cause, case.attempt.number, most, on)


def _held(case: Case) -> Change:
    assert case.base.status is not None
    observed = case.world.observations.get(case.attempt.run_id)
    message = case.attempt.message or (observed.message if observed else "")
    retries = () if case.base.status is Status.CANCELLED else ("launchctl apply --retry-failed",)
    held = case.with_action(Action.HELD, _REASON_OF_END[case.base.status], message)
    return replace(held, options=(*retries, f"launchctl apply --rerun {typed(case.base.address)}"))


def _ask(case: Case) -> Changes:
    address = case.base.address
    message = "its provider does not know it any more, and nobody saw how it ended"
    options = (
        f"launchctl resolve {typed(address)} --as succeeded",
        f"launchctl resolve {typed(address)} --as failed",
        f"launchctl apply --rerun {typed(address)}",
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
    Cell.HOLD_STOPPED: _hold,
    Cell.HOLD_NEW_FORM: _hold,
    Cell.ASK: _ask,
}
