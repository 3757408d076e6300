"""A trial that was drawn, as the records with which it begins. Pure: all of it from what is on record of its sweep."""

from __future__ import annotations

from launchctl.compiler.sweep.search import Trial
from launchctl.engine.cells import next_id
from launchctl.engine.plan import Action, Change, Reason
from launchctl.engine.records import count_starts, ids_for_retries, new_attempt, point_of, policy_of, run_record
from launchctl.engine.rendering import launch_text
from launchctl.engine.sweep.form import desired_trial, read_sweep
from launchctl.state.model import GenerationRecord, NewTrial, SweepRecord


def trial_records(
    record: SweepRecord, trial: Trial, workspace: str, serial: int, sequence: int, now: float
) -> NewTrial:
    """The records of a new trial of a sweep's present epoch; its attempt is pending.

    Args:
        record: the sweep as it is on record.
        trial: what `searcher.following` gave.
        workspace: the state's, part of every id.
        serial: of the state when it was drawn.
        sequence: its place in line.
        now: seconds since the epoch.
    """
    sweep, program = read_sweep(record.spec)
    desired = desired_trial(sweep, trial, record.epoch)
    address = str(desired.spec.address)
    run_id = next_id(program, workspace, desired, 0)
    change = Change(address, Action.START, Reason.NEVER_RUN, record.epoch, 1, run_id)
    starts = count_starts({}, desired.form.intent, 1 + ids_for_retries(desired, 1))
    text = launch_text(program, workspace)(desired, change, run_id, 0)
    return NewTrial(
        run=run_record(address, desired, record.epoch, starts),
        generation=GenerationRecord(
            address=address,
            number=record.epoch,
            form=desired.form,
            policy=policy_of(desired),
            run_id=run_id,
            reason=Reason.NEVER_RUN.value if record.epoch == 1 else Reason.EPOCH_CHANGED.value,
            serial=serial,
            decided_at=now,
            trial=point_of(trial),
        ),
        attempt=new_attempt(change, text, sequence, now),
    )
