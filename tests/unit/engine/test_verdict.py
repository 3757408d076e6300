"""What an observation makes of a record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from launchctl.engine.verdict import gone, is_due, observed
from launchctl.providers.base import Observation
from launchctl.state.model import AttemptRecord
from launchctl.status import Cause, Status

RUNNING = AttemptRecord("runs.a", 1, 1, "a-1", Status.RUNNING, since=10.0, started_at=10.0)
STOPPED = Observation("a-1", Status.FAILED, exit_code=143, cause=Cause.FAILED, started_at=10.0, ended_at=20.0)


def test_nothing_new_leaves_the_record_as_it_is() -> None:
    assert observed(RUNNING, Observation("a-1", Status.RUNNING, started_at=10.0), 99.0, None) is RUNNING


def test_a_run_that_was_told_to_stop_is_cancelled_and_not_failed() -> None:
    told = replace(RUNNING, cancel_requested=True)
    assert observed(told, STOPPED, 99.0, None).status is Status.CANCELLED


def test_a_run_that_succeeded_before_it_could_be_stopped_succeeded() -> None:
    told = replace(RUNNING, cancel_requested=True)
    succeeded = Observation("a-1", Status.SUCCEEDED, exit_code=0, started_at=10.0, ended_at=20.0)
    assert observed(told, succeeded, 99.0, None).status is Status.SUCCEEDED


@pytest.mark.parametrize(
    ("timeout", "expected"), [(9.0, Status.TIMED_OUT), (10.0, Status.TIMED_OUT), (11.0, Status.FAILED)]
)
def test_a_run_that_ended_badly_when_its_time_was_up_timed_out(timeout: float, expected: Status) -> None:
    assert observed(RUNNING, STOPPED, 99.0, timeout).status is expected


def test_the_end_is_when_the_target_says_it_was() -> None:
    found = observed(RUNNING, STOPPED, 99.0, None)
    assert (found.since, found.ended_at, found.exit_code, found.cause) == (20.0, 20.0, 143, Cause.FAILED)


def test_what_is_held_back_must_still_be_released() -> None:
    held = replace(STOPPED, handle={"held_back": True})
    assert observed(RUNNING, held, 99.0, None).is_released is False
    assert observed(RUNNING, STOPPED, 99.0, None).is_released is True


def test_what_is_gone_is_lost_unless_it_was_told_to_stop() -> None:
    assert gone(RUNNING, 99.0).status is Status.LOST
    assert gone(replace(RUNNING, cancel_requested=True), 99.0).status is Status.CANCELLED


def test_time_is_up_only_for_what_has_started_and_has_a_timeout() -> None:
    assert is_due(RUNNING, 20.0, 10.0)
    assert not is_due(RUNNING, 19.9, 10.0)
    assert not is_due(RUNNING, 99.0, None)
    assert not is_due(replace(RUNNING, status=Status.SUBMITTED, started_at=None), 99.0, 10.0)


def test_where_a_target_does_not_tell_the_start_time_counts_from_when_it_was_seen_to_run() -> None:
    assert is_due(replace(RUNNING, started_at=None), 20.0, 10.0)
    assert not is_due(replace(RUNNING, started_at=None), 19.9, 10.0)


PRUNED = replace(RUNNING, cancel_requested=True, prune_requested=True)


@pytest.mark.parametrize("end", [Status.FAILED, Status.CANCELLED, Status.TIMED_OUT, Status.PREEMPTED])
def test_a_trial_that_its_sweep_asked_to_stop_is_pruned_however_it_ended(end: Status) -> None:
    found = observed(PRUNED, replace(STOPPED, status=end), 99.0, 5.0)
    assert (found.status, found.cause) == (Status.PRUNED, None)
    assert gone(PRUNED, 99.0).status is Status.PRUNED


def test_a_trial_that_succeeded_before_it_could_be_stopped_succeeded() -> None:
    assert observed(PRUNED, replace(STOPPED, status=Status.SUCCEEDED), 99.0, None).status is Status.SUCCEEDED
