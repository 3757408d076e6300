"""Runs as rows: what `status` and the end of an apply print."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from launchctl.addresses import generation_name, typed
from launchctl.cli.views.text import Line, Segment, counted, duration, line, outcome, shorten, visible
from launchctl.engine.events import RunLine, Undrawn
from launchctl.status import Status

STATUS_STYLES: Mapping[Status, str] = {
    Status.PENDING: "cyan",
    Status.INTENT: "cyan",
    Status.SUBMITTED: "blue",
    Status.RUNNING: "blue",
    Status.SUSPENDED: "yellow",
    Status.SUCCEEDED: "green",
    Status.FAILED: "red",
    Status.CANCELLED: "magenta",
    Status.TIMED_OUT: "red",
    Status.PREEMPTED: "yellow",
    Status.LOST: "red",
    Status.PRUNED: "green",
}
STATUS_WORDS: Mapping[Status, str] = {
    **{status: status.value for status in Status},
    Status.INTENT: "being started",
    Status.TIMED_OUT: "timed out",
}
"""The statuses as people are told them; programs get the words of the contract."""
_WIDEST = 48
_NARROWEST = 9
_LONGEST_REMARK = 200
_STATUS_IN_REASON = re.compile(r"(?<=, which is )(intent|timed_out)$")


def run_name(run: RunLine) -> str:
    """`runs.baseline@g2`, and the attempt where it is not the first."""
    attempt = f"#a{run.attempt}" if run.attempt > 1 else ""
    return generation_name(run.address, run.generation) + attempt


def elapsed(run: RunLine, now: float) -> str:
    """How long it ran, runs, or stands where it is."""
    if run.started_at is not None:
        return duration((run.ended_at if run.ended_at is not None else now) - run.started_at)
    return "" if run.status.is_terminal else duration(now - run.since)


def remark(run: RunLine) -> str:
    """What else there is to say: what it waits for, its exit code, its target's words."""
    if run.waiting_for:
        return waits_for(run.waiting_for)
    if run.status is Status.PENDING and not run.message:
        return "ready: `launchctl apply` starts it"
    return outcome(run.exit_code, run.message)


def waits_for(reason: str) -> str:
    """What a pending attempt waits for, as a person is told it."""
    if reason == "its back-off of 0 s":
        return "waits for the end of its back-off"
    return f"waits for {_STATUS_IN_REASON.sub(lambda found: STATUS_WORDS[Status(found.group())], reason)}"


def never_started(status: Status, started_at: float | None, exit_code: int | None) -> bool:
    """Whether an attempt ended without its program having run, so that it printed nothing."""
    is_told = status.is_terminal and status not in {Status.LOST, Status.SUCCEEDED}
    return is_told and started_at is None and exit_code is None


def cut_notice(runs: Sequence[RunLine]) -> Iterator[Line]:
    """Where the whole of a message is to be found, if one of the rows has only its beginning."""
    for run in runs:
        if len(visible(remark(run))) > _LONGEST_REMARK:
            yield line(f"`launchctl state show {visible(typed(run.address))}` shows its message whole")
            return


def undrawn_line(left: Undrawn) -> Line:
    """What a sweep has left, in one line: `9,992 trials of sweeps.lr wait for a place on queues.gpu (max_jobs 8)`."""
    trials = f"{counted(left.trials, 'trial')} of {visible(left.address)}"
    if not left.reason:
        return line(f"{trials} {'is' if left.trials == 1 else 'are'} left: `launchctl apply` starts what fits")
    verb = "waits" if left.trials == 1 else "wait"
    return line(f"{trials} {verb} for {shorten(visible(left.reason), _LONGEST_REMARK)}")


def status_lines(runs: Sequence[RunLine], now: float, undrawn: Sequence[Undrawn] = ()) -> Iterator[Line]:
    """One line a run, one a sweep that has trials left, and how many runs there are of each status."""
    if not runs:
        yield from map(undrawn_line, undrawn)
        if not undrawn:
            yield line("No runs yet: `launchctl apply` starts them")
        return
    name = min(max(len(run_name(run)) for run in runs), _WIDEST)
    width = max(_NARROWEST, *(len(STATUS_WORDS[run.status]) for run in runs))
    for run in runs:
        yield _row(run, now, name, width)
    yield from map(undrawn_line, undrawn)
    yield line(Segment(tally(runs), "bold"))


def _row(run: RunLine, now: float, name: int, status: int) -> Line:
    said = shorten(visible(remark(run)), _LONGEST_REMARK)
    return line(
        f"{visible(run_name(run)):<{name}}  ",
        Segment(f"{STATUS_WORDS[run.status]:<{status}}", STATUS_STYLES[run.status]),
        f"  {elapsed(run, now):>6}",
        Segment(f"  {said}" if said else "", "dim"),
    )


def tally(runs: Sequence[RunLine]) -> str:
    """`3 runs: 1 succeeded, 2 running`, `1 run and 12 trials: 13 succeeded`."""
    trials = sum("[" in run.address for run in runs)
    found = ((len(runs) - trials, "run"), (trials, "trial"))
    said = " and ".join(counted(number, word) for number, word in found if number)
    return f"{said}: {counts(Counter(run.status for run in runs))}"


def counts(found: Mapping[Status, int]) -> str:
    """`1 succeeded, 2 running`."""
    return ", ".join(f"{found[status]:,} {STATUS_WORDS[status]}" for status in Status if found.get(status))
