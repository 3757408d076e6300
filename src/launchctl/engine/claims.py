"""Whether somebody is at work on an attempt."""

from __future__ import annotations

from launchctl.state.model import AttemptRecord
from launchctl.state.owner import is_dead
from launchctl.status import Status

CLAIM_SECONDS = 60.0
"""How long a claim lasts unless renewed; a dead owner on the same machine is noticed at once."""


def is_in_flight(attempt: AttemptRecord, now: float) -> bool:
    """Whether an attempt is being started by a living claim; otherwise an intent is what a crash left."""
    claim = attempt.claim if attempt.status is Status.INTENT else None
    return claim is not None and claim.expires_at > now and not is_dead(claim.owner)


def is_left_over(attempt: AttemptRecord, now: float) -> bool:
    """Whether a start was begun and nobody is at work on it any more."""
    return attempt.status is Status.INTENT and not is_in_flight(attempt, now)
