"""When a policy appends an attempt."""

from __future__ import annotations

import pytest

from launchctl.engine.retry import allows_retry
from launchctl.status import Cause, Status


@pytest.mark.parametrize(
    ("status", "cause", "number", "most", "on", "expected"),
    [
        (Status.FAILED, Cause.INFRA, 1, 1, ("preempted", "infra"), True),
        (Status.FAILED, Cause.INFRA, 2, 1, ("preempted", "infra"), False),
        (Status.FAILED, Cause.FAILED, 1, 1, ("preempted", "infra"), False),
        (Status.FAILED, Cause.FAILED, 1, 1, ("any",), True),
        (Status.TIMED_OUT, Cause.TIMED_OUT, 1, 1, ("any",), True),
        (Status.FAILED, Cause.OOM, 1, 1, ("any",), False),
        (Status.FAILED, Cause.OOM, 1, 1, ("oom",), True),
        (Status.PREEMPTED, Cause.PREEMPTED, 1, 1, ("preempted",), True),
        (Status.PREEMPTED, Cause.PREEMPTED, 1, 0, ("preempted",), False),
        (Status.CANCELLED, Cause.FAILED, 1, 9, ("any",), False),
        (Status.LOST, Cause.INFRA, 1, 9, ("infra",), False),
        (Status.SUCCEEDED, None, 1, 9, ("any",), False),
        (Status.FAILED, None, 1, 9, ("any", "infra"), False),
        (Status.RUNNING, None, 1, 9, ("any",), False),
    ],
)
def test_a_policy_retries_only_its_causes_and_only_so_often(
    status: Status, cause: Cause | None, number: int, most: int, on: tuple[str, ...], *, expected: bool
) -> None:
    assert allows_retry(status, cause, number, most, on) is expected
