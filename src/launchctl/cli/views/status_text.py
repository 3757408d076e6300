"""Runs as rows: what `status` and the end of an apply print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from launchctl.cli.views.text import Line, Segment, clip, counted, duration, line, outcome, visible
from launchctl.engine.events import RunLine
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
_WIDEST = 48


def run_name(run: RunLine) -> str:
    """`runs.baseline@g2`, and the attempt where it is not the first."""
    attempt = f"#a{run.attempt}" if run.attempt > 1 else ""
    return f"{run.address}@g{run.generation}{attempt}"


def elapsed(run: RunLine, now: float) -> str:
    """How long it ran, runs, or stands where it is."""
    if run.started_at is not None:
        return duration((run.ended_at if run.ended_at is not None else now) - run.started_at)
    return "" if run.status.is_terminal else duration(now - run.since)


def remark(run: RunLine) -> str:
    """What else there is to say: what it waits for, its exit code, its target's words."""
    if run.waiting_for:
        return f"waits for {run.waiting_for}"
    if run.status is Status.PENDING and not run.message:
        return "ready: `launchctl apply` starts it"
    return outcome(run.exit_code, run.message)


def status_lines(runs: Sequence[RunLine], now: float) -> Iterator[Line]:
    """One line a run, and how many there are of each status."""
    if not runs:
        yield line("No runs yet: `launchctl apply` starts them")
        return
    name = min(max(len(run_name(run)) for run in runs), _WIDEST)
    for run in runs:
        yield _row(run, now, name)
    yield line(Segment(tally(runs), "bold"))


def _row(run: RunLine, now: float, width: int) -> Line:
    return line(
        f"{visible(run_name(run)):<{width}}  ",
        Segment(f"{run.status.value:<9}", STATUS_STYLES[run.status]),
        f"  {elapsed(run, now):>6}",
        Segment(f"  {clip(visible(remark(run)), 200)}" if remark(run) else "", "dim"),
    )


def tally(runs: Sequence[RunLine]) -> str:
    """`3 runs: 1 succeeded, 2 running`."""
    found = Counter(run.status for run in runs)
    parts = ", ".join(f"{found[status]:,} {status.value}" for status in Status if found[status])
    return f"{counted(len(runs), 'run')}: {parts}"
