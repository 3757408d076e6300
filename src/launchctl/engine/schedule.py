"""Which pending attempts may start now, in which order, and what the others wait for. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from launchctl.engine.launch import Launch
from launchctl.state.model import AttemptRecord, RunState, Standing, State
from launchctl.status import Status


@dataclass(frozen=True, slots=True)
class Schedule:
    """The pending attempts of a state, sorted into those that fit and those that wait."""

    ready: tuple[AttemptRecord, ...]
    """By priority, then first in, first out."""
    waiting: Mapping[str, str]
    """Reference to what it waits for."""
    wake_at: float | None = None
    """When the earliest back-off ends, seconds since the epoch."""


def reference(attempt: AttemptRecord) -> str:
    """`runs.x@g1#a2`."""
    return f"{attempt.address}@g{attempt.generation}#a{attempt.number}"


def schedule(
    state: State, now: float, environment: Mapping[str, str], stuck: Mapping[str, str] | None = None
) -> Schedule:
    """The schedule of a snapshot at a moment (seconds since the epoch), for a process with this environment.

    `stuck` is what this process has tried in vain: run id to what it waits for.
    """
    room = _Room(state)
    ready: list[AttemptRecord] = []
    waiting: dict[str, str] = {}
    wake: list[float] = []
    for run, attempt in sorted(_pending(state), key=lambda found: order(*found)):
        obstacle = unmet(state.runs, run, attempt)
        reason = obstacle[1] if obstacle else ""
        if not reason and attempt.not_before > now:
            wake.append(attempt.not_before)
            reason = f"its back-off of {attempt.not_before - now:.0f} s"
        reason = reason or (stuck or {}).get(attempt.run_id, "") or missing(attempt, environment)
        reason = reason or room.take(queue_of(run, attempt))
        if reason:
            waiting[reference(attempt)] = reason
        else:
            ready.append(attempt)
    return Schedule(tuple(ready), waiting, min(wake, default=None))


class _Room:
    """Places that are free on each queue."""

    def __init__(self, state: State) -> None:
        self.limits = {address: found.max_jobs for address, found in state.configs.items()}
        self.active = Counter(
            queue_of(run, attempt)
            for run in state.runs.values()
            if run.run.standing is not Standing.DETACHED
            for attempt in run.attempts
            if attempt.status.is_active
        )

    def take(self, queue: str) -> str:
        """Takes a place, or says which limit leaves none."""
        limit = self.limits.get(f"queues.{queue}")
        if limit is not None and self.active[queue] >= limit:
            return f"a place on queues.{queue} (max_jobs {limit})"
        self.active[queue] += 1
        return ""


def _pending(state: State) -> Iterator[tuple[RunState, AttemptRecord]]:
    for run in state.runs.values():
        latest = run.latest
        if latest is not None and latest.status is Status.PENDING and run.run.standing is Standing.ACTIVE:
            yield run, latest


def order(run: RunState, attempt: AttemptRecord) -> tuple[int, int, str]:
    """What pending attempts are sorted by: priority, then first in, first out."""
    assert run.generation is not None
    return (run.generation.policy.priority, attempt.sequence, attempt.address)


def queue_of(run: RunState, attempt: AttemptRecord) -> str:
    """The queue that an attempt counts on; that of its run may have been edited since it began."""
    own = Launch.from_text(attempt.manifest).queue if attempt.manifest else ""
    return own or (run.generation.policy.queue if run.generation else "")


def missing(attempt: AttemptRecord, environment: Mapping[str, str]) -> str:
    """What a process with this environment lacks to start an attempt, as the user would say it; or nothing."""
    return Launch.from_text(attempt.manifest).missing(environment)


def unmet(runs: Mapping[str, RunState], run: RunState, attempt: AttemptRecord) -> tuple[str, str] | None:
    """The first thing of this run's own that keeps it from starting: the address to watch, and the reason."""
    for other in run.attempts:
        if other.cancel_requested and not other.status.is_terminal and other is not attempt:
            return other.address, f"the end of {reference(other)}"
    assert run.generation is not None
    for name in run.generation.policy.depends_on:
        upstream = runs.get(name)
        latest = upstream.latest if upstream else None
        if latest is None:
            return name, f"{name}, which never ran"
        if not latest.status.is_success:
            return name, f"{name}, which is {latest.status.value}"
    return None
