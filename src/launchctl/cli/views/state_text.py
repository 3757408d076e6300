"""Records of the state for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from launchctl.cli.views.status_json import moment
from launchctl.cli.views.status_text import STATUS_STYLES, STATUS_WORDS
from launchctl.cli.views.text import Line, Segment, line, visible
from launchctl.state.model import AttemptRecord, GenerationRecord, RunRecord, Standing, State


def list_lines(state: State) -> Iterator[Line]:
    """One line a run, and whose state it is."""
    width = max((len(address) for address in state.runs), default=0)
    for address, found in sorted(state.runs.items()):
        latest = found.latest
        status = latest.status if latest else None
        standing = "" if found.run.standing is Standing.ACTIVE else f"  {found.run.standing.value}"
        generation = f"g{found.run.generation}"
        yield line(
            f"{visible(address):<{width}}  {generation:<4}",
            Segment(STATUS_WORDS[status] if status else "", STATUS_STYLES[status] if status else ""),
            Segment(standing, "dim"),
        )
    head = state.head
    name = f"{visible(head.project)}, workspace {visible(head.workspace)}"
    yield line(Segment(f"{name}: decision {head.serial}, lineage {visible(head.lineage)}", "dim"))


def show_lines(
    run: RunRecord, generations: Sequence[GenerationRecord], attempts: Sequence[AttemptRecord]
) -> Iterator[Line]:
    """A run, its generations and their attempts, oldest first."""
    protected = ", protected" if run.protect else ""
    yield line(Segment(visible(run.address), "bold"), f"  {run.standing.value}{protected}")
    for generation in generations:
        decided = f"decision {generation.serial}, {moment(generation.decided_at)}, {visible(generation.reason)}"
        yield line(Segment(f"  g{generation.number}", "bold"), f"  {decided}, queue {visible(generation.policy.queue)}")
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
