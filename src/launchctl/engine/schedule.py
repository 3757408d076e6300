"""Which pending attempts may start now, in which order, and what the others wait for. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from launchctl.addresses import attempt_name
from launchctl.engine.launch import Launch
from launchctl.engine.sweep.tally import sweep_of
from launchctl.state.model import AttemptRecord, RunState, Standing, State
from launchctl.status import Status

Place: TypeAlias = tuple[int, int, int, int, str]
"""Where a pending attempt stands: priority, sequence, index and repetition of a trial, address."""
SweepEnd: TypeAlias = Callable[[str], str]
"""By the address of a sweep, why it does not count as succeeded; nothing where it does."""
NO_SUCCESS = "of which no trial succeeded"
"""How the reason of a sweep ends that is over and never will have succeeded."""


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
    """`runs.x@g1#a2`, and of a trial `sweeps.x[3f09a1c2]@e1#a2`."""
    return attempt_name(attempt.address, attempt.generation, attempt.number)


def schedule(
    state: State,
    now: float,
    environment: Mapping[str, str],
    stuck: Mapping[str, str] | None = None,
    sweep_end: SweepEnd | None = None,
) -> Schedule:
    """The schedule of a snapshot at a moment (seconds since the epoch), for a process with this environment.

    `stuck` is what this process has tried in vain: run id to what it waits for. Without `sweep_end` a sweep is
    judged by the snapshot alone, which knows of no target that was reached.
    """
    sweep_end = sweep_end or ends_of(state)
    room = _Room(state)
    ready: list[AttemptRecord] = []
    waiting: dict[str, str] = {}
    wake: list[float] = []
    for run, attempt in sorted(_pending(state), key=lambda found: order(*found)):
        obstacle = unmet(state.runs, run, attempt, sweep_end)
        reason = obstacle[1] if obstacle else ""
        if not reason and attempt.not_before > now:
            wake.append(attempt.not_before)
            reason = f"its back-off of {attempt.not_before - now:.0f} s"
        reason = reason or (stuck or {}).get(attempt.run_id, "") or missing(attempt, environment)
        reason = reason or room.take(queue_of(run, attempt), sweep_of(attempt.address))
        if reason:
            waiting[reference(attempt)] = reason
        else:
            ready.append(attempt)
    return Schedule(tuple(ready), waiting, min(wake, default=None))


class _Room:
    """Places that are free on each queue and in each sweep."""

    def __init__(self, state: State) -> None:
        self.limits = {address: found.max_jobs for address, found in state.configs.items()}
        self.parallel = {address: found.parallel for address, found in state.sweeps.items()}
        self.active = count_active(state)

    def take(self, queue: str, sweep: str) -> str:
        """Takes a place, or says which limit leaves none."""
        queue = f"queues.{queue}"
        limit, parallel = self.limits.get(queue), self.parallel.get(sweep)
        if limit is not None and self.active[queue] >= limit:
            return place_on(queue, limit)
        if parallel is not None and self.active[sweep] >= parallel:
            return place_in(sweep, parallel)
        self.active[queue] += 1
        self.active[sweep] += 1
        return ""


def count_active(state: State) -> Counter[str]:
    """How many attempts are active on each queue and in each sweep, by address."""
    active = Counter[str]()
    for run in state.runs.values():
        if run.run.standing is not Standing.DETACHED:
            for attempt in run.attempts:
                if attempt.status.is_active:
                    active[f"queues.{queue_of(run, attempt)}"] += 1
                    active[sweep_of(attempt.address)] += 1
    return active


def place_on(queue: str, limit: int) -> str:
    """What waits for a place on a queue, by its address."""
    return f"a place on {queue} (max_jobs {limit})"


def place_in(sweep: str, parallel: int) -> str:
    """What waits for an end of another trial of its sweep."""
    return f"a place in {sweep} (parallel {parallel})"


def _pending(state: State) -> Iterator[tuple[RunState, AttemptRecord]]:
    for run in state.runs.values():
        latest = run.latest
        if latest is not None and latest.status is Status.PENDING and run.run.standing is Standing.ACTIVE:
            yield run, latest


def order(run: RunState, attempt: AttemptRecord) -> Place:
    """What pending attempts are sorted by: priority, then first in, first out, trials as they were drawn."""
    assert run.generation is not None
    priority, trial = run.generation.policy.priority, run.generation.trial
    if trial is None:
        return (priority, attempt.sequence, 0, 0, attempt.address)
    return (priority, attempt.sequence, trial.index, trial.repeat, attempt.address)


def queue_of(run: RunState, attempt: AttemptRecord) -> str:
    """The queue that an attempt counts on; that of its run may have been edited since it began."""
    own = Launch.from_text(attempt.manifest).queue if attempt.manifest else ""
    return own or (run.generation.policy.queue if run.generation else "")


def missing(attempt: AttemptRecord, environment: Mapping[str, str]) -> str:
    """What a process with this environment lacks to start an attempt, as the user would say it; or nothing."""
    return Launch.from_text(attempt.manifest).missing(environment)


def unmet(
    runs: Mapping[str, RunState], run: RunState, attempt: AttemptRecord, sweep_end: SweepEnd
) -> tuple[str, str] | None:
    """The first thing of this run's own that keeps it from starting: the address to watch, and the reason."""
    for other in run.attempts:
        if other.cancel_requested and not other.status.is_terminal and other is not attempt:
            return other.address, f"the end of {reference(other)}"
    assert run.generation is not None
    for name in run.generation.policy.depends_on:
        reason = upstream_obstacle(runs, name, sweep_end)
        if reason:
            return name, reason
    return None


def upstream_obstacle(runs: Mapping[str, RunState], name: str, sweep_end: SweepEnd) -> str:
    """Why what depends on an address may not start yet; nothing where it may."""
    if name.startswith("sweeps.") and not name.endswith("]"):
        return sweep_end(name)
    upstream = runs.get(name)
    latest = upstream.latest if upstream else None
    if latest is None:
        return f"{name}, which never ran"
    return "" if latest.status.is_success else f"{name}, which is {latest.status.value}"


def is_hopeless(runs: Mapping[str, RunState], name: str, sweep_end: SweepEnd) -> bool:
    """Whether what others depend on has ended without success."""
    if name.startswith("sweeps.") and not name.endswith("]"):
        return sweep_end(name).endswith(NO_SUCCESS)
    upstream = runs.get(name)
    latest = upstream.latest if upstream else None
    return latest is not None and latest.status.is_terminal and not latest.status.is_success


def ends_of(state: State) -> SweepEnd:
    """How the sweeps of a snapshot have ended, each worked out when somebody asks for it."""

    def end(address: str) -> str:
        from launchctl.engine.sweep.course import end_of_recorded  # costs more than all else where there is no sweep

        return end_of_recorded(state, address)

    return cache(end)
