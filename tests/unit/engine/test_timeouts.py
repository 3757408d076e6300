"""Timeouts on a target that has none of its own: kept by whoever drains."""

from __future__ import annotations

import pytest
from fakes.lab import Lab, decided, shown

from launchctl.engine.verdict import is_due
from launchctl.state.model import AttemptRecord
from launchctl.status import Status
from launchctl.values import JSON


def timed(lab: Lab, **run: JSON) -> None:
    lab.engine.clock = lambda: lab.now
    lab.engine.advance = False
    lab.runs(a={"timeout": "1h", **run})
    lab.apply(wait=False)


def test_a_run_is_stopped_when_its_time_is_up_and_has_timed_out(lab: Lab) -> None:
    timed(lab)
    lab.now += 3000
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "running"}
    lab.now += 601
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "timed_out"}
    assert all(found.status.is_terminal for found in lab.engine.objects.values())
    assert shown(lab.plan()) == ["held runs.a"]


def test_a_deadline_is_kept_by_a_process_that_did_not_start_the_run(lab: Lab) -> None:
    timed(lab)
    lab.now += 100_000
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "timed_out"}


def test_a_run_that_succeeded_too_late_has_succeeded(lab: Lab) -> None:
    timed(lab)
    lab.engine.advance = True
    lab.plan()
    lab.now += 100_000
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded"}


def test_a_run_that_times_out_is_retried_where_its_policy_says_so(lab: Lab) -> None:
    timed(lab, retry={"max": 1, "on": ["timed_out"]})
    lab.now += 3700
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "timed_out", "runs.a@g1#a2": "running"}


def test_a_run_that_was_cancelled_after_its_time_was_cancelled(lab: Lab) -> None:
    from launchctl.addresses import Address, Kind, Reference
    from launchctl.engine.stop import cancel

    timed(lab)
    lab.now += 3700
    session = lab.open()
    cancel(session, [Reference(Address(Kind.RUNS, "a"))], lab.events.append)
    session.close()
    assert lab.statuses() == {"runs.a@g1#a1": "cancelled"}


def test_another_timeout_counts_from_the_next_attempt(lab: Lab) -> None:
    timed(lab)
    lab.runs(a={"timeout": "1m"})
    assert decided(lab.plan()) == ["record runs.a"]
    lab.apply(wait=False)
    lab.now += 600
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "running"}


@pytest.mark.parametrize(
    ("status", "started_at", "since", "expected"),
    [
        (Status.RUNNING, 100.0, 900.0, True),
        (Status.RUNNING, 950.0, 900.0, False),
        (Status.RUNNING, None, 900.0, True),
        (Status.RUNNING, None, 950.0, False),
        (Status.SUBMITTED, None, 100.0, False),
        (Status.SUSPENDED, 100.0, 900.0, True),
    ],
)
def test_time_counts_from_the_start_that_the_target_tells_or_else_from_when_it_was_seen_to_run(
    status: Status, started_at: float | None, since: float, expected: bool
) -> None:
    attempt = AttemptRecord("runs.a", 1, 1, "a", status, since=since, started_at=started_at)
    assert is_due(attempt, 1000.0, 60.0) is expected
    assert not is_due(attempt, 1000.0, None)
