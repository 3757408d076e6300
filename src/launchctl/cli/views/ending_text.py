"""What became of the runs that a command started, the trials of a sweep in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from launchctl.cli.views.status_sweeps import by_sweep
from launchctl.cli.views.status_text import counts, status_lines, tally
from launchctl.cli.views.text import Line, Segment, counted, line, visible
from launchctl.engine.events import RunLine
from launchctl.status import Status

MOST_RUNS = 50
_FEW_TRIALS = 8
_WENT_WRONG = frozenset({Status.FAILED, Status.TIMED_OUT, Status.PREEMPTED, Status.LOST})


def listed_runs(runs: Sequence[RunLine]) -> Sequence[RunLine]:
    """The runs that get a line of their own: of a sweep all trials where they are few, else those that went wrong."""
    crowded = {address for address, found in by_sweep(runs).items() if len(found) > _FEW_TRIALS}
    own = [run for run in runs if "[" not in run.address]
    trials = [
        run
        for address, found in by_sweep(runs).items()
        for run in found
        if address not in crowded or run.status in _WENT_WRONG
    ]
    return [*own[:MOST_RUNS], *trials[:MOST_RUNS]]


def ending_lines(
    runs: Sequence[RunLine],
    listed: Sequence[RunLine],
    outputs: Mapping[str, str],
    now: float,
    best: Callable[[str], str],
) -> Iterator[Line]:
    """A line a run that is `listed`, with the last one that it printed; a line a sweep; and how many there are of each.

    `best` says in words which trial of a sweep and its epoch is the best.
    """
    rows = _rows(listed, outputs, now)
    own = [run for run in listed if "[" not in run.address]
    yield from _flat(islice(rows, len(own)))
    left_out = sum("[" not in run.address for run in runs) - len(own)
    if left_out:
        yield line(Segment(f"... and {left_out:,} more (`launchctl status` shows all)", "dim"))
    trials, sweeps = by_sweep(listed), by_sweep(runs)
    for address, found in sweeps.items():
        yield _sweep_line(address, found, best(address))
        yield from _flat(islice(rows, len(trials.get(address, ()))))
    if len(sweeps) != 1 or own:
        yield line(Segment(tally(runs), "bold"))


def _rows(listed: Sequence[RunLine], outputs: Mapping[str, str], now: float) -> Iterator[list[Line]]:
    """The lines of each run."""
    *rows, _ = status_lines(listed, now)
    for run, row in zip(listed, rows, strict=False):
        yield [row, line(f"    {outputs[run.run_id]}")] if run.run_id in outputs else [row]


def _flat(groups: Iterator[list[Line]]) -> Iterator[Line]:
    return (found for group in groups for found in group)


def _sweep_line(address: str, trials: Sequence[RunLine], best: str) -> Line:
    name = visible(address.partition("@")[0])
    said = f"{counted(len(trials), 'trial')}: {counts(Counter(run.status for run in trials))}"
    told = "; ".join(filter(None, (said, best, f"`launchctl sweep show {name}`")))
    return line(Segment(name, "bold"), f"  {told}")
