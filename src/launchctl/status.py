"""The words in which every target's answers are told."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where an attempt stands; see `docs/plan-and-apply.md`."""

    PENDING = "pending"
    INTENT = "intent"
    SUBMITTED = "submitted"
    RUNNING = "running"
    SUSPENDED = "suspended"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    PREEMPTED = "preempted"
    LOST = "lost"
    PRUNED = "pruned"

    @property
    def is_terminal(self) -> bool:
        """Whether a record of this status is frozen."""
        return self in _TERMINAL

    @property
    def is_active(self) -> bool:
        """Whether an attempt of this status may have an object at the provider that runs."""
        return self in _ACTIVE

    @property
    def is_success(self) -> bool:
        """Whether dependants may start: succeeded, or stopped early by its sweep."""
        return self in {Status.SUCCEEDED, Status.PRUNED}


_ACTIVE = frozenset({Status.INTENT, Status.SUBMITTED, Status.RUNNING, Status.SUSPENDED})
_TERMINAL = frozenset(Status) - _ACTIVE - {Status.PENDING}


class Cause(StrEnum):
    """Why an attempt ended badly; the vocabulary of `retry.on`."""

    PREEMPTED = "preempted"
    INFRA = "infra"
    OOM = "oom"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
