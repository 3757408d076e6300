"""What an observation makes of an attempt's record. Pure."""

from __future__ import annotations

from dataclasses import replace

from launchctl.providers.base import Observation
from launchctl.state.model import AttemptRecord
from launchctl.status import Cause, Status


def observed(attempt: AttemptRecord, found: Observation, now: float, timeout: float | None) -> AttemptRecord:
    """The record after an observation; the same record where nothing is new.

    A run that ended badly after it was told to stop was cancelled, or timed out where its time was
    up: targets without a timeout of their own know only that somebody stopped it. One that its sweep
    asked to stop early was pruned, however it ended.
    """
    status, cause = found.status, found.cause
    if not found.is_started:
        status = Status.INTENT
    elif status.is_terminal and not status.is_success and attempt.prune_requested:
        status, cause = Status.PRUNED, None
    elif status.is_terminal and not status.is_success and status is not Status.TIMED_OUT:
        if attempt.cancel_requested:
            status, cause = Status.CANCELLED, None
        elif _is_overdue(found, now, timeout):
            status, cause = Status.TIMED_OUT, Cause.TIMED_OUT
    handle = found.handle or attempt.handle
    ended = (found.ended_at or now) if status.is_terminal else None
    changed = replace(
        attempt,
        status=status,
        handle=handle,
        exit_code=found.exit_code,
        cause=cause,
        message=found.message,
        since=ended or (attempt.since if status is attempt.status else now),
        started_at=found.started_at if found.started_at is not None else attempt.started_at,
        ended_at=ended,
        is_released=not handle.get("held_back", False),
    )
    return attempt if changed == attempt else changed


def gone(attempt: AttemptRecord, now: float) -> AttemptRecord:
    """The record of an attempt whose object was there and is not any more."""
    if attempt.prune_requested:
        return replace(attempt, status=Status.PRUNED, since=now, ended_at=now, message="stopped early")
    if attempt.cancel_requested:
        return replace(attempt, status=Status.CANCELLED, since=now, ended_at=now, message="cancelled")
    message = "its provider does not know it any more, and nobody saw how it ended"
    return replace(attempt, status=Status.LOST, since=now, ended_at=now, message=message)


def is_due(attempt: AttemptRecord, now: float, timeout: float | None) -> bool:
    """Whether an attempt has used up its time, which counts from its start; where its target does not tell that,
    from when it was seen to run."""
    started = attempt.started_at
    if started is None and attempt.status is Status.RUNNING:
        started = attempt.since
    return timeout is not None and started is not None and now >= started + timeout


def _is_overdue(found: Observation, now: float, timeout: float | None) -> bool:
    ended = found.ended_at or now
    return timeout is not None and found.started_at is not None and ended >= found.started_at + timeout
