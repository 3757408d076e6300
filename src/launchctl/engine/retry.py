"""When a failed attempt is followed by another without anybody's asking. Pure."""

from __future__ import annotations

from collections.abc import Collection

from launchctl.status import Cause, Status

ANY = frozenset({Cause.FAILED, Cause.TIMED_OUT})
"""What `any` in `retry.on` means."""


def allows_retry(status: Status, cause: Cause | None, number: int, most: int, on: Collection[str]) -> bool:
    """Whether a policy of `most` retries on these causes appends an attempt to the given one.

    A cancelled attempt is never retried, nor is a lost one, since it may still run.
    """
    if not status.is_terminal or status.is_success or status in {Status.CANCELLED, Status.LOST}:
        return False
    return number <= most and cause is not None and (cause.value in on or ("any" in on and cause in ANY))
