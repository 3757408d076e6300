"""Runs as `status` lists them where sweeps are among them: a line a sweep, and of its trials those that matter now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from launchctl.addresses import generation_name
from launchctl.cli.views.status_text import counts, status_lines, tally, undrawn_line
from launchctl.cli.views.text import Line, Segment, counted, line, visible
from launchctl.engine.events import RunLine, Undrawn
from launchctl.status import Status

_ORDER = (
    *(Status.RUNNING, Status.SUSPENDED, Status.SUBMITTED, Status.INTENT),
    *(Status.LOST, Status.FAILED, Status.TIMED_OUT, Status.PREEMPTED),
    *(Status.PENDING, Status.CANCELLED, Status.PRUNED, Status.SUCCEEDED),
)
"""What somebody looks for where not all are listed: what runs, then what went wrong."""


def overview_lines(runs: Sequence[RunLine], now: float, undrawn: Sequence[Undrawn], limit: int) -> Iterator[Line]:
    """One line a run, so many trials of each sweep and one line for it, and how many there are of each status.

    All trials are listed where the limit is 0.
    """
    trials = by_sweep(runs)
    if not trials:
        yield from status_lines(runs, now, undrawn)
        return
    own = [run for run in runs if "[" not in run.address]
    listed = {address: _first(found, limit) for address, found in trials.items()}
    *lines, _ = status_lines([*own, *(run for found in listed.values() for run in found)], now)
    rows = iter(lines)
    yield from islice(rows, len(own))
    for address, found in trials.items():
        left_out = len(found) - len(listed[address])
        more = f", {left_out:,} not listed (`--limit`)" if left_out else ""
        said = f"{counted(len(found), 'trial')} drawn: {counts(Counter(run.status for run in found))}"
        yield line(Segment(visible(address), "bold"), f"  {said}", Segment(more, "dim"))
        yield from islice(rows, len(listed[address]))
    yield from map(undrawn_line, undrawn)
    yield line(Segment(tally(runs), "bold"))


def by_sweep(runs: Sequence[RunLine]) -> dict[str, list[RunLine]]:
    """Trials by their sweep and its epoch."""
    found: dict[str, list[RunLine]] = {}
    for run in runs:
        sweep, bracket, _ = run.address.partition("[")
        if bracket:
            found.setdefault(generation_name(sweep, run.generation), []).append(run)
    return found


def _first(runs: list[RunLine], limit: int) -> list[RunLine]:
    """Those that matter most, in the order of their search."""
    if not limit:
        return runs
    ordered = sorted(runs, key=lambda run: (_ORDER.index(run.status), -(run.ended_at or 0.0)))
    kept = {run.run_id for run in ordered[:limit]}
    return [run for run in runs if run.run_id in kept]
