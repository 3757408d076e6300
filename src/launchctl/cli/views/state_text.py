"""Records of the state for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from launchctl.cli.views.status_json import moment
from launchctl.cli.views.status_text import STATUS_STYLES, STATUS_WORDS
from launchctl.cli.views.text import Line, Segment, line, visible
from launchctl.state.model import AttemptRecord, GenerationRecord, RunRecord, RunState, Standing, State, SweepRecord
from launchctl.status import Status
from launchctl.values import canonical


def list_lines(state: State) -> Iterator[Line]:
    """One line a run, a sweep and a trial, and whose state it is."""
    width = max(map(len, (*state.runs, *state.sweeps)), default=0)
    trials = Counter(address.partition("[")[0] for address in state.runs if "[" in address)
    for address in sorted({*state.runs, *state.sweeps}, key=lambda name: name.partition("[")):
        sweep = state.sweeps.get(address)
        yield _run_line(state.runs[address], width) if sweep is None else _sweep_line(sweep, trials[address], width)
    head = state.head
    name = f"{visible(head.project)}, workspace {visible(head.workspace)}"
    yield line(Segment(f"{name}: decision {head.serial}, lineage {visible(head.lineage)}", "dim"))


def _run_line(found: RunState, width: int) -> Line:
    run, status = found.run, found.latest.status if found.latest else None
    generation = f"{'e' if '[' in run.address else 'g'}{run.generation}"
    return line(
        f"{visible(run.address):<{width}}  {generation:<4}",
        Segment(STATUS_WORDS[status] if status else "", STATUS_STYLES[status] if status else ""),
        Segment(_standing(run.standing), "dim"),
    )


def _sweep_line(sweep: SweepRecord, trials: int, width: int) -> Line:
    epoch, counted = f"e{sweep.epoch}", f"{trials} trial{'' if trials == 1 else 's'}"
    return line(f"{visible(sweep.address):<{width}}  {epoch:<4}{counted}", Segment(_standing(sweep.standing), "dim"))


def _standing(standing: Standing) -> str:
    return "" if standing is Standing.ACTIVE else f"  {standing.value}"


def sweep_lines(sweep: SweepRecord, trials: Sequence[RunState]) -> Iterator[Line]:
    """A sweep, and how the trials of its epoch stand."""
    told = [
        sweep.standing.value,
        *(["protected"] if sweep.protect else []),
        *(["cancelled"] if sweep.is_stopped else []),
    ]
    yield line(Segment(visible(sweep.address), "bold"), f"  {', '.join(told)}")
    limit = "" if sweep.parallel is None else f", at most {sweep.parallel} at a time"
    yield line(Segment(f"  e{sweep.epoch}", "bold"), f"  decision {sweep.serial}{limit}")
    yield line(Segment(f"      intent {visible(sweep.form.intent)}", "dim"))
    own = [found.latest for found in trials if found.run.generation == sweep.epoch and found.latest]
    counts = Counter(attempt.status for attempt in own)
    listed = ", ".join(f"{counts[status]} {STATUS_WORDS[status]}" for status in Status if counts[status])
    yield line(f"      {len(own)} trial{'' if len(own) == 1 else 's'}{': ' if listed else ''}{listed}")
    if len(trials) > len(own):
        yield line(Segment(f"      {len(trials) - len(own)} of earlier epochs alone", "dim"))


def show_lines(
    run: RunRecord, generations: Sequence[GenerationRecord], attempts: Sequence[AttemptRecord]
) -> Iterator[Line]:
    """A run, its generations and their attempts, oldest first."""
    protected = ", protected" if run.protect else ""
    yield line(Segment(visible(run.address), "bold"), f"  {run.standing.value}{protected}")
    for generation in generations:
        decided = f"decision {generation.serial}, {moment(generation.decided_at)}, {visible(generation.reason)}"
        number = f"  {'e' if '[' in run.address else 'g'}{generation.number}"
        yield line(Segment(number, "bold"), f"  {decided}, queue {visible(generation.policy.queue)}")
        if generation.trial is not None:
            yield line(f"      {visible(canonical(generation.trial.values))}")
        yield line(Segment(f"      intent {visible(generation.form.intent)}", "dim"))
        for attempt in attempts:
            if attempt.generation == generation.number:
                yield from _attempt_lines(attempt)


def _attempt_lines(attempt: AttemptRecord) -> Iterator[Line]:
    code = f", exit code {attempt.exit_code}" if attempt.exit_code is not None else ""
    yield line(
        f"      #a{attempt.number}  {visible(attempt.run_id)}  ",
        Segment(STATUS_WORDS[attempt.status], STATUS_STYLES[attempt.status]),
        f"{code}, since {moment(attempt.since)}",
    )
    if attempt.message:
        yield line(f"          {visible(attempt.message)}")
