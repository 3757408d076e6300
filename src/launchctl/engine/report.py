"""Runs as `status` and a report list them."""

from __future__ import annotations

from collections.abc import Mapping

from launchctl.engine.events import RunLine
from launchctl.engine.schedule import reference
from launchctl.engine.sweep.tally import sweep_of
from launchctl.state.model import AttemptRecord, RunState, Standing, State


def run_lines(state: State, waiting: Mapping[str, str]) -> tuple[RunLine, ...]:
    """The latest attempt of every active run, and every other that still runs and is ours, by address; trials in the
    order of their search."""
    return tuple(
        _line(run, attempt, waiting)
        for run in sorted(state.runs.values(), key=_place)
        for attempt in run.attempts
        if (run.run.standing is Standing.ACTIVE and attempt is run.latest)
        or (run.run.standing is not Standing.DETACHED and attempt.status.is_active)
    )


def _place(run: RunState) -> tuple[str, int, int, str]:
    address, trial = run.run.address, run.generation.trial if run.generation else None
    return (sweep_of(address) or address, trial.index if trial else 0, trial.repeat if trial else 0, address)


def _line(run: RunState, attempt: AttemptRecord, waiting: Mapping[str, str]) -> RunLine:
    return RunLine(
        address=attempt.address,
        generation=attempt.generation,
        attempt=attempt.number,
        run_id=attempt.run_id,
        status=attempt.status,
        since=attempt.since,
        waiting_for=waiting.get(reference(attempt), ""),
        exit_code=attempt.exit_code,
        message=attempt.message,
        queue=run.generation.policy.queue if run.generation else "",
        started_at=attempt.started_at,
        ended_at=attempt.ended_at,
    )
